"""A chart with logarithmic axes, as SVG."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

_WIDTH, _HEIGHT = 860, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 290, 40, 60
_COLOURS = ("#1b6ca8", "#c2410c", "#15803d", "#7c3aed", "#b45309", "#0f766e", "#be185d", "#4d7c0f", "#475569")


@dataclass(frozen=True)
class Axis:
    """The ends of an axis, as values and in pixels."""

    low: float
    high: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        part = (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return self.begin + part * (self.end - self.begin)

    def decades(self) -> list[float]:
        """Return the powers of ten between its ends."""
        return [
            10.0**power
            for power in range(floor(log10(self.low)), floor(log10(self.high)) + 1)
            if 10.0**power >= self.low
        ]


def draw(title: str, across: str, up: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return lines through points with logarithmic axes, each with its name beside its end."""
    xs = [x for line in lines.values() for x, _ in line]
    ys = [y for line in lines.values() for _, y in line]
    x_axis = Axis(min(xs), max(xs), _LEFT, _WIDTH - _RIGHT)
    y_axis = Axis(10.0 ** floor(log10(min(ys))), 10.0 ** (floor(log10(max(ys))) + 1), _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
        "<style>text { font-size: 13px }</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="22" font-weight="bold">{escape(title)}</text>',
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 16}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(18 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
    ]
    for value in y_axis.decades():
        y = y_axis.at(value)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in sorted(set(xs)):
        x = x_axis.at(value)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{value:,.0f}</text>')
    # Names in the order of the ends, so that none covers another.
    labels = sorted(lines, key=lambda name: -lines[name][-1][1])
    for number, (name, line) in enumerate(lines.items()):
        points = [(x_axis.at(x), y_axis.at(y)) for x, y in line]
        parts += _line(name, points, _COLOURS[number % len(_COLOURS)], _TOP + 14 + 22 * labels.index(name))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(name: str, points: Sequence[tuple[float, float]], colour: str, beside: int) -> Iterator[str]:
    """Return a line through `points`, in pixels, and its name at the height `beside`."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    x, y = points[-1]
    edge = _WIDTH - _RIGHT
    yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{edge + 24}" y2="{beside - 4}" stroke="{colour}" stroke-width="0.5"/>'
    yield f'<text x="{edge + 28}" y="{beside}" fill="{colour}">{escape(name)}</text>'
