"""Whole distributions of features, not only their moments: sorted values compared with sorted values.

Two sets of numbers have the same histogram exactly when they are equal once sorted. Sets of different size,
or under a mask, are compared by their quantile functions, without resampling either.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.losses.numerics import full_precision, safe_divide, widened

__all__ = ["histogram_loss", "sliced_wasserstein_loss"]


def sliced_wasserstein_loss(
    features: Tensor,
    target: Tensor,
    *,
    projections: int = 64,
    generator: torch.Generator | None = None,
    weight: Tensor | None = None,
    target_weight: Tensor | None = None,
) -> Tensor:
    """Return the squared Wasserstein distance of two feature maps' distributions along random directions.

    Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural Texture Synthesis": E_V |sort(V·F) -
    sort(V·F')|². Directions are drawn anew at each call, so the loss is random: give a seeded ``generator``
    to repeat it.

    Departures: a mean over positions and directions, so that the value does not depend on their numbers; maps
    of different sizes are compared by quantile; optional weights (B or 1, 1, H, W) restrict either side to a
    region, where the paper adds a tag channel to the features.
    """
    V = _directions(features, projections, generator)  # (C, K)
    return _quantile_loss(_projected(features, V), _projected(target, V), weight, target_weight)


def histogram_loss(
    features: Tensor, target: Tensor, *, weight: Tensor | None = None, target_weight: Tensor | None = None
) -> Tensor:
    """Return the mean squared distance of each channel to itself, matched to the target's histogram.

    Risser et al. 2017, "Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram
    Losses": |O - R(O)|², with R(O) the histogram-matched O, taken as a constant.
    Departures: matched exactly by sorting instead of with bins; a mean instead of a sum, for any size (where
    sizes differ, a value with several partners is compared with each of them).
    """
    return _quantile_loss(widened(features).flatten(2), widened(target).flatten(2), weight, target_weight)


def _directions(features: Tensor, count: int, generator: torch.Generator | None) -> Tensor:
    wide = widened(features[:0])
    device = generator.device if generator is not None else features.device
    V = torch.randn((features.shape[1], count), generator=generator, device=device, dtype=wide.dtype)
    return torch.nn.functional.normalize(V, dim=0).to(features.device)


def _projected(features: Tensor, V: Tensor) -> Tensor:
    with full_precision(features):
        return V.mT @ widened(features).flatten(2)  # (B, K, N)


def _quantile_loss(x: Tensor, y: Tensor, weight: Tensor | None, target_weight: Tensor | None) -> Tensor:
    """Return ∫ (X(t) - Y(t))² dt of the quantile functions of x (B, K, N) and y (B or 1, K, M)."""
    x, p = _quantiles(x, weight)
    y, q = _quantiles(y.expand(x.shape[0], -1, -1), target_weight)
    if weight is None and target_weight is None and x.shape == y.shape:
        return (x - y).square().mean()
    # Both are steps: sum over the pieces between the edges of either.
    lead = torch.broadcast_shapes(p.shape[:-1], q.shape[:-1])  # type: ignore[no-untyped-call]
    p, q = p.expand(*lead, -1).contiguous(), q.expand(*lead, -1).contiguous()
    edges = torch.cat([p, q], dim=-1).sort(dim=-1).values
    widths = edges.diff(dim=-1, prepend=torch.zeros_like(edges[..., :1]))
    middles = edges - widths / 2
    squares = (_at(middles, x, p) - _at(middles, y, q)).square()
    some = (p[..., -1:] > 0) & (q[..., -1:] > 0)  # an empty mask asks for nothing
    return (widths * some * squares).sum(-1).mean().to(x.dtype)


def _quantiles(values: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return values (B, K, N) sorted, and which part of the whole lies up to each: (1, 1, N) or (B, K, N)."""
    values, order = values.sort(dim=-1)
    wide = torch.float32 if values.device.type == "mps" else torch.float64  # MPS has no float64
    if weight is None:
        N = values.shape[-1]
        return values, torch.arange(1, N + 1, dtype=wide, device=values.device).view(1, 1, N) / N
    w = weight.detach().flatten(2).to(wide).expand_as(values).gather(-1, order)
    return values, safe_divide(w.cumsum(-1), w.sum(-1, keepdim=True))


def _at(levels: Tensor, values: Tensor, parts: Tensor) -> Tensor:
    steps = torch.searchsorted(parts, levels).clamp(max=values.shape[-1] - 1)
    return values.gather(-1, steps.expand(*values.shape[:-1], -1))
