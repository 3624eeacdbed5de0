"""Mappings: rows of any CSV as records, as described by a TOML file. Pure: no Flask, no database.

    mapping = load_mapping(path)                       # Invalid lists every fault of the TOML file
    mapping.topics                                     # as NewTopicSchema loads them, broader ones first
    with path.open("rb") as stream:
        for result in map_file(mapping, text_lines(mapping, stream)):
            match result:
                case MappedRecord(lines, record): ...  # a dict for NewEventSchema, not loaded by it yet
                case UnmappedRows(lines, errors): ...  # each error has column, value, problem and detail

No row is lost: every row is in the `lines` of exactly one result.
"""

from service.mappings.loader import (
    Mapping,
    RecordMapper,
    load_mapping,
    map_file,
    map_table,
    open_table,
    parse_mapping,
    text_lines,
)
from service.mappings.result import MappedRecord, MappingError, UnmappedRows

__all__ = [
    "MappedRecord",
    "Mapping",
    "MappingError",
    "RecordMapper",
    "UnmappedRows",
    "load_mapping",
    "map_file",
    "map_table",
    "open_table",
    "parse_mapping",
    "text_lines",
]
