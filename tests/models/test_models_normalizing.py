"""Instance normalisation with the picture's own statistics, and with those of another."""

import pytest
import torch

from impasto.models.normalizing import Reading


def test_own_statistics_bring_every_channel_to_mean_0_and_deviation_1():
    x = torch.rand(2, 3, 9, 7) * torch.tensor([1.0, 5.0, 20.0]).view(1, 3, 1, 1) + 4
    normal = Reading().normalize("a", x)
    assert normal.mean((2, 3)).abs().max() < 1e-4
    assert (normal.std((2, 3), correction=0) - 1).abs().max() < 2e-3


def test_remembered_statistics_make_a_tile_equal_its_place_in_the_whole():
    x = torch.rand(1, 4, 16, 16)
    whole = Reading()
    normal = whole.normalize("a", x)
    tile = Reading(whole.found).normalize("a", x[..., 4:9, 2:7])
    assert torch.equal(tile, normal[..., 4:9, 2:7])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_given_statistics_can_follow_the_pictures_own(dtype):
    x = torch.rand(1, 4, 16, 16).to(dtype).contiguous(memory_format=torch.channels_last) * 3
    own, other = Reading(), {"a": (torch.full((1, 4, 1, 1), 0.2), torch.full((1, 4, 1, 1), 2.0))}
    own.normalize("a", x)
    following = Reading(other, following=0.25)
    normal = following.normalize("a", x)
    for found, given, alone in zip(following.found["a"], other["a"], own.found["a"], strict=True):
        assert found.dtype == torch.float32
        assert torch.allclose(found, 0.75 * given + 0.25 * alone, rtol=0.01, atol=0.01)
    assert torch.equal(normal, Reading(following.found).normalize("a", x)), "it goes by what it remembers"
    standing = Reading(other)
    standing.normalize("a", x)
    assert not standing.found


def test_a_flat_channel_stays_finite():
    assert Reading().normalize("a", torch.full((1, 1, 4, 4), 0.3)).abs().max() < 1e-3


def test_the_slope_is_that_of_the_formula_with_own_and_with_given_statistics():
    x = torch.rand(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    scale, shift = (torch.rand(rows, 3, 1, 1, dtype=torch.float64, requires_grad=True) for rows in (2, 1))
    given = {"a": (torch.rand(2, 3, 1, 1, dtype=torch.float64), torch.rand(2, 3, 1, 1, dtype=torch.float64) + 0.5)}
    for statistics in (None, given):
        inputs = (x, scale, shift)
        assert torch.autograd.gradcheck(lambda *v, s=statistics: Reading(s).normalize("a", *v), inputs)


def test_half_precision_normalises_in_one_pass_as_float32_does():
    x = (torch.randn(2, 16, 12, 10) * 3 + 1).contiguous(memory_format=torch.channels_last)
    scale, shift = torch.rand(2, 16, 1, 1) + 0.5, torch.rand(2, 16, 1, 1)
    found, slopes = {}, {}
    for dtype in (torch.float32, torch.bfloat16):
        inputs = [
            x.to(dtype, copy=True).requires_grad_(),
            scale.clone().requires_grad_(),
            shift.clone().requires_grad_(),
        ]
        reading = Reading()
        normal = reading.normalize("a", *inputs)
        (normal.float() * x.flip(3)).sum().backward()
        found[dtype] = (normal.detach().float(), *reading.found["a"])
        slopes[dtype] = [one.grad.float() for one in inputs]
    for exact, rounded in zip(
        (*found[torch.float32], *slopes[torch.float32]), (*found[torch.bfloat16], *slopes[torch.bfloat16]), strict=True
    ):
        assert (exact - rounded).abs().max() < 0.02 * exact.abs().max()


def test_in_half_precision_too_a_tile_equals_its_place_in_the_whole():
    x = torch.rand(1, 8, 16, 16).bfloat16().contiguous(memory_format=torch.channels_last)
    scale, shift = torch.rand(1, 8, 1, 1) + 0.5, torch.rand(1, 8, 1, 1)
    whole = Reading()
    normal = whole.normalize("a", x, scale, shift)
    tile = Reading(whole.found).normalize("a", x[..., 4:9, 2:7], scale, shift)
    assert (tile - normal[..., 4:9, 2:7]).abs().max() < 0.05
