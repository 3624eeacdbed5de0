"""An entry of the feed as filters see it and as it is told."""

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

#: Whether words stand in a document.
Wording = Callable[[bytes, Words], bool]

#: Kinds of entries after which the event can be read.
_READABLE = frozenset({"create", "update"})


class Change:
    """An entry with what filters look at before and after it: found once, and only if somebody filters."""

    def __init__(self, entry: FeedEntry) -> None:
        """`entry` with its documents from before and after."""
        self.entry = entry

    @cached_property
    def after(self) -> Features | None:
        """What filters look at now; None where the event cannot be read any more."""
        return _features(self.entry.document) if self.entry.kind in _READABLE else None

    @cached_property
    def before(self) -> Features | None:
        """What they looked at before; None where there was no event."""
        return _features(self.entry.before)

    def kind_for(self, asked: Filter, wording: Wording) -> str | None:
        """What the change is to those who asked for the events that pass a filter. None where it is nothing to them.

        An end of the event is told to those whom it passed before, and LEAVE where an update ended that it passes.
        """
        if asked == EVERYTHING:
            return self.entry.kind
        if self.after and matches(asked, self.after, lambda words: wording(self.entry.document or b"", words)):
            return self.entry.kind
        if self.before and matches(asked, self.before, lambda words: wording(self.entry.before or b"", words)):
            return LEAVE if self.entry.kind in _READABLE else self.entry.kind
        return None

    def told_for(self, asked: Filter, wording: Wording) -> FeedEntry | None:
        """The entry as it is told to those who asked so. See `kind_for`."""
        kind = self.kind_for(asked, wording)
        return replace(self.entry, kind=kind) if kind else None


def render_entry(entry: FeedEntry, *, document: bool = True) -> bytes:
    """The entry as ChangeSchema describes it, its document as it is stored."""
    return render(
        {
            "seq": entry.seq,
            "kind": entry.kind,
            "event_id": entry.event_id,
            "version": entry.version,
            "change": {"kind": entry.change_kind},
            "changed": entry.changed,
            "occurred_at": timestamp(entry.occurred_at),
            "key_id": entry.key_id,
            "merged_into": entry.merged_into,
            "document": orjson.Fragment(entry.document) if document and entry.document else None,
        }
    )


def _features(document: bytes | None) -> Features | None:
    return features_of(orjson.loads(document)) if document else None
