"""A walk by cursor while another client writes: no event twice, and none missing that was there throughout."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from benchmarks import servers
from benchmarks.search.agreement import ids_with_word
from benchmarks.search.client import Client
from benchmarks.search.events import content, vocabulary, words

_FIRST = 300_000_000


@dataclass(frozen=True)
class Walk:
    """A walk to its end: events and pages, writes of the other client, and faults."""

    events: int
    pages: int
    seconds: float
    created: int
    changed: int
    deleted: int
    twice: int
    missing: int


@dataclass
class Writer:
    """Another client, which writes until it is stopped."""

    address: str
    key: str
    ids: list[str]
    chance: Random
    failure: BaseException | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    writes: dict[str, int] = field(default_factory=lambda: {"created": 0, "changed": 0, "deleted": 0})
    deleted: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Create, change and delete, as fast as one client can."""
        try:
            with Client(self.address, self.key) as client:
                while not self.stop.is_set():
                    write = self.chance.choice((self._create, self._change, self._change, self._delete))
                    self.writes[write(client)] += 1
        except Exception as error:  # noqa: BLE001 (raised again by the thread that waits)
            self.failure = error

    def _create(self, client: Client) -> str:
        client.send("POST", "/v1/events", self._event(), expected=201)
        return "created"

    def _change(self, client: Client) -> str:
        event = self._event() | {"external_ids": []}
        client.send("PUT", f"/v1/events/{self._any_id()}", event, {"If-Match": "*"})
        return "changed"

    def _delete(self, client: Client) -> str:
        id_ = self._any_id()
        client.send("DELETE", f"/v1/events/{id_}", headers={"If-Match": "*"}, expected=204)
        self.deleted.add(id_)
        return "deleted"

    def _any_id(self) -> str:
        while (id_ := self.chance.choice(self.ids)) in self.deleted:
            pass
        return id_

    def _event(self) -> dict[str, object]:
        """Return an event with the word of the walk, and another date and other words every time."""
        number = _FIRST + self.chance.randrange(10**9)
        text = [vocabulary()[0], *words(self.chance, self.chance.randint(5, 60))]
        return content(number) | {"summary": " ".join(text)}


def run(url: str, key: str, *, limit: int) -> Mapping[str, Walk]:
    """Walk through all events by date, and through those with a common word by relevance; `limit` events a page."""
    common = vocabulary()[0]
    with servers.service(url) as address:
        return {
            "all, by date of recording": _walk(
                url, address, key, path=f"/v1/events?sort=created_at&limit={limit}&fields=id", word=None
            ),
            "a common word, by relevance": _walk(
                url, address, key, path=f"/v1/events?q={common}&limit={limit}&fields=id", word=common
            ),
        }


def _walk(url: str, address: str, key: str, *, path: str, word: str | None) -> Walk:
    before = ids_with_word(url, word)
    writer = Writer(address, key, sorted(before), Random(path))  # noqa: S311 (the same at every run)
    thread = threading.Thread(target=writer.run)
    thread.start()
    began = time.perf_counter()
    try:
        ids, pages = _turn_pages(address, path)
    finally:
        seconds = time.perf_counter() - began
        writer.stop.set()
        thread.join()
    if writer.failure:
        raise writer.failure
    throughout = before & ids_with_word(url, word)
    walk = Walk(
        events=len(ids),
        pages=pages,
        seconds=seconds,
        **writer.writes,
        twice=len(ids) - len(set(ids)),
        missing=len(throughout - set(ids)),
    )
    print(f"  {walk}", flush=True)
    return walk


def _turn_pages(address: str, path: str | None) -> tuple[list[str], int]:
    """Return the ids of all events by cursor, and the number of pages."""
    ids, pages = list[str](), 0
    with Client(address) as client:
        while path:
            page = client.get(path)
            ids += [event["id"] for event in page["items"]]
            path, pages = page["next"], pages + 1
    return ids, pages
