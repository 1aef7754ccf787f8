"""Every technique makes a picture of its own, decided by its seed, and does what it says."""

from __future__ import annotations

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.images import samples
from impasto.images.color import luminance
from impasto.training.techniques import TECHNIQUES, _divided, _dotted, _filled, _hatched, _penciled, retold


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    return samples.harbour((96, 128))


@given(st.integers(8, 90), st.integers(8, 90), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_what_comes_of_any_photo_is_a_picture_of_the_asked_size(width: int, height: int, seed: int) -> None:
    noise = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    picture = retold(noise, 64, random.Random(seed))
    assert picture.shape[:2] == (1, 3)
    assert max(picture.shape[2:]) == 64
    assert picture.isfinite().all()
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_the_seed_decides(photo: torch.Tensor) -> None:
    one, again, other = (retold(photo, 96, random.Random(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("technique", dict.fromkeys(TECHNIQUES), ids=lambda technique: technique.__name__)
def test_every_technique_fills_plain_places(technique) -> None:
    """That is what they are for: where the photo has nothing, there is something to learn."""
    plain = torch.full((1, 3, 128, 128), 0.5)
    made = [luminance(technique(plain, random.Random(seed)).clamp(0, 1)).std().item() for seed in range(8)]
    assert sorted(made)[4] > 0.02


def test_a_drawing_is_dark_where_the_photo_is() -> None:
    ramp = torch.linspace(0, 1, 128).expand(1, 3, 128, 128)
    for technique in (_hatched, _penciled):
        drawn = [luminance(technique(ramp, random.Random(seed))) for seed in range(12)]
        assert sum(one[..., :32].mean() < one[..., -32:].mean() for one in drawn) >= 9  # seldom light on dark


def test_dots_have_the_colors_of_what_they_cover() -> None:
    halves = torch.zeros(1, 3, 96, 96)
    halves[:, 0, :, :48], halves[:, 2, :, 48:] = 1, 1
    made = torch.stack([_dotted(halves, random.Random(seed)).clamp(0, 1) for seed in range(20)])
    redder = (made[:, 0, 0] - made[:, 0, 2]).mean(1)  # over the rows
    assert redder[:, :40].mean() > redder[:, 56:].mean() + 0.1


@given(st.integers(1, 120), st.integers(1, 120), st.floats(3, 40), st.integers(0, 2**31))
def test_boards_cover_the_picture_once(height: int, width: int, least: float, seed: int) -> None:
    covered = torch.zeros(height, width)
    for top, left, bottom, right in _divided((0, 0, height, width), least, random.Random(seed)):
        covered[top:bottom, left:right] += 1
    assert (covered == 1).all()


def test_a_board_has_one_color_and_an_edge_all_around() -> None:
    boards = [(0, 0, 8, 5), (0, 5, 8, 12)]
    canvas, border = _filled((8, 12), boards, torch.tensor([[0.2, 0.7]]).expand(3, 2))
    assert canvas[:, :, :5].unique().tolist() == pytest.approx([0.2])
    assert canvas[:, :, 5:].unique().tolist() == pytest.approx([0.7])
    assert (border == 0).sum() == 2 * 8 + 2 * 3 + 2 * 8 + 2 * 5
    assert border[4, 8] == 3
