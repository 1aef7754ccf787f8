"""Keeping the photo's colors, or taking nothing but the style's.

Gatys, Bethge, Hertzmann and Shechtman (2016), "Preserving Color in Neural Artistic Style Transfer", describe
two ways to keep the photo's colors: transfer the style in luminance only (:func:`keep_color`, after the
fact), or recolor the style like the photo beforehand (:func:`match_color`). The reverse, taking only the
style's colors, is the optimal linear transport of Pitié and Kokaram (2007), "The linear Monge-Kantorovitch
linear colour mapping for example-based colour transfer" (:func:`transfer_color_only`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from impasto.images.color import (
    lab_to_rgb,
    luminance,
    pulled_into_gamut,
    rgb_to_lab,
    rgb_to_yiq,
    yiq_to_rgb,
)
from impasto.images.resizing import resize

__all__ = [
    "KeptColor",
    "MatchedColor",
    "Moments",
    "keep_color",
    "lab_moments",
    "match_color",
    "palette_map",
    "transfer_color_only",
]

KeptColor = Literal["luminance", "lab"]
MatchedColor = Literal["covariance", "cholesky", "histogram"]
Moments: TypeAlias = tuple[Tensor, Tensor]

_LEAST_VARIANCE = 5e-4  # of a color direction, in [0, 1] values: below it there is only noise, not to be amplified
_LARGEST_STRETCH = 2.5  # of any direction in transfer_color_only: more would turn grain and JPEG blocks into blotches
_BINS = 4096


def keep_color(result: Tensor, photo: Tensor, how: KeptColor = "luminance") -> Tensor:
    """Return the result's light and dark with the photo's colors, in YIQ (``luminance``) or CIELAB (``lab``).

    Colors that no screen can show at their new brightness lose saturation but keep their hue.
    """
    photo = resize(photo, (result.shape[-2], result.shape[-1]))
    if how == "lab":
        return lab_to_rgb(torch.cat([rgb_to_lab(result)[:, :1], rgb_to_lab(photo)[:, 1:]], dim=1))
    light = luminance(result)
    return pulled_into_gamut(yiq_to_rgb(torch.cat([light, rgb_to_yiq(photo)[:, 1:]], dim=1)), light)


def match_color(source: Tensor, target: Tensor, how: MatchedColor = "covariance") -> Tensor:
    """Recolor ``source`` like ``target``, whatever their sizes.

    ``covariance`` and ``cholesky`` match mean and covariance of RGB by the symmetric and the triangular
    square root (Gatys et al. 2016, eq. 8-12; the symmetric one disturbs hues less). ``histogram`` matches
    each channel's distribution by itself.
    """
    if how == "histogram":
        channels = [_histogram_matched(source[:, c], target[:, c]) for c in range(3)]
        return torch.stack(channels, dim=1)
    mean, covariance = _moments(source)
    new_mean, new_covariance = _moments(target)
    if how == "cholesky":
        matrix = _triangular_root(new_covariance, 1e-9) @ _triangular_root(covariance, _LEAST_VARIANCE).inverse()
    else:
        matrix = _power(new_covariance, 0.5) @ _power(covariance, -0.5)
    return _moved(source, mean, matrix, new_mean).clamp(0, 1)


def transfer_color_only(photo: Tensor, style: Tensor) -> Tensor:
    """Give the photo the style's palette and leave its texture alone.

    The linear map that moves the photo's mean and covariance onto the style's while moving colors as little
    as possible (Pitié and Kokaram 2007), here in CIELAB, where "little" means little to the eye. Departures,
    so that a dim or flat style does not put out the photo's light: mean and contrast of the lightness go only
    half the way, no direction is stretched over 2.5 times, and colors outside the gamut lose saturation.
    """
    return palette_map(lab_moments(photo), style)(photo)


def palette_map(moments: Moments, style: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the map of :func:`transfer_color_only` for a photo with these moments; it can be given any part of it."""
    mean, covariance = moments
    new_mean, new_covariance = _half_way_in_lightness(mean, covariance, *lab_moments(style))
    root, inverse_root = _power(covariance, 0.5), _power(covariance, -0.5)
    transport = _tamed(inverse_root @ _power(root @ new_covariance @ root, 0.5) @ inverse_root)
    return lambda part: lab_to_rgb(100 * _moved(rgb_to_lab(part) / 100, mean, transport, new_mean))


