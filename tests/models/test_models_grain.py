"""Noise that belongs to the picture."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.models.grain import OCTAVES, grain

places = st.integers(0, 60)
sides = st.integers(1, 40)


@settings(max_examples=40, deadline=None)
@given(top=places, left=places, height=sides, width=sides)
def test_a_part_equals_its_place_in_the_whole(top, left, height, width):
    whole = grain((100, 100), seed=5)
    part = grain((height, width), seed=5, at=(top, left))
    assert torch.allclose(part, whole[..., top : top + height, left : left + width], atol=1e-5)


def test_every_octave_has_mean_0_and_about_the_same_deviation():
    field = grain((256, 256), seed=1)
    assert field.shape == (1, OCTAVES, 256, 256)
    assert field.mean((2, 3)).abs().max() < 0.15
    assert ((field.std((2, 3)) - 1).abs() < 0.15).all()


def test_octaves_grow_coarser():
    field = grain((128, 128), seed=2)
    roughness = field.diff(dim=3).square().mean((2, 3))[0]
    assert (roughness[1:] < roughness[:-1]).all()


def test_another_seed_is_another_field():
    assert not torch.equal(grain((8, 8), seed=1), grain((8, 8), seed=2))


def test_no_two_octaves_or_neighbours_go_together():
    field = grain((64, 64), seed=3)[0].flatten(1)
    assert torch.corrcoef(field).fill_diagonal_(0).abs().max() < 0.3
    white = grain((64, 64), seed=3)[0, 0]
    assert abs(float((white[:, 1:] * white[:, :-1]).mean())) < 0.1


def test_the_field_has_no_creases_along_its_lattice() -> None:
    coarse = grain((256, 256), seed=4)[:, 3:]  # cells of eight points
    bend = (coarse[..., 2:] - 2 * coarse[..., 1:-1] + coarse[..., :-2]).abs().mean((0, 1, 2))
    by_place = bend[: len(bend) // 8 * 8].unflatten(0, (-1, 8)).mean(0)
    assert by_place.max() < 2 * by_place.mean()  # filled linearly, one place in eight has all of it
