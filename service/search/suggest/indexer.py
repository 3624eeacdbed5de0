"""The indexer of names, values of facets and words for suggestions, which follows the change feed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Final

import orjson
from psycopg import Connection

from service import store
from service.search.index.document import passages, with_languages
from service.search.index.features import features_of
from service.search.suggest.labels import PLACES, VOCABULARIES
from service.search.suggest.normalize import fold_name, name_words, spelled_words
from service.search.text.languages import TAGS
from service.store.search.suggestion_index import FOLLOWER, FacetKey, IndexedName, WordKey

Record = Mapping[str, Any]

#: The most entries of the feed, and topics, in one transaction, which takes some 100 ms.
_BATCH = 500

#: The facets whose values are codes, or a set of ids: they are not found by words of their own.
_CODED: Final = frozenset({*PLACES, *VOCABULARIES, "topics"})

#: The fields of an event with names and words for suggestions. The texts of sources are not suggested.
_TEXTS: Final = (
    *("title", "names", "summary", "description", "participants", "statements", "figures", "relations", "tags"),
    *("external_ids", "lang"),
)
#: Those of its texts, and those with values of facets.
_FIELDS: Final = (*_TEXTS, "sources", "topics", "event_type", "status", "verification", "instruments")
_WEIGHTS = frozenset("ABC")

#: The most words of an event that are indexed.
_MOST_WORDS = 5_000


def index_names_once(conn: Connection) -> int:
    """Index the next changes, and return the number of entries and topics. `conn` must be in a transaction.

    It is 0 if there are none, or while another process indexes. Any number of processes can call it.
    """
    after = store.search.suggestion_index.claim_suggestion_cursor(conn)
    if after is None:
        return 0
    store.feed.commit_without_waiting(conn)
    if uncounted := store.search.suggestion_index.claim_uncounted(conn, _BATCH):
        _count(conn, [(1, document) for document in uncounted if document is not None])
        return len(uncounted)
    until = min(store.feed.get_head(conn).seq, after + _BATCH)
    if until > after:
        _count(conn, store.search.suggestion_index.find_rewritten(conn, after, until, _FIELDS))
        store.feed.move_cursor(conn, FOLLOWER, until)
    return until - after + _label_topics(conn)


def _count(conn: Connection, documents: Iterable[tuple[int, bytes]]) -> None:
    """Add the words and values of documents to their numbers, each with its sign: -1 for one that was replaced."""
    values, words = Counter[FacetKey](), Counter[WordKey]()
    folded: dict[str, str] = {}
    for sign, document in documents:
        record = orjson.loads(document)
        values.update(dict.fromkeys(_values_of(record), sign))
        spelled = _words_of(record)
        words.update(dict.fromkeys(spelled, sign))
        folded |= {key.word: form for key, form in spelled.items()}
    changed = {key: number for key, number in sorted(values.items()) if number}
    names = dict(map(_indexed, changed))
    store.search.suggestion_index.add_value_counts(conn, names, list(changed.values()))
    store.search.suggestion_index.add_word_counts(
        conn, folded, {key: number for key, number in sorted(words.items()) if number}
    )


def _values_of(record: Record) -> Iterator[FacetKey]:
    """Return the values of an event in the facets that are suggested. All its topics together are one value."""
    features = features_of(record)
    several = {
        "participant": (participant["name"] for participant in record["participants"]),
        "party": features.parties,
        "affected": features.affected,
        "tag": features.tags,
        "source_publisher": features.publishers,
        "instrument": record["instruments"],
        "event_type": (record["event_type"],),
        "status": (record["status"],) if record["status"] else (),
        "verification": (record["verification"],),
        "topics": (" ".join(sorted(features.topics)),) if features.topics else (),
    }
    return (FacetKey(facet, value) for facet, values in several.items() for value in values)


def _words_of(record: Record) -> dict[WordKey, str]:
    """Return the first words of an event in their spelling and language, each with its folded form."""
    texts = [passage for passage in passages(record) if passage.weight in _WEIGHTS]
    words = (
        (WordKey(word, TAGS[language].lower()), folded)
        for passage, language in with_languages(texts)
        for word, folded in dict(spelled_words(passage.text)).items()
    )
    distinct: dict[WordKey, str] = {}
    for key, folded in words:
        distinct[key] = folded
        if len(distinct) == _MOST_WORDS:
            break
    return distinct


def _indexed(key: FacetKey) -> tuple[FacetKey, IndexedName]:
    """Return a value with the words by which it is found; the ids of a set of topics; no words for a code."""
    if key.facet == "topics":
        # A long list of ids would not fit into the index of values.
        digest = blake2b(key.value.encode(), digest_size=16).hexdigest()
        return FacetKey(key.facet, digest), IndexedName(digest, "", key.value.split())
    if key.facet in _CODED:
        return key, IndexedName(key.value, "", ())
    return key, _name(key.value)


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
