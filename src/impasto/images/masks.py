"""Masks: grey pictures that say where something applies, white for yes, black for no."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.images.color import luminance
from impasto.images.reading import read
from impasto.images.resizing import resize

__all__ = ["read_mask", "region_weights"]


def read_mask(path: str | os.PathLike[str]) -> Tensor:
    """Read any picture as a mask ``(1, 1, H, W)``: its brightness, and 0 where it is transparent."""
    picture = read(path)
    grey = luminance(picture.pixels)
    return grey if picture.alpha is None else grey * picture.alpha


def region_weights(
    masks: Sequence[Tensor], size: tuple[int, int], *, protect: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Turn one mask per style into weights of a given size that add up to 1 in every pixel.

    Returns the styles' weights ``(1, N, H, W)`` and the weight ``(1, 1, H, W)`` of leaving the photo alone.
    Where the masks add up to less than 1, the rest is left alone; where to more, the styles share.
    ``protect`` is left alone, whatever the masks say.
    """
    styles = torch.cat([resize(mask, size) for mask in masks], dim=1)  # (1, N, H, W)
    styles = styles / styles.sum(dim=1, keepdim=True).clamp(min=1)
    if protect is not None:
        styles = styles * (1 - resize(protect, size))
    alone = (1 - styles.sum(dim=1, keepdim=True)).clamp(min=0)
    return styles, alone
