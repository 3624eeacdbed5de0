"""Examples of figures, agenda and feed, derived from the example of an event."""

from datetime import date
from typing import Any

import orjson

from service.events.agenda import describe_item
from service.events.figures import flat_figures, period_type
from service.events.write import open_items
from service.exports.feed_metadata import Feed
from service.exports.jsonfeed import jsonfeed

Record = dict[str, Any]

_TODAY = date(2024, 4, 10)
_ADDRESS = "https://policytrail.example/v1/events.jsonfeed?party=JP"


def figures(event: Record) -> Record:
    """Return a page of the event's figures, with their sum."""
    [(_, figure)] = flat_figures(event, None)
    amount = dict.fromkeys(("sum", "sum_max", "least", "greatest"), figure["value"])
    keys = {name: figure[name] for name in ("measure", "currency", "unit", "value_type")}
    group = keys | {"period_type": period_type(figure["period"]), "count": 1, "inexact": 0} | amount
    return {"items": [figure], "next": None, "sums": {"complete": True, "groups": [group]}}


def agenda(event: Record) -> Record:
    """Return an agenda with the open items of the event."""
    items = [describe_item(event, open_.item, open_.due, _TODAY) for open_ in open_items(event)]
    groups: Record = {name: {"items": [], "next": None} for name in ("overdue", "this_month", "later", "undated")}
    return {"today": _TODAY.isoformat(), **groups, "this_month": {"items": items, "next": None}}


def feed(event: Record) -> Record:
    """Return a JSON Feed with the event."""
    document: Record = orjson.loads(
        jsonfeed(Feed("Policytrail: party=JP", "https://policytrail.example", _ADDRESS, _ADDRESS, None, ""), [event])
    )
    return document
