"""Textures that are repeated: results whose left edge continues the right one, and the top the bottom.

The photo is continued a little beyond its right and lower edge by what stands at the other side. Painted with that, it
ends in a strip that shows the same as its beginning does; fading from the one strip to the other closes the ring. So
whatever paints, in tiles or with noise of its own, knows nothing of it.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from impasto.engine.inputs import Work
from impasto.images import resize

__all__ = ["OVERLAP", "unwrapped", "wrapped"]

OVERLAP = 1 / 8
"""Share of each side by which the photo is continued."""

Size = tuple[int, int]


def wrapped(work: Work, size: Size) -> Work:
    """Return the work with its photo at ``size``, continued round the edges; masks go with it."""
    return replace(
        work,
        photo=replace(work.photo, pixels=_continued(work.photo.pixels, size), alpha=None),
        masks=tuple(_continued(mask, size) for mask in work.masks),
        protect=None if work.protect is None else _continued(work.protect, size),
    )


def unwrapped(painted: Tensor, size: Size) -> Tensor:
    """Return the picture of ``size`` whose edges fit, from a painting of what :func:`wrapped` made."""
    for dimension, length in zip((-2, -1), size, strict=True):
        strip = painted.shape[dimension] - length
        head, body, tail = torch.split(painted, [strip, length - strip, strip], dimension)
        shape = [1] * painted.ndim
        shape[dimension] = strip
        shares = torch.linspace(0, 1, strip + 2)[1:-1].view(shape)  # the first row follows the last of the body
        painted = torch.cat([tail.lerp(head, shares), body], dimension)
    return painted


def _continued(picture: Tensor, size: Size) -> Tensor:
    picture = resize(picture, size)
    for dimension, length in zip((-2, -1), size, strict=True):
        picture = torch.cat([picture, picture.narrow(dimension, 0, _strip(length))], dimension)
    return picture


def _strip(length: int) -> int:
    return max(1, round(length * OVERLAP)) if length > 1 else 0
