"""The indexer of names and words for suggestions, which follows the change feed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from psycopg import Connection

from service import store
from service.search.index.document import passages
from service.search.suggest.spelling import fold_name, name_words, spelled_words
from service.store.search.suggestion_index import FOLLOWER, IndexedName

Record = Mapping[str, Any]

#: The most entries of the feed, and topics, in one transaction, which takes some 100 ms.
_BATCH = 500

#: The fields of an event with names and words for suggestions. Those of sources are not suggested.
_FIELDS = (
    *("title", "names", "summary", "description", "participants", "statements", "figures", "relations", "tags"),
    "external_ids",
)
_WEIGHTS = frozenset("ABC")

#: The most words of an event that are indexed.
_MOST_WORDS = 5_000


def index_names_once(conn: Connection) -> int:
    """Index the next changes, and return the number of entries and topics. `conn` must be in a transaction.

    It is 0 if there are none, or while another process indexes. Any number of processes can call it.
    """
    after = store.feed.claim_cursor(conn, FOLLOWER)
    if after is None:
        return 0
    store.feed.commit_without_waiting(conn)
    until = min(store.feed.get_head(conn).seq, after + _BATCH)
    if until > after:
        _count(conn, after, until)
        store.feed.move_cursor(conn, FOLLOWER, until)
    return until - after + _label_topics(conn)


def _count(conn: Connection, after: int, until: int) -> None:
    uses, events = Counter[str](), Counter[str]()
    forms: dict[str, str] = {}
    for sign, document in store.search.suggestion_index.find_rewritten(conn, after, until, _FIELDS):
        record = orjson.loads(document)
        for name in {participant["name"] for participant in record["participants"]}:
            uses[name] += sign
        words = dict(_words_of(record))
        forms |= words
        for word in words:
            events[word] += sign
    changed = {name: number for name, number in uses.items() if number}
    store.search.suggestion_index.add_name_uses(conn, [_name(name) for name in changed], changed)
    store.search.suggestion_index.add_word_counts(
        conn, forms, {word: number for word, number in events.items() if number}
    )


def _words_of(record: Record) -> Iterator[tuple[str, str]]:
    """Return the first words of an event in their spelling, each with its folded form."""
    texts = " ".join(passage.text for passage in passages(record) if passage.weight in _WEIGHTS)
    for word, _ in zip(dict.fromkeys(spelled_words(texts)), range(_MOST_WORDS), strict=False):
        yield word


def _label_topics(conn: Connection) -> int:
    stale = store.search.suggestion_index.find_unlabelled_topics(conn, _BATCH)
    for id_, version, document in stale:
        store.search.suggestion_index.replace_labels(
            conn, id_, version, [_name(label) for label in topic_labels(orjson.loads(document))]
        )
    store.search.suggestion_index.delete_orphaned_labels(conn)
    return len(stale)


def topic_labels(topic: Record) -> list[str]:
    """Return the labels of a topic in all languages, each once."""
    others = [label for labels in topic["alt_labels"].values() for label in labels]
    return list(dict.fromkeys([*topic["labels"].values(), *others]))


def _name(text: str) -> IndexedName:
    return IndexedName(text, fold_name(text), name_words(text))
