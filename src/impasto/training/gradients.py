"""What a step may do with its gradient: be clipped, or be passed over where it is not finite."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from impasto.errors import OptionError

__all__ = ["BAD_STEPS", "GradientGuard"]

BAD_STEPS = 3  # steps in a row without a finite gradient: then it is no accident


class GradientGuard:
    """Keeps weights from steps that would ruin them; several in a row end the training."""

    def __init__(self, largest: float) -> None:
        self._largest, self._bad = largest, 0

    def is_sound(self, parameters: Iterable[Tensor], step: int) -> bool:
        """Clip the gradient of this step, and say whether it may be taken."""
        norm = nn.utils.clip_grad_norm_(parameters, self._largest)
        self._bad = 0 if bool(norm.isfinite()) else self._bad + 1
        if self._bad == BAD_STEPS:
            raise OptionError(
                f"the loss is not a number, {BAD_STEPS} steps in a row up to step {step}; the last checkpoint is kept. "
                "Give the same command again with a lower --learning-rate."
            )
        return self._bad == 0
