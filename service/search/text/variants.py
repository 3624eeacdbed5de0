"""Variants of English words: British and American spellings as one, and words that are written joined or apart.

A spelling is a form for comparison and shown to nobody, so that a rule may make a word that does not exist. It may not
make one of another meaning: `tour` is not `tor`, and `kerb` is not `curb`.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

#: Words whose American spelling follows no rule, with the latter.
_PAIRS: Final = (
    "programme=program programmes=programs grey=gray greys=grays tyre=tire tyres=tires ageing=aging"
    " aluminium=aluminum jewellery=jewelry adviser=advisor advisers=advisors whilst=while amongst=among towards=toward"
    " practise=practice practised=practiced practises=practices practising=practicing enrol=enroll enrols=enrolls"
    " enrolment=enrollment enrolments=enrollments fulfil=fulfill fulfils=fulfills fulfilment=fulfillment"
    " instalment=installment instalments=installments skilful=skillful wilful=willful judgement=judgment"
    " judgements=judgments acknowledgement=acknowledgment acknowledgements=acknowledgments fuelled=fueled"
    " fuelling=fueling plough=plow ploughs=plows ploughed=plowed ploughing=plowing artefact=artifact"
    " artefacts=artifacts focussed=focused focussing=focusing likeable=likable useable=usable sizeable=sizable"
    " moveable=movable gramme=gram grammes=grams kilogramme=kilogram kilogrammes=kilograms cosy=cozy yoghurt=yogurt"
    " aeroplane=airplane aeroplanes=airplanes centre=center centres=centers centred=centered centring=centering"
    " epicentre=epicenter theatre=theater theatres=theaters calibre=caliber litre=liter"
    " litres=liters meagre=meager sombre=somber lustre=luster spectre=specter defence=defense defences=defenses"
    " defenceless=defenseless offence=offense offences=offenses pretence=pretense licence=license licences=licenses"
    " licenced=licensed licencing=licensing manoeuvre=maneuver manoeuvres=maneuvers"
    " manoeuvred=maneuvered manoeuvring=maneuvering mould=mold moulds=molds moulded=molded moulding=molding"
    " sceptic=skeptic sceptics=skeptics sceptical=skeptical scepticism=skepticism"
)
_SPELLINGS: Final = dict(pair.split("=") for pair in _PAIRS.split())

#: The words in -our that are not those of `hour` and `tour`, without the ending.
_IN_OUR: Final = (
    "labo|colo|favo|flavo|hono|harbo|neighbo|behavio|vapo|endeavo|rumo|savo|savio|humo|armo|odo|rigo|vigo|glamo|parlo"
    "|cando|ardo|fervo|clamo|splendo|valo|tumo|demeano"
)

#: Beginnings and parts of words with their American spelling, each as a pattern and its replacement.
_RULES: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (f"({_IN_OUR})ur", r"\1r"),
        ("((?:centi|milli|kilo)met|(?:milli|hecto)lit)re(s?)$", r"\1er\2"),
        ("^fibre", "fiber"),
        ("^(cata|dia|ana|mono|pro|epi)logue", r"\1log"),
        ("(para|ana|cata|dia|hydro|electro)lyz", r"\1lys"),
        ("haem(?=[aoi])", "hem"),
        ("(^|ortho)paed", r"\1ped"),
        ("anaesth", "anesth"),
        ("archaeo", "archeo"),
        ("^(leuk|an)aem", r"\1em"),
        ("^gynaec", "gynec"),
        ("^foet", "fet"),
        ("^oe(?=stro|dem|soph)", "e"),
        ("rrhoea", "rrhea"),
        ("sulph", "sulf"),
        ("^enquir", "inquir"),
    )
)
_MAY_FOLLOW_RULE: Final = re.compile("our|tres?$|logue|lyz|ae|oe|sulph|enquir|^fibre")

#: Verbs in -ise and their forms. Before the ending stand three letters or more, the last of which is no vowel.
_ISE: Final = re.compile(r"^(\w{2,}[^aou]i)s(e|es|ed|er|ers|ing|able|ation|ations|ational)$")

#: What stands before the `s` of words in -ise that are no verbs in -ize.
_NO_ISE: Final = re.compile(
    r"\w*wi|(?:ad|de|re|super|tele|impro)vi|(?:ap|com|enter|entre|re|sur)?pri|(?:compro|de|pre|pro|re|sur)mi"
    r"|(?:circum|con|ex|exer|in|pre)ci|despi|merchandi|paradi|(?:adver|chas|exper|prac|trea)ti|franchi|(?:a|sun|up)?ri|ani"
)


def spelling_of(word: str) -> str:
    """Return the one spelling of a folded English word: the American one, or what a rule makes of others.

    >>> [spelling_of(word) for word in ("programmes", "labour", "organisation", "four", "precise")]
    ['programs', 'labor', 'organization', 'four', 'precise']
    """
    if word in _SPELLINGS:
        return _SPELLINGS[word]
    if _MAY_FOLLOW_RULE.search(word):
        for pattern, replacement in _RULES:
            word = pattern.sub(replacement, word)
    if (verb := _ISE.match(word)) and not _NO_ISE.fullmatch(verb[1]):
        return f"{verb[1]}z{verb[2]}"
    return word


# Words that are written joined, with a hyphen, or apart

#: Beginnings that are no words by themselves: `co-operation` and `co operation` are `cooperation`.
_BEGINNINGS: Final = (
    "agri agro anti bio co counter cyber eco electro geo hydro infra inter intra macro micro multi nano non photo"
    " pre re semi socio sub tele thermo trans ultra"
)
_PREFIXES: Final = frozenset(_BEGINNINGS.split())

#: Verbs by the particle with which they are also written as one word.
_VERBS: Final = {
    "out": "bail black brown burn buy carve fall lock opt pay phase roll",
    "down": "break count draw lock melt shut slow wind",
    "up": "back build clean follow mark set start top",
    "off": "cut lay pay set sign spin trade write",
    "over": "carry hand spill take turn",
    "back": "buy claw feed roll",
    "in": "buy feed",
}

#: Forms of these verbs that follow no rule.
_IRREGULAR: Final = {"built": "build", "paid": "pay", "taken": "take", "took": "take", "bought": "buy", "laid": "lay"}

#: The first words of compounds by their second one.
_NOUNS: Final = {
    "base": "data",
    "bed": "sea",
    "bike": "e",
    "blower": "whistle",
    "book": "hand",
    "care": "child day health",
    "commerce": "e",
    "cycle": "life",
    "farm": "wind",
    "field": "brown green",
    "fill": "land",
    "fire": "wild",
    "force": "work",
    "frame": "time",
    "government": "e",
    "grid": "off",
    "holder": "share small stake",
    "house": "green",
    "land": "crop farm grass peat wet wood",
    "life": "wild",
    "line": "base coast guide off on time",
    "mail": "e",
    "maker": "law policy",
    "making": "law policy rule",
    "map": "road",
    "mark": "bench trade",
    "mobility": "e",
    "owner": "land",
    "place": "market work",
    "plain": "flood",
    "shed": "water",
    "shop": "work",
    "shore": "off on",
    "site": "web",
    "stock": "live",
    "table": "time",
    "use": "land",
    "water": "fresh ground rain storm waste",
    "wave": "heat",
    "way": "high motor rail water",
    "yard": "ship",
}


def _forms_of(verb: str) -> Iterator[str]:
    stem = verb.removesuffix("e")
    doubled = stem + stem[-1] if verb in ("cut", "set", "shut", "spin", "top") else stem
    yield from (verb, f"{verb}s", f"{doubled}ed", f"{doubled}ing")


def _pairs() -> Iterator[tuple[tuple[str, str], str]]:
    """Return each pair of words that is also one, with the latter."""
    for particle, verbs in _VERBS.items():
        for verb in verbs.split():
            forms = [*_forms_of(verb), *(form for form, base in _IRREGULAR.items() if base == verb)]
            yield from (((form, particle), verb + particle) for form in forms)
            yield (verb, f"{particle}s"), f"{verb}{particle}s"
    for second, firsts in _NOUNS.items():
        for first in firsts.split():
            yield from (((first, form), first + form) for form in (second, f"{second}s"))


_JOINED: Final = dict(_pairs())
_FIRST: Final = frozenset(first for first, _ in _JOINED) | _PREFIXES

#: The shortest word behind a prefix, in letters: `co op` and `pre or` are two words.
_SHORTEST: Final = 4


def joined_word(one: str, other: str) -> str | None:
    """Return the one word that two folded English words in a row also are; None if they are two.

    >>> joined_word("phasing", "out"), joined_word("co", "operation"), joined_word("over", "there")
    ('phaseout', 'cooperation', None)
    """
    if one in _PREFIXES and len(other) >= _SHORTEST and other.isalpha():
        return one + other
    return _JOINED.get((one, other))


def joined_words(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Return each word that two of the folded words of an English text also are, with the place of the first one."""
    if _FIRST.isdisjoint(words):
        return
    for place, (one, other) in enumerate(pairwise(words)):
        if one in _FIRST and (compound := joined_word(one, other)):
            yield place, compound
