"""How long searches take, through the API, one after the other."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

import psycopg

from benchmarks import servers
from benchmarks.search.client import Client, Times, measure
from benchmarks.search.events import vocabulary
from schemas.codes import jurisdictions
from schemas.filters import LONGEST_Q
from schemas.vocabulary import EventType, Status

#: Requests of each kind, and seconds for which others go before: a million events' pages come to memory by and by.
REQUESTS, WARM_UP = 200, 15.0

#: The same where one address is asked again and again.
PAGE_REQUESTS, PAGE_WARM_UP = 50, 0.2

#: Pages that are turned before one is measured, of twenty events each.
PAGES = 1_000

FACETS = "topic,jurisdiction,event_type,status,verification,year,month,source_publisher,figure_currency"


@dataclass(frozen=True)
class Kind:
    """A kind of request: its name, milliseconds it should take (half of them, 95 of 100), and the addresses."""

    name: str
    wanted: tuple[int, int] | None
    address: Callable[[Random], str]


def _list(**asked: str) -> str:
    return f"/v1/events?{urlencode(asked)}"


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

#: What is walked through: everything by date, and what a common word finds, by relevance.
WALKS: Mapping[str, str] = {"all events": _list(), "a common word": _list(q=vocabulary()[0])}

HOSTILE: Mapping[str, str] = {
    "1,000 words joined by OR": " OR ".join(vocabulary()[:1_000]),
    "1,000 words": " ".join(vocabulary()[:1_000]),
    "a hundred common words": " ".join(vocabulary()[:100]),
    "a hundred phrases of common words": " ".join(f'"{word} {vocabulary()[0]}"' for word in vocabulary()[:100]),
    "a phrase of the two most common words": f'"{vocabulary()[0]} {vocabulary()[1]}"',
    "a hundred beginnings": " ".join(f"{word[:3]}*" for word in vocabulary()[:2_000:20]),
    "what is left out, only": f"-{vocabulary()[0]}",
    "signs": "!? :* & | <-> ()" * 100,
    "one writing without spaces": "\u96fb" * 3_000,
}


@dataclass(frozen=True)
class Speed:
    """What was measured on one number of events."""

    events: int
    kinds: Mapping[str, Times]
    pages: Mapping[str, tuple[Times, Times]]
    hostile: Mapping[str, float]
    sizes: Mapping[str, int]


def run(url: str, events: int, *, whole: bool = True) -> Speed:
    """Measure all kinds; pages and hostile searches as well where it is the `whole`."""
    with servers.service(url) as address, Client(address) as client:
        kinds = {}
        for kind in KINDS:
            rng = Random(kind.name)  # noqa: S311 (the same every time is wanted)
            kinds[kind.name] = measure(client, lambda: kind.address(rng), warm_up=WARM_UP, requests=REQUESTS)  # noqa: B023 (used at once)
            _tell(events, kind.name, kinds[kind.name])
        pages = {name: _walk(client, path) for name, path in WALKS.items()} if whole else {}
        hostile = {name: _hostile(client, q) for name, q in HOSTILE.items()} if whole else {}
    return Speed(events, kinds, pages, hostile, _sizes(url))


def _tell(events: int, name: str, times: Times) -> None:
    print(f"{events:>9,}  {name:40} {times.p50:8.1f} {times.p95:8.1f} {times.most:8.1f} ms", flush=True)


def _walk(client: Client, path: str) -> tuple[Times, Times]:
    """The first page and one a thousand pages on, or the last."""
    first = measure(client, lambda: path, warm_up=PAGE_WARM_UP, requests=PAGE_REQUESTS)
    far = path
    for _ in range(PAGES - 1):
        far = client.get(far)["next"] or far
    last = measure(client, lambda: far, warm_up=PAGE_WARM_UP, requests=PAGE_REQUESTS)
    _tell(1, path[:40], first)
    _tell(PAGES, path[:40], last)
    return first, last


def _hostile(client: Client, q: str) -> float:
    """The seconds of the first time, when nothing is warm; by POST, since no address holds it."""
    began = time.perf_counter()
    client.send("POST", "/v1/search", {"q": q[:LONGEST_Q]})
    return time.perf_counter() - began


def _sizes(url: str) -> dict[str, int]:
    """Bytes of the tables that matter and their indexes."""
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            """
            SELECT relname, pg_table_size(oid)
              FROM pg_class
             WHERE relname IN ('event', 'event_search', 'event_search_by_words', 'event_by_label')
            """
        )
        return dict(rows.fetchall())
