"""Instance normalisation whose statistics can be read beforehand from a whole, smaller picture.

Ulyanov, Vedaldi & Lempitsky, "Instance Normalization" (arXiv 1607.08022), brings every channel of a picture to mean 0
and deviation 1. That makes each pixel depend on the whole picture, and so a tile painted alone would not fit its
neighbours. Here the whole picture is read once, at any size that memory allows (a thumbnail will do); the numbers found
there are then given back for each tile: Chen et al., "Towards Ultra-Resolution Neural Style Transfer via Thumbnail
Instance Normalization" (AAAI 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch import Tensor

__all__ = ["Reading", "Statistics"]

Statistics: TypeAlias = Mapping[str, tuple[Tensor, Tensor]]
"""Mean and deviation, each (B, C, 1, 1), of every normalised layer by name."""

LEAST_VARIANCE = 1e-4


class Reading:
    """One pass through a network: normalises with given statistics, or with the picture's own and remembers those."""

    def __init__(self, given: Statistics | None = None) -> None:
        self.given = given
        self.found: dict[str, tuple[Tensor, Tensor]] = {}

    def normalize(self, name: str, x: Tensor) -> Tensor:
        """Return ``x`` (B, C, H, W) at mean 0 and deviation 1 by the statistics of layer ``name``."""
        mean, deviation = self.given[name] if self.given is not None else self._measured(name, x)
        return (x - mean.to(x.dtype)) / deviation.to(x.dtype)

    def _measured(self, name: str, x: Tensor) -> tuple[Tensor, Tensor]:
        variance, mean = torch.var_mean(x.float(), (2, 3), correction=0, keepdim=True)  # bfloat16 sums lose digits
        self.found[name] = mean, (variance + LEAST_VARIANCE).sqrt()
        return self.found[name]
