"""Tables of values: what a tracker writes, and what the record says for it. `*` stands for any text."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from service.mappings.toml_reader import Place


@dataclass(frozen=True)
class Found:
    """What a table says: `texts`, none where it leaves the value out, and which of its lines said so."""

    texts: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Table:
    """A table of values. Case and white space make no difference; exact lines go before those with a star."""

    name: str
    exact: dict[str, Found]
    starred: tuple[tuple[re.Pattern[str], Found], ...]

    @property
    def gives(self) -> frozenset[str]:
        """Every text that it can give."""
        every = (*self.exact.values(), *(found for _, found in self.starred))
        return frozenset(text for found in every for text in found.texts)

    def find(self, text: str) -> Found | None:
        """What it says for `text`, or None."""
        key = _key(text)
        found = self.exact.get(key)
        if found is None and self.starred:
            found = next((found for pattern, found in self.starred if pattern.fullmatch(key)), None)
        return found


def table_of(place: Place, name: str) -> Table:
    """The table that stands at `place`; what is wrong with it is noted there."""
    exact: dict[str, Found] = {}
    starred = []
    for line, (written, said) in enumerate(place.items()):
        found = Found(tuple(text for text in said.texts() if text), line)
        if "*" in written:
            starred.append((_pattern(_key(written)), found))
        elif _key(written) in exact:
            said.refuse("stands twice in this table; case and white space make no difference.")
        else:
            exact[_key(written)] = found
    return Table(name, exact, tuple(starred))


def matcher(words: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text is one of `words`, by the rules of tables."""
    keys = {_key(word) for word in words}
    patterns = [_pattern(key) for key in keys if "*" in key]
    if not patterns:
        return lambda text: _key(text) in keys
    return lambda text: (key := _key(text)) in keys or any(pattern.fullmatch(key) for pattern in patterns)


@lru_cache(maxsize=10_000)  # cells that are looked up come again
def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, key.split("*"))), re.DOTALL)
