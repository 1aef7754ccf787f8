"""Altered copies of paintings: styles that no museum has.

A few hundred paintings are alike in much, and a network that learnt from them alone paints what lies beside them only
half. Seen from nearer, in other colors, with harder edges, flatter or as lines, they are styles of their own.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from impasto.images.color import luminance
from impasto.training.pictures import scaled
from impasto.training.sketching import blurred

__all__ = ["altered"]

Alteration: TypeAlias = Callable[[Tensor, random.Random], Tensor]
NEAREST = 0.35  # share of a painting's sides that is left at least when it is seen from nearer


def altered(painting: Tensor, side: int, rng: random.Random) -> Tensor:
    """Return a painting (1, 3, H, W), altered by chance, whose long side is ``side``."""
    picture = scaled(_nearer(painting, rng), side)
    for chance, alteration in ALTERATIONS:
        if rng.random() < chance:
            picture = alteration(picture, rng).clamp(0, 1)
    return picture


def _nearer(painting: Tensor, rng: random.Random) -> Tensor:
    share = math.exp(rng.uniform(math.log(NEAREST), 0))
    height, width = (max(1, round(share * length)) for length in painting.shape[-2:])
    top, left = (rng.randint(0, whole - part) for whole, part in zip(painting.shape[-2:], (height, width), strict=True))
    return painting[..., top : top + height, left : left + width]


def _flatter(picture: Tensor, rng: random.Random) -> Tensor:
    """Leave a few levels of each color, as in prints and posters."""
    levels = rng.randint(2, 5)
    return (blurred(picture, rng.choice((1, 2, 3))) * levels).round() / levels


def _harder(picture: Tensor, rng: random.Random) -> Tensor:
    """Bring out what is finer than a few pixels."""
    return picture + rng.uniform(0.5, 3) * (picture - blurred(picture, rng.choice((1, 2, 4))))


def _recolored(picture: Tensor, rng: random.Random) -> Tensor:
    """Exchange and turn the colors, and stretch them about their mean."""
    order = rng.sample(range(3), 3)
    turned = _turned_about_grey(picture[:, order], rng.uniform(-math.pi / 3, math.pi / 3))
    mean = turned.mean((2, 3), keepdim=True)
    gain = torch.tensor([rng.uniform(0.6, 2.2) for _ in range(3)]).view(1, 3, 1, 1)
    return mean + gain.lerp(gain.mean(), 0.5) * (turned - mean) + rng.uniform(-0.2, 0.2)


def _turned_about_grey(picture: Tensor, angle: float) -> Tensor:
    """Turn every color about the axis of greys (Rodrigues' formula)."""
    around, along = math.sin(angle) / math.sqrt(3), (1 - math.cos(angle)) / 3
    diagonal = math.cos(angle) + along
    matrix = torch.tensor([
        [diagonal, along - around, along + around],
        [along + around, diagonal, along - around],
        [along - around, along + around, diagonal],
    ])  # fmt: skip
    return torch.einsum("ij,bjhw->bihw", matrix, picture)


def _drawn(picture: Tensor, rng: random.Random) -> Tensor:
    """Leave lines: dark on light, or light on dark."""
    grey = luminance(picture)
    fine = (grey - blurred(grey, rng.choice((1, 2, 3)))).abs()
    lines = 1 - rng.uniform(6, 14) * fine
    return (lines if rng.random() < 0.75 else 1 - lines.clamp(0, 1)).expand_as(picture)


ALTERATIONS: Sequence[tuple[float, Alteration]] = ((0.2, _flatter), (0.3, _harder), (0.65, _recolored), (0.1, _drawn))
