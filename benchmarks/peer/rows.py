"""The rows of a new event: one statement with named columns, and the values for it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

import orjson
import Stemmer

from benchmarks.peer.models import Date, Event, Figure, Participant
from service.search.text.languages import FUNCTION_WORDS

#: Columns of an event, and of its first revision.
_COLUMNS = (
    *("id", "version", "record_state", "event_type", "status", "verification"),
    *("parties", "affected", "jurisdictions", "topics", "tags", "publishers", "currencies"),
    *("labels", "dates", "figures", "title_key", "date_earliest", "date_latest", "announced_earliest"),
    *("created_at", "updated_at", "content_changed_at", "document"),
)
_MORE = (
    "change_kind",
    "reason",
    "schemes",
    "external_ids",
    "url_keys",
    "facets",
    "tsv",
)

#: The place of each value in the statement, as PostgreSQL counts them.
_AT = {name: f"${number}" for number, name in enumerate((*_COLUMNS, *_MORE), start=1)}
_NAMES = ", ".join(_COLUMNS)

CREATE = f"""
    WITH written AS (
        INSERT INTO event ({_NAMES})
        VALUES ({", ".join(_AT[name] for name in _COLUMNS)})
     RETURNING *
    ), revision AS (
        INSERT INTO event_revision ({_NAMES}, change_kind, reason)
        SELECT {_NAMES}, {_AT["change_kind"]}, {_AT["reason"]} FROM written
    ), external AS (
        INSERT INTO event_external_id (scheme, value, event_id)
        SELECT scheme, value, id
          FROM written
         CROSS JOIN unnest({_AT["schemes"]}::text[], {_AT["external_ids"]}::text[]) AS external (scheme, value)
    ), source AS (
        INSERT INTO event_source (event_id, url_key)
        SELECT id, unnest({_AT["url_keys"]}::text[]) FROM written
    ), search AS (
        INSERT INTO event_search (event_id, month, bucket, day, length, words, tsv, facets, date_earliest, date_latest)
        SELECT id, coalesce(extract(year FROM date_earliest) * 12 + extract(month FROM date_earliest) - 1, 0),
               get_byte(uuid_send(id), 15) & 63, coalesce(date_earliest, '-infinity'), length(tsv), length(tsv), tsv,
               {_AT["facets"]}::text[], date_earliest, date_latest
          FROM written
         CROSS JOIN (SELECT {_AT["tsv"]}::tsvector) AS document (tsv)
    )
    INSERT INTO outbox (event_id, version, kind, change_kind, occurred_at)
    SELECT id, version, 'create', {_AT["change_kind"]}, updated_at FROM written
