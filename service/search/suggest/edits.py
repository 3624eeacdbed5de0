"""Edits between a typed word and the word that was meant: their number, their cost, and the words one edit away."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Final

# The costs of edits are powers of ten: with a cost of 1, a word must be in ten times as many texts to be as likely.

#: A doubled letter typed once or a single one twice, neighbours that are swapped, and a letter left out.
_DOUBLED, _SWAPPED, _OMITTED = 0.4, 0.6, 0.9
#: A key beside the right one or a letter that sounds alike, instead of a letter or with it; and any other letter.
_SIMILAR, _REPLACED, _ADDED = 0.8, 1.5, 1.7
#: A mistake in the first letter costs more.
_FIRST = 0.5

#: The rows of keyboards, each with its shift to the right in keys.
_KEYBOARDS: Final = (
    (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75)),
    (("йцукенгшщзхъ", 0.0), ("фывапролджэ", 0.25), ("ячсмитьбю", 0.75)),
)

#: The distance of neighbouring keys in keys, squared, at most.
_NEAR: Final = 1.7

#: Letters that writers confuse because they sound alike.
_ALIKE: Final = ("aeiouy", "cks", "csz", "vw", "dt", "bp", "gj", "mn", "fv")

#: The letters of the scripts in which words are corrected, folded.
_ALPHABETS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґўјљњћђџ",
    "αβγδεζηθικλμνξοπρσςτυφχψω",
)


def _similar_letters() -> frozenset[tuple[str, str]]:
    pairs = {(one, other) for letters in _ALIKE for one, other in product(letters, repeat=2)}
    for rows in _KEYBOARDS:
        places = {
            letter: (column + shift, row)
            for row, (letters, shift) in enumerate(rows)
            for column, letter in enumerate(letters)
        }
        pairs |= {
            (one, other)
            for (one, (x, y)), (other, (x_of_other, y_of_other)) in product(places.items(), repeat=2)
            if (x - x_of_other) ** 2 + (y - y_of_other) ** 2 <= _NEAR
        }
    return frozenset(pairs)


_SIMILAR_LETTERS: Final = _similar_letters()


@dataclass(frozen=True, slots=True)
class _Prices:
    """The prices of edits: a letter that only one word has, or only the other, one letter for another, and a swap."""

    addition: Callable[[str, int], float]
    omission: Callable[[str, int], float]
    replacement: Callable[[str, str, int], float]
    swap: float


def edit_distance(one: str, other: str) -> int:
    """Return the number of insertions, deletions, replacements and swaps of neighbours between two words."""
    return round(_least(one, other, _UNITS))


def edit_cost(typed: str, word: str) -> float:
    """Return the power of ten by which a word is rarely typed as another one: 0.4 for the likeliest mistake."""
    return _least(typed, word, _COSTS)


def _least(one: str, other: str, prices: _Prices) -> float:
    """Return the least sum of the prices of edits that turn one word into the other."""
    above, row = list[float](), [0.0]
    for j in range(len(other)):
        row.append(row[j] + prices.omission(other, j))
    for i, letter in enumerate(one):
        above_that, above, row = above, row, [row[0] + prices.addition(one, i)]
        for j, letter_of_other in enumerate(other):
            least = min(
                above[j + 1] + prices.addition(one, i),
                row[j] + prices.omission(other, j),
                above[j] + (prices.replacement(letter, letter_of_other, i + j) if letter != letter_of_other else 0),
            )
            if i and j and letter == other[j - 1] and one[i - 1] == letter_of_other:
                least = min(least, above_that[j - 1] + prices.swap)
            row.append(least)
    return row[-1]


def _cost_of_addition(word: str, place: int) -> float:
    beside = _beside(word, place)
    is_similar = any((word[place], letter) in _SIMILAR_LETTERS for letter in beside)
    cost = _DOUBLED if word[place] in beside else _SIMILAR if is_similar else _ADDED
    return cost + (0 if place else _FIRST)


def _cost_of_omission(word: str, place: int) -> float:
    return (_DOUBLED if word[place] in _beside(word, place) else _OMITTED) + (0 if place else _FIRST)


def _beside(word: str, place: int) -> str:
    """Return the letters before and behind that at a place."""
    return word[max(0, place - 1) : place] + word[place + 1 : place + 2]


def _cost_of_replacement(one: str, other: str, places: int) -> float:
    return (_SIMILAR if (one, other) in _SIMILAR_LETTERS else _REPLACED) + (0 if places else _FIRST)


_UNITS: Final = _Prices(lambda _word, _place: 1, lambda _word, _place: 1, lambda _one, _other, _places: 1, 1)
_COSTS: Final = _Prices(_cost_of_addition, _cost_of_omission, _cost_of_replacement, _SWAPPED)


def words_one_edit_away(word: str) -> set[str]:
    """Return every word of the letters of the word's scripts that is one edit away: 54 for each Latin letter."""
    letters = "".join(alphabet for alphabet in _ALPHABETS if not set(alphabet).isdisjoint(word))
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        *(before + behind[1:] for before, behind in cuts if behind),
        *(before + behind[1] + behind[0] + behind[2:] for before, behind in cuts if len(behind) > 1),
        *(before + letter + behind[1:] for before, behind in cuts if behind for letter in letters),
        *(before + letter + behind for before, behind in cuts for letter in letters),
    } - {word}
