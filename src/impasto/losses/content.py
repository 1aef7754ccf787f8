"""What is in the picture: features compared position by position."""

from __future__ import annotations

from torch import Tensor

from impasto.losses.numerics import safe_divide, widened

__all__ = ["content_loss", "normalized_content_loss"]


def content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean squared difference of two feature maps (B, C, H, W), positions counted by ``weight``.

    Gatys et al. 2016, "Image Style Transfer Using Convolutional Neural Networks", equation 1: ½ Σ (F - P)².
    Departure: a mean instead of half the sum, so that the value does not depend on the picture's size. With a
    weight (B or 1, 1, H, W), the weighted mean; 0 where the weight is 0 everywhere.
    """
    F, P = widened(features), widened(target)
    error = (F - P).square().mean(1, keepdim=True)  # (B, 1, H, W)
    if weight is None:
        return error.mean()
    w = weight.to(error.dtype).expand_as(error)
    return safe_divide((w * error).sum((1, 2, 3)), w.sum((1, 2, 3))).mean()


def normalized_content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return :func:`content_loss` of features whose channels were brought to mean 0 and deviation 1 first.

    Huang et al. 2018, "Multimodal Unsupervised Image-to-Image Translation" (MUNIT), domain-invariant
    perceptual loss: instance normalization takes away what belongs to the style (colors, contrast), so a
    repainted shape is still the same. It is 2 - 2 x correlation, averaged over channels: 0 for the same
    shapes, 2 for unrelated ones.
    """
    return content_loss(_normalized(features), _normalized(target), weight)


def _normalized(features: Tensor) -> Tensor:
    f = widened(features)
    f = f - f.mean((2, 3), keepdim=True)
    # The constant is that of Ulyanov et al. 2016, "Instance Normalization"; a flat channel becomes 0.
    return f / (f.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
