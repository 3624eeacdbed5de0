"""Newline-delimited JSON: one document a line."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from service.strict_json import select_members


def ndjson_file(batches: Iterable[Sequence[bytes]], fields: Collection[str] | None = None) -> Iterator[bytes]:
    """Yield the stored documents, or only some `fields` of each. JSON escapes newlines, so no document contains one."""
    for documents in batches:
        lines = [select_members(document, fields) for document in documents] if fields else documents
        yield b"\n".join((*lines, b""))
