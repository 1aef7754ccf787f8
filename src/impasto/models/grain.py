"""A smooth field of noise that belongs to the picture: the same place always holds the same value.

A flat sky gives a network nothing to grow strokes from, so it falls back on a pattern of its own that repeats. This
field is what strokes grow from instead. It is value noise (Perlin's lattice of random numbers, smoothly filled) in a
few octaves; each number is a hash of its place and the seed, so any tile can be computed alone and fits its neighbours.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["BLOCK", "OCTAVES", "grain", "grain_under"]

OCTAVES = 4
"""Channels of the field: the first is white, each one after it twice as coarse."""

BLOCK = 8  # pixels, of which the sides of what our networks see are multiples


def grain(size: tuple[int, int], *, seed: int, at: tuple[int, int] = (0, 0)) -> Tensor:
    """Return noise (1, OCTAVES, *size) of mean 0 and variance about 1; ``at`` is the (top, left) of this part."""
    return torch.cat([_octave(size, at, seed, octave) for octave in range(OCTAVES)], 1)


def grain_under(size: tuple[int, int], *, seed: int, at: tuple[int, int] = (0, 0)) -> Tensor:
    """Return the noise (1, OCTAVES, h, w) under a part of a picture, sizes and places in pixels.

    It has a quarter of the picture's size once that is brought to whole blocks of BLOCK pixels.
    """
    # Rounded up without negative numbers, since an exported graph has to count it too.
    height, width = ((side + BLOCK - 1) // BLOCK * BLOCK // 4 for side in size)
    return grain((height, width), seed=seed, at=(at[0] // 4, at[1] // 4))


def _octave(size: tuple[int, int], at: tuple[int, int], seed: int, octave: int) -> Tensor:
    """Fill a lattice with cells of 2**octave points smoothly, and bring it back to variance 1.

    Filled linearly and averaged over a cell it is a quadratic spline: linear filling alone has creases along the
    lattice, and in blank skies strokes grew along them.
    """
    cell = 2**octave
    tops = [start // cell for start in at]
    # Rounded up without negative numbers: ONNX rounds their quotients the other way.
    cells = [(start + side + cell - 1) // cell - top + 1 for start, side, top in zip(at, size, tops, strict=True)]
    lattice = _hashed((tops[0], tops[1]), (cells[0] + 1, cells[1] + 1), seed, octave)
    whole = (cells[0] * cell + 1, cells[1] * cell + 1)
    filled = F.interpolate(lattice, size=whole, mode="bilinear", align_corners=True)
    filled = F.avg_pool2d(filled, cell, stride=1)
    top, left = at[0] - tops[0] * cell, at[1] - tops[1] * cell
    return filled[..., top : top + size[0], left : left + size[1]] * _lost_by_filling(cell)


def _lost_by_filling(cell: int) -> float:
    """Return what brings the deviation back to 1 on average: a mean of several numbers varies less than each."""
    box = np.ones(cell)
    spline = np.convolve(np.convolve(box, box), box) / cell**2
    return cell / float(np.square(spline).sum())


def _hashed(first: tuple[int, int], count: tuple[int, int], seed: int, octave: int) -> Tensor:
    """Return a uniform number of variance 1 for each point (1, 1, *count) from ``first`` on, by mixing bits."""
    row = torch.arange(count[0]).view(-1, 1) + first[0]  # counted from 0, so that an exported graph can count too
    column = torch.arange(count[1]).view(1, -1) + first[1]
    mixed = (row * 0x1F1F1F1F + column * 0x3D4D51CB + (seed % 2**31) * 0x27D4EB2F + octave * 0x165667B1) & 0x7FFFFFFF
    for multiplier in (0x2C1B3C6D, 0x297A2D39):
        mixed = ((mixed ^ (mixed >> 15)) * multiplier) & 0x7FFFFFFF
    mixed = mixed ^ (mixed >> 13)
    return ((mixed & 0xFFFFFF).float() / 2**23 - 1)[None, None] * 3**0.5