def lab_moments(picture: Tensor) -> Moments:
    """Return mean ``(3, 1)`` and covariance ``(3, 3)`` of a picture's colors, as :func:`palette_map` takes them."""
    return _moments(rgb_to_lab(picture) / 100)


def _half_way_in_lightness(
    mean: Tensor, covariance: Tensor, style_mean: Tensor, style_covariance: Tensor
) -> tuple[Tensor, Tensor]:
    half_way = style_mean.clone()
    half_way[0] = (mean[0] + style_mean[0]) / 2
    contrast, style_contrast = (
        found[0, 0].clamp(min=_LEAST_VARIANCE).sqrt() for found in (covariance, style_covariance)
    )
    scale = torch.ones_like(style_mean)
    scale[0] = (contrast / style_contrast).sqrt()
    return half_way, style_covariance * scale * scale.T


def _moments(x: Tensor) -> Moments:
    """Return mean ``(3, 1)`` and covariance ``(3, 3)`` of all colors, in float64."""
    colors = x.detach().transpose(0, 1).reshape(3, -1).double()
    mean = colors.mean(dim=1, keepdim=True)
    centered = colors - mean
    return mean, centered @ centered.T / colors.shape[1]


def _moved(x: Tensor, mean: Tensor, matrix: Tensor, new_mean: Tensor) -> Tensor:
    shift = new_mean - matrix @ mean
    return torch.einsum("ij,bjhw->bihw", matrix.to(x), x) + shift.to(x)[:, :, None]


def _power(covariance: Tensor, exponent: float) -> Tensor:
    floor = _LEAST_VARIANCE if exponent < 0 else 0.0
    return _on_eigenvalues(covariance, lambda values: values.clamp(min=floor) ** exponent)


def _triangular_root(covariance: Tensor, floor: float) -> Tensor:
    root: Tensor = torch.linalg.cholesky(_on_eigenvalues(covariance, lambda values: values.clamp(min=floor)))
    return root


def _tamed(transport: Tensor) -> Tensor:
    return _on_eigenvalues(transport, lambda values: values.clamp(0, _LARGEST_STRETCH))


def _on_eigenvalues(matrix: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Return a symmetric matrix with its eigenvalues changed and its directions kept."""
    eigen: tuple[Tensor, Tensor] = torch.linalg.eigh((matrix + matrix.T) / 2)
    values, vectors = eigen
    return vectors @ torch.diag(change(values)) @ vectors.T


def _histogram_matched(source: Tensor, target: Tensor) -> Tensor:
    """Map values so that their distribution becomes the target's, by 4096 steps joined by lines."""
    table = _inverse_distribution(target, _distribution(source))  # (bins + 1,)
    place = source.clamp(0, 1) * _BINS
    below = place.floor().clamp(max=_BINS - 1).long()
    return torch.lerp(table[below], table[below + 1], place - below)


def _distribution(values: Tensor) -> Tensor:
    """Return the share of values below each of the bins' edges."""
    counts = torch.histc(values.detach().float().clamp(0, 1), bins=_BINS, min=0, max=1)
    return torch.cat([counts.new_zeros(1), counts.double().cumsum(0).to(counts) / counts.sum()])


def _inverse_distribution(values: Tensor, shares: Tensor) -> Tensor:
    """Return the values below which these shares of ``values`` lie."""
    ordered = values.detach().flatten().sort().values
    place = shares.clamp(0, 1) * (len(ordered) - 1)
    below = place.floor().long().clamp(max=max(0, len(ordered) - 2))
    above = (below + 1).clamp(max=len(ordered) - 1)
    return torch.lerp(ordered[below], ordered[above], (place - below).clamp(0, 1))
