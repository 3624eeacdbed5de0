"""Lookup tables: texts of a tracker with the texts that replace them in records. `*` stands for any text."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from service.mappings.toml_reader import TomlNode


@dataclass(frozen=True)
class LookupEntry:
    """A line of a table: the replacing texts, none where the value is left out, and the number of the line."""

    texts: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class LookupTable:
    """A table. Case and white space are ignored; exact lines take precedence over lines with a star."""

    name: str
    exact: dict[str, LookupEntry]
    starred: tuple[tuple[re.Pattern[str], LookupEntry], ...]

    @cached_property
    def possible_texts(self) -> frozenset[str]:
        """Every text that it can give."""
        entries = (*self.exact.values(), *(entry for _, entry in self.starred))
        return frozenset(text for entry in entries for text in entry.texts)

    def find(self, text: str) -> LookupEntry | None:
        """Return the line for `text`, or None."""
        key = _key(text)
        entry = self.exact.get(key)
        if entry is None and self.starred:
            entry = next((entry for pattern, entry in self.starred if pattern.fullmatch(key)), None)
        return entry


def compile_lookup_table(node: TomlNode, name: str) -> LookupTable:
    """Return the table at `node`, and add its faults there."""
    exact: dict[str, LookupEntry] = {}
    starred = []
    for line, (text, replacement) in enumerate(node.items()):
        entry = LookupEntry(tuple(text for text in replacement.texts() if text), line)
        if "*" in text:
            starred.append((_pattern(_key(text)), entry))
        elif _key(text) in exact:
            replacement.add_fault("appears twice in this table; case and white space are ignored.")
        else:
            exact[_key(text)] = entry
    return LookupTable(name, exact, tuple(starred))


def matcher(words: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that tests whether a text is one of `words`, by the rules of tables."""
    keys = {_key(word) for word in words}
    patterns = [_pattern(key) for key in keys if "*" in key]
    if not patterns:
        return lambda text: _key(text) in keys
    return lambda text: (key := _key(text)) in keys or any(pattern.fullmatch(key) for pattern in patterns)


@lru_cache(maxsize=10_000)  # the same cells are looked up again and again
def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, key.split("*"))), re.DOTALL)
