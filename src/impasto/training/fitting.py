"""The one training loop: what is learnt is a value, and everything a long run needs is around it.

A training says *what* in a :class:`Lesson` (a network, its loss, its batches by number) and calls :func:`fit`. That
brings the rest: a running average of the weights, validation, best and last checkpoints, early stopping, the learning
rate's schedule, curves as CSV and for TensorBoard, sheets of samples, resuming, several GPUs. Lightning does the
driving (the extra ``train``).

A batch is a function of its number alone, never of what was drawn before. So a run that goes on from a checkpoint sees
exactly the batches that an undisturbed one sees, whatever was prepared ahead when it was killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from torch import Tensor, nn

from impasto.config import FitOptions
from impasto.errors import MissingExtraError

__all__ = ["Batch", "FitStep", "Fitted", "Lesson", "OnFitStep", "Stop", "fit", "silent"]

Batch: TypeAlias = Any
"""Tensors, or tuples, lists and dicts of tensors: whatever the lesson's ``terms`` understands."""

Stop = Literal["finished", "early", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What is learnt, and from what."""

    network: nn.Module
    terms: Callable[[nn.Module, Batch], Mapping[str, Tensor]]  # the loss by term, weighted: their sum goes downhill
    batch: Callable[[int], Batch]  # the batch of this number (from 0), always the same; called from another thread
    kept_out: Sequence[Batch]  # what is validated on; a Sequence may make them when asked
    export: Callable[[nn.Module], object]  # writes the model; called whenever the average became the best
    sheet: Callable[[nn.Module], Tensor] | None = None  # samples (1, 3, H, W), drawn at every validation
    helpers: Sequence[nn.Module] = ()  # frozen networks that ``terms`` uses, brought to the device with ``network``
    largest_gradient: float = 1.0  # the norm that gradients are clipped to


@dataclass(frozen=True)
class FitStep:
    """What a training tells its callback after every step."""

    step: int
    steps: int
    losses: Mapping[str, float]  # of this batch, by term and in ``total``
    validation: Mapping[str, float]  # of the last validation; empty before the first
    best: float | None  # the smallest total that was validated
    elapsed: float  # seconds in this session
    remaining: float | None  # seconds left at most; None while nobody can tell
    note: str | None = None  # something the user should know
    fresh: bool = False  # whether this step was validated just now


OnFitStep: TypeAlias = Callable[[FitStep], object]


@dataclass(frozen=True)
class Fitted:
    """How a training ended."""

    step: int  # the last one
    best_step: int  # the one whose average was exported
    best: float  # its total on what was kept out
    stopped: Stop
    validation: Mapping[str, float] = field(repr=False)  # of the best step, by term
    seconds: float = 0.0


def silent(_: FitStep) -> None:
    """Ignore progress."""


def fit(lesson: Lesson, run: Path, config: FitOptions, *, on_step: OnFitStep = silent) -> Fitted:
    """Train in the folder ``run`` (see :mod:`impasto.training.runs`), going on from its last checkpoint.

    Ctrl-C ends the step, saves and returns; a second one interrupts at once. What ends a training against its will (a
    full disk, a loss that is not a number, a folder that is gone) is one sentence, and the last checkpoint stays.
    """
    try:
        from impasto.training.lightning_loop import run_loop
    except ImportError as missing:
        if (missing.name or "").startswith("impasto"):
            raise  # a bug of ours, not an extra that is missing
        raise MissingExtraError("training", "train") from missing
    return run_loop(lesson, run, config, on_step)
