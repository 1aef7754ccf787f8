"""Pictures told anew in a technique: styles whose making is plain to see, and of which museums have few.

A network that learnt from museums' paintings leaves plain places plain, whatever it is asked for: it never had to put
blocks, hatching or dots where a photo has nothing. Here photos are laid as stones or boards, brushed, hatched,
penciled, dotted, drawn in lines of equal height, or covered with shapes; every number is drawn by chance.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from impasto.images.color import luminance
from impasto.training import sketching as sketch
from impasto.training.pictures import scaled

__all__ = ["TECHNIQUES", "retold"]

Technique: TypeAlias = Callable[[Tensor, random.Random], Tensor]
Board: TypeAlias = tuple[int, int, int, int]  # top, left, bottom, right


def retold(picture: Tensor, side: int, rng: random.Random) -> Tensor:
    """Return a picture (1, 3, H, W), brought to a long side of ``side``, in a technique drawn by chance."""
    return rng.choice(TECHNIQUES)(scaled(picture, side), rng).clamp(0, 1)


def _laid(picture: Tensor, rng: random.Random) -> Tensor:
    """Lay stones, leaded glass or pebbles, with joints between them."""
    size = sketch.size_of(picture)
    pitch = (_between(7, 40, rng), _between(7, 40, rng))
    points = sketch.strewn(size, (pitch[0], pitch[rng.random() < 0.5]), rng.uniform(0.1, 1), rng)
    places = sketch.bent(size, rng.choice((0, 0, 4, 10)), rng)
    which, nearest, second = sketch.nearest(points, places, rng.choice((1.0, 2.0, math.inf)))
    stones = sketch.in_few_colors(sketch.colors_at(picture, points), rng)[:, which]
    stones = stones + rng.uniform(0, 0.06) * sketch.noise((1, *size), rng)[0]
    joint = ((second - nearest) / rng.uniform(0.7, 4)).clamp(0, 1)
    return torch.lerp(sketch.ink(rng), stones, joint)[None]


def _boarded(picture: Tensor, rng: random.Random) -> Tensor:
    """Divide the picture into rectangles and these again, each in one color, with lines between them."""
    size = sketch.size_of(picture)
    boards = _divided((0, 0, *size), rng.uniform(8, 30), rng)
    middles = torch.tensor([[(top + bottom) / 2, (left + right) / 2] for top, left, bottom, right in boards])
    colors = sketch.in_few_colors(sketch.colors_at(picture, middles), rng)
    canvas, border = _filled(size, boards, colors)
    shaded = canvas + rng.uniform(0, 0.15) * sketch.noise((1, *size), rng, rng.choice((1, 3, 8)))[0]
    inside = (border / rng.uniform(0.5, 3)).clamp(0, 1)
    boarded = torch.lerp(sketch.ink(rng), shaded, inside)[None]
    return sketch.sampled(boarded, sketch.bent(size, rng.choice((0, 0, 4, 12)), rng))


def _divided(board: Board, least: float, rng: random.Random) -> list[Board]:
    """Return the rectangles that are left when one is divided by chance until all are small."""
    top, left, bottom, right = board
    upright = (bottom - top) * rng.uniform(0.6, 1.6) > right - left
    first, last = (top, bottom) if upright else (left, right)
    if last - first < 2 * least or (last - first < 5 * least and rng.random() < 0.15):
        return [board]
    cut = round(rng.uniform(first + 0.3 * (last - first), last - 0.3 * (last - first)))
    halves = [(top, left, cut, right), (cut, left, bottom, right)]
    if not upright:
        halves = [(top, left, bottom, cut), (top, cut, bottom, right)]
    return [part for half in halves for part in _divided(half, least, rng)]


def _filled(size: tuple[int, int], boards: Sequence[Board], colors: Tensor) -> tuple[Tensor, Tensor]:
    """Return a canvas (3, H, W) on which every board has its color, and how far each pixel is from a board's edge."""
    canvas, border = torch.empty(3, *size), torch.empty(size)
    for (top, left, bottom, right), color in zip(boards, colors.T, strict=True):
        canvas[:, top:bottom, left:right] = color.view(3, 1, 1)
        down, across = (torch.arange(length) for length in (bottom - top, right - left))
        down, across = torch.minimum(down, down.flip(0)), torch.minimum(across, across.flip(0))
        border[top:bottom, left:right] = torch.minimum(down[:, None], across)
    return canvas, border


def _brushed(picture: Tensor, rng: random.Random) -> Tensor:
    """Draw the colors out along a field of directions, as a loaded brush does."""
    size = sketch.size_of(picture)
    coarse, strength = rng.choice((1, 2, 4)), rng.uniform(0.1, 0.5)
    bristles = sketch.noise((1, *size), rng, coarse) + 0.3 * sketch.noise((3, *size), rng, coarse)
    rough = sketch.blurred(picture, rng.choice((1, 3, 6))) + strength * bristles
    strokes = sketch.followed(rough, sketch.directions(picture, rng), rng.randint(6, 24))
    calm = sketch.blurred(strokes, 12)
    return calm + rng.uniform(1, 3) * (strokes - calm)


