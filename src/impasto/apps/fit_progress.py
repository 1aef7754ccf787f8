"""How a training shows that it gets on: a bar with the loss and the time left, and a line for every validation."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from impasto.apps.console import say
from impasto.apps.progress import Bar, joined, time_left

if TYPE_CHECKING:
    from impasto.training.fitting import FitStep

__all__ = ["FitProgress"]

PLAIN_INTERVAL = 60.0  # seconds between two plain lines


class FitProgress:
    """Tells the steps of one training in the way that fits where stderr goes."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._bar = Bar("getting ready") if sys.stderr.isatty() and not quiet else None
        self._quiet, self._said_at = quiet, -math.inf

    def __enter__(self) -> Callable[[FitStep], None]:
        if self._bar is not None:
            self._bar.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _tell(self, step: FitStep) -> None:
        if step.note:
            self._say(step.note)
        if step.fresh:
            self._say(joined(f"step {step.step}", validation_text(step)))
        where = f"step {step.step}/{step.steps}"
        after = joined(f"loss {step.losses['total']:.3f}", time_left(step.remaining))
        if self._bar is not None:
            self._bar.move(where, step.step, step.steps, after)
        elif not self._quiet and step.elapsed - self._said_at >= PLAIN_INTERVAL:
            self._said_at = step.elapsed
            say(joined(where, after))

    def _say(self, sentence: str) -> None:
        if self._bar is not None:
            self._bar.note(sentence)
        elif not self._quiet:
            say(sentence)


def validation_text(step: FitStep) -> str:
    """Return what the pictures that were kept out say."""
    terms = " ".join(f"{name} {value:.3f}" for name, value in step.validation.items() if name != "total")
    total = step.validation["total"]
    best = "the best so far" if total == step.best else f"best {step.best:.3f}"
    return f"kept-out photos {total:.3f} ({terms}), {best}"
