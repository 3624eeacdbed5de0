"""From a TOML file to a mapping that has been checked, and from a CSV file to records by it."""

import codecs
import io
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from schemas.base import did_you_mean
from service.errors import Fault, Invalid
from service.mappings.context import Scope
from service.mappings.event_mapping import Plan, plan_of
from service.mappings.lookup_tables import matcher, table_of
from service.mappings.result import Mapped, Reason, Refused
from service.mappings.table import Form, Group, Numbered, Table, events_in, table_in
from service.mappings.text_cleanup import shortened
from service.mappings.toml_reader import Place, require_sound
from service.mappings.topics import topics_of
from service.mappings.values import condition_of, value_of, values_of

#: What may stand in a mapping, in its [file] and in its [group].
SECTIONS = ("name", "credit", "licence", "file", "group", "tables", "topics", "event")
FILE_KEYS = ("encoding", "delimiter", "quote", "skip_lines", "header", "nothing", "mend_encoding", "replace", "ignore")
GROUP_KEYS = ("by", "order", "first", "together", "alike")

#: Characters of a header that are told where it is not the one that is needed.
_SHOWN = 300


@dataclass(frozen=True)
class Mapping:
    """A mapping that has been checked."""

    #: What it maps, whose that is, and under what terms.
    name: str
    credit: str
    licence: str
    form: Form
    group: Group | None
    #: As NewTopicSchema loads them, broader ones first.
    topics: tuple[dict[str, Any], ...]
    plan: Plan
    #: Every column that it reads, by the place that does so first.
    columns: dict[str, str]
    #: Columns that it leaves alone on purpose.
    ignored: tuple[str, ...]
    #: Names that it gives to parts of cells, which no column may have.
    names: dict[str, str]

    def unused(self, header: Sequence[str]) -> list[str]:
        """The columns of a file that it neither reads nor ignores."""
        return [column for column in header if column not in self.columns and column not in self.ignored]


def load_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file. Invalid: everything that is wrong with it, each with its place."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise Invalid(f"{path.name} cannot be read: {error}.") from error
    return mapping_of(text, path.name)


def mapping_of(text: str, name: str = "The mapping") -> Mapping:
    """The mapping in `text`, TOML; `name` is what it is called where something is wrong with it."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{name} is not TOML: {error}.") from error
    return mapping_in(said, name)


def mapping_in(said: dict[str, Any], name: str = "The mapping") -> Mapping:
    """The mapping in `said`, TOML that has been read."""
    faults: list[Fault] = []
    mapping = _read(Place(said, "", faults))
    require_sound(faults, f"{name} cannot be used:")
    return mapping


def text_lines(mapping: Mapping, stream: BinaryIO) -> Iterator[str]:
    """The lines of a file in the mapping's encoding. A byte that it does not know is refused with its row."""
    text = io.TextIOWrapper(stream, mapping.form.encoding, errors="surrogateescape", newline="")
    try:
        yield from text
    finally:
        with suppress(ValueError):  # it is closed already
            text.detach()  # closing it is up to who opened it


def records(mapping: Mapping, lines: Iterable[str]) -> Iterator[Mapped | Refused]:
    """What becomes of every row of a CSV file. Invalid, at once, where the file has not the columns that are needed."""
    return outcomes(mapping, table_of_file(mapping, lines))


def table_of_file(mapping: Mapping, lines: Iterable[str]) -> Table:
    """The file as a table that has the columns of the mapping. Invalid where it has not."""
    table = table_in(lines, mapping.form)
    faults = [
        Fault(f'{place}: the file has no column "{column}".{did_you_mean(column, table.header)}')
        for column, place in mapping.columns.items()
        if column not in table.header
    ]
    faults += [
        Fault(f'file.ignore: the file has no column "{column}".{did_you_mean(column, table.header)}')
        for column in mapping.ignored
        if column not in table.header
    ]
    faults += [
        Fault(f'{place}: the file has a column "{name}", too; give the part another name.')
        for name, place in mapping.names.items()
        if name in table.header
    ]
    there = ", ".join(table.header)
    require_sound(faults, f"The mapping needs other columns than the file has: {shortened(there, _SHOWN)}")
    return table


