"""Languages that texts are analysed in: their stemmers, tags and function words, and the guess of a text's language."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

#: The language of a text in no known language. It has neither stems nor function words.
UNKNOWN: Final = "simple"

ENGLISH: Final = "english"

#: The language of a text without a tag that is not recognized. It suits most names and codes.
DEFAULT: Final = ENGLISH


class _Language(NamedTuple):
    codes: str
    #: The most frequent articles, prepositions, conjunctions, pronouns and forms of "be", folded. None is a word or an
    #: acronym that people search for: not French `ai` and `eu`, not English `it`, `us`, `who` and `will`.
    function_words: str


#: The languages by the names of their Snowball stemmers. `codes` are the first parts of language tags; the first of
#: them is the tag of the language's lexemes.
_LANGUAGES: Final[Mapping[str, _Language]] = {
    "arabic": _Language("ar", "في من على الى إلى عن مع أن إن هذا هذه التي الذي ما لا أو و ثم كما بين قد لم"),
    "armenian": _Language("hy", "եւ ու է են մի որ այս այդ իր համար մեջ հետ կամ նաեւ ինչ"),
    "basque": _Language("eu", "eta da du ez dira bat ere edo baina den dute hau hori zen duen"),
    "catalan": _Language("ca", "el la els les de del dels l d i en un una per amb que al als a es o no com"),
    "czech": _Language("cs", "a v ve na s se z ze do je jsou o k i za pro po od to ktery ktera by byl nebo"),
    "danish": _Language("da", "og i at det den de en et er som for til af pa med fra om ikke der har var eller ved"),
    "dutch": _Language("nl", "de het een van en in op te voor met dat die is zijn aan door om bij niet of als ook er"),
    "english": _Language(
        "en",
        "the of and to in a an is are for on with by from that which this these those be been as at its was were has"
        " have had or not but their they than into there",
    ),
    "esperanto": _Language("eo", "la de kaj en al por estas kun per el ke estis au ne sur kiu kiuj"),
    "estonian": _Language("et", "ja on ei et see oli kui ka mis selle ning voi aga nende"),
    "finnish": _Language("fi", "ja on ei se etta oli kun myos tai ovat mutta jotka joka sen niin kuin"),
    "french": _Language(
        "fr",
        "le la les l d de des du et en un une a au aux dans par pour sur est sont que qui ce cette ces ou avec ne pas"
        " se qu son sa ses",
    ),
    "german": _Language(
        "de",
        "der die das den dem des und in im von vom zu zum zur mit auf fur ist sind war ein eine einer eines einen einem"
        " an am als auch bei aus nach nicht sich es oder wird werden durch uber",
    ),
    "greek": _Language(
        "el",
        "ο η το οι τα του της των τον την και να με σε για απο που στο στη στην στον στα ειναι δεν",  # noqa: RUF001
    ),
    "hindi": _Language("hi", "के का की में है और से को पर इस यह हैं ने एक लिए तथा या भी वह जो कि"),
    "hungarian": _Language("hu", "a az es hogy nem is egy van meg ez de vagy mint azt ezt volt"),
    "indonesian": _Language(
        "id", "yang dan di ke dari untuk dengan dalam pada ini itu adalah oleh atau tidak akan juga"
    ),
    "irish": _Language("ga", "an na a ag ar i le do is agus go de ni ta bhi sa leis chun on mar no"),
    "italian": _Language(
        "it",
        "il lo la i gli le l un una uno di d del dello della dei degli delle dell e ed in nel nella con per da dal"
        " dalla al alla all che non sono su si",
    ),
    "lithuanian": _Language("lt", "ir i is su kad apie uz bei ar yra buvo o bet nuo iki per del prie tai kaip"),
    "nepali": _Language("ne", "र को का की मा ले लाई छ हो यो त्यो पनि गर्न वा भने छन् बाट तथा"),
    "norwegian": _Language(
        "no nb nn", "og i det den de en et er som for til av pa med fra om ikke at har var eller ved"
    ),
    "persian": _Language("fa", "و در به از که این آن را با است برای تا یا هم بر یک بود شد"),
    "polish": _Language(
        "pl", "i w we z ze na do sie o nie to jest od po za przez dla oraz jak a ale lub ktory ktora ktore"
    ),
    "portuguese": _Language(
        "pt", "o a os as um uma de do da dos das e em no na nos nas por para com que se ao aos pelo pela ou nao sao foi"
    ),
    "romanian": _Language("ro", "si de la in cu pe un o a al ale din pentru care este nu sau prin se sunt fost"),
    "russian": _Language("ru", "и в во на с со по к ко от до из за не что как о об для это при или а но так же был"),  # noqa: RUF001
    "serbian": _Language(
        "sr",
        "i u na je se za od da su sa o koji koja koje ili kao po iz do ne и у на је се за од да су са о који која које"  # noqa: RUF001
        " или као по из до не",
    ),
    "sesotho": _Language("st", "le ka ya ho ba e o a ke wa tsa mo sa la kapa"),
    "spanish": _Language(
        "es", "el la los las un una unos unas de del al y e o en por para con que se su sus es no lo como a"
    ),
    "swedish": _Language("sv", "och i att det den de en ett ar som for till av pa med fran om inte har var eller vid"),
    "tamil": _Language("ta", "ஒரு என்று மற்றும் இந்த அந்த என உள்ள இது அது என்ற மேலும் ஆனால் அல்லது வரை"),
    "turkish": _Language("tr", "ve bir bu ile icin da de olarak ya ki daha gibi veya"),
    "yiddish": _Language("yi", "און די דער דאס אין איז פון צו מיט אז א נישט אויף דעם"),
}

#: The tag of the lexemes of each language: two capitals, which no folded word has.
TAGS: Final[Mapping[str, str]] = {name: one.codes[:2].upper() for name, one in _LANGUAGES.items()} | {UNKNOWN: ""}

#: The function words of each language.
FUNCTION_WORDS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset(one.function_words.split()) for name, one in _LANGUAGES.items()
} | {UNKNOWN: frozenset()}

#: The languages by the first part of a tag. Japanese, Korean and Chinese are analysed as English: words in Latin
#: letters are mostly that, and all others are bigrams.
_BY_CODE: Final[Mapping[str, str]] = {
    code: name for name, one in _LANGUAGES.items() for code in one.codes.split()
} | dict.fromkeys(("ja", "ko", "zh"), "english")


@cache
def language_of(tag: str) -> str:
    """Return the language of a language tag such as `de-AT`; UNKNOWN without a stemmer for it."""
    return _BY_CODE.get(tag.partition("-")[0].lower(), UNKNOWN)


#: The languages that are guessed by function words. Those of the others are too often names or words of these.
_GUESSED: Final = (
    *("english", "german", "french", "spanish", "italian", "portuguese", "dutch", "swedish", "danish", "norwegian"),
    *("finnish", "hungarian", "romanian", "turkish", "catalan", "indonesian", "polish", "czech"),
)
_LANGUAGES_OF_WORD: Final = {
    word: [name for name in _GUESSED if word in FUNCTION_WORDS[name]]
    for name in _GUESSED
    for word in FUNCTION_WORDS[name]
}

#: The letters of scripts that identify a language well enough.
_SCRIPTS: Final = {
    "russian": re.compile("[\u0400-\u04ff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hindi": re.compile("[\u0900-\u097f]"),
    "armenian": re.compile("[\u0530-\u058f]"),
    "tamil": re.compile("[\u0b80-\u0bff]"),
    "yiddish": re.compile("[\u0590-\u05ff]"),
}


def guess_language(words: Iterable[str]) -> str:
    """Return the language of a text without a language tag, by its folded words."""
    counts: Counter[str] = Counter()
    others = []
    for word in words:
        if word in _LANGUAGES_OF_WORD:
            counts.update(_LANGUAGES_OF_WORD[word])
        elif not word.isascii():
            others.append(word)
    if others and not counts:
        return _language_of_script("".join(others))
    best = max(counts.values(), default=0)
    leading = [language for language, count in counts.items() if count == best]
    return leading[0] if len(leading) == 1 else DEFAULT


def _language_of_script(text: str) -> str:
    counts = {language: len(letters.findall(text)) for language, letters in _SCRIPTS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else DEFAULT
