"""One perceptual color map for everything that is a number and no color: night, plum, ember, gold, paper.

Its lightness rises evenly in CIELAB, so equal steps look equal, and it reads the same in grey and for most
color-blind eyes (the reasons are those of Kovesi 2015, "Good Colour Maps: How to Design Them").
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from impasto.images import lab_to_rgb, rgb_to_lab

__all__ = ["colored"]

_STOPS = ("#14111f", "#43215f", "#9a2f63", "#df6143", "#f2b04e", "#fcf6d9")
_STEPS = 256


def colored(values: Tensor) -> Tensor:
    """Return values in [0, 1] of any shape (H, W) as colors (1, 3, H, W)."""
    steps = (values.detach().float().cpu().nan_to_num(0).clamp(0, 1) * (_STEPS - 1)).round().long()
    return _colors()[steps].permute(2, 0, 1).unsqueeze(0)


@lru_cache(maxsize=1)
def _colors() -> Tensor:
    """Return the map as (256, 3) sRGB values: straight lines in CIELAB at evenly rising lightness."""
    stops = torch.tensor([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in _STOPS]) / 255
    lab = rgb_to_lab(stops.T.reshape(1, 3, 1, -1))[0, :, 0]  # (3, stops)
    lightness = torch.linspace(float(lab[0, 0]), float(lab[0, -1]), _STEPS)
    right = torch.searchsorted(lab[0].contiguous(), lightness).clamp(1, lab.shape[1] - 1)
    low, high = lab[:, right - 1], lab[:, right]
    share = (lightness - low[0]) / (high[0] - low[0])
    path = low + share * (high - low)  # (3, 256)
    return lab_to_rgb(path.reshape(1, 3, 1, -1))[0, :, 0].T.contiguous()
