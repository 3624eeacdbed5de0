"""iCalendar (RFC 5545): every date of an event as an entry of a calendar.

Written here, not by the icalendar package: 600 entries took that 110 ms, and a worker can do nothing else meanwhile.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from service.exports.feed_metadata import Feed, Record, facts_of

#: A date of an event.
Entry = tuple[Record, Mapping[str, Any]]

#: Octets of a line at most, its end not counted.
LINE = 75

#: By its first two bits an octet of UTF-8 tells that it stands within a character.
_HEAD, _WITHIN = 0b1100_0000, 0b1000_0000

#: States in which what is only expected will not come.
_OFF = frozenset({"cancelled", "withdrawn", "denied"})

#: Controls that text of a calendar cannot hold: all but tab and newline.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NEWLINE = re.compile("\r\n|\r")
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})

_OPENING = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Policytrail//Policytrail//EN",
    "CALSCALE:GREGORIAN",
    # How often to ask again: what is known of a policy changes by the day.
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    "X-PUBLISHED-TTL:PT1H",
)


def calendar(feed: Feed, entries: Iterable[Entry]) -> bytes:
    """A calendar of `entries`: a day each, or all the days that an imprecise date can mean."""
    lines = [*_OPENING, f"NAME:{_text(feed.title)}", f"X-WR-CALNAME:{_text(feed.title)}"]
    for record, entry in entries:
        if days := _days(entry):
            lines += _vevent(feed, record, entry, days)
    lines.append("END:VCALENDAR")
    return b"".join([_folded(line) for line in lines])


def every_date(records: Iterable[Record]) -> Iterable[Entry]:
    """Each date of each of `records`."""
    return ((record, entry) for record in records for entry in record["dates"])


def _vevent(feed: Feed, record: Record, entry: Mapping[str, Any], days: tuple[date, date]) -> list[str]:
    first, last = days
    written = _instant(record["updated_at"])
    labels = (record["event_type"], *(topic["id"] for topic in record["topics"]))
    return [
        "BEGIN:VEVENT",
        f"UID:{record['id']}-{entry['id']}",
        f"DTSTAMP:{written}",
        f"LAST-MODIFIED:{written}",
        f"CREATED:{_instant(record['created_at'])}",
        f"SEQUENCE:{record['version']}",
        f"DTSTART;VALUE=DATE:{_day(first)}",
        *([f"DTEND;VALUE=DATE:{_day(last + timedelta(1))}"] if last < date.max else []),
        f"SUMMARY:{_text(_heading(record, entry))}",
        f"DESCRIPTION:{_text(_account(record, entry))}",
        f"STATUS:{_status(record, entry)}",
        f"CATEGORIES:{','.join(_text(label) for label in labels)}",
        f"URL:{feed.address_of(record)}",
        "TRANSP:TRANSPARENT",
        f"X-POLICYTRAIL-KIND:{entry['kind']}",
        f"X-POLICYTRAIL-MODALITY:{entry['modality']}",
        f"X-POLICYTRAIL-EDTF:{_text(entry['edtf'])}",
        "END:VEVENT",
    ]


def _days(entry: Mapping[str, Any]) -> tuple[date, date] | None:
    """First and last day to show; where one end is open the other alone. None where a calendar has no such day."""
    try:
        earliest, latest = (date.fromisoformat(day) if day else None for day in (entry["earliest"], entry["latest"]))
    except ValueError:  # a year before 1, say
        return None
    first, last = earliest or latest, latest or earliest
    if first is None or last is None:
        return None
    # An open end is told in words; to show a span for it would make up a day.
    return (first, last) if earliest and latest else (first, first)


def _heading(record: Record, entry: Mapping[str, Any]) -> str:
    kind = entry["kind"].replace("_", " ")
    modality = "" if entry["modality"] == "actual" else f" ({entry['modality']})"
    return f"{record['title']}: {kind}{_open_end(entry)}{modality}"


def _open_end(entry: Mapping[str, Any]) -> str:
    if entry["latest"] is None:
        return ", from this day"
    return ", until this day" if entry["earliest"] is None else ""


def _account(record: Record, entry: Mapping[str, Any]) -> str:
    """What is known of the date, then of the event."""
    settled = [f"{one['kind']} {one['edtf']}" for one in record["dates"] if one["resolves"] == entry["id"]]
    lines = [
        f"Date: {entry['edtf']} ({entry['modality']})",
        *(f"Settled: {what}" for what in settled),
        facts_of(record),
        *filter(None, (record["summary"],)),
    ]
    return "\n".join(lines)


def _status(record: Record, entry: Mapping[str, Any]) -> str:
    if entry["modality"] == "actual":
        return "CONFIRMED"
    if record["status"] in _OFF:
        return "CANCELLED"
    return "TENTATIVE" if entry["modality"] == "expected" else "CONFIRMED"


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _instant(text: str) -> str:
    """An instant of a record, to the second: 20240402T093000Z."""
    return f"{text[:19].replace('-', '').replace(':', '')}Z"


def _text(text: str) -> str:
    return _UNWRITABLE.sub("", _NEWLINE.sub("\n", text)).translate(_ESCAPES)


def _folded(line: str) -> bytes:
    """The line in pieces of 75 octets at most, none of which cuts through a character."""
    octets = line.encode()
    if len(octets) <= LINE:
        return octets + b"\r\n"
    pieces, start, room = [], 0, LINE
    while len(octets) - start > room:
        end = start + room
        while octets[end] & _HEAD == _WITHIN:
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, LINE - 1  # a space begins each line that continues
    return b"\r\n ".join([*pieces, octets[start:]]) + b"\r\n"
