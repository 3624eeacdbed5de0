"""Transforms between a cell and a value, such as splits, lookups and conversions, in the order of TRANSFORMS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.country_names import find_jurisdiction
from service.mappings.codes import country_name, make_slug, parse_number, parse_range
from service.mappings.context import CellError, CompileScope, Value, unique
from service.mappings.dates import DateReader, date_reader
from service.mappings.lookup_tables import LookupTable, compile_lookup_table
from service.mappings.text_cleanup import addresses, shorten, strip_markup
from service.mappings.toml_reader import TomlNode

Apply = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Transform:
    """A function from the texts of a value to other texts, with every text that it can give, where that is known."""

    apply: Apply
    possible_texts: frozenset[str] | None = None


#: Number formats, with the decimal mark.
NUMBER_FORMATS = {"1,234.56": ".", "1.234,56": ","}

_UNKNOWN_COUNTRY = "is not a known country or union."

#: Conversions for `as`, with the problem of a text that cannot be converted.
CONVERSIONS: dict[str, tuple[Callable[[str], str | None], str]] = {
    "jurisdiction": (find_jurisdiction, _UNKNOWN_COUNTRY),
    "country name": (country_name, _UNKNOWN_COUNTRY),
    "slug": (make_slug, ""),
    "lower case": (str.lower, ""),
}

#: Keys that modify a transform, with its key.
#: The ends of a range by name.
RANGE_ENDS = {"least": 0, "greatest": 1}
MODIFIERS = {"approximate": "date", "uncertain": "date", "times": "number", "range": "number"}


def with_transform(value: Value, transform: Transform, node: TomlNode) -> Value:
    """Return `value` with a transform. Texts known in advance that it cannot convert are faults of `node`."""
    texts, apply, possible = value.texts, transform.apply, transform.possible_texts
    if value.possible_texts is not None:
        try:
            possible = frozenset(text for constant in value.possible_texts for text in apply([constant]))
            if value.constant is not None:
                return Value.of_constant(tuple(apply(value.constant)))
        except CellError as error:
            node.add_fault(f'"{error.text}" {error.problem}')
    return Value(lambda context: apply(texts(context)), value.columns, possible)


def conversion(name: str, unknown: str | None = None) -> Transform:
    """Return the transform for `name`, a key of CONVERSIONS."""
    convert, problem = CONVERSIONS[name]
    return Transform(_each(convert, problem, unknown))


def conversion_by(convert: Callable[[str], str]) -> Transform:
    """Return the transform that converts each text by a function that accepts any text."""
    return Transform(_each(convert))


def _html(node: TomlNode, _: TomlNode, __: CompileScope) -> Transform | None:
    return Transform(_each(strip_markup)) if node.flag() else None


def _find(node: TomlNode, parent: TomlNode, _: CompileScope) -> Transform | None:
    node.one_of(("links",))
    unknown = _unknown(parent)

    def find(texts: Sequence[str]) -> Sequence[str]:
        links = list[str]()
        for text in texts:
            links_of_text = addresses(text)
            if not links_of_text and unknown is None:
                raise CellError(text, "has no web address.")
            links += links_of_text or filter(None, [unknown])
        return unique(links)

    return Transform(find)


def _split(node: TomlNode, _: TomlNode, scope: CompileScope) -> Transform | None:
    first, *others = [mark for mark in node.texts() if mark] or [","]
    is_nothing = scope.is_nothing
    if node.value == "":
        node.add_fault("must be a text in quotes.")

    def split(texts: Sequence[str]) -> Sequence[str]:
        result = []
        for text in texts:
            for mark in others:
                text = text.replace(mark, first)  # noqa: PLW2901 (one mark after the other)
            parts = [part.strip() for part in text.split(first)]
            result += [part for part in parts if part and not is_nothing(part)]
        return result

    return Transform(split)


def _replace(node: TomlNode, _: TomlNode, scope: CompileScope) -> Transform | None:
    table = _table_at(node, scope)
    return Transform(lambda texts: _look_up(texts, table, keep=True)) if table else None


def _table(node: TomlNode, parent: TomlNode, scope: CompileScope) -> Transform | None:
    table, unknown = _table_at(node, scope), _unknown(parent)
    if table is None:
        return None
    possible = table.possible_texts | ({unknown} if unknown else frozenset())
    return Transform(lambda texts: _look_up(texts, table, unknown), possible)


def _table_at(node: TomlNode, scope: CompileScope) -> LookupTable | None:
    """Return the table written at `node`, or the one named there."""
    if not isinstance(node.value, str):
        return compile_lookup_table(node, "here")
    name = node.one_of(scope.tables)
    scope.tables_used.add(name)
    return scope.tables.get(name)


def _look_up(
    texts: Sequence[str], table: LookupTable, unknown: str | None = None, *, keep: bool = False
) -> Sequence[str]:
    """Return the replacements of `texts` in the order of the table's lines, followed by those of unknown texts."""
    replacements: list[tuple[int, str]] = []
    for text in texts:
        entry = table.find(text)
        if entry is not None:
            replacements += [(entry.line, replacement) for replacement in entry.texts]
        elif keep or unknown:
            replacements.append((len(table.possible_texts) + 1, text if keep else str(unknown)))
        elif unknown is None:
            where = "the table" if table.name == "here" else f"the table {table.name}"
            raise CellError(text, f"is not in {where}.")
    if len(replacements) > 1 and not keep:
        replacements.sort(key=lambda one: one[0])
    return unique(text for _, text in replacements)


