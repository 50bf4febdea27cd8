"""A graph as SVG, written by hand: lines, a grid, numbers. Legible on light and dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, PANEL, MARGIN, GAP = 760, 150, 56, 46
COLOURS = ("#3b82f6", "#f97316", "#10b981", "#a855f7")
INK = "#7d8590"
"""A grey that is far enough from white and from black."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Args:
        lines: By what they are called; x is in minutes.
    """

    title: str
    lines: dict[str, Points]

    def __post_init__(self) -> None:
        """Leave out moments that have no figure."""
        for name, points in self.lines.items():
            self.lines[name] = [(x, y) for x, y in points if math.isfinite(y)]


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Return the file."""
    ends = (x for panel in panels for points in panel.lines.values() for x, _ in points)
    end = max(ends, default=1)
    height = 40 + len(panels) * (PANEL + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">',
        f"<title>{escape(title)}</title>",
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, 30 + number * (PANEL + GAP), end)
    middle = WIDTH / 2
    parts.append(f'<text x="{middle}" y="{height - 8}" text-anchor="middle">minutes</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, top: float, end: float) -> list[str]:
    highest = max((y for points in panel.lines.values() for _, y in points), default=1.0)
    step = _step(highest)
    limit = step * (int(highest / step) + 1)
    bottom, right = top + PANEL, WIDTH - 16

    def place(x: float, y: float) -> str:
        across = MARGIN + (right - MARGIN) * x / (end or 1)
        return f"{across:.1f},{bottom - PANEL * y / limit:.1f}"

    parts = [f'<text x="{MARGIN}" y="{top - 8}" font-weight="600">{escape(panel.title)}</text>']
    for mark in range(int(limit / step) + 1):
        y = bottom - PANEL * mark * step / limit
        parts.append(
            f'<line x1="{MARGIN}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" '
            f'stroke="{INK}" stroke-opacity="0.3"/>'
            f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{mark * step:g}</text>'
        )
    parts += [_minute(minute, place(minute, 0)) for minute in _marks(end)]
    for number, (name, points) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        where = " ".join(place(x, y) for x, y in points)
        parts.append(
            f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
            f'<text x="{right - 150 * (len(panel.lines) - 1 - number)}" y="{top - 8}" '
            f'text-anchor="end" fill="{colour}">{escape(name)}</text>'
        )
    return parts


def _minute(minute: float, place: str) -> str:
    x, y = place.split(",")
    return f'<text x="{x}" y="{float(y) + 15:.1f}" text-anchor="middle">{minute:g}</text>'


def _marks(end: float) -> list[float]:
    step = _step(end)
    return [number * step for number in range(int(end / step) + 1)]


def _step(highest: float) -> float:
    """Return a round distance that divides an axis into two to five parts."""
    power = 10.0 ** math.floor(math.log10(max(highest, 0.001) / 5))
    return next(power * factor for factor in (1, 2, 5, 10) if highest / (power * factor) <= 5)
