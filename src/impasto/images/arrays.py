"""Pictures the way other libraries hold them, (H, W, C), and the way networks take them, (1, C, H, W)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

__all__ = ["from_pillow", "from_plane", "to_plane"]


def from_plane(plane: NDArray[Any]) -> Tensor:
    """Return an array (H, W, C) as a tensor (1, C, H, W) of the same numbers, which shares nothing with it."""
    return torch.from_numpy(np.array(plane.transpose(2, 0, 1)))[None]


def to_plane(picture: Tensor) -> NDArray[Any]:
    """Return a tensor (1, C, H, W) as an array (H, W, C) of the same numbers, row by row in memory."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())


def from_pillow(image: Image.Image) -> Tensor:
    """Return a Pillow picture as a tensor (1, 3, H, W) in [0, 1]; transparency is dropped."""
    return from_plane(np.asarray(image.convert("RGB"))).float().div(255)
