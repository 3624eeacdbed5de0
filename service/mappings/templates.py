"""Templates: `"{country}: {title}[ ({year})]"`, a text with columns in it.

A template is empty where one of its columns is, but for what stands in [ ], which is left out by itself. `{{` and `[[`
stand for the characters.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

Row = Mapping[str, str]

_PIECES = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{[^{}]*\}|\[|\]|[{}]|[^][{}]+")
_DOUBLED = {"{{": "{", "}}": "}", "[[": "[", "]]": "]"}


class TemplateError(ValueError):
    """The template cannot be read; the message is a sentence."""


@dataclass(frozen=True)
class Piece:
    """Text as it is, or the name of a column."""

    text: str
    is_column: bool


@dataclass(frozen=True)
class Template:
    """Groups of pieces. A group with a column that is empty is left out if it is `optional`, else all is empty."""

    groups: tuple[tuple[bool, tuple[Piece, ...]], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column in it, in order."""
        found = (piece.text for _, pieces in self.groups for piece in pieces if piece.is_column)
        return tuple(dict.fromkeys(found))

    @property
    def is_column(self) -> bool:
        """Whether it is one column and nothing else."""
        return [(optional, [piece.is_column for piece in pieces]) for optional, pieces in self.groups] == [
            (False, [True])
        ]

    def filled(self, row: Row) -> str:
        """Its text for `row`."""
        made = []
        for optional, pieces in self.groups:
            texts = [row[piece.text] if piece.is_column else piece.text for piece in pieces]
            if all(texts):
                made += texts
            elif not optional:
                return ""
        return "".join(made)


def template_of(text: str) -> Template:
    """`text` read as a template. TemplateError where brackets do not match."""
    groups: list[tuple[bool, tuple[Piece, ...]]] = []
    pieces: list[Piece] = []
    optional = False
    for found in _PIECES.findall(text):
        if found in _DOUBLED:
            pieces.append(Piece(_DOUBLED[found], is_column=False))
        elif found in ("[", "]"):
            if optional == (found == "["):
                raise TemplateError(f'has a "{found}" too many; write {found * 2} for the character.')
            if optional and not any(piece.is_column for piece in pieces):
                raise TemplateError("has no column in its [ ]; write [[ and ]] for the characters.")
            groups.append((optional, tuple(pieces)))
            pieces, optional = [], found == "["
        elif found in ("{", "}"):
            raise TemplateError(f'has a "{found}" too many; write {found * 2} for the character.')
        else:
            column = found.startswith("{")
            pieces.append(Piece(found[1:-1].strip() if column else found, column))
    if optional:
        raise TemplateError('has a "[" that is not closed; write [[ for the character.')
    groups.append((False, tuple(pieces)))
    return Template(tuple(group for group in groups if group[1]))