def _date(node: TomlNode, parent: TomlNode, _: CompileScope) -> Transform | None:
    formats = [*node.texts()]
    readers = [reader for format_ in formats if (reader := _reader(node, format_))]
    for key, qualifier in (("approximate", "~"), ("uncertain", "?")):
        if key in parent:
            qualified = parent.at(key)
            readers += [one for format_ in qualified.texts() if (one := _reader(qualified, format_, qualifier))]

    def edtf(text: str) -> str | None:
        return next((date for reader in readers if (date := reader(text))), None)

    return Transform(_each(edtf, f"is not a date written as {' or '.join(formats)}.", _unknown(parent)))


def _reader(node: TomlNode, format: str, qualifier: str = "") -> DateReader | None:
    try:
        return date_reader(format, qualifier)
    except ValueError as error:
        node.add_fault(str(error))
        return None


def _number(node: TomlNode, parent: TomlNode, _: CompileScope) -> Transform | None:
    format_ = node.one_of(NUMBER_FORMATS)
    point = NUMBER_FORMATS.get(format_, ".")
    times = Decimal(parent.at("times").whole_number()) if "times" in parent else Decimal(1)
    problem = f"is not a number written as {format_}."
    if "range" not in parent:
        return Transform(_each(lambda text: parse_number(text, point, times), problem, _unknown(parent)))
    place = RANGE_ENDS.get(parent.at("range").one_of(RANGE_ENDS), 0)

    def end_of_range(text: str) -> str | None:
        if ends := parse_range(text, point, times):
            return ends[place]
        number = parse_number(text, point, times)
        return "" if number is not None and place else number  # a single number has no greatest value

    return Transform(_each(end_of_range, problem, _unknown(parent)))


def _as(node: TomlNode, parent: TomlNode, _: CompileScope) -> Transform | None:
    name = node.one_of(CONVERSIONS)
    return conversion(name, _unknown(parent)) if name else None


def _cut(node: TomlNode, _: TomlNode, __: CompileScope) -> Transform | None:
    limit = node.whole_number(least=10)
    return Transform(_each(lambda text: shorten(text, limit)))


def _join(node: TomlNode, _: TomlNode, __: CompileScope) -> Transform | None:
    mark = node.text()
    return Transform(lambda texts: (mark.join(unique(texts)),) if texts else ())


def _each(convert: Callable[[str], str | None], problem: str = "", unknown: str | None = None) -> Apply:
    """Return a function that converts each text.

    A text that cannot be converted becomes `unknown`, or is left out where that is empty, or raises CellError.
    """

    def apply(texts: Sequence[str]) -> Sequence[str]:
        result = []
        for text in texts:
            converted = convert(text)
            if converted is None and unknown is None:
                raise CellError(text, problem)
            if converted or (converted is None and unknown):
                result.append(converted or str(unknown))
        return result

    return apply


def _unknown(parent: TomlNode) -> str | None:
    """Return the text at `unknown` beside a transform, or None where there is none."""
    return parent.at("unknown").text() if "unknown" in parent else None


Compile = Callable[[TomlNode, TomlNode, CompileScope], Transform | None]

#: Functions that compile the transforms, by key: from the node of the key, the table around it, and the scope.
TRANSFORMS: dict[str, Compile] = {
    "html": _html,
    "find": _find,
    "split": _split,
    "replace": _replace,
    "table": _table,
    "date": _date,
    "number": _number,
    "as": _as,
    "cut": _cut,
    "join": _join,
}
