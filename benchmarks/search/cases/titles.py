"""Each title of the trackers as a query, in lower case and without punctuation."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.search.cases.answers import Event, Search, plain
from service.strict_json import parse


@dataclass(frozen=True)
class TitleRecall:
    """Titles of a tracker, and how many of them come first and among the first ten. `missed` are not first."""

    titles: int
    first: int
    in_ten: int
    missed: Sequence[str]


def read_titles(url: str) -> Mapping[str, Sequence[str]]:
    """Return the different titles of each tracker in order. A tracker is the scheme of an event's first external id."""
    titles: dict[str, set[str]] = defaultdict(set)
    with psycopg.connect(url) as conn:
        for (document,) in conn.execute("SELECT document FROM event", binary=True):
            event = parse(document)
            titles[event["external_ids"][0]["scheme"]].add(plain(event["title"]))
    return {tracker: sorted(titles[tracker]) for tracker in sorted(titles)}


def find_titles(titles: Iterable[str], search: Search) -> TitleRecall:
    """Search for each title. Every event with that title or name is as good."""
    number = first = in_ten = 0
    missed = []
    for title in titles:
        matches = [_is_called(event, title) for event in search(title)["items"]]
        number += 1
        in_ten += any(matches)
        if any(matches[:1]):
            first += 1
        else:
            missed.append(title)
    return TitleRecall(number, first, in_ten, missed)


def _is_called(event: Event, title: str) -> bool:
    return title in map(plain, [event["title"], *(name["value"] for name in event["names"])])
