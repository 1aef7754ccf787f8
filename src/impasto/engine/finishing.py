"""What happens to a painting after it is painted: colors, untouched regions, the photo's full size.

And what takes the place of painting where only the style's colors are wanted.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.config import MethodOptions
from impasto.engine.inputs import Style, Work
from impasto.images import fit_long_side, keep_color, resize, transfer_color_only

__all__ = ["finished", "recolored", "with_detail"]


def finished(painting: Tensor, work: Work, config: MethodOptions) -> Tensor:
    """Give a painting the photo's colors where they are to be kept, and the photo where it is left alone."""
    size = (painting.shape[-2], painting.shape[-1])
    photo = resize(work.photo.pixels, size)
    if config.keep_color and config.color_match != "covariance":
        painting = keep_color(painting, photo, config.color_match)
    if work.has_regions:
        _, alone = work.regions(size)
        painting = painting * (1 - alone) + photo * alone
    return painting.clamp(0, 1)


def with_detail(painting: Tensor, photo: Tensor) -> Tensor:
    """Enlarge a painting to the photo's size and add the photo's fine detail.

    The detail is what the photo has beyond its own version at the painting's size, so nothing is added twice.
    """
    size = (photo.shape[-2], photo.shape[-1])
    small = (painting.shape[-2], painting.shape[-1])
    detail = photo - resize(resize(photo, small), size)
    brightness = detail.mean(1, keepdim=True)  # grey: the painting's colors are not the photo's
    return (resize(painting, size) + brightness).clamp(0, 1)


def recolored(work: Work, size: tuple[int, int], config: MethodOptions) -> Tensor:
    """Give the photo the colors of each style, as much as that style applies; its texture stays.

    This is the whole of ``color_only``, for every method alike: nothing is painted.
    """
    photo = resize(work.photo.pixels, size)
    each = torch.cat([transfer_color_only(photo, palette(style)) for style in work.styles])  # (N, 3, H, W)
    return photo.lerp((work.parts(size) * each).sum(0, keepdim=True), config.strength / 100)


def palette(style: Style) -> Tensor:
    """Return the colors of all paintings of a style as one picture (1, 3, 1, N): their places do not matter here.

    Paintings of different sizes count alike, so all are taken at the long side of the smallest.
    """
    side = min(max(one.size) for one in style.pictures)
    taken = [resize(one.pixels, fit_long_side(one.size, side)) for one in style.pictures]
    return torch.cat([pixels.flatten(2) for pixels in taken], dim=2).unsqueeze(2)
