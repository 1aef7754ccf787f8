"""What happens to a painting after it is painted: colors, untouched regions, the photo's full size."""

from __future__ import annotations

from torch import Tensor

from impasto.config import MethodOptions
from impasto.engine.inputs import Work
from impasto.images import keep_color, resize

__all__ = ["finished", "with_detail"]


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
