"""Putting losses together: over layers, and on a scale where a weight always means the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor

from impasto.errors import OptionError, did_you_mean

__all__ = ["over_layers", "relative"]

Read = TypeVar("Read")
Target = TypeVar("Target")


def over_layers(
    loss: Callable[[Read, Target], Tensor],
    features: Mapping[str, Read],
    targets: Mapping[str, Target],
    weights: Mapping[str, float] | None = None,
) -> Tensor:
    """Return the weighted mean of ``loss(features[layer], targets[layer])`` over the targets' layers."""
    for layer in targets:
        if layer not in features:
            raise OptionError(
                f"There are no features of layer {layer!r}{did_you_mean(layer, features)}; there are "
                f"{', '.join(features)}."
            )
    shares = {layer: 1.0 if weights is None else weights.get(layer, 0.0) for layer in targets}
    total = sum(shares.values())
    if not total > 0:
        raise OptionError("All layers have weight 0; give at least one of them a weight above 0.")
    return torch.stack([share / total * loss(features[layer], targets[layer]) for layer, share in shares.items()]).sum()


def relative(value: Tensor, reference: Tensor | float, floor: float = 1e-12) -> Tensor:
    """Return a loss in units of its value for a reference, usually the untouched photo.

    There it is 1, and at the goal 0. So a weight means the same for every pair of pictures, layer and
    network, and nobody has to search for it. No gradient flows into the reference. One of ``floor`` or less
    measures nothing (the goal was already reached); the value is then returned as it is.
    """
    r = torch.as_tensor(reference, dtype=value.dtype, device=value.device).detach()
    return value / torch.where(r > floor, r, 1)
