"""Reading a TOML file so that everything wrong with it is found at once, each with its place."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from schemas.base import did_you_mean
from service.errors import Fault, Invalid

#: What a kind of value is called to somebody who writes TOML.
_KINDS = {str: "a text in quotes", list: "a list in [ ]", dict: "a table", bool: "true or false", int: "a whole number"}


@dataclass(frozen=True)
class Place:
    """A value of the file, where it stands, and where to note what is wrong with it."""

    value: Any
    path: str
    faults: list[Fault]

    def refuse(self, sentence: str) -> None:
        """Note that this is wrong, in a sentence."""
        self.faults.append(Fault(f"{self.path}: {sentence}" if self.path else sentence))

    def at(self, key: str | int) -> "Place":
        """What stands at `key`, or None."""
        if isinstance(key, int):
            return Place(self.value[key], f"{self.path}[{key + 1}]", self.faults)
        name = key if key.replace("_", "").replace("-", "").isalnum() else f'"{key}"'
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(value, f"{self.path}.{name}" if self.path else name, self.faults)

    def __contains__(self, key: str) -> bool:
        """Whether this is a table that says something at `key`."""
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[tuple[str, "Place"]]:
        """The keys of a table with what stands at them; none where this is no table, which is noted."""
        yield from ((key, self.at(key)) for key in self._as(dict, {}))

    def members(self) -> Iterator["Place"]:
        """The members of a list; none where this is no list, which is noted."""
        yield from (self.at(index) for index, _ in enumerate(self._as(list, [])))

    def one_or_more(self) -> Iterator["Place"]:
        """The members of a list, or this itself where it is none."""
        yield from self.members() if isinstance(self.value, list) else (self,)

    def text(self, default: str = "") -> str:
        """The text that stands here; `default` where there is nothing or something else, which is noted."""
        return str(self._as(str, default)) if self.value is not None else default

    def texts(self) -> tuple[str, ...]:
        """The texts that stand here, one or a list of them."""
        return () if self.value is None else tuple(one.text() for one in self.one_or_more())

    def flag(self) -> bool:
        """Whether `true` stands here."""
        return bool(self._as(bool, default=False)) if self.value is not None else False

    def whole_number(self, least: int = 1) -> int:
        """The number that stands here, `least` or more."""
        number = int(self._as(int, least))
        if number < least:
            self.refuse(f"must be {least} or more.")
        return max(number, least)

    def one_of(self, words: Collection[str], default: str = "") -> str:
        """The word that stands here, which must be one of `words`; `default` where there is none."""
        word = self.text(default)
        if word not in words and word != default:
            known = ", ".join(f'"{one}"' for one in words)
            self.refuse(f'"{word}" is not known here, but {known}.{did_you_mean(word, words)}')
            return default
        return word

    def knows(self, keys: Iterable[str]) -> None:
        """Note every key of this table that is not among `keys`."""
        known = list(keys)
        for key, place in self.items():
            if key not in known:
                place.refuse(f"is not a key that can stand here.{did_you_mean(key, known)}")

    def _as(self, kind: type, default: Any) -> Any:
        if isinstance(self.value, kind) and (kind is bool or not isinstance(self.value, bool)):
            return self.value
        self.refuse(f"must be {_KINDS[kind]}.")
        return default


def require_sound(faults: list[Fault], sentence: str) -> None:
    """Invalid, of `sentence`, where there are `faults`."""
    if faults:
        raise Invalid(sentence, faults)
