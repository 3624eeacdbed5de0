"""The times of searches through the API, one after the other."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from urllib.parse import urlencode

import psycopg

from benchmarks import servers
from benchmarks.databases import make_key
from benchmarks.search.agreement import require_complete_search
from benchmarks.search.client import Client, Times, measure
from benchmarks.search.events import vocabulary
from schemas.codes import jurisdictions
from schemas.filters import LONGEST_Q
from schemas.vocabulary import EventType, Status

FACETS = "topic,jurisdiction,event_type,status,verification,year,month,source_publisher,figure_currency"


@dataclass(frozen=True)
class Kind:
    """A kind of request: its name, the wanted milliseconds (median and 95th percentile), and its addresses."""

    name: str
    wanted: tuple[int, int] | None
    address: Callable[[Random], str]


def _list(**parameters: str) -> str:
    return f"/v1/events?{urlencode(parameters)}"


def _rare(rng: Random) -> str:
    return _list(q=rng.choice(vocabulary()[20_000:100_000]))


def _common(rng: Random) -> str:
    return _list(q=" ".join(rng.sample(vocabulary()[:9], 3)))


def _mixed(rng: Random) -> str:
    return _list(q=f"{rng.choice(vocabulary()[2_000:20_000])} {rng.choice(vocabulary()[:9])}")


def _question(rng: Random) -> str:
    return _list(q=" ".join(rng.choice(vocabulary()[: 10 ** rng.randint(1, 5)]) for _ in range(10)))


def _phrase(rng: Random) -> str:
    first, second = rng.sample(vocabulary()[10:60], 2)
    return _list(q=f'"{first} {second}"')


def _beginning(rng: Random) -> str:
    return _list(q=f"{rng.choice(vocabulary())[:3]}*")


def _filters(rng: Random) -> str:
    return _list(
        party=rng.choice(tuple(jurisdictions())),
        event_type=",".join(rng.sample(EventType.words(), 3)),
        date_from=str(rng.randint(2000, 2015)),
    )


def _filtered(rng: Random) -> str:
    return _list(q=" ".join(rng.sample(vocabulary()[:9], 2)), status=rng.choice(Status.words()))


def _facets(rng: Random) -> str:
    # Words in about a tenth of all.
    return f"/v1/facets?{urlencode({'fields': FACETS, 'q': rng.choice(vocabulary()[45:60])})}"


KINDS = (
    Kind("a rare word", (10, 20), _rare),
    Kind("three words in 30 to 60 of 100 events", (50, 80), _common),
    Kind("filters only", (10, 20), _filters),
    Kind("all facets of a tenth of the events", (120, 180), _facets),
    Kind("a rare and a common word", None, _mixed),
    Kind("ten words, rare and common", None, _question),
    Kind("two common words, of one status", None, _filtered),
    Kind("a phrase of two words", None, _phrase),
    Kind("the beginning of a word", None, _beginning),
)

#: Lists for deep pages: everything by date, and the events with a common word by relevance.
WALKS: Mapping[str, str] = {"all events": _list(), "a common word": _list(q=vocabulary()[0])}

HOSTILE: Mapping[str, str] = {
    "1,000 words joined by OR": " OR ".join(vocabulary()[:1_000]),
    "1,000 words": " ".join(vocabulary()[:1_000]),
    "a hundred common words": " ".join(vocabulary()[:100]),
    "a hundred phrases of common words": " ".join(f'"{word} {vocabulary()[0]}"' for word in vocabulary()[:100]),
    "a phrase of the two most common words": f'"{vocabulary()[0]} {vocabulary()[1]}"',
    "a hundred beginnings": " ".join(f"{word[:3]}*" for word in vocabulary()[:2_000:20]),
    "only an excluded word": f"-{vocabulary()[0]}",
    "punctuation": "!? :* & | <-> ()" * 100,
    "one writing without spaces": "\u96fb" * 3_000,
}


@dataclass(frozen=True)
class Sizes:
    """Requests of each kind and of a page, seconds of others before them, and the number of the deep page.

    The pages of a million events come to memory by and by, so kinds need a longer warm-up than one page.
    """

    requests: int
    warm_up: float
    page_requests: int
    page_warm_up: float
    pages: int


@dataclass(frozen=True)
class Speed:
    """The times of requests on one number of events, and the bytes of tables and indexes."""

    events: int
    kinds: Mapping[str, Times]
    pages: Mapping[str, tuple[Times, Times]]
    hostile: Mapping[str, float]
    sizes: Mapping[str, int]


def run(url: str, events: int, sizes: Sizes) -> Speed:
    """Measure all kinds of requests, first and deep pages, and hostile searches."""
    with servers.service(url) as address, Client(address, make_key(url)) as client:
        require_complete_search(client, url, events)
        kinds = {}
        for kind in KINDS:
            rng = Random(kind.name)  # noqa: S311 (the same at every run)
            kinds[kind.name] = measure(
                client, partial(kind.address, rng), warm_up=sizes.warm_up, requests=sizes.requests
            )
            _print(events, kind.name, kinds[kind.name])
        pages = {name: _measure_pages(client, path, sizes) for name, path in WALKS.items()}
        hostile = {name: _measure_hostile(client, q) for name, q in HOSTILE.items()}
    return Speed(events, kinds, pages, hostile, _sizes(url))


def _print(events: int, name: str, times: Times) -> None:
    print(f"{events:>9,}  {name:40} {times.p50:8.1f} {times.p95:8.1f} {times.most:8.1f} ms", flush=True)


def _measure_pages(client: Client, path: str, sizes: Sizes) -> tuple[Times, Times]:
    """Return the times of the first page, and of the deep page or the last."""
    deep = path
    for _ in range(sizes.pages - 1):
        deep = client.get(deep)["next"] or deep
    first, last = (
        measure(client, lambda: page, warm_up=sizes.page_warm_up, requests=sizes.page_requests)  # noqa: B023 (called at once)
        for page in (path, deep)
    )
    _print(1, path[:40], first)
    _print(sizes.pages, path[:40], last)
    return first, last


def _measure_hostile(client: Client, q: str) -> float:
    """Return the seconds of the first request, when nothing is warm; a POST, since no address is so long."""
    began = time.perf_counter()
    client.send("POST", "/v1/search", {"q": q[:LONGEST_Q]})
    return time.perf_counter() - began


def _sizes(url: str) -> dict[str, int]:
    """Return the bytes of the tables of events and their search indexes."""
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            """
            SELECT relname, pg_table_size(oid)
              FROM pg_class
             WHERE relname IN ('event', 'event_search', 'event_search_by_words', 'event_by_label')
            """
        )
        return dict(rows.fetchall())
