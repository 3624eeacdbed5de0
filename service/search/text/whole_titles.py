"""Whole titles: an event is first where the search is its title, a name, an external id, or the acronym in a title."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from service.search.text.analyzer import fold, plain_words
from service.search.text.countries import country_lexeme, country_spans
from service.store.search.tsquery import Lexeme, Operand, TsQuery

#: The first letters of the lexemes of titles, and of what else an event is known by. No word has them, since words are
#: folded.
_TITLE, _OTHER = "T", "N"

#: Bytes of a digest. Among a million titles one search in a hundred million meets another title with its digest.
_DIGEST: Final = 6

#: "(NDC)": an acronym in brackets has no space, and two capitals.
_IN_BRACKETS: Final = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_ACRONYM: Final = re.compile(r"(?=(?:[^A-Z]*[A-Z]){2})\S{2,15}")


def whole_title_lexemes(record: Mapping[str, Any]) -> list[str]:
    """Return the lexemes of the texts by which an event is known, each once."""
    title = record["title"]
    others = [name["value"] for name in record["names"]]
    others += (variant for text in (title, *others) for variant in _variants(text))
    others += (external["value"] for external in record["external_ids"])
    texts = [(_TITLE, title), *((_OTHER, text) for text in others if text != title)]
    return list(dict.fromkeys(lexeme for kind, text in texts if (lexeme := _lexeme(kind, plain_words(fold(text))))))


def whole_titles(search: str) -> tuple[TsQuery, TsQuery]:
    """Return the queries for the events of which the text of a search is the title, or which are known by it otherwise.

    The search may have the country of the event before or behind it.
    """
    words = plain_words(fold(search))
    return _known_by(_TITLE, words), _known_by(_OTHER, words)


def _known_by(kind: str, words: Sequence[str]) -> TsQuery:
    queries: list[Operand] = []
    if whole := _lexeme(kind, words):
        queries.append(Lexeme(whole))
    for start, end, code in country_spans(words):
        rest = words[end:] if start == 0 else words[:start] if end == len(words) else []
        if lexeme := _lexeme(kind, rest):
            queries.append(TsQuery.all([Lexeme(lexeme), Lexeme(country_lexeme(code))]))
    return TsQuery.any(queries)


def _lexeme(kind: str, words: Iterable[str]) -> str | None:
    """Return the lexeme of a text by its folded words; None without any."""
    text = " ".join(words)
    digest = blake2b(text.encode(), digest_size=_DIGEST).digest()
    return kind + urlsafe_b64encode(digest).decode() if text else None


def _variants(title: str) -> Iterator[str]:
    """Return a title without its brackets, and the acronyms in them."""
    if "(" in title or "[" in title:
        yield _IN_BRACKETS.sub(" ", title)
        yield from (inner for inner in _IN_BRACKETS.findall(title) if _ACRONYM.fullmatch(inner))
