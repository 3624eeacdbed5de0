"""Templates: `"{country}: {title}[ ({year})]"`, a text with columns in it.

A template is empty if one of its columns is empty. An optional part in [ ] is left out by itself instead. `{{` and `[[`
stand for the characters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: The cells of a row by column.
CsvRow = Mapping[str, str]

_TOKENS = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{[^{}]*\}|\[|\]|[{}]|[^][{}]+")
_ESCAPES = {"{{": "{", "}}": "}", "[[": "[", "]]": "]"}


class TemplateError(ValueError):
    """The template is not valid; the message is a sentence."""


@dataclass(frozen=True)
class Segment:
    """Literal text, or the name of a column."""

    text: str
    is_column: bool


@dataclass(frozen=True)
class Template:
    """Groups of segments, each optional or not."""

    groups: tuple[tuple[bool, tuple[Segment, ...]], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, in order."""
        names = (segment.text for _, segments in self.groups for segment in segments if segment.is_column)
        return tuple(dict.fromkeys(names))

    @property
    def is_column(self) -> bool:
        """True if it is one column and nothing else."""
        return [(optional, [segment.is_column for segment in segments]) for optional, segments in self.groups] == [
            (False, [True])
        ]

    def render(self, row: CsvRow) -> str:
        """Return its text for `row`."""
        parts = []
        for optional, segments in self.groups:
            texts = [row[segment.text] if segment.is_column else segment.text for segment in segments]
            if all(texts):
                parts += texts
            elif not optional:
                return ""
        return "".join(parts)


def parse_template(text: str) -> Template:
    """Return `text` as a template. Raises TemplateError where brackets do not match."""
    groups: list[tuple[bool, tuple[Segment, ...]]] = []
    segments: list[Segment] = []
    optional = False
    for symbol in _TOKENS.findall(text):
        if symbol in _ESCAPES:
            segments.append(Segment(_ESCAPES[symbol], is_column=False))
        elif symbol in ("[", "]"):
            if optional == (symbol == "["):
                raise TemplateError(f'has an unmatched "{symbol}"; write {symbol * 2} for the character.')
            if optional and not any(segment.is_column for segment in segments):
                raise TemplateError("has no column in its [ ]; write [[ and ]] for the characters.")
            groups.append((optional, tuple(segments)))
            segments, optional = [], symbol == "["
        elif symbol in ("{", "}"):
            raise TemplateError(f'has an unmatched "{symbol}"; write {symbol * 2} for the character.')
        else:
            is_column = symbol.startswith("{")
            segments.append(Segment(symbol[1:-1].strip() if is_column else symbol, is_column))
    if optional:
        raise TemplateError('has an unclosed "["; write [[ for the character.')
    groups.append((False, tuple(segments)))
    return Template(tuple(group for group in groups if group[1]))
