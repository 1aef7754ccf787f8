"""What happens after painting: kept colors, only colors, and the photo's own size."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from impasto.engine.finishing import with_detail
from impasto.errors import OptionError
from impasto.images import luminance, resize, rgb_to_lab, rgb_to_yiq


def correlation(one: Tensor, other: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


@pytest.mark.parametrize(("how", "space"), [("luminance", rgb_to_yiq), ("lab", rgb_to_lab)])
def test_kept_color_is_the_photos(paint: Any, photo: Tensor, how: str, space: Any) -> None:
    kept, free = (paint(keep_color=keep, color_match=how).image for keep in (True, False))
    chroma, free_chroma, wanted = (space(x)[:, 1:] for x in (kept, free, photo))
    spread = wanted.std()
    assert (chroma - wanted).abs().mean() < 0.1 * spread
    assert (free_chroma - wanted).abs().mean() > 0.3 * spread
    assert (luminance(kept) - luminance(photo)).abs().mean() > 0.01, "it should be painted nevertheless"


def test_covariance_recolors_the_style_like_the_photo(paint: Any, photo: Tensor) -> None:
    kept, free = (paint(keep_color=keep, color_match="covariance", steps=16).image for keep in (True, False))
    goal = photo.mean((2, 3))
    assert (kept.mean((2, 3)) - goal).norm() < 0.5 * (free.mean((2, 3)) - goal).norm()
    assert (kept - photo).abs().mean() > 0.01


def test_color_only_keeps_the_structure_and_takes_the_palette(paint: Any, photo: Tensor, painting: Tensor) -> None:
    result = paint(color_only=True)
    assert correlation(luminance(result.image), luminance(photo)) > 0.95
    before, after = ((x.mean((2, 3)) - painting.mean((2, 3))).norm() for x in (photo, result.image))
    assert after < 0.3 * before
    assert not result.losses
    assert result.recipe.weights == []


def test_color_only_goes_as_far_as_the_strength(paint: Any, photo: Tensor) -> None:
    whole, half = (paint(color_only=True, strength=strength).image for strength in (100, 50))
    torch.testing.assert_close(half, photo.lerp(whole, 0.5))


def test_color_only_mixes_styles(paint: Any, painting: Tensor, other_painting: Tensor) -> None:
    styles = [painting, other_painting]
    first, second, mixed = (
        paint(color_only=True, style=styles, style_weights=weights).image for weights in ([1, 0], [0, 1], [3, 1])
    )
    torch.testing.assert_close(mixed, 0.75 * first + 0.25 * second)


def test_keeping_colors_and_taking_only_colors_contradict() -> None:
    from impasto.config import Optimize

    with pytest.raises(OptionError, match="contradict"):
        Optimize(keep_color=True, color_only=True)


def test_detail_is_what_the_small_size_lost(photo: Tensor) -> None:
    """The photo in grey, made small and finished, is the photo in grey again."""
    grey = photo.mean(1, keepdim=True).expand(-1, 3, -1, -1) * 0.6 + 0.2
    finished = with_detail(resize(grey, (20, 28)), grey)
    torch.testing.assert_close(finished, grey, atol=1e-4, rtol=0)


def test_detail_brings_no_color(photo: Tensor) -> None:
    flat = torch.full((1, 3, 20, 28), 0.5)
    finished = with_detail(flat, photo * 0.3)
    assert (finished - finished.mean(1, keepdim=True)).abs().max() < 1e-5
    assert finished.std() > 0.001


@pytest.mark.parametrize("size", [(1, 1), (40, 56), (3, 100), (80, 112)])
def test_detail_at_every_size(photo: Tensor, size: tuple[int, int]) -> None:
    finished = with_detail(torch.rand(1, 3, *size), photo)
    assert finished.shape == photo.shape
    assert finished.min() >= 0
    assert finished.max() <= 1
