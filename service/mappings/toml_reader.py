"""Values of a TOML file with their paths, so that all faults of the file are found in one go."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from schemas.base import did_you_mean
from service.errors import Fault, Invalid

#: Types of TOML values as errors name them.
_TYPE_NAMES = {
    str: "a text in quotes",
    list: "a list in [ ]",
    dict: "a table",
    bool: "true or false",
    int: "a whole number",
}

#: Lines and characters that no file has more of, and a factor beyond all scales of money.
_MAX_NUMBER = 10**18


@dataclass(frozen=True)
class TomlNode:
    """A value of the file, its path, and the list of faults that all nodes of the file share."""

    value: Any
    path: str
    faults: list[Fault]

    def add_fault(self, sentence: str) -> None:
        """Add a fault of this value."""
        self.faults.append(Fault(f"{self.path}: {sentence}" if self.path else sentence))

    def at(self, key: str | int) -> "TomlNode":
        """Return the node at `key`; its value is None where there is none."""
        if isinstance(key, int):
            return TomlNode(self.value[key], f"{self.path}[{key + 1}]", self.faults)
        name = key if key.replace("_", "").replace("-", "").isalnum() else f'"{key}"'
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return TomlNode(value, f"{self.path}.{name}" if self.path else name, self.faults)

    def __contains__(self, key: str) -> bool:
        """Return True if this is a table with `key`."""
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[tuple[str, "TomlNode"]]:
        """Yield the keys and nodes of a table. It is a fault if this is none."""
        yield from ((key, self.at(key)) for key in self._as(dict, {}))

    def members(self) -> Iterator["TomlNode"]:
        """Yield the members of a list. It is a fault if this is none."""
        yield from (self.at(index) for index, _ in enumerate(self._as(list, [])))

    def one_or_more(self) -> Iterator["TomlNode"]:
        """Yield the members of a list, or this node where it is none."""
        yield from self.members() if isinstance(self.value, list) else (self,)

    def text(self, default: str = "") -> str:
        """Return the text, or `default` where there is no value. It is a fault if the value is none."""
        return str(self._as(str, default)) if self.value is not None else default

    def texts(self) -> tuple[str, ...]:
        """Return one text or a list of texts as a tuple."""
        return () if self.value is None else tuple(one.text() for one in self.one_or_more())

    def flag(self) -> bool:
        """Return the boolean, or False where there is no value."""
        return bool(self._as(bool, default=False)) if self.value is not None else False

    def whole_number(self, least: int = 1) -> int:
        """Return the number. It is a fault if it is less than `least`, or more than any mapping needs."""
        number = int(self._as(int, least))
        if number < least:
            self.add_fault(f"must be {least} or more.")
        elif number > _MAX_NUMBER:
            self.add_fault(f"must be {_MAX_NUMBER} at most.")
        return min(max(number, least), _MAX_NUMBER)

    def one_of(self, words: Collection[str], default: str = "") -> str:
        """Return the text, or `default` where there is no value. It is a fault if it is not one of `words`."""
        word = self.text(default)
        if word not in words and word != default:
            choices = ", ".join(f'"{one}"' for one in words)
            self.add_fault(f'"{word}" is not one of {choices}.{did_you_mean(word, words)}')
            return default
        return word

    def check_keys(self, keys: Iterable[str]) -> None:
        """Add a fault for every key of this table that is not one of `keys`."""
        allowed = list(keys)
        for key, node in self.items():
            if key not in allowed:
                node.add_fault(f"is not a known key here.{did_you_mean(key, allowed)}")

    def _as(self, kind: type, default: Any) -> Any:
        if isinstance(self.value, kind) and (kind is bool or not isinstance(self.value, bool)):
            return self.value
        self.add_fault(f"must be {_TYPE_NAMES[kind]}.")
        return default


def raise_faults(faults: list[Fault], detail: str) -> None:
    """Raise Invalid with `detail` if there are `faults`."""
    if faults:
        raise Invalid(detail, faults)
