"""The quality of the ranking: nDCG@10 on the Cranfield collection through the API, beside bm25s on the same texts."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from statistics import fmean

import bm25s
import Stemmer

from benchmarks import servers
from benchmarks.databases import make_key, temporary_database
from benchmarks.search.client import Client
from service.db.embedded_postgres import Server

#: Results that count.
DEPTH = 10

#: Lucene's defaults.
K1, B = 1.2, 0.75


@dataclass(frozen=True)
class Collection:
    """Documents as id, title and text; queries; and the grades of documents by the place of each query."""

    documents: Sequence[tuple[str, str, str]]
    queries: Sequence[str]
    grades: Mapping[int, Mapping[str, int]]


@dataclass(frozen=True)
class Relevance:
    """nDCG@10 of both, as means of all queries."""

    documents: int
    queries: int
    service: float
    bm25s: float


def read(directory: Path) -> Collection:
    """Return the collection in corpus.jsonl, queries.jsonl and qrels.tsv."""
    documents = [json.loads(line) for line in (directory / "corpus.jsonl").read_text().splitlines()]
    queries = [json.loads(line) for line in (directory / "queries.jsonl").read_text().splitlines()]
    grades: dict[int, dict[str, int]] = defaultdict(dict)
    for line in (directory / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        grades[int(query) - 1][document] = int(grade)
    return Collection(
        [(one["_id"], one.get("title") or "", one.get("text") or "") for one in documents],
        [one["text"] for one in queries],
        grades,
    )


def compare(on: Server, collection: Collection) -> Relevance:
    """Rank the documents for each query by both."""
    return Relevance(
        documents=len(collection.documents),
        queries=len(collection.queries),
        service=_score(collection, _by_service(on, collection)),
        bm25s=_score(collection, _by_bm25s(collection)),
    )


def _by_service(on: Server, collection: Collection) -> list[list[str]]:
    with (
        temporary_database(on) as url,
        servers.service(url) as address,
        Client(address, make_key(url)) as client,
    ):
        for id_, title, text in collection.documents:
            client.send("POST", "/v1/events", _event(id_, title, text), expected=201)
        return [_ranked(client, query) for query in collection.queries]


def _event(id_: str, title: str, text: str) -> dict[str, object]:
    return {
        "external_ids": [{"scheme": "document", "value": id_}],
        "title": title or f"Document {id_}",
        "description": text or None,
        "lang": "en",
        "event_type": "other",
        "participants": [{"name": "Nobody", "role": "party"}],
        "sources": [{"type": "web_page"}],
    }


def _ranked(client: Client, query: str) -> list[str]:
    page = client.get("/v1/events", q=query, limit=DEPTH, fields="external_ids")
    return [event["external_ids"][0]["value"] for event in page["items"]]


def _by_bm25s(collection: Collection) -> list[list[str]]:
    stemmer = Stemmer.Stemmer("english")
    texts = [f"{title} {text}" for _, title, text in collection.documents]
    index = bm25s.BM25(method="lucene", k1=K1, b=B)
    index.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
    queries = bm25s.tokenize(list(collection.queries), stopwords="en", stemmer=stemmer, show_progress=False)
    ids = [id_ for id_, _, _ in collection.documents]
    ranked, _ = index.retrieve(queries, corpus=ids, k=DEPTH, show_progress=False)
    return [list(row) for row in ranked]


def _score(collection: Collection, rankings: Sequence[Sequence[str]]) -> float:
    return fmean(ndcg(ranking, collection.grades[query]) for query, ranking in enumerate(rankings))


def ndcg(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """Return the normalised discounted cumulative gain of the first ten; the gain of a document is its grade."""
    gain = _gain(grades.get(document, 0) for document in ranking[:DEPTH])
    best = _gain(sorted(grades.values(), reverse=True)[:DEPTH])
    return gain / best if best else 0.0


def _gain(grades: Iterable[int]) -> float:
    return sum(grade / log2(place + 2) for place, grade in enumerate(grades))