def outcomes(mapping: Mapping, table: Table) -> Iterator[Mapped | Refused]:
    """What becomes of every row of a table. No two records of a file have an external id in common."""
    taken: set[tuple[str, str]] = set()
    for found in events_in(table.rows, mapping.group):
        outcome = found if isinstance(found, Refused) else _outcome(mapping.plan, found)
        if isinstance(outcome, Mapped):
            ids = {(one["scheme"], one["value"]) for one in outcome.record.get("external_ids", ())}
            if again := ids & taken:
                outcome = _taken(outcome, min(again))
            taken |= ids
        yield outcome


def _outcome(plan: Plan, rows: Sequence[Numbered]) -> Mapped | Refused:
    lines = tuple(sorted(found.line for found in rows))
    record, origins, reasons = plan.record([found.row for found in rows])
    return Refused(lines, reasons) if reasons else Mapped(lines, record, origins)


def _taken(outcome: Mapped, external_id: tuple[str, str]) -> Refused:
    columns = dict.fromkeys(
        column for origin in outcome.origins["external_ids"] for column in origin.columns_of("value")
    )
    problem = "is the external id of another record in this file; [group] makes one event of several rows."
    reason = Reason(problem, ", ".join(columns) or None, ":".join(external_id), "event.external_ids")
    return Refused(outcome.lines, (reason,))


def _read(root: Place) -> Mapping:
    root.knows(SECTIONS)
    form, ignored = _form(root.at("file"))
    topics = topics_of(root.at("topics"))
    tables = {name: table_of(place, name) for name, place in root.at("tables").items()} if "tables" in root else {}
    scope = Scope(tables, "group" in root, form.is_nothing)
    group = _group(root.at("group"), scope) if "group" in root else None
    plan = Plan((), {})
    if "event" in root:
        declared = frozenset(id_ for id_, _ in root.at("topics").items()) if "topics" in root else frozenset[str]()
        plan = plan_of(root.at("event"), scope, declared)
    else:
        root.refuse("[event] is missing: it says what a record is made of.")
    if not root.faults:  # else what would use it may not have been understood
        for name in sorted(tables.keys() - scope.tables_used):
            root.at("tables").at(name).refuse("is a table that nothing uses.")
    return Mapping(
        name=root.at("name").text(),
        credit=root.at("credit").text(),
        licence=root.at("licence").text(),
        form=form,
        group=group,
        topics=topics,
        plan=plan,
        columns=scope.columns,
        ignored=ignored,
        names=scope.named,
    )


def _form(place: Place) -> tuple[Form, tuple[str, ...]]:
    """How the file is written, and which of its columns are left alone on purpose."""
    if place.value is None:
        return Form(), ()
    place.knows(FILE_KEYS)
    encoding = place.at("encoding").text("utf-8")
    try:
        codecs.lookup(encoding)
    except LookupError:
        place.at("encoding").refuse(f'"{encoding}" is not an encoding; try utf-8, utf-16 or windows-1252.')
    for key in ("delimiter", "quote"):
        if len(place.at(key).text(",")) != 1:
            place.at(key).refuse("must be one character.")
    nothing = place.at("nothing").texts()
    form = Form(
        encoding=encoding,
        delimiter=place.at("delimiter").text(","),
        quote=place.at("quote").text('"'),
        skip_lines=place.at("skip_lines").whole_number(0) if "skip_lines" in place else 0,
        header=place.at("header").texts(),
        is_nothing=matcher(nothing) if nothing else lambda _: False,
        mend=place.at("mend_encoding").flag(),
        replace=tuple((old, new.text()) for old, new in place.at("replace").items()) if "replace" in place else (),
    )
    return form, place.at("ignore").texts()


def _group(place: Place, scope: Scope) -> Group:
    place.knows(GROUP_KEYS)
    if "by" not in place:
        place.refuse('needs by: what the rows of an event have in common, such as by = "{id}".')
    by = value_of(place.at("by"), scope) if "by" in place else value_of(Place("", "", []), scope)
    return Group(
        by,
        order=values_of(place.at("order"), scope) if "order" in place else None,
        first=condition_of(place.at("first"), scope) if "first" in place else None,
        together=place.at("together").flag(),
        alike=place.at("alike").flag(),
    )
