"""What a style asks of a batch: in the style's own units, of all crops together, at any strength."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from impasto import losses
from impasto.config import StyleTraining
from impasto.engine.layers import STYLE_LAYERS
from impasto.images import brushwork, harbour
from impasto.models.encoder import embedded_encoder
from impasto.training.style_targets import StyleGoal, style_goal, style_terms, together


@pytest.fixture(scope="module")
def encoder() -> nn.Module:
    return embedded_encoder(STYLE_LAYERS)


@pytest.fixture(scope="module")
def photos() -> Tensor:
    return torch.cat([harbour((64, 64)), harbour((64, 64)).flip(2)])


@pytest.fixture(scope="module")
def goal(encoder: nn.Module, photos: Tensor) -> StyleGoal:
    return style_goal(encoder, [brushwork((64, 96))], [photos])


def terms(encoder: nn.Module, goal: StyleGoal, photo: Tensor, painted: Tensor, strength: float = 1.0) -> dict:
    return style_terms(encoder, photo, painted, goal, StyleTraining(), strength)


def test_untouched_photos_are_at_distance_1_and_have_lost_no_shapes(
    encoder: nn.Module, goal: StyleGoal, photos: Tensor
) -> None:
    found = terms(encoder, goal, photos, photos)
    assert float(found["style"]) == pytest.approx(1, abs=1e-3)
    assert float(found["content"]) == pytest.approx(0, abs=1e-3)
    assert float(found["range"]) == 0


def test_the_painting_itself_is_at_distance_0(encoder: nn.Module, goal: StyleGoal, photos: Tensor) -> None:
    painting = brushwork((64, 96))
    found = terms(encoder, goal, torch.rand_like(painting), painting)
    assert float(found["style"]) < 0.01
    assert float(found["content"]) > 0.05


def test_at_a_small_strength_the_photo_is_nearly_what_is_asked_for(
    encoder: nn.Module, goal: StyleGoal, photos: Tensor
) -> None:
    away = [float(terms(encoder, goal, photos, photos, share)["style"]) for share in (0.05, 0.5, 1.0)]
    assert away == sorted(away)
    assert away[0] < 0.1


def test_crops_are_judged_as_the_parts_of_one_picture() -> None:
    features = torch.rand(3, 4, 5, 6)
    side_by_side = torch.cat(list(features.split(1)), 3)
    found, expected = together(losses.moments(features)), losses.moments(side_by_side)
    for one, other in zip(found, expected, strict=True):
        assert torch.allclose(one, other)


def test_two_halves_of_a_painting_please_more_together_than_twice_the_same_half(
    encoder: nn.Module, photos: Tensor
) -> None:
    """Red above and blue below: no crop has to be both."""
    painting = torch.rand(1, 3, 64, 64) * 0.4
    painting[:, 0, :32] += 0.5
    painting[:, 2, 32:] += 0.5
    goal = style_goal(encoder, [painting], [photos])
    above, below = painting[:, :, :32].repeat(1, 1, 2, 1), painting[:, :, 32:].repeat(1, 1, 2, 1)
    both = terms(encoder, goal, photos, torch.cat([above, below]))["style"]
    same = terms(encoder, goal, photos, torch.cat([above, above]))["style"]
    assert both < 0.7 * same


def test_several_paintings_are_one_style(encoder: nn.Module, photos: Tensor) -> None:
    first, second = brushwork((64, 96)), harbour((64, 64)).flip(1)
    goal = style_goal(encoder, [first, second], [photos])
    pooled = losses.combine([losses.moments(encoder(one)["relu3_1"]) for one in (first, second)])
    assert torch.allclose(goal.moments["relu3_1"].mean, pooled.mean, atol=1e-5)


def test_the_gradient_leads_towards_the_style(encoder: nn.Module, goal: StyleGoal, photos: Tensor) -> None:
    painted = photos.clone().requires_grad_()
    before = torch.stack(list(terms(encoder, goal, photos, painted).values())).sum()
    before.backward()
    moved = (photos - 0.02 * painted.grad.sign()).clamp(0, 1)
    assert sum(terms(encoder, goal, photos, moved).values()) < before.detach()
