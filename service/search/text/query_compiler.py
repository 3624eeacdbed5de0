"""Words as they are looked for: the stems of each language in use, joined into what PostgreSQL is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from psycopg import Connection

from service.search.filter import Words
from service.search.text.analyzer import MARK, itself
from service.search.text.query_parser import Expression, Group, Place, Way, parse
from service.store.search.stems import find_stems

#: Words that follow each other in a query count more where they stand so near in a text.
NEAR: Final = 4

#: Neighbours that are looked at.
_MOST_PAIRS: Final = 16

#: What a word may go on with of which a stemmer leaves nothing: `sustainab*` means `sustainable`, kept as `sustain`.
_ENDINGS: Final = (
    "", "a", "able", "al", "ally", "ance", "ation", "cia", "cion", "dad", "e", "ed", "en", "er", "es", "ility", "ing",
    "ion", "ions", "ite", "ity", "keit", "le", "lich", "ly", "ment", "n", "ness", "o", "on", "ons", "os", "ous", "s",
    "te", "tion", "ung", "ungen", "ve", "y",
)  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A word by which events are ranked, and how many times the query says it.

    `found` are events that have it, or leave it out in their language, by which is known how rare it is. `counted` is
    where it stands, one tsquery for each stem.
    """

    word: str
    found: str
    counted: tuple[str, ...]
    times: int


@dataclass(frozen=True)
class Pair:
    """Two neighbours in a query: as they stand there, and near each other either way round."""

    words: tuple[str, str]
    beside: str
    near: str


@dataclass(frozen=True)
class Understood(Words):
    """A web-search expression as tsqueries.

    `every` is met by the events that the expression means, `some` by those that hold part of its words as well: None
    where that is none; `fixed` are what those must meet all the same. An empty text is met by nothing.
    """

    every: str
    some: str | None
    terms: tuple[Term, ...]
    pairs: tuple[Pair, ...]
    languages: tuple[str, ...]
    ignored: int
    fixed: tuple[str, ...] = ()
    #: Of several expressions of which one must be met each by itself, since an index finds them so.
    ways: tuple[str, ...] = ()


def understood(conn: Connection, asked: Words, *, languages: Sequence[str] | None = None) -> Understood:
    """What the words mean in the languages that are in use by now, or in those named."""
    return all_understood(conn, [asked], languages=languages)[0]


def all_understood(
    conn: Connection, asked: Sequence[Words], *, languages: Sequence[str] | None = None
) -> list[Understood]:
    """The same of several, by one statement; by none for what is understood already."""
    new = {words: parse(words.text) for words in asked if not isinstance(words, Understood)}
    looked_up = {word for expression in new.values() for word in _looked_up(expression)}
    stems = find_stems(conn, sorted(looked_up), languages) if new else {}
    read = {words: _Reader(expression, stems).read(words.text) for words, expression in new.items()}
    return [words if isinstance(words, Understood) else read[words] for words in asked]


def all_of(words: Sequence[Understood]) -> Understood:
    """What meets each of several, as a condition: it is not ranked by."""
    return _joint(words, _all(one.every for one in words) if all(one.every for one in words) else "")


def any_of(words: Sequence[Understood]) -> Understood:
    """What meets one of several, likewise."""
    ways = tuple(one.every for one in words if one.every)
    return _joint(words, _any(ways), ways)


def _joint(words: Sequence[Understood], every: str, ways: tuple[str, ...] = ()) -> Understood:
    text = " ".join(one.text for one in words)
    ignored = sum(one.ignored for one in words)
    return Understood(text, every, None, (), (), words[0].languages, ignored, ways=ways)


#: For each configuration in use the stem of each word: None where it leaves the word out.
Stems = Mapping[str, Mapping[str, str | None]]


def _looked_up(expression: Expression) -> Iterator[str]:
    """All words whose stems decide."""
    for group in _groups(expression):
        for place in group.places:
            yield place.word
            yield itself(place.word)
            if place.begins:
                yield from (place.word + ending for ending in _ENDINGS)
        if group.code:
            yield group.code


def _groups(expression: Expression) -> Iterator[Group]:
    yield from (group for ways in expression.required for way in ways for group in way)
    yield from expression.excluded


