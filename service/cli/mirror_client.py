"""A copy of a service's events, kept by snapshot and change feed: a client of the standard library alone.

Each page is kept in one transaction with the place to go on from, so that a cut at any moment costs one page at most.
"""

import gzip
import json
import os
import random
import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin
from urllib.request import Request, urlopen

#: Seconds that the service is asked to wait for a change, and that an answer may take beyond that.
WAIT, PATIENCE = 25, 30

#: Seconds before the second try, and before a later one at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0

#: An answer that did not come, or not whole, or is to be asked for again.
CUT = (OSError, HTTPException, ValueError, EOFError, zlib.error)

_TABLES = """
    CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, version INTEGER, document TEXT, snapshot INTEGER);
    CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value);
    """


class Gone(Exception):
    """The service does not know what followed the cursor."""


class Refused(Exception):
    """The service will not answer this, however often it is asked; or the file is a copy of something else."""


class Mirror:
    """A copy in a SQLite file: the events that pass a filter, written as in the address of a list."""

    def __init__(self, url: str, file: Path, *, asked: str = "", key: str | None = None) -> None:
        self.url, self.asked, self.key = f"{url.rstrip('/')}/", dict(parse_qsl(asked, keep_blank_values=True)), key
        self.db = sqlite3.connect(file)
        self.db.executescript(_TABLES)
        of = json.dumps([self.url, self.asked])
        if self.state("of", of) != of:
            raise Refused(f"{file} is a copy of {self.state('of')}.")
        self.keep(of=of)

    def state(self, name: str, default: Any = None) -> Any:
        """What was kept under `name`."""
        found = self.db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return found[0] if found else default

    def keep(self, **state: Any) -> None:
        """End the transaction, with `state` in it."""
        self.db.executemany("REPLACE INTO state VALUES (?, ?)", state.items())
        self.db.commit()

    def step(self, wait: int) -> bool:
        """Keep the next page; whether there is more without waiting."""
        cursor, page = self.state("cursor"), self.state("page")
        if cursor is None or page is not None:
            return self.read_snapshot(page)
        try:
            found = self.get("v1/changes", {**self.asked, "after": cursor, "limit": 1_000, "wait": wait})
        except Gone:
            self.keep(cursor=None)
            return True
        self.apply(found["items"])
        self.keep(cursor=found["cursor"])
        return bool(found["more"])

    def read_snapshot(self, page: str | None) -> bool:
        """Keep one page of all events. With the last one those go that stood on none."""
        number = self.state("snapshot", 0) + (page is None)
        found = self.get(page) if page else self.get("v1/events", {**self.asked, "snapshot": "true", "limit": 200})
        rows = ((event["id"], event["version"], text(event), number) for event in found["items"])
        self.db.executemany("REPLACE INTO event VALUES (?, ?, ?, ?)", rows)
        if found["next"] is None:
            self.db.execute("DELETE FROM event WHERE snapshot <> ?", (number,))
        self.keep(cursor=found["cursor"], page=found["next"], snapshot=number)
        return True

    def apply(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Do what entries say, but for versions that the snapshot has already, or later ones."""
        for entry in entries:
            named = {"id": entry["event_id"], "version": entry["version"], "document": text(entry["document"])}
            if self.db.execute("SELECT 1 FROM event WHERE id = :id AND version >= :version", named).fetchone():
                continue
            self.db.execute("DELETE FROM event WHERE id = :id", named)
            if entry["kind"] in ("create", "update"):
                snapshot = "(SELECT value FROM state WHERE name = 'snapshot')"
                self.db.execute(f"INSERT INTO event VALUES (:id, :version, :document, {snapshot})", named)  # noqa: S608 (a constant)

    def get(self, path: str, query: Mapping[str, Any] = {}) -> Any:
        """What the service answers. Gone, Refused where it will not, or one of CUT where it may yet."""
        address = urljoin(self.url, path) + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept-Encoding": "gzip"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        try:
            with urlopen(Request(address, headers=headers), timeout=WAIT + PATIENCE) as answer:  # noqa: S310 (http or https, see below)
                body = answer.read()
                return json.loads(gzip.decompress(body) if answer.headers["Content-Encoding"] else body)
        except HTTPError as error:
            if error.code == 410:  # noqa: PLR2004 (Gone)
                raise Gone from error
            if error.code < 500 and error.code != 429:  # noqa: PLR2004 (what is wrong with the request stays so)
                raise Refused(f"{error.code} {error.read().decode(errors='replace')}") from error
            raise

    def write(self, file: Path) -> None:
        """Write the copy as NDJSON. Whoever opens `file` finds it whole, before or after."""
        part = file.with_name(f"{file.name}.part")
        with part.open("w", encoding="utf-8") as lines:
            lines.writelines(f"{one}\n" for (one,) in self.db.execute("SELECT document FROM event ORDER BY id"))
            lines.flush()
            os.fsync(lines.fileno())
        part.replace(file)


def text(document: Any) -> str:
    """The document as compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def follow(mirror: Mirror, file: Path | None, *, once: bool) -> None:
    """Keep the copy up to date, for ever or until it is; as NDJSON in `file` too, if one is given."""
    pause, written, more = FIRST_PAUSE, None, True
    while True:
        try:
            more = mirror.step(0 if more else WAIT)
            pause = FIRST_PAUSE
        except CUT as error:
            mirror.db.rollback()
            wanted = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) else ""
            time.sleep(int(wanted) if wanted.isdigit() else pause * random.uniform(0.5, 1))  # noqa: S311 (only to spread load)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        if not more and file and written != (cursor := mirror.state("cursor")):
            mirror.write(file)
            written = cursor
        if once and not more:
            return
