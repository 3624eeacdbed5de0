"""The operator's file of synonyms: a line for each group of terms.

    # A comment.
    EV, electric vehicle, battery electric vehicle
    phaseout => phase out
    GAP =>

Terms with commas between them find each other. `=>` works in one direction, and without terms behind it the term has no
synonyms, whatever the events say.
"""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Final

from psycopg import Connection

from service import store
from service.errors import Fault, Invalid
from service.search.text.analyzer import fold, plain_words
from service.search.text.synonyms import MOST_TERM_WORDS, term_key

#: The most lines of a file, the most terms of a line, and the most characters of a term.
MOST_LINES, MOST_TERMS, LONGEST_TERM = 10_000, 20, 100

_ARROW: Final = "=>"


def parse_synonyms(text: str) -> list[tuple[str, str]]:
    """Return pairs of a term's key and a term that is found as well, which is empty for no synonyms at all.

    Invalid with all wrong lines.
    """
    pairs: list[tuple[str, str]] = []
    faults: list[Fault] = []
    lines = text.removeprefix("\ufeff").splitlines()
    if len(lines) > MOST_LINES:
        raise Invalid(f"The file of synonyms has more than {MOST_LINES} lines.")
    for number, line in enumerate(lines, 1):
        content = line.partition("#")[0].strip()
        if content:
            try:
                pairs += _pairs(content)
            except ValueError as error:
                faults.append(Fault(f"Line {number}: {error}"))
    if faults:
        raise Invalid("The file of synonyms is wrong.", faults)
    return pairs


def read_synonyms(path: Path) -> list[tuple[str, str]]:
    """Return the pairs of a file. Invalid if it cannot be read, or with all wrong lines."""
    try:
        return parse_synonyms(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"The file of synonyms {path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"The file of synonyms {path} is not in UTF-8.") from error


class SynonymFile:
    """The file that a setting names, in the database as it was when it last changed."""

    def __init__(self, path: str) -> None:
        """Begin with a file that has not been loaded; an empty `path` is a file without synonyms."""
        self._path = Path(path) if path else None
        #: Time and size of the file that was loaded or refused last. None before the first one.
        self._loaded: tuple[int, int] | None = None

    def load_if_changed(self, conn: Connection) -> int:
        """Replace the synonyms in the database if the file is new, and return their number.

        Invalid if it is wrong; the database keeps the synonyms, and the file is tried again when it changes.
        """
        before, self._loaded = self._loaded, self._state()
        if self._loaded == before:
            return 0
        pairs = read_synonyms(self._path) if self._path else []
        store.search.synonyms.replace_file_synonyms(conn, pairs)
        return len(pairs)

    def _state(self) -> tuple[int, int]:
        if self._path is None:
            return 0, 0
        try:
            status = self._path.stat()
        except OSError:
            return 0, -1
        return status.st_mtime_ns, status.st_size


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    before, arrow, behind = line.partition(_ARROW)
    if _ARROW in behind:
        raise ValueError(f"Write `{_ARROW}` once.")
    keys = _terms(before)
    if not arrow:
        if len(keys) < 2:  # noqa: PLR2004 (a term and another)
            raise ValueError("Write two terms or more, with commas between them, or `=>`.")
        return ((term_key(one), other) for one, other in permutations(keys, 2))
    others = _terms(behind) if behind.strip() else [""]
    return ((term_key(one), other) for one in keys for other in others)


def _terms(text: str) -> list[str]:
    terms = [" ".join(term.split()) for term in text.split(",")]
    if len(terms) > MOST_TERMS:
        raise ValueError(f"Write at most {MOST_TERMS} terms.")
    for term in terms:
        words = plain_words(fold(term))
        if not words:
            raise ValueError("A term has no word." if term else "A term is missing beside a comma or `=>`.")
        if len(words) > MOST_TERM_WORDS or len(term) > LONGEST_TERM:
            raise ValueError(f'"{term[:40]}" is longer than {MOST_TERM_WORDS} words or {LONGEST_TERM} characters.')
    return terms
