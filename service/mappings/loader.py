"""From a TOML file to a checked mapping, and from a CSV file to records by it."""

import codecs
import io
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from schemas.base import did_you_mean
from service.errors import Fault, Invalid
from service.mappings.context import CompileScope
from service.mappings.event_mapping import EventMapping, compile_event
from service.mappings.lookup_tables import compile_lookup_table, matcher
from service.mappings.result import MappedRecord, MappingError, UnmappedRows
from service.mappings.table import CsvFormat, CsvTable, Grouping, NumberedRow, group_rows, read_table
from service.mappings.text_cleanup import shorten
from service.mappings.toml_reader import TomlNode, raise_faults
from service.mappings.topics import compile_topics
from service.mappings.values import compile_condition, compile_value, compile_values

#: Keys of a mapping, of its [file] and of its [group].
SECTIONS = ("name", "credit", "licence", "file", "group", "tables", "topics", "event")
FILE_KEYS = ("encoding", "delimiter", "quote", "skip_lines", "header", "nothing", "mend_encoding", "replace", "ignore")
GROUP_KEYS = ("by", "order", "first", "together", "alike")

#: Characters of a header in an error.
_MAX_HEADER = 300


@dataclass(frozen=True)
class Mapping:
    """A checked mapping."""

    #: The data set, its owner and its licence.
    name: str
    credit: str
    licence: str
    format: CsvFormat
    grouping: Grouping | None
    #: As NewTopicSchema loads them, broader ones first.
    topics: tuple[dict[str, Any], ...]
    event: EventMapping
    #: The columns that it reads, with the path of the first value that reads each.
    columns: dict[str, str]
    #: Columns that it leaves out on purpose.
    ignored: tuple[str, ...]
    #: Names that it gives to parts of cells, with the path of each. No column may have such a name.
    bound_names: dict[str, str]
    #: The same for the same mapping of the same release.
    fingerprint: bytes

    def unused(self, header: Sequence[str]) -> list[str]:
        """Return the columns of a file that it neither reads nor ignores."""
        return [column for column in header if column not in self.columns and column not in self.ignored]


def load_mapping(path: Path) -> Mapping:
    """Return the mapping in a TOML file. Raises Invalid with all of its faults."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise Invalid(f"{path.name} cannot be read: {error}.") from error
    return parse_mapping(text, path.name)


def parse_mapping(text: str, name: str = "The mapping") -> Mapping:
    """Return the mapping in a TOML text, called `name` in errors. Raises Invalid with all of its faults."""
    try:
        content = tomllib.loads(text)
    except RecursionError as error:
        raise Invalid(f"{name} is nested too deep.") from error
    except ValueError as error:  # a TOMLDecodeError, or Python's own for a number with thousands of digits
        raise Invalid(f"{name} is not TOML: {error}.") from error
    return compile_mapping(content, name)


def compile_mapping(content: dict[str, Any], name: str = "The mapping") -> Mapping:
    """Return the mapping in parsed TOML. Raises Invalid with all of its faults."""
    faults: list[Fault] = []
    mapping = _compile(TomlNode(content, "", faults))
    raise_faults(faults, f"{name} cannot be used:")
    return mapping


def text_lines(mapping: Mapping, stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a file in the mapping's encoding. Rows with undecodable bytes are refused later."""
    text = io.TextIOWrapper(stream, mapping.format.encoding, errors="surrogateescape", newline="")
    try:
        yield from text
    finally:
        with suppress(ValueError):  # closed already
            text.detach()  # the caller closes the stream


def map_file(mapping: Mapping, lines: Iterable[str]) -> Iterator[MappedRecord | UnmappedRows]:
    """Return the results of the rows of a CSV file. Raises Invalid at once where the file lacks columns."""
    return map_table(mapping, open_table(mapping, lines))


def open_table(mapping: Mapping, lines: Iterable[str]) -> CsvTable:
    """Return the file as a table. Raises Invalid where it lacks columns of the mapping."""
    table = read_table(lines, mapping.format, mapping.columns)
    faults = [
        Fault(f'{path}: the file has no column "{column}".{did_you_mean(column, table.header)}')
        for column, path in [*mapping.columns.items(), *((column, "file.ignore") for column in mapping.ignored)]
        if column not in table.header
    ]
    faults += [
        Fault(f'{path}: the file has a column "{name}" as well; choose another name.')
        for name, path in mapping.bound_names.items()
        if name in table.header
    ]
    header = shorten(", ".join(table.header), _MAX_HEADER)
    raise_faults(faults, f"The mapping does not match the columns of the file: {header}")
    return table


def map_table(mapping: Mapping, table: CsvTable) -> Iterator[MappedRecord | UnmappedRows]:
    """Yield the result of every row."""
    return map(RecordMapper(mapping).map, group_rows(table.rows, mapping.grouping))


