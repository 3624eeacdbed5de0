"""Newline-delimited JSON: a document a line."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from service.strict_json import select_members


def ndjson_file(batches: Iterable[Sequence[bytes]], fields: Collection[str] | None = None) -> Iterator[bytes]:
    """The documents as they are stored, or only some `fields` of each. No document holds a newline: JSON escapes it."""
    for documents in batches:
        lines = [select_members(document, fields) for document in documents] if fields else documents
        yield b"\n".join((*lines, b""))
