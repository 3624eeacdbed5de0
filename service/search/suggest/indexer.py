"""The follower of the change feed that keeps the names and words which are offered to who types."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from psycopg import Connection

from service import store
from service.search.index.document import passages
from service.search.suggest.spelling import folded, name_words, spelt
from service.store.search.suggestion_index import FOLLOWER, Name

Record = Mapping[str, Any]

#: Entries of the feed that are caught up with in one transaction, and topics: some 100 ms.
_BATCH = 500

#: Fields of an event in which names and words stand that are offered. Sources have words of their own.
_FIELDS = (
    *("title", "names", "summary", "description", "participants", "statements", "figures", "relations", "tags"),
    "external_ids",
)
_OFFERED = frozenset("ABC")

#: Words of one event that are counted.
_MOST_WORDS = 5_000


def keep_names_once(conn: Connection) -> int:
    """Catch up with some of what was written, and return with how many entries and topics. `conn` is in a transaction.

    0 where there is nothing to do, or another process is at it. Any number of processes may try.
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
    for sign, document in store.search.suggestion_index.read_rewritten(conn, after, until, _FIELDS):
        record = orjson.loads(document)
        for name in {who["name"] for who in record["participants"]}:
            uses[name] += sign
        said = dict(_words_of(record))
        forms |= said
        for word in said:
            events[word] += sign
    changed = {name: number for name, number in uses.items() if number}
    store.search.suggestion_index.add_uses(conn, [_name(name) for name in changed], changed)
    store.search.suggestion_index.add_words(conn, forms, {word: number for word, number in events.items() if number})


def _words_of(record: Record) -> Iterator[tuple[str, str]]:
    """The words of an event as they are spelt, each with its folded form; the first of them where there are many."""
    texts = " ".join(passage.text for passage in passages(record) if passage.weight in _OFFERED)
    for word, _ in zip(dict.fromkeys(spelt(texts)), range(_MOST_WORDS), strict=False):
        yield word


def _label_topics(conn: Connection) -> int:
    stale = store.search.suggestion_index.read_unlabelled(conn, _BATCH)
    for id_, version, document in stale:
        store.search.suggestion_index.replace_labels(
            conn, id_, version, [_name(label) for label in labels_of(orjson.loads(document))]
        )
    store.search.suggestion_index.forget_labels(conn)
    return len(stale)


def labels_of(topic: Record) -> list[str]:
    """What the topic is called, in every language, each once."""
    others = [label for labels in topic["alt_labels"].values() for label in labels]
    return list(dict.fromkeys([*topic["labels"].values(), *others]))


def _name(text: str) -> Name:
    return Name(text, folded(text), name_words(text))