class RecordMapper:
    """Makes the records of one file. An external id is used by one record of a file only."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._used: set[tuple[str, str]] = set()

    def digest(self, rows: Sequence[NumberedRow]) -> bytes:
        """Return 16 bytes that are the same for the same rows and the same mapping of the same release."""
        cells = orjson.dumps([row.row for row in rows])
        return blake2b(self._mapping.fingerprint + cells, digest_size=16).digest()

    def use(self, external_ids: Iterable[tuple[str, str]]) -> None:
        """Count the external ids of a record that is not mapped again as used."""
        self._used.update(external_ids)

    def map(self, group: Sequence[NumberedRow] | UnmappedRows) -> MappedRecord | UnmappedRows:
        """Return the result of the rows of one event."""
        result = group if isinstance(group, UnmappedRows) else _build_record(self._mapping.event, group)
        if isinstance(result, MappedRecord):
            ids = {(one["scheme"], one["value"]) for one in result.record.get("external_ids", ())}
            if repeated := ids & self._used:
                result = _repeated_id(result, min(repeated))
            self._used |= ids
        return result


def _build_record(event: EventMapping, rows: Sequence[NumberedRow]) -> MappedRecord | UnmappedRows:
    lines = tuple(sorted(row.line for row in rows))
    record, origins, errors = event.build([row.row for row in rows])
    return UnmappedRows(lines, errors) if errors else MappedRecord(lines, record, origins)


def _repeated_id(result: MappedRecord, external_id: tuple[str, str]) -> UnmappedRows:
    columns = dict.fromkeys(
        column for origin in result.origins["external_ids"] for column in origin.columns_of("value")
    )
    problem = "is the external id of another record in this file; use [group] for events of several rows."
    error = MappingError(problem, ", ".join(columns) or None, ":".join(external_id), "event.external_ids")
    return UnmappedRows(result.lines, (error,))


def _compile(root: TomlNode) -> Mapping:
    root.check_keys(SECTIONS)
    format_, ignored = _compile_format(root.at("file"))
    topics = compile_topics(root.at("topics"))
    nodes = root.at("tables").items() if "tables" in root else ()
    tables = {name: compile_lookup_table(node, name) for name, node in nodes}
    scope = CompileScope(tables, "group" in root, format_.is_nothing)
    grouping = _compile_grouping(root.at("group"), scope) if "group" in root else None
    event = EventMapping((), {})
    if "event" in root:
        declared = frozenset(id_ for id_, _ in root.at("topics").items()) if "topics" in root else frozenset[str]()
        event = compile_event(root.at("event"), scope, declared)
    else:
        root.add_fault("[event] is missing; it maps the fields of the record.")
    if not root.faults:  # otherwise the value that uses a table may not have been compiled
        for name in sorted(tables.keys() - scope.tables_used):
            root.at("tables").at(name).add_fault("is not used.")
    return Mapping(
        name=root.at("name").text(),
        credit=root.at("credit").text(),
        licence=root.at("licence").text(),
        format=format_,
        grouping=grouping,
        topics=topics,
        event=event,
        columns=scope.columns,
        ignored=ignored,
        bound_names=scope.bound_names,
        fingerprint=blake2b(f"{version('policytrail')} {root.value!r}".encode(), digest_size=16).digest(),
    )


def _compile_format(node: TomlNode) -> tuple[CsvFormat, tuple[str, ...]]:
    """Return the format of the file, and its ignored columns."""
    if node.value is None:
        return CsvFormat(), ()
    node.check_keys(FILE_KEYS)
    encoding = node.at("encoding").text("utf-8")
    try:
        codecs.lookup(encoding)
    except LookupError:
        node.at("encoding").add_fault(f'"{encoding}" is not an encoding; try utf-8, utf-16 or windows-1252.')
    for key in ("delimiter", "quote"):
        if key in node and len(node.at(key).text()) != 1:
            node.at(key).add_fault("must be one character.")
    nothing = node.at("nothing").texts()
    format_ = CsvFormat(
        encoding=encoding,
        delimiter=node.at("delimiter").text(),
        quote=node.at("quote").text('"'),
        skip_lines=node.at("skip_lines").whole_number(0) if "skip_lines" in node else 0,
        header=node.at("header").texts(),
        is_nothing=matcher(nothing) if nothing else lambda _: False,
        repair_encoding=node.at("mend_encoding").flag(),
        replace=tuple((old, new.text()) for old, new in node.at("replace").items()) if "replace" in node else (),
    )
    return format_, node.at("ignore").texts()


def _compile_grouping(node: TomlNode, scope: CompileScope) -> Grouping:
    node.check_keys(GROUP_KEYS)
    if "by" not in node:
        node.add_fault('needs by, which is the same for all rows of an event, such as by = "{id}".')
    by = compile_value(node.at("by"), scope) if "by" in node else compile_value(TomlNode("", "", []), scope)
    return Grouping(
        by,
        order=compile_values(node.at("order"), scope) if "order" in node else None,
        first=compile_condition(node.at("first"), scope) if "first" in node else None,
        together=node.at("together").flag(),
        alike=node.at("alike").flag(),
    )
