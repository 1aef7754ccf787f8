"""Few colors that stand still: one palette for many pictures, and a dither that does not move.

What is needed for GIF: a palette for each frame, or a dither that spreads errors, would make every frame flicker.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["common_palette", "dithered", "held_still"]

_DEPTH = 8  # of 255: about the distance of neighbouring colors in a palette of 255
_HARDLY = 4  # of 255: less than a palette tells apart, so nobody sees that a color was kept


def common_palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return a palette of 255 colors for pictures (RGB); one place is left for transparency."""
    samples = [picture.resize((96, 96), Image.Resampling.NEAREST) for picture in pictures]
    strip = Image.fromarray(np.concatenate([np.asarray(sample) for sample in samples]))
    return strip.quantize(255, method=Image.Quantize.MEDIANCUT, kmeans=3)


def dithered(picture: Image.Image, palette: Image.Image) -> Image.Image:
    """Return a picture (RGB) in the palette's colors, with an ordered dither, the same for every picture."""
    height, width = picture.height, picture.width
    pattern = np.tile(_bayer(8), (math.ceil(height / 8), math.ceil(width / 8)))[:height, :width]
    # turned over for each color, so that the dots are of color rather than of light
    dots = np.stack([pattern, pattern[:, ::-1], pattern[::-1]], axis=-1) - 0.5
    pixels = np.asarray(picture, dtype=np.float32) + _DEPTH * dots
    moved = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return moved.quantize(palette=palette, dither=Image.Dither.NONE)


def held_still(pictures: Iterable[Image.Image], palette: Image.Image) -> Iterator[Image.Image]:
    """Yield pictures (RGB) of one size dithered, each keeping the colors of the one before where it hardly changed.

    Otherwise a shade that lies between two colors of the palette would jump from one to the other all the time. What
    is kept is compared with the picture it was chosen for, so slow changes do not creep away.
    """
    chosen_for, shown = None, None
    for picture in pictures:
        colors, indices = np.asarray(picture, dtype=np.int16), np.asarray(dithered(picture, palette))
        if chosen_for is not None and shown is not None:
            hardly = np.abs(colors - chosen_for).max(-1) <= _HARDLY
            colors, indices = np.where(hardly[..., None], chosen_for, colors), np.where(hardly, shown, indices)
        chosen_for, shown = colors, indices
        held = Image.fromarray(indices)
        held.putpalette(palette.getpalette() or [])
        yield held


def _bayer(side: int) -> NDArray[np.float32]:
    """Return the threshold matrix of Bayer 1973, "An Optimum Method for Two-Level Rendition", in (0, 1)."""
    matrix = np.zeros((1, 1))
    while len(matrix) < side:
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return ((matrix + 0.5) / side**2).astype(np.float32)
