"""What a list says of each event beside it: where the words of the search are found, and how its score came about."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection

from service.errors import Invalid
from service.search.filter import Filter
from service.search.ranking.explain import Explanation, explain
from service.search.ranking.fragments import Fragment
from service.search.ranking.highlight import highlight, words_in
from service.search.ranking.pages import Page
from service.search.suggest.spelling import LITTLE, better
from service.search.text.query_compiler import CompiledWords

Query = Mapping[str, Any]


def require_words(query: Query, asked: Filter, *, ranked: bool) -> None:
    """Pass a query that asks to see words where there are some, and scores where there is an order by them."""
    if query["explain"] and not ranked:
        raise Invalid.at(
            "Only a list in the order of relevance has scores: give `q`, and no other `sort`.", parameter="explain"
        )
    if query["highlight"] and next(words_in(asked), None) is None:
        raise Invalid.at("Only words can be shown that are looked for: give `q`.", parameter="highlight")


def ranked_matches(
    conn: Connection, query: Query, asked: Filter, words: CompiledWords, found: Page
) -> list[dict[str, Any]]:
    """One match for each event of a ranked page."""
    shown = highlights(conn, query, asked, [event.document for event in found.events])
    ids = [event.id for event in found.events if event.score is not None]
    explained = explain(conn, words, found.ranking, found.figures, ids) if query["explain"] else {}
    return [
        _match(event.id, event.score, fragments, explained.get(event.id))
        for event, fragments in zip(found.events, shown, strict=True)
    ]


def listed_matches(
    conn: Connection, query: Query, asked: Filter, documents: Sequence[bytes]
) -> list[dict[str, Any]] | None:
    """One match for each event of a page in another order; None where nothing is to be shown."""
    if not query["highlight"]:
        return None
    shown = highlights(conn, query, asked, documents)
    ids = [UUID(orjson.loads(document)["id"]) for document in documents]
    return [_match(id_, None, fragments, None) for id_, fragments in zip(ids, shown, strict=True)]


def highlights(
    conn: Connection, query: Query, asked: Filter, documents: Sequence[bytes]
) -> Sequence[Sequence[Fragment] | None]:
    """For each document where the words are found in it, if the query asks to see that."""
    if not query["highlight"]:
        return [None] * len(documents)
    return highlight(conn, asked, [orjson.loads(document) for document in documents])


def correction(conn: Connection, query: Query, asked: Filter, found: Page) -> str | None:
    """On a first page the words of `asked` corrected, where few events have all of them and that finds more."""
    little = found.of <= LITTLE or found.partly
    return better(conn, asked) if little and not query["cursor"] else None


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
