"""Altered copies of paintings are pictures, decided by their seed, and each alteration does what it says."""

from __future__ import annotations

import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.images import samples
from impasto.training.alterations import ALTERATIONS, _drawn, _flatter, _harder, _recolored, _turned_about_grey, altered


@pytest.fixture(scope="module")
def painting() -> torch.Tensor:
    return samples.brushwork((96, 128))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**31))
@settings(max_examples=40)
def test_what_comes_of_any_painting_is_a_picture_of_the_asked_size(width: int, height: int, seed: int) -> None:
    noise = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    picture = altered(noise, 64, random.Random(seed))
    assert picture.shape[:2] == (1, 3)
    assert max(picture.shape[2:]) == 64
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_the_seed_decides(painting: torch.Tensor) -> None:
    one, again, other = (altered(painting, 64, random.Random(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert one.shape != other.shape or not torch.equal(one, other)


def test_every_alteration_changes_a_painting(painting: torch.Tensor) -> None:
    for _, alteration in ALTERATIONS:
        changed = alteration(painting, random.Random(0)).clamp(0, 1)
        assert (changed - painting).abs().mean() > 0.01, alteration.__name__


def test_flat_pictures_have_a_few_levels_and_hard_ones_more_contrast(painting: torch.Tensor) -> None:
    assert len(_flatter(painting, random.Random(3)).unique()) <= 6
    assert _harder(painting, random.Random(3)).std() > painting.std()


def test_a_drawing_is_grey_and_a_flat_sky_leaves_no_line(painting: torch.Tensor) -> None:
    drawing = _drawn(painting, random.Random(0))
    assert torch.equal(drawing[:, 0], drawing[:, 2])
    blank = _drawn(torch.full((1, 3, 32, 32), 0.4), random.Random(0)).clamp(0, 1)
    assert blank.std() < 1e-6


def test_a_third_of_a_turn_exchanges_colors_and_leaves_greys(painting: torch.Tensor) -> None:
    turned = _turned_about_grey(painting, 2 * math.pi / 3)
    torch.testing.assert_close(turned, painting[:, [2, 0, 1]], atol=1e-5, rtol=0)
    grey = torch.full((1, 3, 4, 4), 0.3)
    torch.testing.assert_close(_turned_about_grey(grey, 1.0), grey)


def test_new_colors_keep_the_shapes(painting: torch.Tensor) -> None:
    recolored = _recolored(painting, random.Random(5))
    edges = [picture.diff(dim=3).abs().sum(1).flatten() for picture in (painting, recolored)]
    assert torch.corrcoef(torch.stack(edges))[0, 1] > 0.7