def _hatched(picture: Tensor, rng: random.Random) -> Tensor:
    """Let lines cross where it is dark, as in etchings and pen drawings."""
    size = sketch.size_of(picture)
    down, across = sketch.bent(size, rng.choice((0, 3, 8)), rng)
    tone, ink = luminance(picture)[0, 0].clamp(0, 1), torch.zeros(size)
    period, angle, layers = rng.uniform(3, 9), rng.uniform(0, math.pi), rng.randint(1, 4)
    for layer in range(layers):
        turned = angle + layer * math.pi / layers + rng.uniform(-0.2, 0.2)
        wave = torch.sin(2 * math.pi * (down * math.cos(turned) + across * math.sin(turned)) / period)
        dark = 1 - tone * (layer + 1.5) / layers
        ink = torch.maximum(ink, ((wave - 1 + 2 * dark) * period / 4).clamp(0, 1))
    return sketch.printed(ink, rng)


def _penciled(picture: Tensor, rng: random.Random) -> Tensor:
    """Draw with a soft pencil: grey strokes in the shade, and contours."""
    tone = luminance(picture)
    directions = sketch.directions(picture, rng)
    strokes = sketch.followed(sketch.noise((1, *sketch.size_of(picture)), rng), directions, rng.randint(6, 20))
    strokes = strokes / strokes.std().clamp_min(1e-6)
    dark = (1 - tone).clamp(0, 1) * rng.uniform(0.5, 1)
    contours = rng.uniform(1, 5) * (sketch.blurred(tone, rng.choice((2, 4))) - tone).clamp_min(0)
    return sketch.printed((dark * (1 + rng.uniform(0.2, 0.6) * strokes) + contours)[0, 0].clamp(0, 1), rng)


def _dotted(picture: Tensor, rng: random.Random) -> Tensor:
    """Set dots of color, or dots of ink that grow where it is dark."""
    size, pitch = sketch.size_of(picture), _between(7, 24, rng)
    points = sketch.strewn(size, (pitch, pitch), rng.choice((0.0, 0.3, 1.0)), rng)
    which, nearest, _ = sketch.nearest(points, sketch.places_of(size), 2.0)
    colors = sketch.colors_at(picture, points)
    if rng.random() < 0.5:
        radius = pitch * (0.75 - 0.6 * colors.mean(0))
        return sketch.printed((radius[which] - nearest + 0.5).clamp(0, 1), rng)
    dots = (pitch * rng.uniform(0.35, 0.6) - nearest + 0.5).clamp(0, 1)
    strayed = rng.uniform(0, 0.25) * sketch.noise((3, colors.shape[1], 1), rng)[0, ..., 0]
    colors = sketch.in_few_colors(colors, rng) + strayed
    return torch.lerp(sketch.paper(rng), colors[:, which], dots)[None]


def _leveled(picture: Tensor, rng: random.Random) -> Tensor:
    """Fill between lines of equal height, as in maps, grained wood and prints."""
    size = sketch.size_of(picture)
    rough = rng.uniform(0.1, 0.6) * sketch.hills(size, rng.randint(2, 8), rng)
    height = rng.uniform(4, 20) * (sketch.blurred(luminance(picture), rng.choice((2, 5))) + rough)[0, 0]
    colors = sketch.in_few_colors(sketch.blurred(picture, 4)[0].flatten(1), rng).view(3, *size)
    if rng.random() < 0.5:
        colors = sketch.palette_of(picture, 32, rng)[:, height.floor().long() % 32]
    slope = torch.stack(torch.gradient(height)).norm(dim=0).clamp_min(0.03)
    away = ((height - height.round()).abs() / slope / rng.uniform(0.6, 2)).clamp(0, 1)
    return torch.lerp(sketch.ink(rng), colors, away)[None]


def _composed(picture: Tensor, rng: random.Random) -> Tensor:
    """Cover a washed ground with discs, rings, bars and wedges."""
    size = sketch.size_of(picture)
    canvas = sketch.blurred(picture, 20)[0] + 0.06 * sketch.noise((1, *size), rng, 2)[0]
    palette = sketch.palette_of(picture, 12, rng) + 0.2 * sketch.noise((3, 12, 1), rng)[0, ..., 0]
    for _ in range(rng.randint(25, 120)):
        color = palette[:, rng.randrange(12)].view(3, 1, 1) if rng.random() < 0.7 else sketch.ink(rng)
        canvas = torch.lerp(canvas, color.clamp(0, 1), rng.uniform(0.5, 1) * _shape(size, rng))
    return canvas[None]


def _shape(size: tuple[int, int], rng: random.Random) -> Tensor:
    """Return where a disc, a ring, a bar or a wedge covers the canvas, from 0 to 1."""
    down, across = sketch.places_of(size)
    down, across = down - rng.uniform(0, size[0]), across - rng.uniform(0, size[1])
    extent, width, angle = max(size) * _between(0.01, 0.2, rng), rng.uniform(0.8, 4), rng.uniform(0, math.pi)
    along, beside = (down * math.cos(at) + across * math.sin(at) for at in (angle, angle + math.pi / 2))
    distance, slant = torch.hypot(down, across), rng.uniform(0.3, 1)
    inside = {
        "disc": extent - distance,
        "ring": width - (distance - extent).abs(),
        "bar": torch.minimum(width - beside.abs(), 3 * extent - along.abs()),
        "wedge": torch.stack([extent - along.abs(), beside - slant * along.abs(), extent - beside]).amin(0),
    }
    return (inside[rng.choice(list(inside))] + 0.5).clamp(0, 1)


def _between(least: float, most: float, rng: random.Random) -> float:
    """Draw a size: twice as large is as likely, wherever one is."""
    return math.exp(rng.uniform(math.log(least), math.log(most)))


TECHNIQUES: Sequence[Technique] = (
    _laid,
    _boarded,
    _brushed,
    _hatched,
    _penciled,
    _penciled,  # twice, since drawings are asked for often
    _dotted,
    _leveled,
    _composed,
)
