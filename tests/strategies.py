"""Valid events for Hypothesis, made from the schema itself: a new field is generated from the day it exists."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from marshmallow import Schema, fields

from schemas import fields as kinds
from schemas.blank import is_blank
from schemas.codes import currencies, jurisdictions
from schemas.events import NewEventSchema
from schemas.parts import NewCitationSchema
from tests.factories import EARLIER

Record = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

#: Members of a list at most, where the schema allows more: what goes wrong, goes wrong with two.
SEVERAL = 2

#: Letters of many scripts and directions, marks, emoji, quotes and escapes: whatever a text may hold but the controls
#: that it must not.
_LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from(
    '\t\n\r"\\/<>&\u0080\u0301\u200d\u200f\u202e\u2028😀🏳️あ電한ßİאع'
)

EDTF = [
    "2024",
    "2024-04",
    "2024-04-01",
    "2024-04~",
    "2024?",
    "2024-04-01%",
    "201X",
    "20XX",
    "2024-XX",
    "2024-XX-XX",
    "2024-04-XX",
    "2024-21",
    "2024-33",
    "2024-41",
    "2024-04/2024-06",
    "2024-04/..",
    "../2024",
    "2024/",
    "/2024-33",
    "2024-04-01T09:30:00Z",
    "2024-04-01T09:30:00+09:00",
    "0001",
    "9999-12-31",
]

#: Fields whose value depends on what else the record says: `_join` fills them in.
_JOINED = {
    "participants": {"id", "on_behalf_of"},
    "names": {"id"},
    "dates": {"id", "resolves"},
    "topics": {"id"},
    "figures": {"id", "subject", "currency", "unit", "value_max"},
    "statements": {"id", "speaker", "resolved_by"},
    "sources": {"id", "derived_from"},
    "citations": {"fact", "source"},
    "relations": {"event", "uri"},
}


def text(most: int) -> st.SearchStrategy[str]:
    """Text that is not blank, of at most `most` characters."""
    return st.text(_LETTERS, min_size=1, max_size=min(most, 12)).filter(lambda drawn: not is_blank(drawn))


slugs = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,7}", fullmatch=True)
decimals = st.from_regex(r"-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,18})?", fullmatch=True)
timestamps = st.datetimes().map(lambda drawn: f"{drawn.isoformat()}Z")
links = st.sampled_from(
    ["https://example.org", "http://[::1]:8080/a?b=c#d", "https://例え.jp/%20あ", "https://a.eu/" + "x" * 1980]
)
uris = links | st.sampled_from(["urn:celex:32024R1252", "doi:10.1000/182"])

#: A strategy for each kind of field; a field of another kind fails the tests until it has one.
_BY_KIND: dict[type[fields.Field[Any]], Callable[[Any], st.SearchStrategy[Any]]] = {
    kinds.Text: lambda field: text(field.most),
    kinds.Slug: lambda _: slugs,
    kinds.Word: lambda field: st.sampled_from(field.vocabulary.words()),
    kinds.Edtf: lambda _: st.sampled_from(EDTF),
    kinds.Jurisdiction: lambda _: st.sampled_from(sorted(jurisdictions())),
    kinds.Language: lambda _: st.sampled_from(["en", "zh-Hant", "de-AT-1996", "x-private", "sr-Latn-RS"]),
    kinds.Decimal: lambda _: decimals,
    kinds.Link: lambda _: links,
    kinds.Reference: lambda _: uris,
    kinds.Timestamp: lambda _: timestamps,
    kinds.DayOrInstant: lambda _: timestamps | st.dates().map(str),
}


@st.composite
def events(draw: Draw, topics: tuple[str, ...] = ()) -> Record:
    """An event that NewEventSchema accepts; `topics` are the ids of those that exist."""
    event: Record = draw(_object(NewEventSchema(), without={"citations"}))
    used = event.get("topics", [])[: len(topics)]
    event["topics"] = [use | {"id": id_} for use, id_ in zip(used, draw(st.permutations(topics)), strict=False)]
    _join(draw, event)
    return event


def _object(schema: Schema, without: set[str]) -> st.SearchStrategy[Record]:
    """What `schema` describes; a field that need not be given is sometimes left out."""
    members = {}
    for name, field in schema.load_fields.items():
        if name not in without:
            value = _value(field, _JOINED.get(name, set()))
            members[name] = value if field.required else st.just(...) | value | value
    return st.fixed_dictionaries(members).map(_given)


def _given(drawn: Record) -> Record:
    return {name: value for name, value in drawn.items() if value is not ...}


def _value(field: fields.Field[Any], without: set[str]) -> st.SearchStrategy[Any]:
    if isinstance(field, fields.List):
        unique = (lambda one: (one["scheme"], one["value"])) if field.name == "external_ids" else None
        return st.lists(_value(field.inner, without), min_size=1, max_size=SEVERAL, unique_by=unique)
    found = _object(field.schema, without) if isinstance(field, fields.Nested) else _BY_KIND[type(field)](field)
    return st.none() | found if field.allow_none else found


def _join(draw: Draw, event: Record) -> None:
    """Give ids to some parts, and let parts name others that have one."""
    for part in ("names", "participants", "dates", "figures", "statements", "sources"):
        members = event.get(part, [])
        least = draw(st.sampled_from([0, len(members)]))
        ids = draw(st.lists(slugs, unique=True, min_size=least, max_size=len(members)))
        for member, id_ in zip(members, ids, strict=False):
            member["id"] = id_
    people = event["participants"]
    for index, who in enumerate(people):
        _name(draw, who, "on_behalf_of", _ids(people[:index]))  # only those before, so that nobody is led in a circle
    for date in event.get("dates", []):
        others = [one for one in event["dates"] if one is not date and one["modality"] != "actual"]
        _name(draw, date, "resolves", _ids(others))
    for figure in event.get("figures", []):
        _name(draw, figure, "subject", _ids(people))
        if draw(st.booleans()):
            figure["value_max"] = max(figure["value"], draw(decimals), key=Decimal)
        _name(draw, figure, *draw(st.sampled_from([("currency", sorted(currencies())), ("unit", ["GWh", "%"])])))
    for index, source in enumerate(event["sources"]):
        before = _ids(event["sources"][:index])
        source["derived_from"] = draw(st.lists(st.sampled_from(before), max_size=SEVERAL)) if before else []
    for relation in event.get("relations", []):
        other = draw(st.just(("event", EARLIER)) | uris.map(lambda uri: ("uri", uri)))
        relation[other[0]] = other[1]
    facts = ["title", "status", "instruments"] + [
        f"{part}/{id_}"
        for part in ("names", "participants", "dates", "topics", "figures", "statements")
        for id_ in _ids(event.get(part, []))
    ]
    for statement in event.get("statements", []):
        _name(draw, statement, "speaker", _ids(people))
        _name(draw, statement, "resolved_by", facts)
    sources = _ids(event["sources"])
    citation = _object(NewCitationSchema(), _JOINED["citations"])
    event["citations"] = [
        {**one, "fact": draw(st.sampled_from(facts)), "source": draw(st.sampled_from(sources))}
        for one in (draw(st.lists(citation, min_size=1, max_size=SEVERAL)) if sources else [])
    ]


def _ids(members: list[Record]) -> list[str]:
    return [member["id"] for member in members if "id" in member]


def _name(draw: Draw, member: Record, field: str, known: list[str]) -> None:
    """Let `field` be one of `known`, null, or not given."""
    chosen = draw(st.sampled_from([*known, *known, None, ...]))
    if chosen is not ...:
        member[field] = chosen
