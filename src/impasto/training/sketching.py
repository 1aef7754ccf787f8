"""What techniques are made of: places and points, noise and strokes, palettes and inks."""

from __future__ import annotations

import math
import random
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.images.color import luminance

__all__ = [
    "bent",
    "blurred",
    "colors_at",
    "directions",
    "followed",
    "hills",
    "in_few_colors",
    "ink",
    "nearest",
    "noise",
    "palette_of",
    "paper",
    "places_of",
    "printed",
    "sampled",
    "size_of",
    "strewn",
]

Places: TypeAlias = tuple[Tensor, Tensor]  # how far down and how far across, (H, W) each, in pixels
ROWS_AT_ONCE = 64  # whose distances to all points are held together
STEP = 1.5  # pixels that a stroke is followed at a time


def size_of(picture: Tensor) -> tuple[int, int]:
    """Return height and width."""
    return picture.shape[-2], picture.shape[-1]


def blurred(picture: Tensor, reach: int) -> Tensor:
    """Return every pixel as the mean of those up to ``reach`` away, with edges drawn on."""
    padded = F.pad(picture, (reach, reach, reach, reach), mode="replicate")
    return F.avg_pool2d(padded, 2 * reach + 1, stride=1)


def noise(shape: tuple[int, int, int], rng: random.Random, coarse: int = 1) -> Tensor:
    """Return normal noise (1, C, H, W), with grains of so many pixels."""
    channels, *size = shape
    small = torch.randn(1, channels, *(-(-side // coarse) for side in size), generator=_generator(rng))
    return small if coarse == 1 else F.interpolate(small, size=size, mode="bilinear")


def hills(size: tuple[int, int], count: int, rng: random.Random, channels: int = 1) -> Tensor:
    """Return a smooth random field (1, C, H, W) with about so many hills along a side."""
    return F.interpolate(noise((channels, count + 2, count + 2), rng), size=size, mode="bicubic")


def places_of(size: tuple[int, int]) -> Places:
    """Return the places of all pixels."""
    down, across = torch.meshgrid(*(torch.arange(side, dtype=torch.float32) for side in size), indexing="ij")
    return down, across


def bent(size: tuple[int, int], reach: float, rng: random.Random) -> Places:
    """Return the places of all pixels, moved about smoothly by some ``reach`` pixels."""
    down, across = places_of(size)
    if not reach:
        return down, across
    moved = reach * hills(size, rng.randint(4, 10), rng, channels=2)[0]
    return down + moved[0], across + moved[1]


def sampled(picture: Tensor, places: Places) -> Tensor:
    """Return a picture (1, C, H, W) as it is at the places."""
    (height, width), (down, across) = size_of(picture), places
    grid = torch.stack([(2 * across + 1) / width - 1, (2 * down + 1) / height - 1], -1)[None]
    return F.grid_sample(picture, grid, padding_mode="border", align_corners=False)


def strewn(size: tuple[int, int], pitch: tuple[float, float], disorder: float, rng: random.Random) -> Tensor:
    """Return points (N, 2) in rows, which may be set off like bricks, strewn about by a share of their distance."""
    steps = (torch.arange(step / 2, side + step, step) for side, step in zip(size, pitch, strict=True))
    grid = torch.stack(torch.meshgrid(*steps, indexing="ij"), -1)
    grid[::2, :, 1] += rng.choice((0, 0.5)) * pitch[1]
    stray = torch.rand(grid.shape, generator=_generator(rng)) - 0.5
    return (grid + disorder * stray * torch.tensor(pitch)).reshape(-1, 2)


def nearest(points: Tensor, places: Places, norm: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return which of the points is nearest to each place, how far it is, and how far the second is: (H, W) each."""
    found = []
    for rows in torch.split(torch.stack(places, -1), ROWS_AT_ONCE):
        distances = torch.cdist(rows.flatten(0, 1), points, p=norm)
        first, which = distances.min(1)
        second = distances.scatter_(1, which[:, None], math.inf).amin(1)
        found.append([part.view(rows.shape[:2]) for part in (which, first, second)])
    which, first, second = (torch.cat(parts) for parts in zip(*found, strict=True))
    return which, first, second


def directions(picture: Tensor, rng: random.Random) -> Tensor:
    """Return the way (2, H, W) that strokes go: as the shapes do, in swirls, or nearly all alike."""
    size, kind = size_of(picture), rng.random()
    if kind < 0.3:
        angle = torch.full(size, rng.uniform(0, math.pi)) + rng.uniform(0, 0.4) * hills(size, 3, rng)[0, 0]
        return torch.stack([angle.sin(), angle.cos()])
    ground = blurred(luminance(picture), 8) if kind < 0.65 else hills(size, rng.randint(2, 6), rng)
    down, across = torch.gradient((ground + 1e-4 * hills(size, 4, rng))[0, 0])
    return F.normalize(torch.stack([across, -down]), dim=0)


def followed(picture: Tensor, ways: Tensor, steps: int) -> Tensor:
    """Return the mean of a picture along strokes that follow the ways (2, H, W) forth and back.

    Cabral & Leedom, "Imaging vector fields using line integral convolution" (SIGGRAPH 1993).
    """
    total = picture.clone()
    for step in (STEP, -STEP):
        down, across = places_of(size_of(picture))
        for _ in range(steps):
            way = sampled(ways[None], (down, across))[0]
            down, across = down + step * way[0], across + step * way[1]
            total += sampled(picture, (down, across))
    return total / (2 * steps + 1)


def colors_at(picture: Tensor, points: Tensor) -> Tensor:
    """Return the colors (3, N) of a picture at points."""
    height, width = size_of(picture)
    down, across = points.round().long().unbind(-1)
    return picture[0, :, down.clamp(0, height - 1), across.clamp(0, width - 1)]


def palette_of(picture: Tensor, count: int, rng: random.Random) -> Tensor:
    """Return the colors (3, N) of as many places drawn by chance."""
    height, width = size_of(picture)
    points = torch.tensor([[rng.randrange(height), rng.randrange(width)] for _ in range(count)])
    return colors_at(picture, points)


def in_few_colors(colors: Tensor, rng: random.Random) -> Tensor:
    """Return colors (3, N) as the nearest of a few among them, richer than they were; seldom as they are."""
    if rng.random() < 0.3:
        return colors
    few = colors[:, [rng.randrange(colors.shape[1]) for _ in range(rng.randint(2, 9))]]
    which = torch.cdist(colors.T, few.T).argmin(1)
    richer = 0.5 + rng.uniform(1, 2) * (few - 0.5)
    return richer.clamp(0, 1)[:, which]


def ink(rng: random.Random) -> Tensor:
    """Return a dark color (3, 1, 1), seldom a light one."""
    dark = 0.25 * _color(rng)
    return dark if rng.random() < 0.8 else 1 - dark


def paper(rng: random.Random) -> Tensor:
    """Return a color (3, 1, 1) near white, seldom any other."""
    tint = _color(rng)
    return 1 - 0.2 * tint if rng.random() < 0.7 else tint


def printed(drawn: Tensor, rng: random.Random) -> Tensor:
    """Return what was drawn (H, W), where 1 is full of ink, on paper: black on white more often than not."""
    if rng.random() < 0.6:
        return (1 - rng.uniform(0.8, 1) * drawn).expand(1, 3, *drawn.shape)
    return torch.lerp(paper(rng), ink(rng), drawn)[None]


def _color(rng: random.Random) -> Tensor:
    return torch.tensor([rng.random() for _ in range(3)]).view(3, 1, 1)


def _generator(rng: random.Random) -> torch.Generator:
    return torch.Generator().manual_seed(rng.getrandbits(63))
