"""Generated events as a tracker has them: a title, some sentences, who, when, which topics. Number 7 stays the same."""

from bisect import bisect
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any
from uuid import UUID

from schemas.codes import jurisdictions
from schemas.vocabulary import EventType, Status
from service.config import SEEDS
from service.strict_json import parse

Record = dict[str, Any]

SEED = 1

#: Different words there are, and by how much their frequencies are flattened at the top (Zipf and Mandelbrot): the most
#: frequent word stands in six of ten events, the tenth in three, the fiftieth in one.
VOCABULARY, FLATTENED = 200_000, 5.0

#: Words of a title, and of the few sentences.
TITLE, TEXT = (5, 12), (30, 70)

_FIRST_DAY, _DAYS = date(2000, 1, 1), 9_000
_FIRST_RECORDED = datetime(2024, 6, 10, 2, 21, 41, tzinfo=UTC)
_PUBLISHERS = 200
_CONSONANTS, _VOWELS = "bcdfgklmnprtvz", "aeiou"


def event_id(number: int) -> UUID:
    """Return the id of event `number`: a UUIDv7 of the instant of its recording, with other bits as random as usual."""
    milliseconds = int(recorded_at(number).timestamp() * 1000)
    rest = Random(f"id/{number}").getrandbits(74)  # noqa: S311 (the same at every run)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (rest >> 62) << 64 | 0b10 << 62 | rest & (1 << 62) - 1)


def recorded_at(number: int) -> datetime:
    """Return the instant at which event `number` was recorded."""
    return _FIRST_RECORDED + timedelta(seconds=number)


@cache
def vocabulary() -> list[str]:
    """Return all words, the most frequent first. No stemmer shortens them."""
    syllables = [consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS]
    return [_spelled(number, syllables) for number in range(VOCABULARY)]


def _spelled(number: int, syllables: list[str]) -> str:
    text = "x"
    number += len(syllables)
    while number:
        number, place = divmod(number, len(syllables))
        text = syllables[place] + text
    return text


@cache
def _frequencies() -> list[float]:
    return list(accumulate(1 / (rank + FLATTENED) for rank in range(1, VOCABULARY + 1)))


def words(rng: Random, number: int) -> list[str]:
    """Return `number` words with the frequencies of the language."""
    sums = _frequencies()
    ranked = vocabulary()
    return [ranked[min(bisect(sums, rng.random() * sums[-1]), VOCABULARY - 1)] for _ in range(number)]


def content(number: int) -> Record:
    """Return event `number` as NewEventSchema loads it."""
    rng = Random(f"{SEED}/{number}")  # noqa: S311 (as above)
    countries = rng.sample(_codes(), rng.choice((1, 1, 1, 2, 2, 3)))
    day = _FIRST_DAY + timedelta(days=rng.randrange(_DAYS))
    source = rng.randrange(_PUBLISHERS)
    return {
        "external_ids": [{"scheme": "generated", "value": str(number)}],
        "title": " ".join(words(rng, rng.randint(*TITLE))).capitalize(),
        "names": [],
        "summary": " ".join(words(rng, rng.randint(*TEXT))).capitalize() + ".",
        "description": None,
        "lang": "en",
        "event_type": rng.choice(_types()),
        "instruments": [],
        "status": rng.choice(_statuses()),
        "participants": [_party(place, code) for place, code in enumerate(countries)],
        "dates": [{"id": "d", "kind": "adopted", "edtf": day.isoformat(), "modality": "actual", "resolves": None}]
        if rng.random() < 0.97  # noqa: PLR2004 (trackers have records without a date)
        else [],
        "topics": [{"id": id_, "role": None} for id_ in rng.sample(_topics(), rng.choice((1, 1, 2, 3)))],
        "figures": [],
        "statements": [],
        "sources": [_source(source, number)],
        "citations": [],
        "relations": [],
        "tags": [],
        "change": {"kind": None, "reason": None},
    }


def _party(place: int, code: str) -> Record:
    return {
        "id": f"p{place}",
        "name": f"State of {code}",
        "type": "state",
        "role": "party",
        "jurisdiction": code,
        "position": None,
        "on_behalf_of": None,
        "as_reported": None,
    }


def _source(publisher: int, number: int) -> Record:
    return {
        "id": "s",
        "type": "web_page",
        "tier": "primary",
        "title": None,
        "publisher": f"Ministry {publisher}",
        "author": None,
        "url": f"https://ministry-{publisher}.example/{number}",
        "lang": "en",
        "published": None,
        "accessed_at": None,
        "archive_url": None,
        "derived_from": [],
    }


@cache
def _codes() -> tuple[str, ...]:
    return tuple(jurisdictions())


@cache
def _types() -> tuple[str, ...]:
    return EventType.words()


@cache
def _statuses() -> tuple[str, ...]:
    return Status.words()


@cache
def _topics() -> tuple[str, ...]:
    return tuple(topic["id"] for topic in parse((SEEDS / "topics.json").read_bytes()))
