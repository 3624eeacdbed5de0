"""A walk by cursor while another client writes: nothing may come twice, or lack that was there throughout."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import psycopg

from benchmarks import servers
from benchmarks.search.client import Client
from benchmarks.search.events import content, vocabulary, words

#: Events on a page.
LIMIT = 50

_FIRST = 300_000_000


@dataclass(frozen=True)
class Walk:
    """A walk to its end: events that came, what was written meanwhile, and what went wrong."""

    seen: int
    pages: int
    seconds: float
    created: int
    changed: int
    deleted: int
    twice: int
    missing: int


@dataclass
class Writer:
    """Another client, which writes until it is told to stop."""

    address: str
    key: str
    ids: list[str]
    numbers: Random
    failed: BaseException | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    done: dict[str, int] = field(default_factory=lambda: {"created": 0, "changed": 0, "deleted": 0})
    gone: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Create, change and delete, as fast as one client can."""
        try:
            with Client(self.address, self.key) as client:
                while not self.stop.is_set():
                    what = self.numbers.choice(("created", "changed", "changed", "deleted"))
                    getattr(self, f"_{what}")(client)
                    self.done[what] += 1
        except Exception as error:  # noqa: BLE001 (told to the thread that waits)
            self.failed = error

    def _created(self, client: Client) -> None:
        client.send("POST", "/v1/events", self._said(), expected=201)

    def _changed(self, client: Client) -> None:
        said = self._said() | {"external_ids": []}
        client.send("PUT", f"/v1/events/{self._any()}", said, {"If-Match": "*"})

    def _deleted(self, client: Client) -> None:
        id_ = self._any()
        client.send("DELETE", f"/v1/events/{id_}", headers={"If-Match": "*"}, expected=204)
        self.gone.add(id_)

    def _any(self) -> str:
        while (id_ := self.numbers.choice(self.ids)) in self.gone:
            pass
        return id_

    def _said(self) -> dict[str, object]:
        """An event with the word that is walked by, and another date and other words every time."""
        number = _FIRST + self.numbers.randrange(10**9)
        text = [vocabulary()[0], *words(self.numbers, self.numbers.randint(5, 60))]
        return content(number) | {"summary": " ".join(text)}


def run(url: str, key: str) -> Mapping[str, Walk]:
    """Walk through all events by date, and through those with a common word by relevance."""
    with servers.service(url) as address:
        return {
            "all, by date of recording": _walk(url, address, key, f"/v1/events?sort=created_at&limit={LIMIT}", None),
            "a common word, by relevance": _walk(
                url, address, key, f"/v1/events?q={vocabulary()[0]}&limit={LIMIT}", vocabulary()[0]
            ),
        }


def _walk(url: str, address: str, key: str, path: str | None, word: str | None) -> Walk:
    before = _having(url, word)
    writer = Writer(address, key, sorted(before), Random(path))  # noqa: S311 (the same every time is wanted)
    thread = threading.Thread(target=writer.run)
    thread.start()
    seen: list[str] = []
    pages, began = 0, time.perf_counter()
    try:
        with Client(address) as client:
            while path:
                page = client.get(f"{path}&fields=id" if "fields=" not in path else path)
                seen += [event["id"] for event in page["items"]]
                path, pages = page["next"], pages + 1
    finally:
        seconds = time.perf_counter() - began
        writer.stop.set()
        thread.join()
    if writer.failed:
        raise writer.failed
    throughout = before & _having(url, word)
    walk = Walk(
        seen=len(seen),
        pages=pages,
        seconds=seconds,
        **writer.done,
        twice=len(seen) - len(set(seen)),
        missing=len(throughout - set(seen)),
    )
    print(f"  {walk}", flush=True)
    return walk


def _having(url: str, word: str | None) -> set[str]:
    """The events that are there now, or those of them that have a word, without any index of ours."""
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            """
            SELECT id::text
              FROM event
             WHERE record_state = 'active'
               AND (%(word)s::text IS NULL
                    OR convert_from(document, 'UTF8')::json ->> 'title' ~* ('\\y' || %(word)s || '\\y')
                    OR convert_from(document, 'UTF8')::json ->> 'summary' ~* ('\\y' || %(word)s || '\\y'))
            """,
            {"word": word},
        )
        return {id_ for (id_,) in rows}
