"""The matches beside a list's events: the fragments that have the words of the search, and the scores explained."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection

from service.search.filter import Filter
from service.search.ranking.explain import Explanation, explain
from service.search.ranking.fragments import Fragment
from service.search.ranking.highlight import highlight
from service.search.ranking.pages import SearchPage
from service.search.text.query_compiler import CompiledWords


def ranked_matches(
    conn: Connection, asked: Filter, words: CompiledWords, page: SearchPage, *, highlights: bool, explanations: bool
) -> list[dict[str, Any]]:
    """Return a match for each event of a ranked page, with its highlights or the explanation of its score if wanted."""
    documents = [event.document for event in page.events]
    fragments: Sequence[Sequence[Fragment] | None] = [None] * len(documents)
    if highlights:
        fragments = _highlights(conn, asked, documents)
    scored = [event.id for event in page.events if event.score is not None]
    explained = explain(conn, words, page.ranking, page.statistics, scored) if explanations else {}
    return [
        _match(event.id, event.score, shown, explained.get(event.id))
        for event, shown in zip(page.events, fragments, strict=True)
    ]


def highlight_matches(conn: Connection, asked: Filter, documents: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return a match with its highlights for each document, without scores."""
    ids = [UUID(orjson.loads(document)["id"]) for document in documents]
    fragments = _highlights(conn, asked, documents)
    return [_match(id_, None, shown, None) for id_, shown in zip(ids, fragments, strict=True)]


def _highlights(conn: Connection, asked: Filter, documents: Sequence[bytes]) -> list[list[Fragment]]:
    return highlight(conn, asked, [orjson.loads(document) for document in documents])


def _match(
    id_: UUID, score: float | None, fragments: Sequence[Fragment] | None, explanation: Explanation | None
) -> dict[str, Any]:
    return {
        "id": id_,
        "score": score,
        "highlights": None if fragments is None else [vars(fragment) for fragment in fragments],
        "explanation": None if explanation is None or score is None else _explained(explanation, score),
    }


def _explained(explanation: Explanation, score: float) -> dict[str, Any]:
    return {
        "every_word": explanation.every_word,
        "length": explanation.length,
        "usual_length": explanation.usual_length,
        "terms": [vars(part) for part in explanation.terms],
        "neighbours": max(0.0, round(score - explanation.sum, 6)),
    }
