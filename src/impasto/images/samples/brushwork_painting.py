"""A painting of a windy evening, drawn by code: thick strokes along a flow, lit from the side.

Strokes follow a field of directions from coarse to fine, as in Hertzmann (1998), "Painterly Rendering with
Curved Brush Strokes of Multiple Sizes"; each is a bundle of bristles, drawn once in color and once as
height, and the height is lit to give the relief of paint.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from torch import Tensor

from impasto.images.arrays import from_plane
from impasto.images.samples.planes import Plane, mixed, palette, sampled, smooth_noise, stepped

__all__ = ["brushwork"]

_PLAN = (192, 192)  # directions and colors are planned at this size, whatever the picture's
_STEPS = 9  # points along a stroke
_FINER = 2
_SUN = (0.70, 0.27)  # across and down
_WHIRLS = [  # across, down, radius, sense of rotation
    (*_SUN, 0.20, 1.0),
    (0.27, 0.25, 0.17, -1.0),
    (0.46, 0.45, 0.10, 1.0),
    (0.08, 0.50, 0.10, 1.0),
    (0.94, 0.52, 0.09, -1.0),
]
_NIGHT = [(0.05, 0.09, 0.33), (0.07, 0.19, 0.52), (0.12, 0.36, 0.69), (0.26, 0.56, 0.79), (0.66, 0.83, 0.84)]
_FIRE = [(0.62, 0.16, 0.08), (0.90, 0.38, 0.05), (0.97, 0.62, 0.09), (0.99, 0.83, 0.30), (1.0, 0.96, 0.72)]
_LAND = [(0.06, 0.10, 0.22), (0.07, 0.30, 0.30), (0.26, 0.44, 0.18), (0.86, 0.55, 0.10), (0.97, 0.78, 0.28)]


@dataclass(frozen=True)
class _Layer:
    """One pass of the brush; lengths are shares of the picture's geometric mean side."""

    strokes: int
    width: float
    length: float
    bristles: int
    liveliness: float  # how far colors stray from the plan


_LAYERS = (
    _Layer(strokes=600, width=0.060, length=0.20, bristles=10, liveliness=0.10),
    _Layer(strokes=1500, width=0.028, length=0.13, bristles=6, liveliness=0.15),
    _Layer(strokes=2200, width=0.013, length=0.075, bristles=4, liveliness=0.20),
)


def brushwork(size: tuple[int, int]) -> Tensor:
    """Return the painting as ``(1, 3, height, width)``: the same strokes at every size."""
    random = np.random.default_rng(2)
    directions, colors = _planned_directions(), _planned_colors()
    canvas = _Canvas(size, colors)
    for layer in _LAYERS:
        canvas.paint(layer, directions, colors, random)
    return from_plane(canvas.lit())


