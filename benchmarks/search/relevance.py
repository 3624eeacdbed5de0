"""How good the order is: nDCG@10 on the Cranfield collection through the API, beside bm25s on the same texts."""

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
from benchmarks.search import databases
from benchmarks.search.client import Client
from service.db.embedded_postgres import Server

#: Results that are looked at.
DEPTH = 10

#: As Lucene has them.
K1, B = 1.2, 0.75


@dataclass(frozen=True)
class Collection:
    """Documents as id, title and text; queries; by the place of each query what grade the documents have."""

    documents: Sequence[tuple[str, str, str]]
    queries: Sequence[str]
    grades: Mapping[int, Mapping[str, int]]


@dataclass(frozen=True)
class Relevance:
    """nDCG@10 of both, the mean of all queries."""

    documents: int
    queries: int
    service: float
    bm25s: float


def read(directory: Path) -> Collection:
    """The collection in corpus.jsonl, queries.jsonl and qrels.tsv."""
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


def compare(server: Server, collection: Collection) -> Relevance:
    """Both, one after the other."""
    return Relevance(
        documents=len(collection.documents),
        queries=len(collection.queries),
        service=_score(collection, _by_service(server, collection)),
        bm25s=_score(collection, _by_bm25s(collection)),
    )


def _by_service(server: Server, collection: Collection) -> list[list[str]]:
    url = databases.empty(server, "relevance")
    with servers.service(url) as address, Client(address, databases.make_key(url)) as client:
        for id_, title, text in collection.documents:
            client.send("POST", "/v1/events", _event(id_, title, text), expected=201)
        return [_found(client, query) for query in collection.queries]


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


def _found(client: Client, query: str) -> list[str]:
    page = client.get("/v1/events", q=query, limit=DEPTH, fields="external_ids")
    return [event["external_ids"][0]["value"] for event in page["items"]]


def _by_bm25s(collection: Collection) -> list[list[str]]:
    stemmer = Stemmer.Stemmer("english")
    texts = [f"{title} {text}" for _, title, text in collection.documents]
    index = bm25s.BM25(method="lucene", k1=K1, b=B)
    index.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
    asked = bm25s.tokenize(list(collection.queries), stopwords="en", stemmer=stemmer, show_progress=False)
    ids = [id_ for id_, _, _ in collection.documents]
    found, _ = index.retrieve(asked, corpus=ids, k=DEPTH, show_progress=False)
    return [list(row) for row in found]


def _score(collection: Collection, found: Sequence[Sequence[str]]) -> float:
    return fmean(ndcg(row, collection.grades[query]) for query, row in enumerate(found))


def ndcg(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain of the first ten; what a document gains is its grade."""
    gained = _gain(grades.get(document, 0) for document in found[:DEPTH])
    best = _gain(sorted(grades.values(), reverse=True)[:DEPTH])
    return gained / best if best else 0.0


def _gain(grades: Iterable[int]) -> float:
    return sum(grade / log2(place + 2) for place, grade in enumerate(grades))
