"""A copy of a service's events, kept by snapshot and change feed with the standard library alone.

Each page is stored in one transaction with the cursor to resume from, so that an interruption costs one page at most.
"""

import gzip
import json
import math
import os
import random
import sqlite3
import time
import zlib
from collections.abc import Iterable, Mapping
from http.client import HTTPException, HTTPResponse, InvalidURL
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode

from service.cli.interrupt import raise_interrupt
from service.cli.origin import ForeignAddress, ServiceOrigin

#: Seconds that the service may hold a request until there is a change, and that a response may take beyond that.
WAIT, TIMEOUT = 25, 30

#: Seconds before the first retry, and before later ones at most.
FIRST_DELAY, MAX_DELAY = 0.5, 60.0

#: Seconds that a Retry-After may ask for, and digits of such a number.
MAX_RETRY_AFTER, _MAX_DIGITS = 3_600, 6

#: Characters of an error's body that are shown.
_SHOWN = 500

#: Errors of a response that is missing or incomplete, or that may succeed later.
RETRIED = (OSError, HTTPException, ValueError, EOFError, zlib.error)

_TABLES = """
    CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, version INTEGER, document TEXT, snapshot INTEGER);
    CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value);
    """


class MirrorError(Exception):
    """The service refuses the request for good, or the file is a copy of something else."""


class FeedExpired(MirrorError):
    """The service has no changes after the cursor any more. Elsewhere than in the feed, it refuses for good."""


