"""Steps whose gradient is not finite are not taken, and several in a row end a training."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from impasto.errors import OptionError
from impasto.training.gradients import BAD_STEPS, GradientGuard


def weight(gradient: float) -> nn.Parameter:
    one = nn.Parameter(torch.zeros(1))
    one.grad = torch.tensor([gradient])
    return one


def test_a_sound_gradient_is_clipped() -> None:
    long, short = weight(8.0), weight(0.5)
    guard = GradientGuard(1.0)
    assert guard.is_sound([long], 1)
    assert guard.is_sound([short], 2)
    assert float(long.grad) == pytest.approx(1.0, abs=1e-4)
    assert float(short.grad) == 0.5


def test_one_that_is_not_finite_is_passed_over_and_forgotten() -> None:
    guard = GradientGuard(1.0)
    for step in range(1, 9):
        assert guard.is_sound([weight(float("nan") if step % BAD_STEPS else 1.0)], step) is (step % BAD_STEPS == 0)


def test_several_in_a_row_end_the_training_with_a_sentence() -> None:
    guard = GradientGuard(1.0)
    for step in range(1, BAD_STEPS):
        assert not guard.is_sound([weight(float("inf"))], step)
    with pytest.raises(OptionError, match=f"up to step {BAD_STEPS}; .*--learning-rate"):
        guard.is_sound([weight(float("inf"))], BAD_STEPS)
