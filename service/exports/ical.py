"""iCalendar (RFC 5545): every date of an event as an entry of a calendar.

The icalendar package took 110 ms for 600 entries and blocked the worker meanwhile, hence a writer of our own.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from service.exports.feed_metadata import Feed, Record, fact_line

#: An event and one of its dates.
CalendarEntry = tuple[Record, Mapping[str, Any]]

#: Maximum octets of a line without its end.
LINE = 75

#: The first two bits of an octet of UTF-8, and their value within a character.
_HEAD, _WITHIN = 0b1100_0000, 0b1000_0000

#: States in which expected dates are cancelled.
_OFF = frozenset({"cancelled", "withdrawn", "denied"})

#: Control characters that are not allowed in a text: all but tab and newline.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NEWLINE = re.compile("\r\n|\r")
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})

_OPENING = (
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Policytrail//Policytrail//EN",
    "CALSCALE:GREGORIAN",
    # The interval of polling: the data on a policy changes by the day.
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    "X-PUBLISHED-TTL:PT1H",
)


def calendar(feed: Feed, entries: Iterable[CalendarEntry]) -> bytes:
    """Return a calendar of `entries`: one day each, or all possible days of an imprecise date."""
    lines = [*_OPENING, f"NAME:{_text(feed.title)}", f"X-WR-CALNAME:{_text(feed.title)}"]
    for record, entry in entries:
        if days := _days(entry):
            lines += _vevent(feed, record, entry, days)
    lines.append("END:VCALENDAR")
    return b"".join([_folded(line) for line in lines])


def date_entries(records: Iterable[Record]) -> Iterable[CalendarEntry]:
    """Yield each date of each of `records`."""
    return ((record, entry) for record in records for entry in record["dates"])


def _vevent(feed: Feed, record: Record, entry: Mapping[str, Any], days: tuple[date, date]) -> list[str]:
    first, last = days
    updated_at = _instant(record["updated_at"])
    labels = (record["event_type"], *(topic["id"] for topic in record["topics"]))
    return [
        "BEGIN:VEVENT",
        f"UID:{record['id']}-{entry['id']}",
        f"DTSTAMP:{updated_at}",
        f"LAST-MODIFIED:{updated_at}",
        f"CREATED:{_instant(record['created_at'])}",
        f"SEQUENCE:{record['version']}",
        f"DTSTART;VALUE=DATE:{_day(first)}",
        *([f"DTEND;VALUE=DATE:{_day(last + timedelta(1))}"] if last < date.max else []),
        f"SUMMARY:{_text(_heading(record, entry))}",
        f"DESCRIPTION:{_text(_description(record, entry))}",
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
    """Return the first and last day to show, or the known day of an open date. None if a calendar has no such day."""
    try:
        earliest, latest = (date.fromisoformat(day) if day else None for day in (entry["earliest"], entry["latest"]))
    except ValueError:  # a year before 1, say
        return None
    first, last = earliest or latest, latest or earliest
    if first is None or last is None:
        return None
    # The heading names an open end in words; a span would need an invented day.
    return (first, last) if earliest and latest else (first, first)


def _heading(record: Record, entry: Mapping[str, Any]) -> str:
    kind = entry["kind"].replace("_", " ")
    modality = "" if entry["modality"] == "actual" else f" ({entry['modality']})"
    return f"{record['title']}: {kind}{_open_end(entry)}{modality}"


def _open_end(entry: Mapping[str, Any]) -> str:
    if entry["latest"] is None:
        return ", from this day"
    return ", until this day" if entry["earliest"] is None else ""


def _description(record: Record, entry: Mapping[str, Any]) -> str:
    """Return the facts of the date, then those of the event."""
    resolutions = [f"{one['kind']} {one['edtf']}" for one in record["dates"] if one["resolves"] == entry["id"]]
    lines = [
        f"Date: {entry['edtf']} ({entry['modality']})",
        *(f"Settled: {resolution}" for resolution in resolutions),
        fact_line(record),
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
    """Return an instant of a record, to the second: 20240402T093000Z."""
    return f"{text[:19].replace('-', '').replace(':', '')}Z"


def _text(text: str) -> str:
    return _UNWRITABLE.sub("", _NEWLINE.sub("\n", text)).translate(_ESCAPES)


def _folded(line: str) -> bytes:
    """Return the line in pieces of at most 75 octets that do not split a character."""
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
