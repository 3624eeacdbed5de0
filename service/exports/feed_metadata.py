"""What every feed says, whatever form it has: of itself, and of an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from service.search.index.features import foremost_date

Record = Mapping[str, Any]

#: What is told of a feed in which nothing has happened: it must name an instant, and the same one each time.
NEVER = "1970-01-01T00:00:00.000000Z"

AUTHOR = "Policytrail"


@dataclass(frozen=True)
class Feed:
    """One page of a feed. Every address is absolute; `service` is that of the API, `first` that of the first page."""

    title: str
    service: str
    address: str
    first: str
    next: str | None

    @property
    def id(self) -> str:
        """The same for every page of the feed, and for no other."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, self.first)}"

    def address_of(self, record: Record) -> str:
        """Where the event is to be read."""
        return f"{self.service}/v1/events/{record['id']}"

    def address_of_words(self, vocabulary: str) -> str:
        """Where the words of a vocabulary are explained."""
        return f"{self.service}/v1/vocabularies#{vocabulary}"


def id_of(record: Record) -> str:
    """The event's id as a URI."""
    return f"urn:uuid:{record['id']}"


def text_of(record: Record) -> str:
    """What a reader sees beneath the title: the summary, else the description, else the facts in a line."""
    return record["summary"] or record["description"] or facts_of(record)


def facts_of(record: Record) -> str:
    """Kind, status, main date and parties in a line."""
    date = foremost_date(record["dates"])
    when = f"{date['kind']} {date['edtf']}" + _meant(date) if date else None
    parties = ", ".join(who["name"] for who in record["participants"] if who["role"] == "party")
    words = (word and word.replace("_", " ") for word in (record["event_type"], record["status"], when))
    return " · ".join(filter(None, (*words, parties)))


def _meant(date: Mapping[str, Any]) -> str:
    return "" if date["modality"] == "actual" else f" ({date['modality']})"


def labels_of(record: Record) -> list[tuple[str, str]]:
    """What the event is filed under, each with the vocabulary that it is a word of: "" where it is of none."""
    words = [("event_type", record["event_type"]), ("status", record["status"])]
    words += [("instrument", instrument) for instrument in record["instruments"]]
    codes = sorted({who["jurisdiction"] for who in record["participants"] if who["jurisdiction"]})
    words += [("jurisdiction", code) for code in codes]
    free = [*(topic["id"] for topic in record["topics"]), *record["tags"]]
    return [(kind, word) for kind, word in words if word] + [("", word) for word in dict.fromkeys(free)]


def sources_of(record: Record) -> list[str]:
    """Addresses of the event's sources, in their order."""
    return list(dict.fromkeys(source["url"] for source in record["sources"] if source["url"]))