class _Canvas:
    """Paint, and how thickly it lies; both larger than the result, for soft edges."""

    def __init__(self, size: tuple[int, int], plan: Plane) -> None:
        self.height, self.width = (_FINER * side for side in size)
        ground = Image.fromarray(np.rint(np.clip(plan * 0.8, 0, 1) * 255).astype(np.uint8))
        self.colors = ground.resize((self.width, self.height), Image.Resampling.BILINEAR)
        self.relief = Image.new("L", (self.width, self.height), 60)

    def paint(self, layer: _Layer, directions: Plane, plan: Plane, random: np.random.Generator) -> None:
        """Put one layer of strokes on the canvas, in random order."""
        starts = _spread(layer.strokes, random)
        aspect = np.array([self.width, self.height]) / np.sqrt(self.width * self.height)
        paths = _paths(starts, directions, layer.length / aspect)  # (strokes, steps, 2), across and down
        colors = _stroke_colors(plan, paths[:, _STEPS // 3], layer.liveliness, random)
        points = paths * np.array([self.width, self.height])
        along = np.gradient(points, axis=1)
        normals = np.stack([-along[..., 1], along[..., 0]], axis=-1)
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-6
        half = layer.width * np.sqrt(self.width * self.height) / 2 * random.uniform(0.7, 1.25, (len(points), 1, 1))
        for stroke in range(len(points)):
            self._draw_bristles(layer, points[stroke], normals[stroke] * half[stroke], colors[stroke], random)

    def _draw_bristles(
        self, layer: _Layer, path: Plane, reach: Plane, color: Plane, random: np.random.Generator
    ) -> None:
        pencil, height = ImageDraw.Draw(self.colors), ImageDraw.Draw(self.relief)
        thick = max(1, round(2.6 * float(np.linalg.norm(reach[0])) / layer.bristles))
        belly = np.sin(np.linspace(0.25, np.pi - 0.12, _STEPS))[:, None] ** 0.5  # strokes are thin where they end
        loads = random.uniform(0.84, 1.14, layer.bristles)
        for place in random.permutation(layer.bristles):
            aside = (2 * (place + 0.5) / layer.bristles - 1) * reach * belly
            ends = slice(int(random.integers(0, 2)), _STEPS - int(random.integers(0, 3)))
            line = (path + aside)[ends].ravel().tolist()
            red, green, blue = (int(part) for part in np.clip(color * loads[place] * 255, 0, 255))
            pencil.line(line, fill=(red, green, blue), width=thick)
            height.line(line, fill=int(150 + 420 * (loads[place] - 1)), width=thick)

    def lit(self) -> Plane:
        """Return the paint with light from the upper left on its relief."""
        paint = np.asarray(self.colors.reduce(_FINER), np.float32) / 255
        relief = self.relief.reduce(_FINER)
        fine = np.asarray(relief.filter(ImageFilter.GaussianBlur(relief.width / 900)), np.float32) / 255
        slope = sum(np.diff(fine, axis=axis, prepend=fine.take([0], axis=axis)) for axis in (0, 1))
        light = np.clip(slope * 0.62, -0.20, 0.30)[..., None]
        shaded = np.where(light > 0, paint + light * (1.02 - paint), paint * (1 + 1.5 * light))
        return np.clip(shaded, 0, 1).astype(np.float32)


def _spread(count: int, random: np.random.Generator) -> Plane:
    """Return points ``(count, 2)``, spread evenly, not regularly, a little beyond the edges; shuffled."""
    rows = int(np.ceil(np.sqrt(count)))
    cells = np.stack(np.meshgrid(np.arange(rows), np.arange(rows)), axis=-1).reshape(-1, 2)
    points = (cells + random.uniform(0, 1, cells.shape)) / rows
    return np.asarray(random.permutation(points * 1.08 - 0.04), dtype=np.float32)


def _paths(starts: Plane, directions: Plane, length: Plane) -> Plane:
    """Follow the directions from every start at once; returns ``(strokes, steps, 2)``."""
    points, way = [starts], np.zeros_like(starts)
    for _ in range(_STEPS - 1):
        here = _at(directions, points[-1])
        way = here if len(points) == 1 else 0.6 * here + 0.4 * way
        points.append(points[-1] + way * (length / (_STEPS - 1)))
    return np.stack(points, axis=1).astype(np.float32)


def _stroke_colors(plan: Plane, places: Plane, liveliness: float, random: np.random.Generator) -> Plane:
    """Take colors from the plan; let them stray in brightness and warmth, and a few to the complement."""
    colors = _at(plan, places) + liveliness * random.normal(0, 0.55, (len(places), 1))
    warmth = liveliness * random.normal(0, 0.6, (len(places), 1)) * np.array([1.0, 0.15, -1.0])
    strayed = np.clip(colors + warmth, 0.02, 1)
    complement = np.clip(1.05 * strayed.max(axis=1, keepdims=True) - 0.75 * strayed, 0.05, 1)
    turned = random.random((len(places), 1)) < 0.035
    return np.asarray(np.where(turned, complement, strayed), dtype=np.float32)


def _at(plan: Plane, places: Plane) -> Plane:
    """Look a plan up at points ``(N, 2)`` of shares across and down."""
    return sampled(plan, places[:, 1] * _PLAN[0] - 0.5, places[:, 0] * _PLAN[1] - 0.5)


def _grid() -> tuple[Plane, Plane]:
    down, across = np.mgrid[0 : _PLAN[0], 0 : _PLAN[1]].astype(np.float32)
    return (across + 0.5) / _PLAN[1], (down + 0.5) / _PLAN[0]


def _skyline(x: Plane) -> Plane:
    return np.asarray(0.66 + 0.06 * np.sin(4.2 * x + 0.4) - 0.035 * np.sin(9.5 * x + 1.3), dtype=np.float32)


def _planned_directions() -> Plane:
    """Return where strokes go, as vectors ``(H, W, 2)`` across and down."""
    x, y = _grid()
    bend = 2.6 * (smooth_noise(_PLAN, 3, cells=(3, 2.5), octaves=3) - 0.5)
    flow = np.stack([np.cos(bend), 0.8 * np.sin(bend)], axis=-1)
    for across, down, radius, sense in _WHIRLS:
        dx, dy = x - across, y - down
        far = np.hypot(dx, dy)
        circling = sense * np.stack([-dy, dx], axis=-1) / (far[..., None] + 0.01)
        flow = mixed(flow, circling, np.exp(-((far / radius) ** 4)))
    land = np.stack([np.ones_like(x), 0.30 * np.cos(4.2 * x + 0.4) + 0.4 * np.sin(11 * y + 6 * x)], axis=-1)
    flow = mixed(flow, land, stepped(y, _skyline(x) - 0.02, _skyline(x) + 0.03))
    return np.asarray(flow / (np.linalg.norm(flow, axis=-1, keepdims=True) + 1e-6), dtype=np.float32)


def _planned_colors() -> Plane:
    x, y = _grid()
    bands = smooth_noise(_PLAN, 7, cells=(5, 3), octaves=4)
    sky = palette(_NIGHT, 0.10 + 0.75 * bands + 0.25 * y)
    for across, down, radius, _ in _WHIRLS[1:]:
        far = np.hypot(x - across, y - down)
        rings = 0.5 + 0.5 * np.cos(far / radius * 15)
        sky = mixed(sky, palette(_NIGHT, 0.35 + 0.65 * rings), np.exp(-((far / radius) ** 4)) * 0.85)
        sky = mixed(sky, (0.98, 0.82, 0.42), stepped(far, radius * 0.32, radius * 0.18))
    far = np.hypot(x - _SUN[0], y - _SUN[1])
    halo = np.exp(-((far / 0.19) ** 4)) * (0.55 + 0.45 * np.cos(far * 95))
    sky = mixed(sky, palette(_FIRE, 1.05 - far * 4.2), np.clip(halo, 0, 1))
    sky = mixed(sky, palette(_FIRE, 1.0 - far * 3.0), stepped(far, 0.105, 0.08))
    horizon = stepped(y, _skyline(x) - 0.16, _skyline(x)) * 0.75
    sky = mixed(sky, palette(_FIRE, 0.25 + 0.7 * bands), horizon)
    rows = 0.5 + 0.5 * np.sin(38 * (y - 0.5 * _skyline(x)) + 5 * bands)
    land = palette(_LAND, 0.05 + 0.55 * rows + 0.5 * bands * stepped(y, 1.05, 0.62))
    return mixed(sky, land, stepped(y, _skyline(x) - 0.005, _skyline(x) + 0.01))