class _Reader:
    """Reads one expression with the stems of its words."""

    def __init__(self, expression: Expression, stems: Stems) -> None:
        self.expression = expression
        self.stems = stems
        self.positive = [group for ways in expression.required for way in ways for group in way]
        words = {place.word for group in self.positive for place in group.places}
        words |= {group.code for group in self.positive if group.code}
        # Where a language leaves out every word of a search, the words themselves are meant, in titles.
        self.literal = {name for name, of_words in stems.items() if words and not any(map(of_words.get, words))}

    def read(self, text: str) -> Understood:
        """All of it."""
        conditions = [found for ways in self.expression.required if (found := self._either(ways))]
        without = [f"!{found}" for group in self.expression.excluded if (found := self._group(group))]
        terms = self._terms()
        every = _all([*conditions, *without]) if conditions or not self.expression.required else ""
        fixed = [*self._quoted(), *without]
        return Understood(
            text=text,
            every=every,
            some=self._some(fixed) if every else None,
            fixed=tuple(fixed),
            terms=tuple(terms),
            pairs=tuple(self._pairs()),
            languages=tuple(self.stems),
            ignored=self.expression.ignored,
        )

    def _either(self, ways: Iterable[Way]) -> str:
        found = [_all([met for group in way if (met := self._group(group))]) for way in ways]
        return _any(one for one in found if one)

    def _group(self, group: Group) -> str:
        """What a group is found by; nothing where all of it is left out in every language."""
        [first, *others] = group.places
        if not others:
            return _any([self._place(first), *self._code(group)])
        return _any([*(self._phrase(group, language) for language in self.stems), *self._code(group)])

    def _place(self, place: Place) -> str:
        """A word by itself. Where a language leaves it out, every text of that language will do."""
        found = self._lexemes(place)
        if not found:
            return ""
        return _any([*found, *(_quoted(MARK + language) for language in self._leaving(place))])

    def _leaving(self, place: Place) -> list[str]:
        """The languages that leave a word out."""
        return [name for name in self.stems if name not in self.literal and self._stem(place.word, name) is None]

    def _phrase(self, group: Group, language: str) -> str:
        """Words behind each other, in one language; what it leaves out is a gap."""
        stems = [(place, self._stem(place.word, language)) for place in group.places]
        kept = [(place, stem) for place, stem in stems if stem is not None]
        if group.code and len(kept) < len(stems):
            return ""  # `u.s.` is not every `u`
        text = "".join(
            (f" <{place.offset - kept[number - 1][0].offset}> " if number else "")
            + _any([_quoted(stem, begins=place.begins), *self._endless(place, language)])
            for number, (place, stem) in enumerate(kept)
        )
        return f"({text})" if text else ""

    def _endless(self, place: Place, language: str) -> Iterator[str]:
        """For the beginning of a word, what is left of words that go on so where that is shorter."""
        if place.begins:
            wholes = {self.stems[language][place.word + ending] for ending in _ENDINGS}
            yield from (_quoted(stem) for stem in sorted(filter(None, wholes)) if not stem.startswith(place.word))

    def _code(self, group: Group) -> list[str]:
        return [_quoted(stem) for stem in self._all_stems(group.code)] if group.code else []

    def _stem(self, word: str, language: str) -> str | None:
        return self.stems[language][itself(word) if language in self.literal else word]

    def _all_stems(self, word: str) -> list[str]:
        """What a word is kept as in the languages, each once."""
        found = (self._stem(word, language) for language in self.stems)
        return list(dict.fromkeys(stem for stem in found if stem is not None))

    def _lexemes(self, place: Place) -> list[str]:
        """The tsqueries of a word, one for each stem."""
        if not place.begins:
            return [_quoted(stem) for stem in self._all_stems(place.word)]
        whole = [one for language in self.stems for one in self._endless(place, language)]
        return list(dict.fromkeys([_quoted(place.word, begins=True), *whole]))

    def _terms(self) -> list[Term]:
        """What is ranked by, each once, in the order of the query."""
        found: dict[tuple[str, ...], Term] = {}
        for group in self.positive:
            words = [(place.word, tuple(self._lexemes(place)), self._place(place)) for place in group.places]
            if group.code and (code := tuple(self._code(group))):
                words.append((group.code.replace(MARK, " "), code, _any(code)))
            for word, counted, place_found in words:
                if counted:
                    before = found.get(counted)
                    found[counted] = Term(word, place_found, counted, before.times + 1 if before else 1)
        return list(found.values())

    def _quoted(self) -> list[str]:
        """The conditions of what is quoted."""
        quoted = (ways for ways in self.expression.required if any(group.quoted for way in ways for group in way))
        return [found for ways in quoted if (found := self._either(ways))]

    def _some(self, fixed: Sequence[str]) -> str | None:
        """The events that hold some of the words, and all that is `fixed`."""
        loose = [group for group in self.positive if not group.quoted]
        if any(group.quoted for group in self.positive):
            return _all(fixed) if loose else None
        words = {
            found
            for group in loose
            for found in (
                [self._group(group)] if group.code else [_any(self._lexemes(place)) for place in group.places]
            )
            if found
        }
        return _all([_any(sorted(words)), *fixed]) if len(words) > 1 else None

    def _pairs(self) -> Iterator[Pair]:
        """Neighbours in the query, over words that are left out."""
        row: list[tuple[int, Place, str]] = []
        end = 0
        for ways in self.expression.required:
            groups = ways[0] if len(ways) == 1 else ()
            for group in groups:
                places = ((end + place.offset, place, _any(self._lexemes(place))) for place in group.places)
                row += [one for one in places if one[2] and not self._leaving(one[1])]
                end += group.places[-1].offset + 1
            end += 0 if groups else NEAR
        neighbours = [(one, other) for one, other in pairwise(row) if one[2] != other[2] and other[0] - one[0] <= NEAR]
        for (here, first, one), (there, second, other) in neighbours[:_MOST_PAIRS]:
            near = _any(f"({a} <{gap}> {b})" for gap in range(1, NEAR + 1) for a, b in ((one, other), (other, one)))
            yield Pair((first.word, second.word), f"{one} <{there - here}> {other}", near)


def _quoted(lexeme: str, *, begins: bool = False) -> str:
    """A lexeme as a tsquery."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'" + (":*" if begins else "")


def _any(found: Iterable[str]) -> str:
    return _joined(" | ", found)


def _all(found: Iterable[str]) -> str:
    return _joined(" & ", found)


def _joined(by: str, found: Iterable[str]) -> str:
    parts = list(dict.fromkeys(filter(None, found)))
    return parts[0] if len(parts) == 1 else f"({by.join(parts)})" if parts else ""