class Mirror:
    """A copy in a SQLite file of the events that match `query`, the query of a list."""

    def __init__(self, url: str, file: Path, *, query: str = "", key: str | None = None) -> None:
        self.query, self.key = dict(parse_qsl(query, keep_blank_values=True)), key
        try:
            self.origin = ServiceOrigin(url)
        except ValueError as error:
            raise MirrorError(f"The URL is not valid: {error}") from error
        self.db = sqlite3.connect(file)
        self.db.executescript(_TABLES)
        source = json.dumps([self.origin.url, self.query])
        if self.state("of", source) != source:
            raise MirrorError(f"{file} is a copy of {self.state('of')}.")
        self.commit(of=source)

    def state(self, name: str, default: Any = None) -> Any:
        """Return the value that `commit` stored under `name`."""
        row = self.db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return row[0] if row else default

    def commit(self, **state: Any) -> None:
        """Commit the transaction together with `state`."""
        self.db.executemany("REPLACE INTO state VALUES (?, ?)", state.items())
        self.db.commit()

    def step(self, wait: int) -> bool:
        """Store the next page. Return True if there is more without waiting."""
        cursor, page = self.state("cursor"), self.state("page")
        if cursor is None or page is not None:
            return self.read_snapshot(page)
        try:
            changes = self.get("v1/changes", {**self.query, "after": cursor, "limit": 1_000, "wait": wait})
        except FeedExpired:
            self.commit(cursor=None)
            return True
        self.apply(_members(changes, _ENTRY))
        following, more = _member(changes, "cursor", str), bool(_member(changes, "more", bool))
        if more:
            _require_progress(cursor, following)
        self.commit(cursor=following)
        return more

    def read_snapshot(self, page: str | None) -> bool:
        """Store one page of all events. After the last page, delete the events that were on none."""
        number = self.state("snapshot", 0) + (page is None)
        events = self.get(page) if page else self.get("v1/events", {**self.query, "snapshot": "true", "limit": 200})
        following = _member(events, "next", str, type(None))
        _require_progress(page, following)
        # The last page says where the changes begin; without it, the snapshot would begin again, for ever.
        cursor = _member(events, "cursor", str, *(() if following is None else (type(None),)))
        rows = ((event["id"], event["version"], to_json(event), number) for event in _members(events, _EVENT))
        self.db.executemany("REPLACE INTO event VALUES (?, ?, ?, ?)", rows)
        if following is None:
            self.db.execute("DELETE FROM event WHERE snapshot <> ?", (number,))
        self.commit(cursor=cursor, page=following, snapshot=number)
        return True

    def apply(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Apply entries of the feed, except for versions that the snapshot already has."""
        for entry in entries:
            values = {"id": entry["event_id"], "version": entry["version"], "document": to_json(entry["document"])}
            if self.db.execute("SELECT 1 FROM event WHERE id = :id AND version >= :version", values).fetchone():
                continue
            self.db.execute("DELETE FROM event WHERE id = :id", values)
            if entry["kind"] in ("create", "update"):
                snapshot = "(SELECT value FROM state WHERE name = 'snapshot')"
                self.db.execute(f"INSERT INTO event VALUES (:id, :version, :document, {snapshot})", values)  # noqa: S608 (a constant)

    def get(self, path: str, query: Mapping[str, Any] = {}) -> Any:
        """Return the JSON at `path`, a link of the service. Raises FeedExpired, MirrorError, or one of RETRIED."""
        headers = {"Accept-Encoding": "gzip"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        try:
            address = self.origin.resolve(path) + (f"?{urlencode(query)}" if query else "")
            with self.origin.open(address, headers, timeout=WAIT + TIMEOUT) as response:
                return read_answer(response)
        except (ForeignAddress, InvalidURL, UnicodeEncodeError) as error:
            raise MirrorError(str(error)) from error
        except HTTPError as error:
            with error:
                if error.code < 500 and error.code != 429:  # noqa: PLR2004 (an error of the request itself stays)
                    text = error.read(_SHOWN).decode(errors="replace")
                    refusal = FeedExpired if error.code == 410 else MirrorError  # noqa: PLR2004 (Gone)
                    raise refusal(f"{error.code} {''.join(c if c.isprintable() else ' ' for c in text)}") from error
                raise

    def write(self, file: Path) -> None:
        """Write the copy as NDJSON. `file` is replaced at once, so that it is always complete."""
        part = file.with_name(f"{file.name}.part")
        with part.open("w", encoding="utf-8") as lines:
            lines.writelines(f"{one}\n" for (one,) in self.db.execute("SELECT document FROM event ORDER BY id"))
            lines.flush()
            os.fsync(lines.fileno())
        part.replace(file)


def read_answer(response: HTTPResponse) -> Any:
    """Return the JSON value of a response. MirrorError if it is whole and no JSON, one of RETRIED if it may be cut."""
    is_measured = response.length is not None or response.chunked
    body = response.read()
    try:
        return parse_answer(gzip.decompress(body) if response.headers["Content-Encoding"] else body)
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile, RecursionError) as error:
        if is_measured or isinstance(error, RecursionError):
            raise MirrorError("The service sent a page that is not JSON. Check the URL.") from error
        raise


#: The members of an entry and of an event that the copy uses, and their types.
_ENTRY: Mapping[str, tuple[type, ...]] = {
    "event_id": (str,),
    "version": (int,),
    "kind": (str,),
    "document": (dict, type(None)),
}
_EVENT: Mapping[str, tuple[type, ...]] = {"id": (str,), "version": (int,)}


def _require_progress(place: str | None, following: str | None) -> None:
    """Raise MirrorError if what follows the page at `place` is that page again."""
    if following is not None and following == place:
        raise MirrorError("The service sent a page that leads to itself.")


def _members(page: Any, form: Mapping[str, tuple[type, ...]]) -> list[dict[str, Any]]:
    """Return the `items` of a page, each with the members of `form`. MirrorError if it is no such page."""
    items: list[dict[str, Any]] = _member(page, "items", list)
    for item in items:
        for name, types in form.items():
            _member(item, name, *types)
    return items


def _member(value: Any, name: str, *types: type) -> Any:
    """Return the member `name` of an object. MirrorError if it is missing, or of another type."""
    if not isinstance(value, dict) or type(value.get(name, NotImplemented)) not in types:
        raise MirrorError(f"The service sent a page whose `{name}` is missing or of another type. Check the URL.")
    return value[name]


def parse_answer(text: bytes) -> Any:
    """Return the JSON value of `text`. MirrorError for a number that SQLite or JSON cannot hold; ValueError if cut."""
    return json.loads(text, parse_int=_integer, parse_float=_double, parse_constant=_double)


def _integer(digits: str) -> int:
    most = 20  # digits of 64 bits, with a sign
    if len(digits) > most or not -(2**63) <= int(digits) < 2**63:
        raise MirrorError(f"The service sent a number that does not fit 64 bits: {digits[:most]}.")
    return int(digits)


def _double(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MirrorError(f"The service sent a number that does not fit 64 bits: {digits[:20]}.")
    return number


def to_json(document: Any) -> str:
    """Return the document as compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def follow(mirror: Mirror, file: Path | None, *, once: bool) -> None:
    """Keep the copy up to date, for ever or `once`. With `file`, write it as NDJSON after every change."""
    delay, written_cursor, more = FIRST_DELAY, None, True
    while True:
        raise_interrupt()
        try:
            more = mirror.step(0 if more else WAIT)
            delay = FIRST_DELAY
        except UnicodeEncodeError as error:
            raise MirrorError("The service sent text that is not Unicode.") from error
        except RETRIED as error:
            mirror.db.rollback()
            time.sleep(_retry_after(error) or delay * random.uniform(0.5, 1))  # noqa: S311 (it only spreads load)
            delay = min(delay * 2, MAX_DELAY)
            continue
        if not more and file and written_cursor != (cursor := mirror.state("cursor")):
            mirror.write(file)
            written_cursor = cursor
        if once and not more:
            return


def _retry_after(error: BaseException) -> int:
    """Return the seconds that the service asks to wait, 0 if it does not."""
    seconds = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) else ""
    is_number = seconds.isascii() and seconds.isdigit() and len(seconds) <= _MAX_DIGITS
    return min(int(seconds), MAX_RETRY_AFTER) if is_number else 0
