"""Transparency: what lies under it, and what becomes of it in formats that have none."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

__all__ = ["fill_transparent", "over_white"]


def fill_transparent(pixels: Tensor, alpha: Tensor) -> Tensor:
    """Give fully transparent pixels the colors of their visible neighbours.

    Files store arbitrary colors (often black) where nothing is seen, which would bleed into the picture at
    the first resize or convolution. The visible colors are averaged down a pyramid and taken back up where
    they are missing ("pull-push", Gortler et al. 1996, "The Lumigraph"). A picture without any visible pixel
    becomes white.
    """
    visible = (alpha > 0).to(pixels.dtype)
    if not visible.any():
        return torch.ones_like(pixels)
    return torch.where(visible > 0, pixels, _pull_push(pixels * alpha, alpha))


def over_white(pixels: Tensor, alpha: Tensor | None) -> Tensor:
    """Composite over white, in sRGB values as other programs do."""
    return pixels if alpha is None else pixels * alpha + (1 - alpha)


def _pull_push(weighted: Tensor, weight: Tensor) -> Tensor:
    """Return colors for every pixel, from colors times weights and the weights."""
    colors = weighted / weight.clamp(min=1e-8)
    if max(weight.shape[-2:]) == 1 or bool((weight > 0).all()):
        return colors
    halves = [avg_pool2d(part, 2, ceil_mode=True, count_include_pad=False) for part in (weighted, weight)]
    coarse = interpolate(_pull_push(*halves), size=weight.shape[-2:], mode="bilinear", align_corners=False)
    return torch.where(weight > 0, colors, coarse).clamp(0, 1)
