"""Houses, boats and trees for the harbour, as filled polygons; coordinates are shares of width and height."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

__all__ = ["Color", "Shape", "church", "headland_pine", "lighthouse", "quay", "sailing_boat", "town_row"]

Color: TypeAlias = tuple[float, float, float]
Point: TypeAlias = tuple[float, float]
Shape: TypeAlias = tuple[list[Point], Color]

_WALLS: list[Color] = [
    (0.90, 0.81, 0.69),
    (0.84, 0.61, 0.45),
    (0.74, 0.75, 0.76),
    (0.90, 0.71, 0.42),
    (0.70, 0.38, 0.31),
]
_ROOFS: list[Color] = [(0.55, 0.25, 0.17), (0.41, 0.23, 0.20), (0.29, 0.29, 0.34)]
_LAMPLIT: Color = (1.0, 0.80, 0.42)
_DARK_PANE: Color = (0.19, 0.20, 0.27)


def town_row(base: float, scale: float, left: float, right: float, seed: int) -> list[Shape]:
    """Return houses side by side along the shore."""
    random = np.random.default_rng(seed)
    shapes: list[Shape] = []
    while left < right:
        wide, tall = scale * random.uniform(0.030, 0.052), scale * random.uniform(0.040, 0.085)
        shapes += _house(left, base, wide, tall, random)
        left += wide * random.uniform(0.95, 1.3)
    return shapes


def church(left: float, base: float) -> list[Shape]:
    """Return a church with a pointed tower."""
    tower, shade = (0.80, 0.70, 0.60), (0.55, 0.47, 0.45)
    top, middle, right = base - 0.15, left + 0.011, left + 0.026
    return [
        (_box(left, top, 0.011, 0.15), shade),
        (_box(middle, top, 0.015, 0.15), tower),
        ([(left - 0.002, top), (left + 0.013, top - 0.10), (right + 0.002, top)], (0.27, 0.31, 0.36)),
        ([(middle, top), (left + 0.013, top - 0.10), (right + 0.002, top)], (0.38, 0.42, 0.45)),
        (_box(middle + 0.004, top + 0.02, 0.006, 0.018), _DARK_PANE),
    ]


def lighthouse(left: float, base: float) -> list[Shape]:
    """Return a banded lighthouse on its mole."""
    mole = [(left - 0.06, base), (left - 0.045, base - 0.016), (1.0, base - 0.022), (1.0, base)]
    shapes: list[Shape] = [(mole, (0.30, 0.27, 0.28))]
    for band in range(5):
        low, high = base - 0.015 - 0.026 * band, base - 0.041 - 0.026 * band
        wide, narrow = 0.0135 - 0.0012 * band, 0.0123 - 0.0012 * band
        color = (0.94, 0.90, 0.84) if band % 2 else (0.76, 0.24, 0.18)
        shapes.append(([(left - wide, low), (left - narrow, high), (left + narrow, high), (left + wide, low)], color))
        dark = (color[0] * 0.62, color[1] * 0.62, color[2] * 0.66)
        shapes.append(
            (
                [
                    (left + wide * 0.2, low),
                    (left + narrow * 0.2, high),
                    (left + narrow, high),
                    (left + wide, low),
                ],
                dark,
            )
        )
    top = base - 0.145
    shapes.append((_box(left - 0.009, top - 0.004, 0.018, 0.004), (0.20, 0.18, 0.20)))
    shapes.append((_box(left - 0.005, top - 0.020, 0.010, 0.016), (1.0, 0.90, 0.60)))
    shapes.append(([(left - 0.008, top - 0.020), (left, top - 0.034), (left + 0.008, top - 0.020)], (0.55, 0.18, 0.15)))
    return shapes


def quay(base: float, right: float) -> list[Shape]:
    """Return the stone edge of the harbour with its posts."""
    shapes: list[Shape] = [(_box(0.0, base - 0.009, right, 0.011), (0.36, 0.32, 0.31))]
    shapes.append((_box(0.0, base - 0.009, right, 0.003), (0.72, 0.60, 0.50)))
    shapes += [
        (_box(float(post), base - 0.016, 0.002, 0.018), (0.16, 0.13, 0.13)) for post in np.arange(0.01, right, 0.027)
    ]
    return shapes


def sailing_boat(across: float, down: float, scale: float, sail: Color) -> list[Shape]:
    """Return a boat under sail, lit from the right."""

    def at(points: list[Point]) -> list[Point]:
        return [(across + scale * px, down - scale * py) for px, py in points]

    dim = (sail[0] * 0.66, sail[1] * 0.66, sail[2] * 0.72)
    main = [(0.004, 0.035), (0.004, 0.235), (0.020, 0.190), (0.048, 0.105), (0.072, 0.035)]
    fold = [(0.004, 0.035), (0.004, 0.235), (0.014, 0.150), (0.024, 0.035)]
    jib = [(-0.002, 0.215), (-0.014, 0.120), (-0.052, 0.030), (-0.004, 0.042)]
    hull = [(-0.060, 0.024), (0.078, 0.026), (0.062, 0.0), (-0.042, 0.0)]
    return [
        (at(main), sail),
        (at(fold), dim),
        (at(jib), (min(1.0, sail[0] * 1.1), min(1.0, sail[1] * 1.08), sail[2])),
        (at([(-0.001, 0.0), (-0.001, 0.250), (0.003, 0.250), (0.003, 0.0)]), (0.22, 0.15, 0.11)),
        (at(hull), (0.17, 0.20, 0.27)),
        (at([(-0.060, 0.024), (0.078, 0.026), (0.074, 0.019), (-0.055, 0.017)]), (0.93, 0.85, 0.72)),
        (at([(-0.050, 0.008), (0.068, 0.008), (0.062, 0.0), (-0.042, 0.0)]), (0.48, 0.15, 0.13)),
        (at([(-0.006, 0.024), (0.030, 0.025), (0.026, 0.038), (-0.004, 0.038)]), (0.86, 0.72, 0.55)),
    ]


def headland_pine(root: Point) -> list[Shape]:
    """Return a wind-bent pine: trunk, boughs, and needles in tufts that are lighter above."""
    random = np.random.default_rng(8)
    tree = _Tree(random)
    tree.grow(root, -math.pi / 2 + 0.16, length=0.145, thick=0.017)
    shapes = tree.boughs
    for (across, down), radius in sorted(tree.tufts, key=lambda tuft: -tuft[0][1]):
        shapes += _tuft(across, down, radius, random)
    return shapes


def _house(left: float, base: float, wide: float, tall: float, random: np.random.Generator) -> list[Shape]:
    wall, roof = _WALLS[random.integers(len(_WALLS))], _ROOFS[random.integers(len(_ROOFS))]
    shade = (wall[0] * 0.52, wall[1] * 0.50, wall[2] * 0.60)
    right, top, corner, peak = left + wide, base - tall, left + wide * 0.34, left + wide * 0.17
    ridge = top - wide * random.uniform(0.45, 0.75)
    shapes: list[Shape] = [
        ([(left, base), (left, top), (peak, ridge), (corner, top), (corner, base)], shade),
        (_box(corner, top, right - corner, tall), (wall[0] * 0.9, wall[1] * 0.86, wall[2] * 0.82)),
        (
            [
                (corner - 0.002, top + 0.002),
                (peak, ridge),
                (right - wide * 0.15, ridge),
                (right + 0.003, top + 0.002),
            ],
            roof,
        ),
    ]
    chimney = right - wide * random.uniform(0.3, 0.5)
    shapes.append((_box(chimney, ridge - 0.010, 0.005, 0.018), (0.42, 0.26, 0.22)))
    for floor in np.arange(top + 0.010, base - 0.012, 0.0185):
        for across in np.arange(corner + 0.004, right - 0.007, 0.0098):
            pane = _LAMPLIT if random.random() < 0.3 else _DARK_PANE
            shapes.append((_box(float(across), float(floor), 0.0048, 0.0095), pane))
    return shapes


class _Tree:
    """Boughs that bend and fork, and the places of the tufts at their ends."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.boughs: list[Shape] = []
        self.tufts: list[tuple[Point, float]] = []

    def grow(self, start: Point, angle: float, *, length: float, thick: float, level: int = 0) -> None:
        end = (start[0] + length * 0.62 * math.cos(angle), start[1] + length * math.sin(angle))
        dx, dy = -math.sin(angle) * thick / 2, math.cos(angle) * thick / 2
        outline = [
            (start[0] + dx, start[1] + dy),
            (end[0] + dx * 0.68, end[1] + dy * 0.68),
            (end[0] - dx * 0.68, end[1] - dy * 0.68),
            (start[0] - dx, start[1] - dy),
        ]
        self.boughs.append((outline, (0.15 + 0.03 * level, 0.095 + 0.02 * level, 0.075 + 0.012 * level)))
        if level >= 2:
            self.tufts.append((end, 0.026 + 0.020 * self.random.random()))
        if level == 5:
            return
        for turn in (-0.62, 0.48) if level else (-0.28, 0.34, 0.08):
            bent = angle + turn * self.random.uniform(0.7, 1.35) + 0.06
            shorter = length * self.random.uniform(0.66, 0.82)
            self.grow(end, bent, length=shorter, thick=thick * 0.64, level=level + 1)


def _tuft(across: float, down: float, radius: float, random: np.random.Generator) -> list[Shape]:
    shapes: list[Shape] = []
    for _ in range(46):
        turn, far = random.uniform(0, 2 * math.pi), radius * math.sqrt(random.random())
        px, py = across + far * math.cos(turn), down + 0.62 * far * math.sin(turn)
        light = min(1.0, max(0.0, 0.5 - 0.5 * (py - down) / (0.62 * radius) + random.uniform(-0.25, 0.25)))
        color = (0.04 + 0.26 * light**2, 0.09 + 0.26 * light**1.5, 0.07 + 0.06 * light)
        lean, long = random.uniform(-0.9, 0.9), 0.011 * random.uniform(0.6, 1.3)
        dx, dy = long * math.sin(lean) * 0.7, -long * math.cos(lean)
        shapes.append(([(px - 0.0013, py), (px + dx, py + dy), (px + 0.0013, py)], color))
    return shapes


def _box(left: float, top: float, wide: float, tall: float) -> list[Point]:
    return [(left, top), (left + wide, top), (left + wide, top + tall), (left, top + tall)]
