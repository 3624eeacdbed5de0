"""Mappings: any CSV's rows as records, as a TOML file says. Pure: no Flask, no database.

    mapping = load_mapping(path)                       # Invalid: all that is wrong in the TOML
    mapping.topics                                     # as NewTopicSchema loads them, broader ones first
    with path.open("rb") as stream:
        for outcome in records(mapping, text_lines(mapping, stream)):
            match outcome:
                case Mapped(lines, record): ...        # a dict for NewEventSchema, not loaded by it yet
                case Refused(lines, reasons): ...      # each reason has column, value, problem and detail

Nothing is dropped in silence: every row is in the `lines` of exactly one outcome.
"""

from service.mappings.loader import Mapping, load_mapping, mapping_of, outcomes, records, table_of_file, text_lines
from service.mappings.result import Mapped, Reason, Refused

__all__ = [
    "Mapped",
    "Mapping",
    "Reason",
    "Refused",
    "load_mapping",
    "mapping_of",
    "outcomes",
    "records",
    "table_of_file",
    "text_lines",
]
