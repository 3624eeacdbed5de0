"""Rows of a tracker, and files of them. Number 7 is the same row on every machine."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.articles import body
from benchmarks.pool import spread
from benchmarks.search.events import words
from schemas.codes import jurisdictions
from schemas.vocabulary import EventType, Status
from service.config import SEEDS
from service.strict_json import parse, render

Row = dict[str, Any]

#: Characters of a description, at least; and words of a title.
DESCRIPTION, TITLE = 300, 8

#: Rows that a process makes at once.
_BATCH = 2_000

_FIRST_DAY, _DAYS = date(2000, 1, 1), 9_000


def tracker_row(number: int) -> Row:
    """Return an event with two each of participants, dates and topics, a source, and 300 characters of description."""
    rng = Random(f"tracker/{number}")  # noqa: S311 (the same every time is wanted)
    party, affected = rng.sample(_states(), 2)
    day = _FIRST_DAY + timedelta(days=rng.randrange(_DAYS))
    begins = day + timedelta(days=rng.randint(30, 400))
    return {
        "external_ids": [{"scheme": "tracker", "value": str(number)}],
        "title": " ".join(words(rng, TITLE)).capitalize(),
        "description": _description(rng),
        "lang": "en",
        "event_type": rng.choice(EventType.words()),
        "status": rng.choice(Status.words()),
        "participants": [
            {"name": party[1], "type": "state", "role": "party", "jurisdiction": party[0]},
            {"name": affected[1], "type": "state", "role": "affected", "jurisdiction": affected[0]},
        ],
        "dates": [
            {"kind": "announced", "edtf": day.isoformat(), "modality": "actual"},
            {"kind": "in_force", "edtf": f"{begins:%Y-%m}", "modality": "expected"},
        ],
        "topics": [{"id": id_} for id_ in rng.sample(_topics(), 2)],
        "sources": [
            {
                "type": "official_document",
                "tier": "primary",
                "publisher": f"Ministry {rng.randrange(200)}",
                "url": f"https://ministry.example/notices/{number}",
            }
        ],
    }


def article_row(number: int) -> Row:
    """Return an event of the size of the article: 20 kB, with figures, statements and citations."""
    return body(number)


def write_file(path: Path, make: Callable[[int], Row], rows: int) -> None:
    """Write rows 1 to `rows` as NDJSON."""
    starts = range(1, rows + 1, _BATCH)
    spans = [range(start, min(start + _BATCH, rows + 1)) for start in starts]
    with path.open("wb") as file:
        for lines in spread(partial(_lines, make), spans):
            file.write(lines)


def _lines(make: Callable[[int], Row], numbers: range) -> bytes:
    return b"".join(render(make(number)) + b"\n" for number in numbers)


def _description(rng: Random) -> str:
    text = " ".join(words(rng, 60)).capitalize()
    while len(text) < DESCRIPTION:
        text += " " + " ".join(words(rng, 10))
    return text[:DESCRIPTION].rstrip() + "."


@cache
def _states() -> list[tuple[str, str]]:
    return list(jurisdictions().items())


@cache
def _topics() -> tuple[str, ...]:
    return tuple(topic["id"] for topic in parse((SEEDS / "topics.json").read_bytes()))
