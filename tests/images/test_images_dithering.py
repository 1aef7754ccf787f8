"""Few colors that stand still."""

from __future__ import annotations

import numpy as np
from PIL import Image

from impasto.images import brushwork, harbour
from impasto.images.dithering import common_palette, dithered, held_still


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


def nudged(picture: Image.Image, by: int) -> Image.Image:
    return Image.fromarray((np.asarray(picture, np.int16) + by).clip(0, 255).astype(np.uint8))


def test_what_hardly_changes_keeps_the_very_same_colors():
    picture = as_image(harbour((32, 48)))
    palette = common_palette([picture])
    first, *others = [np.asarray(one) for one in held_still([nudged(picture, by) for by in (0, 3, -4, 2)], palette)]
    assert np.array_equal(first, np.asarray(dithered(picture, palette)))
    assert all(np.array_equal(first, other) for other in others)


def test_what_changes_is_shown_and_slow_changes_do_not_creep_away():
    picture = as_image(harbour((32, 48)))
    creeping = [nudged(picture, by) for by in range(0, 40, 2)]
    palette = common_palette(creeping)
    for given, shown in zip(creeping, held_still(creeping, palette), strict=True):
        held, anew = (np.asarray(one.convert("RGB"), float).mean((0, 1)) for one in (shown, dithered(given, palette)))
        assert np.abs(held - anew).max() < 4.5
