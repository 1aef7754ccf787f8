"""A harbour in the evening, drawn by code: a photo-like picture that nobody holds rights to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from impasto.images.arrays import from_plane
from impasto.images.samples import harbour_shapes as shapes
from impasto.images.samples.harbour_shapes import Color, Shape
from impasto.images.samples.planes import Plane, mixed, sampled, smooth_noise, stepped

__all__ = ["harbour"]

_SHORE = 0.56  # height of the waterline, from the top, as a share of the picture
_SUN = (0.68, 0.44)  # across and down
_FINER = 2  # shapes are drawn this much larger and averaged, for soft edges

_SKY = [(0.0, (0.10, 0.22, 0.45)), (0.4, (0.33, 0.50, 0.70)), (0.72, (0.80, 0.72, 0.69)),
        (0.9, (0.98, 0.77, 0.50)), (1.0, (0.99, 0.68, 0.38))]  # fmt: skip
_CLOUD = [(0.0, (0.36, 0.37, 0.50)), (0.5, (0.74, 0.63, 0.64)), (1.0, (1.0, 0.91, 0.77))]
_SEA = [(0.0, (0.42, 0.46, 0.52)), (0.5, (0.10, 0.25, 0.35)), (1.0, (0.03, 0.12, 0.20))]
_GRASS = [
    (0.0, (0.04, 0.06, 0.04)),
    (0.5, (0.15, 0.19, 0.08)),
    (0.8, (0.42, 0.37, 0.14)),
    (1.0, (0.82, 0.64, 0.30)),
]
_HILLS = [
    (21, 0.45, 0.16, (0.58, 0.56, 0.67)),
    (22, 0.50, 0.14, (0.40, 0.44, 0.55)),
    (23, 0.54, 0.11, (0.22, 0.31, 0.32)),
]
_BOATS = [(0.135, 0.615, 0.45, (0.93, 0.88, 0.80)), (0.56, 0.595, 0.32, (0.93, 0.82, 0.68)),
          (0.81, 0.66, 0.62, (0.95, 0.92, 0.85)), (0.43, 0.725, 1.0, (0.84, 0.31, 0.19))]  # fmt: skip


def harbour(size: tuple[int, int]) -> Tensor:
    """Return the scene as ``(1, 3, height, width)``: the same at every size, with more detail when larger."""
    scene = _Scene(size)
    scene.paint_sky()
    scene.paint_hills()
    scene.paint_town()
    scene.paint_water()
    scene.paint_boats()
    scene.paint_headland()
    colors = scene.developed()
    return from_plane(colors)


class _Scene:
    """The picture while it grows, from the sky forward; coordinates are shares of width and height."""

    def __init__(self, size: tuple[int, int]) -> None:
        height, width = size
        self.size = size
        self.x = np.broadcast_to((np.arange(width, dtype=np.float32) + 0.5) / width, size)
        self.y = np.broadcast_to(((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None], size)
        self.depth = np.clip((self.y - _SHORE) / (1 - _SHORE), 1e-3, 1)  # 0 at the shore, 1 at our feet
        self.waves = self._rippled()
        self.weathering = 0.80 + 0.40 * smooth_noise(size, 71, cells=(22, 30), octaves=5, gain=0.75)
        self.colors: Plane = np.zeros((*size, 3), np.float32)

    def paint_sky(self) -> None:
        away = np.hypot((self.x - _SUN[0]) * 1.2, self.y - _SUN[1])
        glow = np.exp(-((away / 0.30) ** 2))
        sky = _ramp(np.clip(self.y / _SHORE, 0, 1), _SKY) + glow[..., None] * np.array([0.24, 0.12, -0.04], np.float32)
        self.colors = self._clouded(sky, away)
        self.colors = mixed(self.colors, (1.0, 0.94, 0.74), np.exp(-((away / 0.06) ** 2)) * 0.8)
        self.colors = mixed(self.colors, (1.0, 0.99, 0.92), stepped(away, 0.034, 0.028))

    def _clouded(self, sky: Plane, away: Plane) -> Plane:
        thick = smooth_noise(self.size, 11, cells=(5, 2.5), octaves=8, gain=0.55)
        below = np.roll(thick, -max(1, self.size[0] // 50), axis=0)
        bank = 0.10 * np.sin(self.x * 5 + 0.6) + 0.06 * stepped(self.y, 0.02, 0.3)
        cover = stepped(thick + bank, 0.46, 0.76) * stepped(self.y, _SHORE - 0.02, 0.34)
        light = np.clip(0.42 + 3.5 * (below - thick) + 0.55 * np.exp(-((away / 0.32) ** 2)), 0, 1)
        return mixed(sky, _ramp(light, _CLOUD), cover * 0.93)

    def paint_hills(self) -> None:
        for seed, level, relief, color in _HILLS:
            line = smooth_noise((3, self.size[1]), seed, cells=(2, 5), octaves=8, gain=0.42)[1]
            ridge = (level - relief * (line - 0.5) + 0.015 * np.sin(6 * self.x[0] + seed))[None]
            woods = smooth_noise(self.size, seed + 30, cells=(44, 40), octaves=4, gain=0.75) - 0.5
            folds = smooth_noise(self.size, seed + 60, cells=(7, 14), octaves=4, gain=0.5) - 0.5
            lit = np.asarray(color, np.float32) * (1 + 0.6 * woods + 0.55 * folds)[..., None]
            mist = stepped(self.y, level - 0.07, _SHORE) * 0.5
            hill = mixed(lit, (0.95, 0.73, 0.53), mist)
            self.colors = mixed(self.colors, hill, self._edge(self.y - ridge + 0.006 * woods))

    def paint_town(self) -> None:
        self._draw(shapes.town_row(_SHORE - 0.052, 0.62, 0.06, 0.46, seed=3))
        self._draw(shapes.church(0.245, _SHORE - 0.03))
        self._draw(shapes.town_row(_SHORE - 0.026, 0.8, 0.0, 0.50, seed=4))
        self._draw(shapes.town_row(_SHORE - 0.004, 1.0, -0.01, 0.44, seed=5))
        self._draw(shapes.quay(_SHORE, 0.53) + shapes.lighthouse(0.885, _SHORE))

    def paint_water(self) -> None:
        rows = np.clip(2 * _SHORE - self.y + self.waves * (0.006 + 0.11 * self.depth), 0.0, _SHORE - 0.002)
        columns = np.clip(self.x + self.waves * (0.002 + 0.012 * self.depth), 0, 1)
        mirror = self._looked_up(self.colors, rows, columns) * np.array([0.92, 0.94, 0.97], np.float32)
        clear = np.clip(0.84 - 0.42 * self.depth + 1.1 * self.waves * (0.3 + self.depth), 0.10, 0.95)
        water = mixed(_ramp(self.depth, _SEA), mirror, clear)
        path = np.exp(-(((self.x - _SUN[0]) / (0.02 + 0.10 * self.depth)) ** 2))
        glitter = stepped(self.waves + 0.20 * path, 0.14, 0.34) * path * (1 - 0.5 * self.depth)
        water = mixed(water, (1.0, 0.88, 0.62), glitter)
        self.colors = mixed(self.colors, water, self._edge(self.y - _SHORE))

    def paint_boats(self) -> None:
        for across, down, scale, sail in _BOATS:
            boat = shapes.sailing_boat(across, down, scale, sail)
            self._draw_reflection(
                [([(px, 2 * down - py) for px, py in points], color) for points, color in boat], down, scale
            )
            self._draw(boat)

    def _draw_reflection(self, mirrored: Sequence[Shape], waterline: float, scale: float) -> None:
        """Draw upside down, broken up by the waves, fading with depth."""
        before = self.colors
        self._draw(mirrored)
        drawn = np.abs(self.colors - before).max(axis=2, keepdims=True) > 0
        both = np.concatenate([self.colors, drawn.astype(np.float32)], axis=2)
        moved = self._looked_up(both, self.y, self.x + 0.09 * scale * self.waves)
        fading = 0.85 - 0.75 * stepped(self.y, waterline, waterline + 0.25 * scale)
        cover = np.clip(moved[..., 3] * fading * (0.85 + 1.3 * self.waves), 0, 1)
        self.colors = mixed(before, moved[..., :3] * np.array([0.66, 0.71, 0.77], np.float32), cover)

    def paint_headland(self) -> None:
        line = smooth_noise((3, self.size[1]), 61, cells=(2, 7), octaves=7, gain=0.55)[1]
        top = (0.83 + 0.36 * np.clip(self.x[0] - 0.05, 0, 1) ** 0.85 - 0.07 * (line - 0.5))[None]
        blades = smooth_noise(self.size, 62, cells=(26, 90), octaves=5, gain=0.8)
        light = np.clip(blades * 1.1 - 1.6 * (self.y - top), 0, 1)
        edge = self._edge(self.y - top + 0.03 * (blades - 0.5))
        self.colors = mixed(self.colors, _ramp(light, _GRASS), edge)
        self._draw(shapes.headland_pine((0.085, 0.90)))

    def developed(self) -> Plane:
        """Return the picture as a film would have it: a soft glow, a gentle curve, darker corners, grain."""
        image = Image.fromarray(np.rint(np.clip(self.colors, 0, 1) * 255).astype(np.uint8))
        height, width = self.size
        small = image.resize((max(1, width // 16), max(1, height // 16)), Image.Resampling.BOX)
        soft = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
        glowing = 1 - (1 - np.clip(self.colors, 0, 1)) * (1 - 0.18 * soft**2)
        curved = glowing * 0.82 + 0.18 * glowing * glowing * (3 - 2 * glowing)
        corners = 1 - 0.22 * stepped(np.hypot(self.x - 0.5, self.y - 0.5), 0.35, 0.80)
        grain = np.random.default_rng(77).standard_normal((*self.size, 1), dtype=np.float32)
        dark = 1 - curved.mean(axis=2, keepdims=True)
        return np.asarray(np.clip(curved * corners[..., None] + grain * (0.008 + 0.012 * dark), 0, 1), np.float32)

    def _rippled(self) -> Plane:
        """Return waves in about [-0.5, 0.5] that lie flat and shrink towards the shore."""
        far = (np.log(self.depth + 0.06) - np.log(0.06)) / np.log(1.06 / 0.06)
        noise = smooth_noise((768, 768), 41, cells=(30, 7), octaves=5, gain=0.68)
        across = np.clip((self.x - 0.5) / (0.30 + 0.70 * far) * 0.35 + 0.5, 0, 1)
        return sampled(noise[..., None], np.clip(far, 0, 1) * 767, across * 767)[..., 0] - 0.5

    def _looked_up(self, picture: Plane, down: Plane, across: Plane) -> Plane:
        return sampled(picture, down * self.size[0] - 0.5, across * self.size[1] - 0.5)

    def _edge(self, below: Plane) -> Plane:
        """Return 1 where ``below`` is positive, softened over a pixel."""
        return stepped(below, -1.0 / self.size[0], 1.0 / self.size[0])

    def _draw(self, polygons: Sequence[Shape]) -> None:
        """Draw polygons with soft edges; what they do not touch keeps its precision."""
        height, width = (_FINER * side for side in self.size)
        canvas = Image.new("RGBA", (width, height))
        pencil = ImageDraw.Draw(canvas)
        for points, color in polygons:
            fill = tuple(round(255 * min(1.0, max(0.0, part))) for part in color)
            pencil.polygon([(px * width, py * height) for px, py in points], fill=(*fill, 255))
        drawn = np.asarray(canvas.reduce(_FINER), np.float32) / 255
        self.colors = mixed(self.colors, drawn[..., :3] * self.weathering[..., None], drawn[..., 3])


def _ramp(x: Plane, stops: Sequence[tuple[float, Color]]) -> Plane:
    places = [place for place, _ in stops]
    channels = [np.interp(x, places, [color[c] for _, color in stops]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)
