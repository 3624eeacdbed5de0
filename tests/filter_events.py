"""Events for tests of filters: each says something else."""

from typing import Any


def who(*roles: str) -> list[dict[str, str]]:
    """Participants, each from a role and a jurisdiction: `party JP`."""
    pairs = [role.split() for role in roles]
    return [{"name": jurisdiction, "role": role, "jurisdiction": jurisdiction} for role, jurisdiction in pairs]


def on(*dates: str) -> list[dict[str, str]]:
    """Dates, each from a kind, a date and perhaps a modality: `signed 2024-04`."""
    words = [(*date.split(), "actual") for date in dates]
    return [{"kind": kind, "edtf": edtf, "modality": modality} for kind, edtf, modality, *_ in words]


def figure(measure: str, value: str, **said: str) -> dict[str, str]:
    return {"measure": measure, "value": value, **said}


def source(**said: str) -> dict[str, str]:
    return {"id": "main", "type": "news_article", **said}


#: Events by title, in alphabetical order: each says something else, and E next to nothing.
EVENTS: dict[str, dict[str, Any]] = {
    "A": {
        "event_type": "dialogue",
        "status": "planned",
        "lang": "en-GB",
        "participants": who("party JP", "party EU"),
        "topics": [{"id": "sodium"}],
        "tags": ["x", "a,b"],
        "dates": on("launched 2024-04", "review 2026 expected"),
        "figures": [figure("budget", "100", currency="EUR"), figure("budget", "5", currency="JPY")],
        "sources": [source(publisher="NIKKEI", url="https://www.nikkei.com/article/1/?utm_source=x")],
        "external_ids": [{"scheme": "tracker", "value": "1"}],
    },
    "B": {
        "event_type": "agreement",
        "status": "in_force",
        "lang": "ja",
        "instruments": ["grant", "loan"],
        "participants": who("party EU", "affected CN"),
        "topics": [{"id": "batteries"}, {"id": "trade"}],
        "tags": ["y & z/é", "back\\slash"],
        "dates": on("signed 2024-05-17"),
        "figures": [figure("capacity", "100", unit="GWh")],
        "sources": [source(publisher="Reuters, Inc.", tier="primary", url="https://example.org/b")],
        "external_ids": [{"scheme": "celex", "value": "32024R1252"}, {"scheme": "tracker", "value": "a:b,c"}],
    },
    "C": {
        "event_type": "subsidy",
        "lang": "zh-Hant-TW",
        "instruments": ["grant"],
        "participants": who("party US", "dependency_source CN"),
        "topics": [{"id": "materials"}],
        "dates": on("launched 2023", "ends 2024-12-31"),
        "figures": [figure("investment", "-0.5", currency="EUR"), figure("budget", "19800000000", currency="USD")],
    },
    "D": {
        "event_type": "dialogue",
        "status": "in_force",
        "participants": who("party JP", "host KR", "spokesperson XK"),
        "dates": on("announced 2024-11/.."),
        "figures": [figure("market_share", "0", unit="%")],
    },
    "E": {"participants": who("host BR")},
}
