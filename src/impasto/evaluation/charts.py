"""Curves on paper, drawn with nothing but Pillow: for reports that must not need an extra."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from PIL import Image, ImageDraw

from impasto.errors import InputError
from impasto.evaluation.canvas import SOFT_INK, blank, text

__all__ = ["Points", "chart"]

Points = tuple[Sequence[float], Sequence[float]]
"""Where the points of a curve lie: steps, and a value for each."""

_COLORS = ((200, 69, 47), (31, 111, 139), (217, 152, 42), (106, 76, 147), (74, 140, 91))
_GRID = (228, 223, 213)
_TICKS = (1.0, 2.0, 5.0)
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.08, 0.02, 0.14, 0.1  # shares of the width, and of the height, around the curves
_FINER = 2  # lines are drawn this much larger and then shrunk, which smooths them


def chart(curves: Mapping[str, Points], *, width: int = 900, height: int = 360) -> Image.Image:
    """Draw curves over the steps on a logarithmic scale; what has no logarithm leaves gaps."""
    known = {name: _drawable(points) for name, points in curves.items()}
    spots = [spot for points in known.values() for spot in points if not math.isnan(spot[1])]
    if not spots:
        raise InputError("No values were given to draw; give at least one above 0.")
    frame = _Frame.around(spots, width * _FINER, height * _FINER)
    sheet = blank(width * _FINER, height * _FINER)
    draw = ImageDraw.Draw(sheet)
    for value in frame.levels():
        draw.line([frame.at(frame.first, value), frame.at(frame.last, value)], fill=_GRID, width=_FINER)
    for number, points in enumerate(known.values()):
        for one, other in pairwise(points):
            if not math.isnan(one[1] + other[1]):
                draw.line([frame.at(*one), frame.at(*other)], fill=_color(number), width=2 * _FINER)
    sheet = sheet.resize((width, height), Image.Resampling.LANCZOS)
    _letter(sheet, frame, list(known))
    return sheet


class _Frame:
    """Where a step and a value lie on the sheet."""

    def __init__(self, steps: tuple[float, float], values: tuple[float, float], size: tuple[int, int]) -> None:
        (self.first, self.last), (self.low, self.high) = steps, values
        self.width, self.height = size

    @classmethod
    def around(cls, spots: Sequence[tuple[float, float]], width: int, height: int) -> _Frame:
        steps, values = [step for step, _ in spots], [value for _, value in spots]
        room = 1.08  # above and below the curves
        return cls((min(steps), max(steps)), (min(values) / room, max(values) * room), (width, height))

    def at(self, step: float, value: float) -> tuple[float, float]:
        across = (step - self.first) / max(self.last - self.first, 1e-9)
        up = math.log(value / self.low) / math.log(self.high / self.low)
        inner = 1 - _LEFT - _RIGHT, 1 - _TOP - _BOTTOM
        return self.width * (_LEFT + inner[0] * across), self.height * (1 - _BOTTOM - inner[1] * up)

    def levels(self) -> list[float]:
        """Return the round values that lie inside."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        values = [tick * 10.0**power for power in powers for tick in _TICKS]
        return [value for value in values if self.low <= value <= self.high]


def _drawable(points: Points) -> list[tuple[float, float]]:
    steps, values = points
    return [
        (step, value if math.isfinite(value) and value > 0 else math.nan)
        for step, value in zip(steps, values, strict=True)
    ]


def _color(number: int) -> tuple[int, int, int]:
    return _COLORS[number % len(_COLORS)]


def _letter(sheet: Image.Image, frame: _Frame, names: Sequence[str]) -> None:
    """Write the names of the curves above them, the values beside and the steps below."""
    size = max(11.0, sheet.height / 26)
    left = round(sheet.width * _LEFT)
    for number, name in enumerate(names):
        label = text(name, size * 1.1, color=_color(number))
        sheet.paste(label, (left, round(size * 0.4)))
        left += label.width + round(2 * size)
    for value in frame.levels():
        label = text(f"{value:g}", size, color=SOFT_INK)
        _, y = frame.at(frame.first, value)
        sheet.paste(label, (round(sheet.width * _LEFT - label.width - size / 2), round(y / _FINER - label.height / 2)))
    for step in (frame.first, frame.last):
        label = text(f"{step:g}", size, color=SOFT_INK)
        x, _ = frame.at(step, frame.low)
        place = min(round(x / _FINER - label.width / 2), sheet.width - label.width)
        sheet.paste(label, (place, sheet.height - label.height - 2))
