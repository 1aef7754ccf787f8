"""The modules are faces: the same numbers as the functions, with buffers that move and save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from impasto import losses

FACES = [
    (losses.ContentLoss, losses.content_loss, {}),
    (losses.NormalizedContentLoss, losses.normalized_content_loss, {}),
    (losses.GramLoss, losses.gram_loss, {}),
    (losses.GramLoss, losses.gram_loss, {"exact": True}),
    (losses.MomentsLoss, losses.moments_loss, {}),
    (losses.Wasserstein2Loss, losses.wasserstein2_loss, {"blur": 0.01}),
    (losses.HistogramLoss, losses.histogram_loss, {}),
    (losses.ColorMomentsLoss, losses.color_moments_loss, {}),
]


@pytest.mark.parametrize(("face", "formula", "options"), FACES)
def test_a_face_gives_its_functions_numbers(
    face: Callable[..., nn.Module], formula: Callable[..., Tensor], options: dict[str, Any]
) -> None:
    x, y = torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 5)
    torch.testing.assert_close(face(y, **options)(x), formula(x, y, **options))


@pytest.mark.parametrize(("face", "formula", "options"), FACES)
def test_targets_move_and_are_saved(
    face: Callable[..., nn.Module], formula: Callable[..., Tensor], options: dict[str, Any]
) -> None:
    x, y = torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 5, requires_grad=True)
    module = face(y, **options)
    assert not any(buffer.requires_grad for buffer in module.buffers())
    other = face(torch.rand(1, 3, 4, 5), **options)
    other.load_state_dict(module.state_dict())
    assert other(x) == module(x)
    assert module.double()(x.double()).dtype == torch.float64


def test_the_sliced_face_passes_its_generator_on() -> None:
    x, y = torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 5)
    value = losses.SlicedWassersteinLoss(y, projections=7)(x, generator=torch.Generator().manual_seed(1))
    expected = losses.sliced_wasserstein_loss(x, y, projections=7, generator=torch.Generator().manual_seed(1))
    assert value == expected


def test_masks_are_given_to_the_call() -> None:
    x, y, mask = torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 5), torch.rand(1, 1, 4, 5)
    assert losses.ContentLoss(y)(x, weight=mask) == losses.content_loss(x, y, mask)


def test_total_variation_has_no_target() -> None:
    image = torch.rand(1, 3, 4, 5)
    assert losses.TotalVariation("huber")(image) == losses.total_variation(image, "huber")


def test_everything_public_is_listed_and_documented() -> None:
    for name in losses.__all__:
        assert getattr(losses, name).__doc__ or name == "Variation"
