"""The evidence that two records are of one event: titles, numbers, parties, dates and sources."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final

from schemas.codes import jurisdiction_names
from schemas.country_names import english_names
from service.events.titles import (
    TitleComparison,
    code_of_id,
    compare_titles,
    has_code,
    identifying_numbers,
    is_year,
    title_words,
)
from service.search.index.features import main_date, parties_of
from service.search.text.analyzer import fold, plain_words
from service.search.text.languages import FUNCTION_WORDS, guess_language, language_of

#: Days between two dates of one event: as a reporter errs, who takes the day of publication for that of the decision;
#: and by which reports of one law differ, such as its adoption and its entry into force: a year and a month.
NEAR, FAR = 31, 400

#: The least likeness of two titles that name the same number, and of those that name the code of the other record.
_LIKE_BESIDE_NUMBER: Final = 0.7
_LIKE_BESIDE_CODE: Final = 0.4

#: Beginnings of words by which a title tells a change of an act from the act: English, German and Dutch, Romance
#: languages, Scandinavian languages; folded.
_CHANGES: Final = (
    "amend", "repeal", "revis", "supplement", "correct", "corrig", "implement", "ander", "novel", "aufheb", "bericht",
    "durchfuhr", "wijzig", "modif", "abrog", "derog", "rectif", "reform", "andr", "endr", "aendr",
)  # fmt: skip

#: Function words that change what a title means.
_NEGATIONS: Final = ("not", "non", "nicht", "niet", "nao", "inte", "ikke", "ei", "nem", "ne", "nie", "не")

#: Words before a number, which some write and others leave out.
_NUMBER_WORDS: Final = frozenset({"no", "nr", "n", "num", "number", "numero", "nummer", "nro"})

#: The characters by which the language of a record without one is guessed.
_GUESSED_BY: Final = 2_000

#: Members that duplicates mostly have alike, by which the likelier one of two with one title is told.
_ALIKE: Final = ("description", "summary", "event_type", "status", "tags", "lang")

Record = Mapping[str, Any]


class Traits:
    """The content of a record that identifies its event. The record is loaded from a request, or as stored."""

    def __init__(self, record: Record) -> None:
        """`record` has the members of an event."""
        self.record = record
        self.titles = [record["title"], *(name["value"] for name in record["names"])]
        self.parties = parties_of(record["participants"])
        main = main_date(record["dates"])
        self.earliest = main.earliest if main else None
        self.latest = (main.latest or main.earliest) if main else None
        self.external_ids = {(one["scheme"], one["value"]) for one in record["external_ids"]}

    @cached_property
    def language(self) -> str:
        """The language of its title."""
        if self.record["lang"]:
            return language_of(self.record["lang"])
        texts = filter(None, (self.record["title"], self.record["summary"], self.record["description"]))
        return guess_language(plain_words(fold(" ".join(texts)[:_GUESSED_BY])))

    @property
    def function_words(self) -> frozenset[str]:
        """The words that say nothing in its title."""
        return FUNCTION_WORDS[self.language].difference(_NEGATIONS) | _NUMBER_WORDS

    @cached_property
    def codes(self) -> set[str]:
        """The codes in its external ids."""
        return {code for _, value in self.external_ids if (code := code_of_id(value))}

    def has_year(self, word: str) -> bool:
        """Return whether a word is a year of its date."""
        first, last = self.earliest, self.latest
        return is_year(word) and first is not None and last is not None and first.year <= int(word) <= last.year


@dataclass(frozen=True)
class Evidence:
    """The evidence that a stored record is of the event of a new one.

    `title` compares the most alike of titles and names. `gap` are the days between the dates: 0 if they overlap, None
    if one is unknown. `alike` is the number of other members that both have alike.
    """

    title: TitleComparison
    gap: int | None
    shares_number: bool = False
    shares_code: bool = False
    shares_source: bool = False
    differs_in_number: bool = False
    differs_in_party: bool = False
    differs_in_id: bool = False
    alike: int = 0

    @property
    def is_same_title(self) -> bool:
        """Whether the records have one title, and no numbers that differ."""
        return self.title.is_same and not self.differs_in_number and not self.differs_in_party

    @property
    def is_likely(self) -> bool:
        """Whether the records are likely of one event."""
        if self.differs_in_party or self.differs_in_number:
            return False
        if self.title.is_same and (self.shares_number or self._is_within(FAR)):
            return True
        return not self.differs_in_id and (self._is_same_but_for_numbers or self._shares_identifier)

    @property
    def _is_same_but_for_numbers(self) -> bool:
        """Whether only numbers of one title lack in the other, and the dates agree."""
        return bool(self.title.shared) and not self.title.lone_words and self._is_within(NEAR)

    @property
    def _shares_identifier(self) -> bool:
        if self.shares_source and self._is_within(NEAR):
            return True
        if not self._is_within(FAR) or any(word.startswith(_CHANGES) for word in self.title.lone_words):
            return False
        likeness = self.title.likeness
        return (self.shares_number and likeness >= _LIKE_BESIDE_NUMBER) or (
            self.shares_code and likeness >= _LIKE_BESIDE_CODE
        )

    def _is_within(self, days: int) -> bool:
        return self.gap is None or self.gap <= days

    @property
    def rank(self) -> tuple[float, int, int]:
        """A key by which likelier duplicates sort last."""
        identifiers = self.shares_source + self.shares_code + self.shares_number
        return round(self.title.likeness + identifiers / 2, 2), self.alike, -(self.gap or 0)


def evidence_of(new: Traits, stored: Traits, *, shares_source: bool) -> Evidence:
    """Return the evidence that `stored` is of the event of `new`."""
    implied = new.function_words | stored.function_words | names_of(new.parties & stored.parties)
    ours, theirs = new.titles, stored.titles
    pairs = [(ours[0], theirs[0]), *((ours[0], name) for name in theirs[1:]), *((name, theirs[0]) for name in ours[1:])]
    comparisons = [compare_titles(one, other, implied=implied) for one, other in pairs]
    title, likest = comparisons[0], max(comparisons, key=lambda comparison: comparison.likeness)
    return Evidence(
        title=_explained(likest, new, stored),
        gap=days_between((new.earliest, new.latest), (stored.earliest, stored.latest)),
        shares_number=bool(identifying_numbers(likest.shared)),
        shares_code=_share_code(new, stored) or _share_code(stored, new),
        shares_source=shares_source,
        differs_in_number=title.differs_in_number or likest.differs_in_number,
        differs_in_party=not (new.parties & stored.parties or new.parties == stored.parties),
        differs_in_id=_differ(new.external_ids, stored.external_ids),
        alike=sum(new.record[member] == stored.record[member] for member in _ALIKE if new.record.get(member)),
    )


def _share_code(one: Traits, other: Traits) -> bool:
    """Return whether an external id of one record is an id of the other, or is in its title."""
    return any(code in other.codes or has_code(other.record["title"], code) for code in one.codes)


def _explained(title: TitleComparison, new: Traits, stored: Traits) -> TitleComparison:
    """Return the comparison without years that are only in one title but are the date of the other record."""
    return TitleComparison(
        title.shared,
        frozenset(word for word in title.ours if not stored.has_year(word)),
        frozenset(word for word in title.theirs if not new.has_year(word)),
    )


Span = tuple[date | None, date | None]


def days_between(one: Span, other: Span) -> int | None:
    """Return the days between two spans, 0 if they overlap. None if one is unknown; an open end counts as the other."""
    (first, last), (begin, end) = one, other
    if first is None or last is None or begin is None or end is None:
        return None
    return max(0, (begin - last).days, (first - end).days)


def _differ(ours: Collection[tuple[str, str]], theirs: Collection[tuple[str, str]]) -> bool:
    """Return whether both records have ids of one scheme, none of which is the same: its tracker tells them apart."""
    schemes = {scheme for scheme, _ in ours} & {scheme for scheme, _ in theirs}
    return bool(schemes) and not set(ours) & set(theirs)


def names_of(parties: Iterable[str]) -> frozenset[str]:
    """Return the words of the names of jurisdictions, and their codes: a title implies those of its parties."""
    return frozenset(word for party in parties for word in _name_of(party))


@lru_cache(maxsize=1_000)
def _name_of(jurisdiction: str) -> frozenset[str]:
    """Return the words of a jurisdiction's names, and its code."""
    # The names of subdivisions take long to load, so that they come last.
    names = english_names().get(jurisdiction) or [jurisdiction_names().get(jurisdiction, "")]
    words = frozenset(word for name in names for word in title_words(name) if not word.isdigit())
    return words | {jurisdiction.lower()}
