"""The filters, from schemas/filters.py."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.filters import NOT, FilterQuerySchema
from tools.reference.markdown import table
from tools.reference.operations import spec

#: Values of the parameters that apply when you do not send them; without other filters, everything matches.
DEFAULTS = {"date_match": "possibly"}


class Shape(NamedTuple):
    """The type of a filter's values in words, and an example as it stands in an address."""

    type: str
    example: str


SHAPES: Mapping[str, Shape] = {
    "event_type": Shape("words of `event_type`", "event_type=regulation,legislation"),
    "status": Shape("words of `status`", "status=in_force,adopted"),
    "verification": Shape("words of `verification`", "verification=official"),
    "party": Shape("jurisdictions", "party=JP,EU"),
    "affected": Shape("jurisdictions", "affected=CN"),
    "jurisdiction": Shape("jurisdictions", "jurisdiction=DE"),
    "topic": Shape("ids of topics", "topic=batteries"),
    "tag": Shape("texts", "tag=reviewed"),
    "instrument": Shape("words of `instrument`", "instrument=grant,loan"),
    "lang": Shape("languages, BCP 47", "lang=zh"),
    "source_publisher": Shape("texts", r"source_publisher=Reuters\, Inc."),
    "source_url": Shape("addresses", "source_url=https://example.org/news/1"),
    "external_id": Shape("`scheme:value` or `scheme:*`", "external_id=celex:32024R1252"),
    "related_to": Shape("ids of events", "related_to=018e9a2c-6a00-7000-8000-000000000001"),
    "date": Shape("EDTF dates", "date=2024-04"),
    "date_from": Shape("EDTF date", "date_from=2024"),
    "date_to": Shape("EDTF date", "date_to=2024-06"),
    "date_kind": Shape("words of `date_kind`", "date_kind=launched"),
    "date_match": Shape("`possibly` or `certainly`", "date=2024&date_match=certainly"),
    "figure_measure": Shape("words of `measure`", "figure_measure=investment"),
    "figure_currency": Shape("currencies, ISO 4217", "figure_currency=EUR"),
    "figure_unit": Shape("texts", "figure_unit=GWh"),
    "figure_min": Shape("decimal number", "figure_min=1000000000"),
    "figure_max": Shape("decimal number", "figure_max=5.5"),
    "created_from": Shape("instant or date", "created_from=2024-04-01"),
    "created_to": Shape("instant or date", "created_to=2024-04"),
    "updated_since": Shape("instant or date", "updated_since=2024-04-01T09:30:00Z"),
    "updated_to": Shape("instant or date", "updated_to=2024"),
    "q": Shape("[words](query-syntax.md)", "q=sodium batteries"),
}


def filters() -> str:
    """Return the table of filters: type, default, limit, example. `not_…` filters are explained beside it."""
    parameters = {
        parameter["name"]: parameter
        for parameter in spec()["paths"]["/v1/events"]["get"]["parameters"]
        if "name" in parameter
    }
    names = [name for name in FilterQuerySchema().fields if not name.startswith(NOT)]
    return table(
        ("Parameter", "Meaning", "Type", "Default", "Limit", "Example"),
        [_row(name, parameters[name]) for name in names],
    )


def _row(name: str, parameter: Mapping[str, Any]) -> tuple[str, ...]:
    shape = SHAPES[name]
    default = f"`{DEFAULTS[name]}`" if name in DEFAULTS else "none"
    return (
        f"`{name}`",
        parameter["description"],
        shape.type,
        default,
        _limit(parameter["schema"]),
        f"`{shape.example}`",
    )


def _limit(schema: Mapping[str, Any]) -> str:
    members = schema.get("items", schema)
    parts = [
        f"{schema['maxItems']} values" if "maxItems" in schema else "",
        f"{members['maxLength']:,} characters" if members.get("minLength") != members.get("maxLength") else "",
    ]
    return ", ".join(part for part in parts if part)
