"""Few colors that stand still."""

from __future__ import annotations

import numpy as np
from PIL import Image

from impasto.images import brushwork, harbour
from impasto.images.dithering import common_palette, dithered


def as_image(pixels: object) -> Image.Image:
    return Image.fromarray((pixels[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8))  # type: ignore[index]


def test_many_pictures_share_255_colors():
    palette = common_palette([as_image(harbour((32, 48))), as_image(brushwork((32, 48)))])
    assert 200 < len(np.unique(np.asarray(palette))) <= 255


def test_what_stands_still_keeps_its_dots():
    one = as_image(harbour((32, 48)))
    other = one.copy()
    other.paste((255, 0, 0), (40, 0, 48, 32))
    palette = common_palette([one, other])
    still = [np.asarray(dithered(picture, palette))[:, :40] for picture in (one, other)]
    assert np.array_equal(*still)


def test_on_average_colors_are_right():
    picture = as_image(harbour((64, 96)))
    shown = np.asarray(dithered(picture, common_palette([picture])).convert("RGB"), float)
    assert np.abs(shown.mean((0, 1)) - np.asarray(picture, float).mean((0, 1))).max() < 3
