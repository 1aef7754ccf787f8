"""What a style asks of a network that learns it: the objective of painting by optimisation, for batches.

The same terms as in :mod:`impasto.engine.objective`, since they give the pictures that are worth imitating: features
compared as Gaussians (Wasserstein), the photo's shapes by correlation, a little smoothness. Each layer's distance is
measured in units of this style's own distance from photos, so the weights mean the same for every painting.

One thing is different. A painting is yellow in the corn and blue in the sky; a single crop need not be both. So the
style is asked of a batch's crops together, as if they were the parts of one picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from impasto import losses
from impasto.config import StyleTraining
from impasto.engine.layers import STYLE_LAYERS
from impasto.engine.objective import style_target
from impasto.losses import Gaussian, Moments

__all__ = ["CONTENT_LAYERS", "StyleGoal", "style_goal", "style_moments", "style_terms"]

CONTENT_LAYERS = ("relu3_1", "relu4_1")
FACTORS = {"style": 1.0, "content": 0.2, "tv": 0.03, "range": 10.0}  # how the terms compare; found by looking
LARGEST_PIECE = 1536  # of a painting that is looked at in one go, in pixels

Readings = Mapping[str, Moments]


@dataclass(frozen=True)
class StyleGoal:
    """What one style asks for, by layer."""

    moments: Readings  # of all its paintings together, (1, C)
    gaussians: Mapping[str, Gaussian]  # the same, prepared to be compared with again and again
    units: Mapping[str, Tensor]  # the distance of untouched photos, which counts as 1

    def to(self, device: torch.device) -> StyleGoal:
        """Return the same on another device."""
        return StyleGoal(
            {layer: Moments(*(part.to(device) for part in one)) for layer, one in self.moments.items()},
            {layer: one.to(device) for layer, one in self.gaussians.items()},
            {layer: unit.to(device) for layer, unit in self.units.items()},
        )

    def at(self, strength: float, photo: Mapping[str, Tensor]) -> Mapping[str, Gaussian | Moments]:
        """Return what is asked for at a strength: a collage of the style and these features of photos."""
        if strength == 1:
            return self.gaussians
        own = read_moments(photo)
        return {layer: losses.mix([own[layer], full], [1 - strength, strength]) for layer, full in self.moments.items()}


@torch.no_grad()
def style_moments(encoder: nn.Module, paintings: Sequence[Tensor]) -> Readings:
    """Describe the paintings of one hand together, (1, C) by layer."""
    layers = dict.fromkeys(STYLE_LAYERS, 1.0)
    return style_target(encoder, paintings, layers, "wasserstein", tile=LARGEST_PIECE).moments


@torch.no_grad()
def style_goal(encoder: nn.Module, paintings: Sequence[Tensor], photos: Iterable[Tensor]) -> StyleGoal:
    """Describe the paintings of one hand; ``photos`` are batches that say how far away photos are."""
    found = style_moments(encoder, paintings)
    gaussians = {layer: losses.gaussian(one) for layer, one in found.items()}
    untouched = [_distances(encoder(batch), gaussians) for batch in photos]
    units = {layer: torch.stack([one[layer] for one in untouched]).mean() for layer in found}
    return StyleGoal(found, gaussians, units)


def style_terms(
    encoder: nn.Module, photo: Tensor, painted: Tensor, goal: StyleGoal, config: StyleTraining, strength: float = 1.0
) -> dict[str, Tensor]:
    """Return the weighted terms of a painted batch (B, 3, H, W)."""
    with torch.no_grad():
        shapes = encoder(photo)
        goals = goal.at(strength, shapes)
    features = encoder(painted)
    style = [losses.relative(far, goal.units[layer]) for layer, far in _distances(features, goals).items()]
    terms = {
        "style": config.style_weight * torch.stack(style).mean(),
        "content": config.content_weight * _content(features, shapes),
        "tv": config.tv_weight * losses.total_variation(painted),
        "range": (painted - painted.clamp(0, 1)).square().mean(),
    }
    return {name: FACTORS[name] * term for name, term in terms.items()}


def read_moments(features: Mapping[str, Tensor]) -> dict[str, Moments]:
    """Return the moments of every style layer, (1, C), of a whole batch as one picture."""
    return {layer: together(losses.moments(features[layer])) for layer in STYLE_LAYERS}


def together(crops: Moments) -> Moments:
    """Return the moments (1, C) of a batch's crops (B, C) as parts of one picture."""
    rows = range(crops.mean.shape[0])
    return losses.combine([Moments(*(part[row : row + 1] for part in crops)) for row in rows])


def _distances(features: Mapping[str, Tensor], goals: Mapping[str, Gaussian | Moments]) -> dict[str, Tensor]:
    """Return how far a batch is from the goals, by layer."""
    found = read_moments(features)
    return {layer: losses.wasserstein2_loss(one, goals[layer]) for layer, one in found.items()}


def _content(features: Mapping[str, Tensor], shapes: Mapping[str, Tensor]) -> Tensor:
    """Return 1 - the correlation with the photo's features."""
    gaps = [losses.normalized_content_loss(features[layer], shapes[layer]) / 2 for layer in CONTENT_LAYERS]
    return torch.stack(gaps).mean()
