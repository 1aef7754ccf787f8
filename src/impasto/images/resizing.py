"""Changing the size of pictures without aliasing and without overshoot."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

__all__ = ["fit_long_side", "resize"]


def resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize ``(B, C, H, W)`` values in [0, 1] to ``(height, width)``; differentiable.

    Cubic convolution (Keys 1981, a = -1/2), widened when shrinking so that nothing aliases. It is crisper
    than averaging and has no blocks when enlarging; where it would ring beyond [0, 1] it is clamped.
    """
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    if size[1] == 1 and size[0] > 1:  # torch (2.13) goes astray in a result one pixel wide, but not in one as low
        return resize(x.transpose(2, 3).contiguous(), (1, size[0])).transpose(2, 3).contiguous()
    return interpolate(x, size=size, mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)


def fit_long_side(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Return ``(height, width)`` with this long side and, to the nearest pixel, the same proportions."""
    scale = long_side / max(size)
    height, width = (max(1, round(side * scale)) for side in size)
    return height, width
