"""Numbers that say how two pictures differ: pure functions of tensors, each with its paper.

Pictures are (B, 3, H, W) sRGB in [0, 1]; one number comes back for each picture of the batch, (B,). Features
are what a network gives: tensors (B, C, H, W), or their moments, by layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from impasto.errors import InputError, OptionError
from impasto.images import luminance, rgb_to_lab
from impasto.losses import (
    Moments,
    gaussian,
    histogram_loss,
    normalized_content_loss,
    over_layers,
    relative,
    wasserstein2_loss,
)

__all__ = [
    "color_difference",
    "color_distance",
    "content_distance",
    "gradient_energy",
    "psnr",
    "ssim",
    "style_distance",
]


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio in decibels, 10 log10(1 / mean squared error); equal: infinite."""
    _same_shape(a, b)
    return -10 * (a - b).double().square().mean((1, 2, 3)).log10()


def ssim(a: Tensor, b: Tensor, *, deviation: float = 1.5) -> Tensor:
    """Return the structural similarity: 1 for equal pictures, about 0 for unrelated ones.

    Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity", equation 13
    with K1 = 0.01, K2 = 0.03 and the paper's Gaussian window of 11 pixels, where it lies wholly inside the
    picture. Departure: for colors, the mean over the channels (the paper treats grey pictures); pictures
    narrower than the window get a narrower one.
    """
    _same_shape(a, b)
    x, y = a.double(), b.double()
    window = _gaussian(deviation, min(a.shape[-2:])).to(x)
    mx, my = _local_mean(x, window), _local_mean(y, window)
    sxx = _local_mean(x * x, window) - mx * mx
    syy = _local_mean(y * y, window) - my * my
    sxy = _local_mean(x * y, window) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * mx * my + c1) * (2 * sxy + c2) / ((mx * mx + my * my + c1) * (sxx + syy + c2))
    return similarity.mean((1, 2, 3))


def color_difference(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean distance in CIELAB of the colors at the same place (ΔE*ab of CIE 1976; 2 is just seen)."""
    _same_shape(a, b)
    return (rgb_to_lab(a) - rgb_to_lab(b)).square().sum(1).sqrt().mean((1, 2))


def color_distance(a: Tensor, b: Tensor, *, directions: int = 32) -> Tensor:
    """Return how far two pictures' colors are apart, wherever in the picture they stand; sizes may differ.

    The sliced 2-Wasserstein distance (Bonneel et al. 2015, "Sliced and Radon Wasserstein Barycenters of
    Measures") of the colors in CIELAB. Departures: times √3, so that it is in units of ΔE (all colors shifted
    by 5 ΔE are 5 apart); directions are spread evenly instead of drawn, so that it is always the same number.
    """
    spread = _even_directions(directions).to(a)  # (K, 3)
    values = []
    for one, other in zip(a, b.expand(a.shape[0], -1, -1, -1), strict=True):
        x, y = (torch.einsum("kc,chw->khw", spread, rgb_to_lab(each[None])[0])[None] for each in (one, other))
        values.append((3 * histogram_loss(x, y)).sqrt())
    return torch.stack(values)


def gradient_energy(picture: Tensor) -> Tensor:
    """Return how much there is of edges and detail: the mean squared slope of the luminance per pixel.

    Known as Tenengrad with other masks (Krotkov 1988, "Focusing"). Here are plain differences of neighbours,
    the finest measure of sharpness that a picture has.
    """
    light = luminance(picture)
    down, right = light.diff(dim=2).square(), light.diff(dim=3).square()
    return torch.stack([d.flatten(1).sum(1) / max(1, d[0].numel()) for d in (down, right)]).sum(0)


def style_distance(
    features: Mapping[str, Tensor | Moments],
    style: Mapping[str, Tensor | Moments],
    photo: Mapping[str, Tensor | Moments],
) -> float:
    """Return how far a result's style is from the style's: 0 the same, 1 as far as the untouched photo.

    In each of the style's layers, the 2-Wasserstein distance of the features' Gaussians (see
    :func:`impasto.losses.wasserstein2_loss`), divided by the photo's; the mean over layers. It reads means and
    covariances, hence the Gram matrices of Gatys et al. 2016 as well.
    """

    def distance(x: Tensor | Moments, goal: tuple[Tensor | Moments, Tensor | Moments]) -> Tensor:
        target, untouched = goal
        prepared = gaussian(target)
        value, reference = (wasserstein2_loss(side, prepared).clamp(min=0) for side in (x, untouched))
        return relative(value, reference).sqrt()

    missing = [layer for layer in style if layer not in photo]
    if missing:
        raise OptionError(f"There are no features of the photo's layer {missing[0]!r}; give those the style has.")
    return float(over_layers(distance, features, {layer: (style[layer], photo[layer]) for layer in style}))


def content_distance(features: Mapping[str, Tensor], photo: Mapping[str, Tensor]) -> float:
    """Return how much of the photo's shapes is lost: 0 nothing, 1 as much as in an unrelated picture.

    One minus the correlation of the features in each channel, averaged over channels and the photo's layers:
    half of :func:`impasto.losses.normalized_content_loss`, which does not see recoloring.
    """
    return float(over_layers(normalized_content_loss, features, photo)) / 2


def _same_shape(a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape or a.ndim != 4:
        raise InputError(
            f"The pictures have the shapes {tuple(a.shape)} and {tuple(b.shape)}; allowed are two of the same "
            "(B, C, H, W), so resize one of them first."
        )


def _gaussian(deviation: float, side: int) -> Tensor:
    """Return a window of 3.5 deviations to each side (11 pixels for 1.5, as in Wang et al.), if it fits."""
    radius = min(int(3.5 * deviation + 0.5), (side - 1) // 2)
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    window = torch.exp(-(x**2) / (2 * deviation**2))
    return window / window.sum()


def _local_mean(x: Tensor, window: Tensor) -> Tensor:
    maps = x.flatten(0, 1).unsqueeze(1)  # (B C, 1, H, W)
    maps = conv2d(conv2d(maps, window.view(1, 1, -1, 1)), window.view(1, 1, 1, -1))
    return maps.view(*x.shape[:2], *maps.shape[-2:])


def _even_directions(count: int) -> Tensor:
    """Return (count, 3) directions spread over the half sphere along a golden spiral."""
    i = torch.arange(count, dtype=torch.float64)
    z = (i + 0.5) / count
    angle = i * math.pi * (3 - math.sqrt(5))
    radius = (1 - z**2).sqrt()
    return torch.stack([radius * angle.cos(), radius * angle.sin(), z], dim=1)
