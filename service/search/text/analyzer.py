"""Text as PostgreSQL's text search gets it: plain words with spaces between them, of documents and queries alike.

Its own parser takes addresses, numbers and paths apart by rules of their own, and differently under other locales. Of
what stands here it makes one word for every space, whatever the locale; stems and stop words are its own matter.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

#: A letter that no text has: between the parts of what is one word in spite of its signs, in front of words that mean
#: themselves only, and alone where two texts meet. PostgreSQL takes it for a letter, and no stemmer knows it.
MARK: Final = "\ua78f"

#: What stands between two texts until they are folded: a character that no text has.
_END: Final = "\x01"

#: Characters of a word; a longer one is taken for several.
LONGEST_WORD: Final = 64

#: A code has more characters or parts than that only where it is an address.
_LONGEST_CODE, _MOST_PARTS = 40, 6


def _without_accent(letter: str) -> str:
    """A Latin, Greek or Cyrillic letter without what stands above or below it."""
    if letter in _OWN_LETTERS:
        return _OWN_LETTERS[letter]
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if not "\u0300" <= part <= "\u036f")


#: Letters that Unicode does not take apart, or that are none with an accent to those who write them.
_OWN_LETTERS: Final = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i", "ħ": "h",
    "й": "й", "ї": "ї", "ў": "ў",
}  # fmt: skip

_ACCENTED = (range(0xC0, 0x250), range(0x386, 0x400), range(0x400, 0x530), range(0x1E00, 0x2000))
_FOLDED: Final = {
    letter: folded
    for codes in _ACCENTED
    for letter in map(chr, codes)
    if letter.islower() and (folded := _without_accent(letter)) != letter
} | dict.fromkeys(map(chr, range(0x300, 0x370)), "")

#: Writing without spaces, and Hangul, whose particles stick to words: it becomes bigrams.
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u303b\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)


def _marks() -> str:
    """Vowel signs and the like, which belong to the word they stand in, as members of a class in an expression."""
    codes = (code for code in range(0x483, 0xAC00) if unicodedata.category(chr(code))[0] == "M")
    spans: list[list[int]] = []
    for code in codes:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)


_ACCENT: Final = re.compile(f"[{''.join(_FOLDED)}]")
_MAY_HAVE_MARKS: Final = re.compile("[\u0483-\u1cff\ua66f-\uabff]")
_HAS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_WORD: Final = re.compile(rf"[\w{_END}]{{1,{LONGEST_WORD}}}")
#: The same with vowel signs, which take four times as long to look for.
WORD: Final = re.compile(rf"[\w{_END}{_marks()}]{{1,{LONGEST_WORD}}}")
_RUN: Final = re.compile(f"([{_UNSPACED}]+)")
_BROKEN_LINE: Final = re.compile(f"(?<=[{_UNSPACED}])[ \t]*\r?\n[ \t]*(?=[{_UNSPACED}])")
_POSSESSIVE: Final = re.compile(r"['\u2019]s\b")
#: Begun where a word begins, and nothing given back: a long word without signs is read once, not once for each letter.
_CODE: Final = re.compile(r"(?<![^\W_])[^\W_]++(?:[-.:/_()&@+]{1,2}[^\W_]++)+")
#: What may stand in a code, where it does not stand between words with hyphens only.
_SIGN_WITHIN: Final = re.compile(r"(?<=\w)[.:/()&@+](?=[-.:/()&@+]?\w)")
_SIGNS: Final = re.compile(r"[^\w]|_")
_ACRONYM: Final = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")


def fold(text: str) -> str:
    """`text` in one form for all ways to write the same: NFKC, small letters, no accents."""
    if text.isascii():
        return text.lower()
    lower = unicodedata.normalize("NFKC", text).lower().replace(MARK, " ")
    return unicodedata.normalize("NFC", _ACCENT.sub(lambda found: _FOLDED[found[0]], lower))


def plain_words(folded: str) -> list[str]:
    """The words of a folded text in order, runs of writing without spaces as bigrams."""
    if "\u2019s" in folded or "'s" in folded:
        folded = _POSSESSIVE.sub(" ", folded)
    folded = folded.replace("_", " ")
    if folded.isascii() or not _HAS_UNSPACED.search(folded):
        return _spaced_words(folded)
    folded = _BROKEN_LINE.sub("", folded)
    return [word for piece in _RUN.split(folded) for word in _pieces(piece)]


def _pieces(piece: str) -> Iterator[str]:
    if _RUN.match(piece):
        yield from bigrams(piece)
        yield piece[-1]  # so that every character begins a word, and is found by itself
    else:
        yield from _spaced_words(piece)


def _spaced_words(text: str) -> list[str]:
    return (WORD if not text.isascii() and _MAY_HAVE_MARKS.search(text) else _WORD).findall(text)


def parts_of(folded: str) -> list[str]:
    """A folded text in parts that are of one writing: with spaces, or without; none is blank."""
    text = _BROKEN_LINE.sub("", folded)
    return [part for part in _RUN.split(text) if not part.isspace() and part]


def is_unspaced(word: str) -> bool:
    """Whether a word is of the writing that becomes bigrams."""
    return _RUN.fullmatch(word) is not None


def bigrams(run: str) -> list[str]:
    """Each two characters that stand beside each other."""
    return [run[place : place + 2] for place in range(len(run) - 1)]


def codes(folded: str) -> Iterator[str]:
    """What is one word in spite of the signs in it: `com(2023)160`, `2024/1252`, `asp.net`, `u.s.`; as one word."""
    end = 0
    for sign in _SIGN_WITHIN.finditer(folded):
        if sign.start() < end:
            continue
        end = folded.find(" ", sign.start()) + 1 or len(folded) + 1
        for chunk in folded[folded.rfind(" ", 0, sign.start()) + 1 : end - 1].split():
            for found in _CODE.finditer(chunk):
                if code := code_of(found[0]):
                    yield code


def code_of(chunk: str) -> str | None:
    """The one word for `chunk` if it is a code; None where it is words with hyphens or slashes between them."""
    if _ACRONYM.fullmatch(chunk):
        return chunk.replace(".", "")
    parts = [part for part in _SIGNS.split(chunk) if part]
    signs = {sign for sign in chunk if _SIGNS.match(sign)}
    named = signs == {"."} or (signs - {"-"} and any(part.isdigit() for part in parts))
    if not named or not 1 < len(parts) <= _MOST_PARTS or len(chunk) > _LONGEST_CODE or _HAS_UNSPACED.search(chunk):
        return None
    return MARK.join(parts)


def prepared(texts: Iterable[str]) -> str:
    """What PostgreSQL gets for `texts`: their words, with a mark where one ends, so that no phrase spans two."""
    folded = fold(f" {_END} ".join(texts))
    return " ".join([*plain_words(folded), _END, *codes(folded), _END]).replace(_END, MARK)


def words_of(text: str) -> list[str]:
    """The words of `text`, folded, each as it stands there."""
    return plain_words(fold(text))


def itself(word: str) -> str:
    """How a word is kept that means itself, not its stem: a stop word in a title."""
    return MARK + word


# Languages

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