"""  # noqa: S608 (constants of this file)

_WORD, _DIGIT, _POSSESSIVE = re.compile(r"\w+"), re.compile(r"\d"), re.compile(r"['\u2019]s\b")
_STEMMER = Stemmer.Stemmer("english")

#: The British spellings in the articles: the service gives words one spelling.
_SPELLINGS = {"dialogue": "dialog"}
_FUNCTION_WORDS = FUNCTION_WORDS["english"]

#: Columns whose values are facets, with the prefix of each.
_FACETS = {
    "topics": "topic",
    "jurisdictions": "in",
    "parties": "party",
    "affected": "affects",
    "publishers": "by",
    "currencies": "currency",
    "tags": "tag",
}
#: Labels that are facets as well.
_LABELS = ("type:", "status:", "verification:", "lang:", "instrument:")


def values_of(event: Event) -> list[Any]:
    """Return the values of CREATE, in its order."""
    values = named_values_of(event)
    return [values[name] for name in _AT]


def named_values_of(event: Event) -> dict[str, Any]:
    """Return the columns of an event, and the values of its other rows, by name."""
    columns = _columns_of(event)
    facets = [f"{prefix}:{value}" for name, prefix in _FACETS.items() for value in columns[name]]
    labels = [label for label in columns["labels"] if label.startswith(_LABELS)]
    return columns | {
        "change_kind": event.change.kind,
        "reason": event.change.reason,
        "schemes": [external.scheme for external in event.external_ids],
        "external_ids": [external.value for external in event.external_ids],
        "url_keys": sorted({source.url.split("://", 1)[1] for source in event.sources if source.url}),
        "facets": sorted([*facets, *labels]),
        "tsv": _tsvector(
            {
                "A": [event.title, *(name.value for name in event.names)],
                "B": [event.summary],
                "C": _body(event),
                "D": _quotes(event),
            },
            sources=_source_names(event),
        ),
    }


def _columns_of(event: Event) -> dict[str, Any]:
    first, last = _main_date(event.dates)
    return {
        "id": event.id,
        "version": event.version,
        "record_state": event.record_state,
        "event_type": event.event_type,
        "status": event.status,
        "verification": event.verification,
        "parties": _jurisdictions(event.participants, "party"),
        "affected": _jurisdictions(event.participants, "affected", "dependency_source"),
        "jurisdictions": _jurisdictions(event.participants),
        "topics": sorted({topic.id for topic in event.topics}),
        "tags": sorted(set(event.tags)),
        "publishers": sorted({source.publisher for source in event.sources if source.publisher}),
        "currencies": sorted({figure.currency for figure in event.figures if figure.currency}),
        "labels": sorted(set(_labels(event, first, last))),
        "dates": _json([entry.model_dump(mode="json", include=_OF_DATE) for entry in event.dates]),
        "figures": _json([_amount(figure) for figure in event.figures]),
        "title_key": event.title.casefold()[:80],
        "date_earliest": first,
        "date_latest": last,
        "announced_earliest": first,
        "created_at": event.created_at,
        "updated_at": event.updated_at,
        "content_changed_at": event.content_changed_at,
        "document": event.model_dump_json().encode(),
    }


_OF_DATE = {"kind", "earliest", "latest"}
_OF_FIGURE = {"measure", "currency", "unit", "comparator", "period", "value_type"}


def _amount(figure: Figure) -> dict[str, Any]:
    return figure.model_dump(include=_OF_FIGURE) | {"value": orjson.Fragment(figure.value)}


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _jurisdictions(participants: list[Participant], *roles: str) -> list[str]:
    """Return the jurisdictions of the participants with one of `roles`, or of all."""
    return sorted({who.jurisdiction for who in participants if who.jurisdiction and (not roles or who.role in roles)})


def _main_date(dates: Sequence[Date]) -> tuple[date | None, date | None]:
    """Return the first and last day of the earliest actual date."""
    actual = [entry.earliest for entry in dates if entry.modality == "actual" and entry.earliest]
    first = min(actual, default=None)
    last = max((entry.latest for entry in dates if entry.earliest == first and entry.latest), default=None)
    return first, last


def _labels(event: Event, first: date | None, last: date | None) -> Iterator[str]:
    """Return the values of filters that have no column of their own."""
    yield f"type:{event.event_type}"
    yield f"verification:{event.verification}"
    if event.status:
        yield f"status:{event.status}"
    if event.lang:
        yield f"lang:{event.lang}"
    yield from (f"instrument:{instrument}" for instrument in event.instruments)
    for external in event.external_ids:
        yield from (f"id:{external.scheme}:{external.value}", f"id:{external.scheme}:*")
    yield f"month:{first:%Y-%m}" if first else "month:none"
    if first and (last is None or f"{last:%Y-%m}" > f"{first:%Y-%m}"):
        yield f"beyond:{first:%Y-%m}"
    for entry in event.dates:
        yield f"date:{entry.kind}"
        years = range(entry.earliest.year, entry.latest.year + 1) if entry.earliest and entry.latest else ["*"]
        yield from (f"date:{entry.kind}:{year}" for year in years)
    yield from chain.from_iterable(map(_labels_of_figure, event.figures))


def _labels_of_figure(figure: Figure) -> Iterator[str]:
    digits = f"+{len(figure.value.partition('.')[0])}"
    yield from (f"measure:{figure.measure}", f"value:{digits}")
    if figure.unit:
        yield f"unit:{figure.unit}"
    if figure.currency or figure.unit:
        yield f"value:{digits}:{figure.currency or figure.unit}"


def _tsvector(texts: Mapping[str, Iterable[str | None]], sources: Iterable[str | None]) -> str:
    """Return the stems of English texts by weight, each text once, and the words of sources, as a tsvector."""
    positions: dict[str, list[str]] = {}
    place = 0
    for weight, several in texts.items():
        for place, word in enumerate(_words(several), place + 1):  # noqa: B020 (it goes on)
            if word not in _FUNCTION_WORDS:
                lexeme = word if _DIGIT.search(word) else f"{_STEMMER.stemWord(_SPELLINGS.get(word, word))}EN"
                positions.setdefault(lexeme, []).append(f"{place}{weight}")
    for place, word in enumerate(_words(sources), place + 1):  # noqa: B020 (as above)
        positions.setdefault(f"S{word}", []).append(f"{place}D")
    return " ".join(f"'{lexeme}':{','.join(several)}" for lexeme, several in positions.items())


def _words(texts: Iterable[str | None]) -> Iterator[str]:
    for text in dict.fromkeys(text for text in texts if text):
        yield from _WORD.findall(_POSSESSIVE.sub(" ", text.lower()))


def _body(event: Event) -> Iterator[str | None]:
    yield event.description
    yield from (statement.text for statement in event.statements)
    yield from chain.from_iterable((figure.label, figure.as_reported) for figure in event.figures)
    yield from chain.from_iterable((who.name, who.position, who.as_reported) for who in event.participants)
    yield from (relation.note for relation in event.relations)
    yield from (external.value for external in event.external_ids)
    yield from event.tags


def _source_names(event: Event) -> Iterator[str | None]:
    yield from chain.from_iterable((source.title, source.publisher, source.author) for source in event.sources)


def _quotes(event: Event) -> Iterator[str | None]:
    quotes = [citation.quote for citation in event.citations if citation.quote]
    yield from chain.from_iterable((quote.prefix, quote.exact, quote.suffix) for quote in quotes)
