"""Seeing what a layer knows: pictures recovered from features alone.

From one layer's features (Mahendran & Vedaldi, "Understanding Deep Image Representations by Inverting Them", CVPR 2015)
and from the statistics of several (Gatys et al., "Texture Synthesis Using Convolutional Neural Networks", NIPS 2015).
Both are painting by optimisation with one of its terms switched off, started from noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from impasto.config import Optimize, from_dict
from impasto.engine.inputs import One
from impasto.engine.optimize import Optimizer
from impasto.engine.progress import OnStep, silent

__all__ = ["reconstruct_content", "reconstruct_style"]


def reconstruct_content(photo: One, layer: str, *, on_step: OnStep = silent, **options: Any) -> Tensor:
    """Return the picture (1, 3, H, W) recovered from the features of one layer; ``options`` are those of optimize."""
    usual = {
        "init": "noise",
        "style_weight": 0,
        "balance": "classic",
        "content_layers": (layer,),
        "style_layers": (layer,),
        "tv_weight": 1e-6,  # only against what the layer cannot see at all
    }
    return _recovered(photo, usual | options, on_step)


def reconstruct_style(style: One, layers: Sequence[str] = (), *, on_step: OnStep = silent, **options: Any) -> Tensor:
    """Return the texture (1, 3, H, W) recovered from the statistics of some layers, whatever was where."""
    usual = {"init": "noise", "content_weight": 0, "style_layers": tuple(layers)}
    return _recovered(style, usual | options, on_step)


def _recovered(picture: One, options: dict[str, Any], on_step: OnStep) -> Tensor:
    result = Optimizer(from_dict(Optimize, options))(picture, picture, on_step=on_step)
    if result.stopped == "interrupted":  # what is half recovered would say of the layers what is not true
        raise KeyboardInterrupt
    return result.image
