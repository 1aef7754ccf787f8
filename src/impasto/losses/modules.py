"""Thin faces over the losses' functions, for those who build with ``nn.Module``.

A face keeps what does not change (the target's statistics, computed once, and the options); calling it calls
the function. Targets are buffers: they move with ``.to(device)`` and are saved with ``state_dict()``. What
may change from call to call is given to the call: ``ContentLoss(target)(features, weight=mask)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from impasto.losses.content import content_loss, normalized_content_loss
from impasto.losses.distribution import histogram_loss, sliced_wasserstein_loss
from impasto.losses.picture import Variation, color_moments_loss, total_variation
from impasto.losses.style import Gaussian, gaussian, gram_loss, moments_loss, wasserstein2_loss
from impasto.losses.sums import Moments, measured

__all__ = [
    "ColorMomentsLoss",
    "ContentLoss",
    "GramLoss",
    "HistogramLoss",
    "MomentsLoss",
    "NormalizedContentLoss",
    "SlicedWassersteinLoss",
    "TargetLoss",
    "TotalVariation",
    "Wasserstein2Loss",
]


class TargetLoss(nn.Module):
    """Any ``formula(features, target, **options)`` with its target and options kept beside it."""

    def __init__(self, formula: Callable[..., Tensor], target: Tensor | Moments | Gaussian, **options: Any) -> None:
        super().__init__()
        self._formula = formula
        self._options = options
        self._together = type(target)
        parts = {"target": target} if isinstance(target, Tensor) else target._asdict()
        self._names = tuple(parts)
        for name, part in parts.items():
            self.register_buffer(name, part.detach())

    def forward(self, features: Tensor | Moments, **given: Any) -> Tensor:
        """Return the loss of ``features``; ``given`` are further options of the formula for this call."""
        parts = [self.get_buffer(name) for name in self._names]
        target = parts[0] if self._together is Tensor else self._together(*parts)
        return self._formula(features, target, **self._options, **given)


class ContentLoss(TargetLoss):
    """Face of :func:`~impasto.losses.content_loss`."""

    def __init__(self, target: Tensor) -> None:
        super().__init__(content_loss, target)


class NormalizedContentLoss(TargetLoss):
    """Face of :func:`~impasto.losses.normalized_content_loss`."""

    def __init__(self, target: Tensor) -> None:
        super().__init__(normalized_content_loss, target)


class GramLoss(TargetLoss):
    """Face of :func:`~impasto.losses.gram_loss`."""

    def __init__(self, target: Tensor | Moments, *, exact: bool = False) -> None:
        super().__init__(gram_loss, measured(target), exact=exact)


class MomentsLoss(TargetLoss):
    """Face of :func:`~impasto.losses.moments_loss`."""

    def __init__(self, target: Tensor | Moments) -> None:
        super().__init__(moments_loss, measured(target))


class Wasserstein2Loss(TargetLoss):
    """Face of :func:`~impasto.losses.wasserstein2_loss`."""

    def __init__(self, target: Tensor | Moments, blur: float = 1e-4) -> None:
        super().__init__(wasserstein2_loss, gaussian(target, blur))


class SlicedWassersteinLoss(TargetLoss):
    """Face of :func:`~impasto.losses.sliced_wasserstein_loss`."""

    def __init__(self, target: Tensor, *, projections: int = 64) -> None:
        super().__init__(sliced_wasserstein_loss, target, projections=projections)


class HistogramLoss(TargetLoss):
    """Face of :func:`~impasto.losses.histogram_loss`."""

    def __init__(self, target: Tensor) -> None:
        super().__init__(histogram_loss, target)


class ColorMomentsLoss(TargetLoss):
    """Face of :func:`~impasto.losses.color_moments_loss`."""

    def __init__(self, target: Tensor | Moments) -> None:
        super().__init__(color_moments_loss, measured(target))


class TotalVariation(nn.Module):
    """Face of :func:`~impasto.losses.total_variation`, which has no target."""

    def __init__(self, kind: Variation = "squared") -> None:
        super().__init__()
        self.kind: Variation = kind

    def forward(self, image: Tensor) -> Tensor:
        """Return the total variation of an image."""
        return total_variation(image, self.kind)
