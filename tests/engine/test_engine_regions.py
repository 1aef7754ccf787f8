"""Masks: what is painted where, and what is left alone to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto.errors import InputError, OptionError
from impasto.images import resize, write

Mask = Callable[[str, Tensor], str]


@pytest.fixture
def mask(tmp_path: Path) -> Mask:
    """Write a mask and return its path."""

    def written(name: str, values: Tensor) -> str:
        path = tmp_path / f"{name}.png"
        write(values.expand(-1, 3, -1, -1), path, overwrite=True)
        return str(path)

    return written


@pytest.fixture
def left() -> Tensor:
    """White on the left half of the photo, black on the right."""
    values = torch.zeros(1, 1, 40, 56)
    values[..., :28] = 1
    return values


def test_black_leaves_the_photo_alone_to_the_last_bit(paint: Any, photo: Tensor, mask: Mask, left: Tensor) -> None:
    for options in ({}, {"keep_color": True}, {"color_only": True}, {"finish": "full"}, {"finish": "full", "size": 28}):
        image = paint(mask=[mask("left", left)], **options).image
        assert torch.equal(image[..., 28:], photo[..., 28:]) or options.get("size"), options
        assert torch.equal(image[..., 30:], photo[..., 30:]), options
        assert (image[..., :28] - photo[..., :28]).abs().mean() > 0.005, options


def test_all_black_is_the_photo(paint: Any, photo: Tensor, mask: Mask, left: Tensor) -> None:
    assert torch.equal(paint(mask=[mask("none", left * 0)], steps=2).image, photo)


def test_all_white_is_no_mask(paint: Any, photo: Tensor, mask: Mask, left: Tensor) -> None:
    masked = paint(mask=[mask("all", left * 0 + 1)], steps=3, precision="float32").image
    plain = paint(steps=3, precision="float32").image
    assert (masked - plain).abs().mean() < 0.05 * (plain - photo).abs().mean(), "only rounding may differ"


def test_protected_is_left_alone(paint: Any, photo: Tensor, mask: Mask, left: Tensor) -> None:
    image = paint(protect=mask("face", left)).image
    assert torch.equal(image[..., :28], photo[..., :28])
    assert (image[..., 28:] - photo[..., 28:]).abs().mean() > 0.01


def test_protect_goes_before_masks(paint: Any, photo: Tensor, mask: Mask, left: Tensor) -> None:
    path = mask("left", left)
    assert torch.equal(paint(mask=[path], protect=path, steps=2).image, photo)


@pytest.mark.parametrize("options", [{"steps": 16}, {"color_only": True}, {"style_term": "sliced", "steps": 4}])
def test_each_region_takes_its_own_style(
    paint: Any, painting: Tensor, other_painting: Tensor, mask: Mask, left: Tensor, options: dict[str, Any]
) -> None:
    paths = [mask("left", left), mask("right", 1 - left)]
    image = paint(style=[painting, other_painting], mask=paths, **options).image
    swapped = paint(style=[other_painting, painting], mask=paths, **options).image
    lean = (painting.mean((2, 3)) - other_painting.mean((2, 3))).view(1, 3, 1, 1)  # from one palette to the other
    changed = ((image - swapped) * lean).mean((0, 1, 2))  # by column
    assert (image - swapped).abs().mean() > 0.003
    assert changed[:28].mean() > 0
    assert changed[28:].mean() < 0


def test_soft_edges_blend_once(paint: Any, photo: Tensor, mask: Mask) -> None:
    """Halfway between white and black is halfway between the painting and the photo, not nearer to the photo."""
    grey = mask("grey", torch.full((1, 1, 40, 56), 128 / 255))
    whole, half = paint(color_only=True).image, paint(color_only=True, mask=[grey]).image
    torch.testing.assert_close(half, photo.lerp(whole, 128 / 255), atol=1e-4, rtol=0)


def test_masks_of_another_size_are_fitted(paint: Any, photo: Tensor, mask: Mask, left: Tensor) -> None:
    image = paint(mask=[mask("small", resize(left, (10, 14)))], steps=2).image
    assert torch.equal(image[..., 36:], photo[..., 36:])


def test_masks_hold_at_every_size(paint: Any, photo: Tensor, mask: Mask, left: Tensor) -> None:
    for size in (28, 57, 112):
        image = paint(mask=[mask("left", left)], size=size, steps=2).image
        right = slice(image.shape[-1] // 2 + 4, None)
        expected = resize(photo, (image.shape[-2], image.shape[-1]))
        assert torch.equal(image[..., right], expected[..., right])


@pytest.mark.parametrize("count", [1, 3])
def test_one_mask_for_each_style(
    paint: Any, painting: Tensor, other_painting: Tensor, mask: Mask, left: Tensor, count: int
) -> None:
    with pytest.raises(OptionError, match=f"{count} masks were given for 2 styles"):
        paint(style=[painting, other_painting], mask=[mask("left", left)] * count)


def test_masks_and_style_weights_exclude_each_other(paint: Any, mask: Mask, left: Tensor) -> None:
    with pytest.raises(OptionError, match="leave one of them out"):
        paint(mask=[mask("left", left)], style_weights=[1])


@pytest.mark.parametrize("option", ["mask", "protect"])
def test_a_missing_mask_is_one_sentence(paint: Any, option: str) -> None:
    with pytest.raises(InputError, match=r"nowhere\.png does not exist"):
        paint(**{option: ["nowhere.png"] if option == "mask" else "nowhere.png"})
