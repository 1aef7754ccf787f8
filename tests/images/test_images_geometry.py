"""Sizes, tiles, masks and what lies under transparency."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from impasto.errors import OptionError
from impasto.images import (
    fill_transparent,
    fit_long_side,
    over_white,
    read_mask,
    region_weights,
    resize,
    split,
    write,
)

side = st.integers(1, 700)


@settings(derandomize=True, deadline=None)
@given(height=side, width=side, long_side=st.integers(1, 5000))
def test_fitting_the_long_side(height: int, width: int, long_side: int) -> None:
    fitted = fit_long_side((height, width), long_side)
    assert max(fitted) == long_side
    assert min(fitted) >= 1
    assert (fitted[0] >= fitted[1]) == (height >= width) or fitted[0] == fitted[1]
    exact = min(height, width) * long_side / max(height, width)
    assert min(fitted) == pytest.approx(max(1, exact), abs=0.51)


def test_extreme_proportions_never_vanish() -> None:
    assert fit_long_side((1, 10_000), 100) == (1, 100)
    assert fit_long_side((10_000, 3), 50) == (50, 1)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(height=st.integers(1, 40), width=st.integers(1, 40), new=st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_resizing_stays_in_range(height: int, width: int, new: tuple[int, int]) -> None:
    x = (torch.rand(1, 3, height, width) > 0.5).float()  # the hardest edges there are
    resized = resize(x, new)
    assert resized.shape == (1, 3, *new)
    assert 0 <= resized.min() <= resized.max() <= 1


def test_resizing_keeps_flat_colors_and_means() -> None:
    flat = torch.full((1, 3, 17, 23), 0.3)
    torch.testing.assert_close(resize(flat, (5, 60)), torch.full((1, 3, 5, 60), 0.3), atol=1e-5, rtol=0)
    fine = torch.zeros(1, 1, 64, 64)
    fine[..., ::2] = 1  # stripes finer than the new pixels become grey, not a moiré
    assert (resize(fine, (20, 20)) - 0.5).abs().max() < 0.1


@pytest.mark.parametrize("before", [(40, 1), (40, 3), (1, 40), (3, 40), (40, 40)])
@pytest.mark.parametrize("after", [(25, 1), (90, 1), (1, 25), (1, 1), (30, 2)])
def test_a_picture_one_pixel_wide_is_resized_like_any_other(before: tuple[int, int], after: tuple[int, int]) -> None:
    """What changes along one side only is the same line of colors, whatever the other side is."""
    ramp = torch.linspace(0, 1, before[0]).view(1, 1, -1, 1).expand(1, 3, *before)
    found = resize(ramp.contiguous(), after)
    expected = resize(ramp[..., :1].expand(1, 3, before[0], 8).contiguous(), (after[0], 8))[..., :1]
    assert torch.allclose(found, expected.expand_as(found), atol=1e-5)
    turned = resize(ramp.transpose(2, 3).contiguous(), after[::-1])
    assert torch.allclose(turned, found.transpose(2, 3), atol=1e-5)


def test_resizing_to_the_same_size_is_free() -> None:
    x = torch.rand(1, 3, 4, 5)
    assert resize(x, (4, 5)) is x


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    height=side,
    width=side,
    tile=st.integers(1, 300),
    margin=st.integers(0, 60),
    multiple=st.sampled_from([1, 2, 8, 16]),
)
def test_tiles_partition_the_picture(height: int, width: int, tile: int, margin: int, multiple: int) -> None:
    try:
        tiles = split((height, width), tile, margin, multiple=multiple)
    except OptionError:
        whole_margin = -(-margin // multiple) * multiple
        assert tile < 2 * whole_margin + multiple
        return
    count = torch.zeros(height, width, dtype=torch.int32)
    for one in tiles:
        count[one.inner] += 1
        for outer, inner, length in zip(one.outer, one.inner, (height, width), strict=True):
            assert 0 <= outer.start <= inner.start < inner.stop <= outer.stop <= length
            assert outer.stop - outer.start <= tile
            assert outer.start % multiple == inner.start % multiple == 0
            assert inner.start - outer.start >= min(margin, inner.start)
            assert outer.stop - inner.stop >= min(margin, length - inner.stop)
    assert (count == 1).all()


def test_pasting_every_tile_gives_the_picture_back() -> None:
    x = torch.rand(1, 3, 100, 77)
    whole = torch.zeros_like(x)
    tiles = split((100, 77), 40, 8, multiple=4)
    for tile in tiles:
        tile.paste(whole, tile.cut(x))
    assert len(tiles) > 4
    torch.testing.assert_close(whole, x)


def test_a_tile_that_is_all_margin_is_refused() -> None:
    with pytest.raises(OptionError, match="tile is 64, of which 64 are margin; make it 65 or more"):
        split((500, 500), 64, 32)


def test_a_small_picture_is_one_tile() -> None:
    (only,) = split((50, 60), 64, 16)
    assert only.outer == only.inner == (slice(0, 50), slice(0, 60))


def test_masks_are_grey_and_transparency_is_black(tmp_path: Path) -> None:
    pixels = torch.ones(1, 3, 4, 4)
    pixels[..., :2] = 0.5
    alpha = torch.ones(1, 1, 4, 4)
    alpha[..., 3] = 0
    write(pixels, tmp_path / "m.png", alpha=alpha)
    mask = read_mask(tmp_path / "m.png")
    assert mask.shape == (1, 1, 4, 4)
    torch.testing.assert_close(mask[0, 0, 0], torch.tensor([0.5, 0.5, 1.0, 0.0]), atol=0.01, rtol=0)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    count=st.integers(1, 4),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    protected=st.booleans(),
    seed=st.integers(0, 99),
)
def test_region_weights_add_up_to_one(count: int, size: tuple[int, int], protected: bool, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    masks = [torch.rand(1, 1, 3 + one, 9 - one, generator=random) for one in range(count)]
    protect = torch.rand(1, 1, 5, 5, generator=random) if protected else None
    styles, alone = region_weights(masks, size, protect=protect)
    assert styles.shape == (1, count, *size)
    assert alone.shape == (1, 1, *size)
    assert styles.min() >= 0
    torch.testing.assert_close(styles.sum(1, keepdim=True) + alone, torch.ones(1, 1, *size), atol=1e-5, rtol=0)


def test_region_weights_mean_what_they_say() -> None:
    left = torch.tensor([1.0, 1.0, 0.0, 0.0, 0.4]).reshape(1, 1, 1, 5)
    right = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.2]).reshape(1, 1, 1, 5)
    styles, alone = region_weights([left, right], (1, 5))
    torch.testing.assert_close(styles[0, :, 0].T, torch.tensor([[1, 0], [0.5, 0.5], [0, 1], [0, 0], [0.4, 0.2]]))
    torch.testing.assert_close(alone.flatten(), torch.tensor([0, 0, 0, 1, 0.4]))
    _, alone = region_weights([left, right], (1, 5), protect=torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(alone, torch.ones(1, 1, 1, 5))


def spotted() -> tuple[Tensor, Tensor]:
    pixels = torch.zeros(1, 3, 33, 47)  # black where nothing is seen
    alpha = torch.zeros(1, 1, 33, 47)
    pixels[..., 5:9, 5:9] = torch.tensor([0.8, 0.2, 0.1]).reshape(1, 3, 1, 1)
    alpha[..., 5:9, 5:9] = 1
    pixels[..., 25:30, 35:42] = torch.tensor([0.1, 0.2, 0.9]).reshape(1, 3, 1, 1)
    alpha[..., 25:30, 35:42] = 0.5
    return pixels, alpha


def test_hidden_pixels_take_their_neighbours_colors() -> None:
    pixels, alpha = spotted()
    filled = fill_transparent(pixels, alpha)
    seen = (alpha > 0).expand_as(pixels)
    torch.testing.assert_close(filled[seen], pixels[seen])
    assert filled.sum(1).min() > 0.9  # no black is left
    assert filled[0, 0, 4, 4] > 0.6  # red beside the red spot
    assert filled[0, 2, 31, 43] > 0.6  # blue beside the blue one


def test_a_picture_that_is_not_there_is_white() -> None:
    assert fill_transparent(torch.zeros(1, 3, 5, 5), torch.zeros(1, 1, 5, 5)).min() == 1


def test_nothing_hidden_nothing_changed() -> None:
    x = torch.rand(1, 3, 5, 5)
    torch.testing.assert_close(fill_transparent(x, torch.full((1, 1, 5, 5), 0.1)), x)


def test_over_white() -> None:
    assert over_white(torch.zeros(1, 3, 1, 1), torch.full((1, 1, 1, 1), 0.25)).flatten().tolist() == [0.75] * 3
