"""How the terms of an objective are measured and put in balance.

``pair`` (the default) measures every term in units that the pair itself gives: the style's distance from the photo,
the photo's own contrast. Weights then mean the same for every pair, layer and network. ``classic`` is the objective of
the first tools in the manner of Gatys et al.: squared differences in the network's own units, added up over the layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from impasto import losses
from impasto.config import Optimize, StyleTerm
from impasto.losses import Gaussian, Moments, Projected

__all__ = ["Goal", "Terms", "spread", "style_term_of", "terms_of"]

# How the terms compare when all their weights are 1; found by looking at pictures.
PAIR_FACTORS = {"style": 1.0, "content": 0.1, "tv": 0.03, "color": 0.2, "range": 10.0}
CLASSIC_FACTORS = {"style": 1.0, "content": 1.0, "tv": 255.0, "color": 1.0, "range": 0.0}  # tv on values of 0 to 255
LEAST_VARIANCE = 1e-4  # of a channel, below which it says nothing about shapes
DIRECTIONS = 64  # in which Gaussians are compared in full: more cost more and bring less of the photo's shapes through
LEAST_DISTANCE = 1e-3  # between photo and style, as a share of the style's own size: closer ones are the same

Goal = Moments | Gaussian
StyleFormula = Callable[[Sequence[Any], Sequence[Any]], Tensor]  # of readings and their goals, (n,)


@dataclass(frozen=True)
class Terms:
    """The formulas of an objective, and how much each counts."""

    styles: StyleFormula
    shapes: Callable[[Moments], Tensor]  # reads the moments of (picture, photo) for each channel
    factors: Mapping[str, float]
    in_units_of_pair: bool

    def goal(self, style: Moments) -> Goal:
        """Prepare a style to be compared with again and again."""
        compared_as_gaussians = self.styles is losses.wasserstein2_losses
        return losses.gaussian(style, directions=DIRECTIONS) if compared_as_gaussians else style

    def read(self, features: Tensor, weight: Tensor | None, goal: Goal | None) -> Moments | Projected:
        """Return what is needed of features to compare them with ``goal``; everything where that is not known yet."""
        return goal.measure(features, weight) if isinstance(goal, Gaussian) else losses.moments(features, weight)

    def unit(self, photo: Moments, style: Moments, goal: Goal) -> Tensor:
        """Return the distance from a photo to a style, prepared as ``goal``, that counts as 1."""
        if not self.in_units_of_pair:
            return torch.ones_like(style.mean[0, 0])
        far, size = self.styles([photo, _nothing(style)], [goal, goal])
        return torch.maximum(far, LEAST_DISTANCE * size)

    def join(self, values: Tensor, shares: Sequence[float]) -> Tensor:
        """Put the values (n,) of layers together, each counted by its share."""
        total = (values * values.new_tensor(shares)).sum()
        return total / sum(shares) if self.in_units_of_pair else total


def terms_of(config: Optimize) -> Terms:
    """Return the formulas that a config asks for, with the weights it gives them."""
    classic = config.balance == "classic"
    factors = CLASSIC_FACTORS if classic else PAIR_FACTORS
    weighted = {name: factor * getattr(config, f"{name}_weight", 1.0) for name, factor in factors.items()}
    if classic:
        return Terms(_one_by_one(_classic_gram), _squared_distance, weighted, in_units_of_pair=False)
    return Terms(_FORMULAS[style_term_of(config)], _shape_distance, weighted, in_units_of_pair=True)


def style_term_of(config: Optimize) -> StyleTerm:
    """Return how styles are compared; what ``auto`` stands for is decided here."""
    if config.style_term != "auto":
        return config.style_term
    return "gram" if config.balance == "classic" else "wasserstein"


def spread(y: Moments) -> Tensor:
    """Return the mean square of a style's means and deviations: the size of what is compared."""
    return (y.mean.square() + y.deviation.square()).mean().clamp_min(1e-12)


def _nothing(like: Moments) -> Moments:
    return Moments(like.weight, torch.zeros_like(like.mean), torch.zeros_like(like.second))


def _statistics(x: Moments, y: Moments) -> Tensor:
    energy = (y.second.square().mean() / 4).clamp_min(1e-12)
    return losses.moments_loss(x, y) / spread(y) + losses.gram_loss(x, y) / energy


def _classic_gram(x: Moments, y: Moments) -> Tensor:
    """Return the mean squared difference of Gram matrices divided by C·H·W."""
    return 4 * losses.gram_loss(x, y) / y.mean.shape[-1] ** 2


def _squared_distance(pairs: Moments) -> Tensor:
    """Return the mean squared difference from the photo: E[f²] - 2 E[f p] + E[p²], averaged over channels."""
    second = pairs.second  # (C, 2, 2)
    return (second[:, 0, 0] - 2 * second[:, 0, 1] + second[:, 1, 1]).mean()


def _shape_distance(pairs: Moments) -> Tensor:
    """Return 1 - the correlation with the photo, averaged over the channels that vary in the photo.

    That is half the squared error between instance-normalised features: colors and contrast may change, shapes not.
    """
    covariance = pairs.covariance  # (C, 2, 2)
    variance, of_photo = covariance[:, 0, 0].clamp_min(0), covariance[:, 1, 1].clamp_min(0)
    correlation = covariance[:, 0, 1] / ((variance + LEAST_VARIANCE) * (of_photo + LEAST_VARIANCE)).sqrt()
    counts = (of_photo > LEAST_VARIANCE).to(correlation.dtype)
    return ((1 - correlation) * counts).sum() / counts.sum().clamp_min(1)


def _one_by_one(formula: Callable[[Moments, Moments], Tensor]) -> StyleFormula:
    def styles(readings: Sequence[Moments], goals: Sequence[Moments]) -> Tensor:
        return torch.stack([formula(reading, goal) for reading, goal in zip(readings, goals, strict=True)])

    return styles


_FORMULAS: dict[StyleTerm, StyleFormula] = {
    "statistics": _one_by_one(_statistics),
    "gram": _one_by_one(losses.gram_loss),
    "moments": _one_by_one(losses.moments_loss),
    "wasserstein": losses.wasserstein2_losses,
    "sliced": _one_by_one(losses.moments_loss),  # gives the units only: the term itself reads features, not sums
}
