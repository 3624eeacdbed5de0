"""Metadata of a syndication feed and its entries, for every format."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from schemas.web_address import AddressError, parse_address
from service.search.index.features import foremost_date, jurisdictions_of

Record = Mapping[str, Any]

AUTHOR = "Policytrail"


@dataclass(frozen=True)
class Feed:
    """One page of a feed. All addresses are absolute: `service` of the API, `first` of the first page.

    `began_at` is the time at which the service began to record events: that of an empty feed, which stays the same.
    """

    title: str
    service: str
    address: str
    first: str
    next: str | None
    began_at: str

    @property
    def id(self) -> str:
        """The id of the feed, equal on all of its pages."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, self.first)}"

    def address_of(self, record: Record) -> str:
        """Return the address of the event."""
        return f"{self.service}/v1/events/{record['id']}"

    def address_of_words(self, vocabulary: str) -> str:
        """Return the address of a vocabulary."""
        return f"{self.service}/v1/vocabularies#{vocabulary}"


def urn_of(record: Record) -> str:
    """Return the event's id as a URI."""
    return f"urn:uuid:{record['id']}"


def content_text(record: Record) -> str:
    """Return the text below the title: the summary, or else the description, or else the facts in one line."""
    return record["summary"] or record["description"] or fact_line(record)


def fact_line(record: Record) -> str:
    """Return kind, status, main date and parties in one line."""
    date = foremost_date(record["dates"])
    when = f"{date['kind']} {date['edtf']}" + _modality(date) if date else None
    parties = ", ".join(who["name"] for who in record["participants"] if who["role"] == "party")
    words = (word and word.replace("_", " ") for word in (record["event_type"], record["status"], when))
    return " · ".join(filter(None, (*words, parties)))


def _modality(date: Mapping[str, Any]) -> str:
    return "" if date["modality"] == "actual" else f" ({date['modality']})"


def categories_of(record: Record) -> list[tuple[str, str]]:
    """Return the event's categories, each as a pair of its vocabulary, or "" without one, and its word."""
    words = [("event_type", record["event_type"]), ("status", record["status"])]
    words += [("instrument", instrument) for instrument in record["instruments"]]
    codes = sorted(jurisdictions_of(record["participants"]))
    words += [("jurisdiction", code) for code in codes]
    free = [*(topic["id"] for topic in record["topics"]), *record["tags"]]
    return [(kind, word) for kind, word in words if word] + [("", word) for word in dict.fromkeys(free)]


def source_urls(record: Record) -> list[str]:
    """Return the addresses of the event's sources as URIs of RFC 3986, in their order.

    An address that was stored before the service refused such addresses is left out: it would make a feed invalid.
    """
    urls = []
    for source in record["sources"]:
        if source["url"]:
            with suppress(AddressError):
                urls.append(parse_address(source["url"]).uri)
    return list(dict.fromkeys(urls))
