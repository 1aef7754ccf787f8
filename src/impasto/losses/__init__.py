"""Losses read features: pure functions of tensors, each with its paper, and a thin module over each.

Networks give features, losses read them; no function here has ever seen a network. Docs: ``docs/losses.md``.
"""

from impasto.losses.content import content_loss, normalized_content_loss
from impasto.losses.distribution import histogram_loss, sliced_wasserstein_loss
from impasto.losses.modules import (
    ColorMomentsLoss,
    ContentLoss,
    GramLoss,
    HistogramLoss,
    MomentsLoss,
    NormalizedContentLoss,
    SlicedWassersteinLoss,
    TargetLoss,
    TotalVariation,
    Wasserstein2Loss,
)
from impasto.losses.picture import Variation, color_moments_loss, total_variation
from impasto.losses.style import (
    Gaussian,
    gaussian,
    gram_loss,
    moments_loss,
    wasserstein2_loss,
    wasserstein2_losses,
)
from impasto.losses.sums import Moments, Projected, combine, mix, moments, paired_moments, projected_moments
from impasto.losses.terms import over_layers, relative
from impasto.losses.tiled import Readings, TileReading, linearize, tiled_backward

__all__ = [
    "ColorMomentsLoss",
    "ContentLoss",
    "Gaussian",
    "GramLoss",
    "HistogramLoss",
    "Moments",
    "MomentsLoss",
    "NormalizedContentLoss",
    "Projected",
    "Readings",
    "SlicedWassersteinLoss",
    "TargetLoss",
    "TileReading",
    "TotalVariation",
    "Variation",
    "Wasserstein2Loss",
    "color_moments_loss",
    "combine",
    "content_loss",
    "gaussian",
    "gram_loss",
    "histogram_loss",
    "linearize",
    "mix",
    "moments",
    "moments_loss",
    "normalized_content_loss",
    "over_layers",
    "paired_moments",
    "projected_moments",
    "relative",
    "sliced_wasserstein_loss",
    "tiled_backward",
    "total_variation",
    "wasserstein2_loss",
    "wasserstein2_losses",
]
