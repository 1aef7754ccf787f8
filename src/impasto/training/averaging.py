"""The running average of a network's weights, which is what trainings validate and save."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["follow"]


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int, averaging: float) -> None:
    """Let the average follow a step; at first quickly, since the first weights were random."""
    share = min(averaging, (1 + step) / (10 + step))
    for mean, value in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1 - share)
