# SPDX-License-Identifier: MIT
"""Draws lines over two axes into an SVG file, with no module but Python's."""

import math
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 48, 56
TICKS = 5
COLOURS = ("#1b6ca8", "#2a9d5c", "#c0392b", "#d98e04", "#6c4a9e")


class Series(NamedTuple):
    """A line: its name and its points."""
    title: str
    points: list


def write_plot(path, title, x_label, y_label, series):
    """Writes the file; both axes begin at 0."""
    x_step, x_end = _axis(max(x for s in series for x, _ in s.points))
    y_step, y_end = _axis(max(y for s in series for _, y in s.points))

    def place(x, y):
        return (LEFT + x / x_end * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - y / y_end * (HEIGHT - TOP - BOTTOM))

    parts = [_text(WIDTH / 2, 24, title, size=15),
             _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label),
             _text(18, (TOP + HEIGHT - BOTTOM) / 2, y_label, turn=True)]
    parts += _grid(place, x_step, x_end, y_step, y_end)
    for colour, line in zip(COLOURS, series):
        parts += _line(place, colour, line)
    parts += _legend(series)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        + "\n".join(parts) + "\n</svg>\n", encoding="utf-8")


def _axis(largest):
    """A round step and the end of an axis that holds the largest value."""
    rough = largest / TICKS
    unit = 10 ** math.floor(math.log10(rough))
    step = next(n * unit for n in (1, 2, 5, 10) if n * unit >= rough)
    return step, math.ceil(largest / step) * step


def _grid(place, x_step, x_end, y_step, y_end):
    for i in range(round(x_end / x_step) + 1):
        x, bottom = place(i * x_step, 0)
        yield _text(x, bottom + 18, f"{i * x_step:g}", size=11)
    for i in range(round(y_end / y_step) + 1):
        left, y = place(0, i * y_step)
        right, _ = place(x_end, i * y_step)
        yield (f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" '
               f'y2="{y:.1f}" stroke="#ccc"/>')
        yield _text(left - 8, y + 4, f"{i * y_step:g}", size=11, anchor="end")


def _line(place, colour, line):
    at = [place(x, y) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    yield (f'<polyline points="{path}" fill="none" stroke="{colour}" '
           'stroke-width="2"/>')
    for x, y in at:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def _legend(series):
    for i, (colour, line) in enumerate(zip(COLOURS, series)):
        y = TOP + 12 + 20 * i
        x = WIDTH - RIGHT + 16
        yield f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{colour}"/>'
        yield _text(x + 10, y, line.title, size=12, anchor="start")


def _text(x, y, words, size=13, anchor="middle", turn=False):
    rotate = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" '
            f'text-anchor="{anchor}"{rotate}>{escape(words)}</text>')
