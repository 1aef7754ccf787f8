"""What techniques are made of does what it says."""

from __future__ import annotations

import random

import torch

from impasto.training.sketching import bent, followed, in_few_colors, nearest, places_of, sampled


def test_the_nearest_point_is_the_nearest() -> None:
    points = torch.rand(30, 2, generator=torch.Generator().manual_seed(0)) * 90
    places = torch.meshgrid(torch.arange(90.0), torch.arange(70.0), indexing="ij")
    which, first, second = nearest(points, (places[0], places[1]), 2.0)
    distances = torch.cdist(torch.stack(places, -1).flatten(0, 1), points).sort(1)
    assert torch.equal(which.flatten(), torch.cdist(torch.stack(places, -1).flatten(0, 1), points).argmin(1))
    assert torch.allclose(first.flatten(), distances.values[:, 0], atol=1e-3)
    assert torch.allclose(second.flatten(), distances.values[:, 1], atol=1e-3)


def test_strokes_are_long_the_way_they_go() -> None:
    noise = torch.randn(1, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    across = torch.stack([torch.zeros(96, 96), torch.ones(96, 96)])
    strokes = followed(noise, across, 8)
    along, beside = (strokes.diff(dim=dim).square().mean() for dim in (3, 2))
    assert along < 0.2 * beside


def test_places_that_are_not_bent_give_back_the_picture() -> None:
    picture = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(sampled(picture, places_of((20, 30))), picture, atol=1e-5)
    assert not torch.allclose(sampled(picture, bent((20, 30), 4, random.Random(0))), picture, atol=0.1)


def test_few_colors_are_few_and_the_nearest() -> None:
    colors = torch.rand(3, 500, generator=torch.Generator().manual_seed(0))
    counts = [in_few_colors(colors, random.Random(seed)).unique(dim=1).shape[1] for seed in range(40)]
    assert min(counts) >= 2
    assert sum(count <= 9 for count in counts) > 20
