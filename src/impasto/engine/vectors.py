"""A style as a vector: what the embedded encoder's features are on average in a painting, and their squares.

Two kilobytes say what the fast network has to know of a painting. Averages of averages are averages: a weighted mean of
vectors is the vector of a collage, so styles mix, fade and follow paths by plain arithmetic, and every mixture is a
style that could exist (see :func:`impasto.losses.mix`, which does the same for whole moments).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from impasto.losses import Moments
from impasto.models.fast import CODE_LAYERS

__all__ = ["style_vector"]


def style_vector(moments: Mapping[str, Moments]) -> Tensor:
    """Return the vectors (B, CODE_LENGTH) of pictures with these moments: all means, then all mean squares."""
    means = [moments[layer].mean for layer in CODE_LAYERS]
    squares = [moments[layer].second.diagonal(dim1=-2, dim2=-1) for layer in CODE_LAYERS]
    return torch.cat([*means, *squares], 1).float()
