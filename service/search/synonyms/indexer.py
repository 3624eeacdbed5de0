"""The indexer of synonyms: acronyms that events explain, which it reads from the change feed, and labels of topics."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice, permutations
from typing import Any

import orjson
from psycopg import Connection

from service import store
from service.search.index.document import Passage, passages
from service.search.synonyms.acronyms import Acronym, find_acronyms
from service.search.text.analyzer import fold, plain_words
from service.search.text.synonyms import MOST_TERM_WORDS, term_key
from service.store.search.synonyms import FOLLOWER, AcronymUse, UseCounts

Record = Mapping[str, Any]

#: The most entries of the feed, and topics, in one transaction.
_BATCH = 500

#: The fields of an event whose texts explain acronyms. The names of its sources are others' words.
_FIELDS = ("title", "names", "summary", "description", "statements", "figures", "participants", "tags")
_WEIGHTS = frozenset("ABC")

#: The most acronyms of an event, and the most labels of a topic in one language.
_MOST_ACRONYMS, _MOST_LABELS = 50, 10

#: A word as sentences have it, in small letters but for the first one.
_ORDINARY = re.compile(r"\b[A-Za-z][a-z]{1,9}\b")


def index_synonyms_once(conn: Connection) -> int:
    """Index the next changes, and return the number of entries and topics. `conn` must be in a transaction.

    It is 0 if there are none, or while another process indexes. Any number of processes can call it.
    """
    return _follow_feed(conn) + _read_topics(conn)


def _follow_feed(conn: Connection) -> int:
    after = store.feed.claim_cursor(conn, FOLLOWER)
    if after is None:
        return 0
    store.feed.commit_without_waiting(conn)
    until = min(store.feed.get_head(conn).seq, after + _BATCH)
    _count(conn, after, until)
    store.feed.move_cursor(conn, FOLLOWER, until)
    return until - after


def _count(conn: Connection, after: int, until: int) -> None:
    documents = store.search.suggestion_index.find_rewritten(conn, after, until, _FIELDS)
    events = [(sign, _own_texts(orjson.loads(document))) for sign, document in documents]
    uses: dict[AcronymUse, UseCounts] = {}
    for sign, texts in events:
        for use, (acronym, in_title) in _explained(texts).items():
            counts = uses.setdefault(use, UseCounts(*acronym))
            counts.events += sign
            counts.titles += sign * in_title
    store.search.synonyms.add_acronym_uses(conn, {use: counts for use, counts in uses.items() if any(counts.changes)})
    acronyms = store.search.synonyms.list_acronyms(conn)
    ordinary = Counter[str]()
    for sign, texts in events:
        for key in acronyms.intersection(word.lower() for text in texts for word in _ORDINARY.findall(text.text)):
            ordinary[key] += sign
    store.search.synonyms.add_ordinary_uses(conn, {key: number for key, number in ordinary.items() if number})


def _own_texts(record: Record) -> list[Passage]:
    return [passage for passage in passages(record) if passage.weight in _WEIGHTS]


def _explained(texts: list[Passage]) -> dict[AcronymUse, tuple[Acronym, bool]]:
    """Return the first acronyms that an event explains, each with its spelling, and whether a title or name does so."""
    explained: dict[AcronymUse, tuple[Acronym, bool]] = {}
    for passage, acronym in islice(_acronyms(texts), _MOST_ACRONYMS):
        use = AcronymUse(fold(acronym.short), term_key(acronym.phrase), (passage.lang or "").partition("-")[0].lower())
        # Titles come first.
        explained.setdefault(use, (acronym, passage.weight == "A"))
    return explained


def _acronyms(texts: list[Passage]) -> Iterator[tuple[Passage, Acronym]]:
    for passage in texts:
        if "(" in passage.text:
            for acronym in find_acronyms(passage.text):
                yield passage, acronym


def _read_topics(conn: Connection) -> int:
    store.search.synonyms.delete_orphaned_topics(conn)
    unread = store.search.synonyms.find_unread_topics(conn, _BATCH)
    if not unread or not store.search.synonyms.claim_topics(conn):
        return 0
    for id_, version, document in unread:
        pairs = topic_synonyms(orjson.loads(document))
        store.search.synonyms.replace_topic_synonyms(conn, id_, version, pairs)
    return len(unread)


def topic_synonyms(topic: Record) -> list[tuple[str, str]]:
    """Return each label of a topic, as a key, with each other one in the same language, as it is spelled."""
    pairs = []
    for lang in {**topic["labels"], **topic["alt_labels"]}:
        labels = [*filter(None, [topic["labels"].get(lang)]), *topic["alt_labels"].get(lang, [])]
        terms = [label for label in dict.fromkeys(labels) if len(plain_words(fold(label))) <= MOST_TERM_WORDS]
        pairs += [
            (key, other)
            for one, other in permutations(terms[:_MOST_LABELS], 2)
            if (key := term_key(one)) and key != term_key(other)
        ]
    return pairs
