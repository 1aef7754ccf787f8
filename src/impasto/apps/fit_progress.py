"""How a training shows that it gets on: a bar with the loss and the time left, and a line for every validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from impasto.apps.progress import Gauge, joined, time_left

if TYPE_CHECKING:
    from impasto.training.fitting import FitStep

__all__ = ["PLAIN_INTERVAL", "fitting_on", "show_fit"]

PLAIN_INTERVAL = 60.0  # seconds between two plain lines


@contextmanager
def show_fit(*, quiet: bool = False) -> Iterator[Callable[[FitStep], None]]:
    """Return a callback for the steps of one training."""
    with Gauge(every=PLAIN_INTERVAL, quiet=quiet) as gauge:
        yield fitting_on(gauge, quiet=quiet)


def fitting_on(gauge: Gauge, *, quiet: bool) -> Callable[[FitStep], None]:
    """Return a callback for the steps of one training that moves a gauge."""

    def tell(step: FitStep) -> None:
        news = joined(f"step {step.step}", validation_text(step)) if step.fresh else ""
        for sentence in (step.note, news):
            if sentence and not quiet:
                gauge.note(sentence)
        where = f"step {step.step}/{step.steps}"
        after = joined(f"loss {step.losses['total']:.3f}", time_left(step.remaining))
        gauge.move(where, step.step, step.steps, after, elapsed=step.elapsed)

    return tell


def validation_text(step: FitStep) -> str:
    """Return what the pictures that were kept out say."""
    terms = " ".join(f"{name} {value:.3f}" for name, value in step.validation.items() if name != "total")
    total = step.validation["total"]
    best = "the best so far" if total == step.best else f"best {step.best:.3f}"
    return f"kept-out photos {total:.3f} ({terms}), {best}"
