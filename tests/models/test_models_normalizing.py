"""Instance normalisation with the picture's own statistics, and with those of another."""

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


def test_a_flat_channel_stays_finite():
    assert Reading().normalize("a", torch.full((1, 1, 4, 4), 0.3)).abs().max() < 1e-3


def test_the_slope_is_that_of_the_formula_with_own_and_with_given_statistics():
    x = torch.rand(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    scale, shift = (torch.rand(rows, 3, 1, 1, dtype=torch.float64, requires_grad=True) for rows in (2, 1))
    given = {"a": (torch.rand(2, 3, 1, 1, dtype=torch.float64), torch.rand(2, 3, 1, 1, dtype=torch.float64) + 0.5)}
    for statistics in (None, given):
        inputs = (x, scale, shift)
        assert torch.autograd.gradcheck(lambda *v, s=statistics: Reading(s).normalize("a", *v), inputs)
