"""Languages as PostgreSQL's text search knows them, and which one a text is in that does not say."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Final

#: PostgreSQL's configuration for the first part of a language tag.
CONFIGURATIONS: Final = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
    # Their own writing becomes bigrams, which no stemmer touches; words in Latin letters among it are mostly English.
    "ja": "english",
    "ko": "english",
    "zh": "english",
}

#: All that texts are analysed by.
KNOWN: Final = frozenset({"simple", *CONFIGURATIONS.values()})

#: What a text is taken for that shows no language: most names and codes are at home in it.
DEFAULT: Final = "english"

#: Words without which hardly a sentence gets by, as analysis.fold leaves them.
_FUNCTION_WORDS: Final = {
    "english": "the of and to in is are for on with by from that which this be as at an its it was were has have will"
    " not or who what where when how why all any do does did can if than then there these those they he she we you",
    "german": "der die das und von den dem des mit fur zur zum im ein eine einer uber auf nicht ist sich bei aus werden"
    " wird durch nach auch an als es sie wir wer wie oder",
    "french": "le la les de des du et en un une pour dans sur au aux par est avec que qui ce cette sont plus d l ou ne",
    "spanish": "el la los las de del y en un una para por con que se su al es lo como mas o no",
    "italian": "il lo la gli le di del della dei delle e in un una per con che sono nel alla da dal non",
    "portuguese": "o a os as de do da dos das e em um uma para por com que no na ao se mais nao",
    "dutch": "de het een van en in op voor met te dat die is zijn aan door om bij niet",
    "swedish": "och att det som en ett for med av pa till den inte ar om fran",
    "danish": "og at det som en et for med af pa til den ikke er om fra",
    "norwegian": "og at det som en et for med av pa til den ikke er om fra",
    "finnish": "ja on ei se etta kun myos sen mutta ovat tai",
    "hungarian": "a az es hogy nem egy van is meg ez",
    "romanian": "si de la in cu pe un o care este din pentru nu",
    "turkish": "ve bir bu ile icin da de olarak",
    "catalan": "el la els les de i en un una per amb que al dels",
    "indonesian": "yang dan di untuk dengan dari ini pada adalah",
}
_SPEAKERS: Final = {
    word: [language for language, words in _FUNCTION_WORDS.items() if word in words.split()]
    for words in _FUNCTION_WORDS.values()
    for word in words.split()
}
FUNCTION_WORDS: Final = frozenset(_SPEAKERS)

#: Scripts that tell the language well enough, by their letters.
_SCRIPTS: Final = {
    "russian": re.compile("[\u0400-\u04ff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hindi": re.compile("[\u0900-\u097f]"),
    "armenian": re.compile("[\u0530-\u058f]"),
    "tamil": re.compile("[\u0b80-\u0bff]"),
    "yiddish": re.compile("[\u0590-\u05ff]"),
}


@cache
def configuration_of(lang: str) -> str:
    """PostgreSQL's configuration for a language tag; the one without any grammar where it has none."""
    return CONFIGURATIONS.get(lang.partition("-")[0].lower(), "simple")


def guess(words: Iterable[str]) -> str:
    """The configuration for a text that does not tell its language, from its folded words."""
    found: Counter[str] = Counter()
    others = []
    for word in words:
        if word in _SPEAKERS:
            found.update(_SPEAKERS[word])
        elif not word.isascii():
            others.append(word)
    if others and not found:
        return _of_script("".join(others))
    best = max(found.values(), default=0)
    leading = [language for language, times in found.items() if times == best]
    return leading[0] if len(leading) == 1 else DEFAULT


def _of_script(text: str) -> str:
    found = {language: len(letters.findall(text)) for language, letters in _SCRIPTS.items()}
    best = max(found, key=lambda language: found[language])
    return best if found[best] else DEFAULT
