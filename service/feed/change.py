"""A change: an entry of the feed with the features of its event before and after it."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import orjson

from service.events.normalize import timestamp
from service.search.filter import EVERYTHING, Filter, Words
from service.search.filters.evaluate import matches
from service.search.index.features import Features, features_of
from service.store.feed_entries import LEAVE, FeedEntry
from service.strict_json import render

#: Returns True if a document contains the words.
WordMatcher = Callable[[bytes, Words], bool]

#: Kinds of entries after which the event can be read.
_READABLE = frozenset({"create", "update"})


class Change:
    """An entry with the features of its event, which are computed once, and only if a filter needs them."""

    def __init__(self, entry: FeedEntry) -> None:
        """`entry`: with the documents of the version and of the one before it."""
        self.entry = entry

    @cached_property
    def after(self) -> Features | None:
        """The features after the change; None if the event can no longer be read."""
        return _features(self.entry.document) if self.entry.kind in _READABLE else None

    @cached_property
    def before(self) -> Features | None:
        """The features before the change; None if there was no event."""
        return _features(self.entry.before)

    def kind_for(self, filter_: Filter, has_words: WordMatcher) -> str | None:
        """Return the kind of the change for a subscriber with `filter_`, or None if it does not concern him.

        A deletion or merge concerns the filters that the event matched before. An update after which the event no
        longer matches has the kind LEAVE. The deletion of an erased event concerns everybody: what it was is unknown.
        """
        if filter_ == EVERYTHING or self.entry.is_erased:
            return self.entry.kind
        if self.after and matches(filter_, self.after, lambda words: has_words(self.entry.document or b"", words)):
            return self.entry.kind
        if self.before and matches(filter_, self.before, lambda words: has_words(self.entry.before or b"", words)):
            return LEAVE if self.entry.kind in _READABLE else self.entry.kind
        return None

    def for_subscriber(self, filter_: Filter, has_words: WordMatcher) -> FeedEntry | None:
        """Return the entry with its kind for a subscriber with `filter_`, or None. See `kind_for`."""
        kind = self.kind_for(filter_, has_words)
        return replace(self.entry, kind=kind) if kind else None


def render_entry(entry: FeedEntry, *, document: bool = True) -> bytes:
    """Return the entry as FeedEntrySchema describes it, with the stored bytes of its document."""
    return render(
        {
            "seq": entry.seq,
            "kind": entry.kind,
            "event_id": entry.event_id,
            "version": entry.version,
            "change": {"kind": entry.change_kind},
            "changed": entry.changed,
            "occurred_at": timestamp(entry.occurred_at),
            "key": {"name": entry.key_name} if entry.key_name else None,
            "merged_into": entry.merged_into,
            "document": orjson.Fragment(entry.document) if document and entry.document else None,
        }
    )


def _features(document: bytes | None) -> Features | None:
    return features_of(orjson.loads(document)) if document else None
