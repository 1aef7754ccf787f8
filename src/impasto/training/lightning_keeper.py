"""What happens after every step: validation, checkpoints, curves, samples, progress, and whether it is over."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch

from impasto.config import FitOptions
from impasto.images import write
from impasto.training.curves import Curve
from impasto.training.fitting import FitStep, Fitted, Lesson, OnFitStep, Stop
from impasto.training.lightning_learner import Learner, validate
from impasto.training.runs import BEST, LAST

__all__ = ["Keeper"]

LEAST_GAIN = 1e-3  # a validation has gained something if it is better by this share
WRITE_EVERY = 50  # steps between two writings of the curve


class Keeper(lightning.Callback):
    """Validates, keeps checkpoints and curves, tells progress, and says when it is over."""

    def __init__(self, lesson: Lesson, run: Path, config: FitOptions, on_step: OnFitStep) -> None:
        self._lesson, self._run, self._config, self._on_step = lesson, run, config, on_step
        self._curves: dict[str, Curve] = {}
        self._best = _Best()
        self._validation: dict[str, float] = {}
        self._step, self._first, self._began = 0, 0, time.monotonic()
        self._stopped: Stop = "finished"
        self.asked_to_stop = False

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds besides the weights and Lightning's own."""
        return {"step": self._step, "best": vars(self._best).copy(), "validation": self._validation}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what :meth:`state_dict` gave."""
        self._step, self._validation = state_dict["step"], state_dict["validation"]
        self._best = _Best(**state_dict["best"])

    def on_train_start(self, trainer: lightning.Trainer, _: Any) -> None:
        """Open the curves where the checkpoint ends."""
        self._step = self._first = trainer.global_step
        if trainer.is_global_zero:
            names = ("training", "validation")
            self._curves = {name: Curve(self._run / f"{name}.csv", start=self._first) for name in names}
        self._began = time.monotonic()
        if self._is_exhausted:  # a run that had stopped early does not creep on with every command
            trainer.should_stop = True
            self._stopped = "early" if self._step < self._config.steps else "finished"

    def on_train_batch_end(self, trainer: lightning.Trainer, pl_module: Any, *_: Any) -> None:
        """Do after a whole step all that belongs after it."""
        self._step = trainer.global_step
        pl_module.follow(self._step)
        self._log(trainer, "training", pl_module.losses)
        fresh = self._step == self._config.steps or self._step % self._config.validate_every == 0
        if fresh:
            self._validate(trainer, pl_module)
        if trainer.is_global_zero:
            self._tell(pl_module.losses, fresh=fresh)
        asked = trainer.strategy.reduce_boolean_decision(self.asked_to_stop, all=False)
        if asked and not fresh:
            self._checkpoint(trainer, is_best=False)
        if self._step < self._config.steps:
            self._stopped = "early" if self._is_exhausted else "interrupted" if asked else "finished"
        trainer.should_stop = trainer.should_stop or self._stopped != "finished"

    def fitted(self) -> Fitted:
        """Return how it ended."""
        seconds = time.monotonic() - self._began
        return Fitted(self._step, self._best.step, self._best.total, self._stopped, self._best.validation, seconds)

    @property
    def _is_exhausted(self) -> bool:
        return bool(self._config.patience) and self._best.waited >= self._config.patience

    def _validate(self, trainer: lightning.Trainer, learner: Learner) -> None:
        """Measure the average on what was kept out; keep everything that belongs to this moment."""
        self._validation = validate(trainer, learner)
        is_best = self._best.is_beaten(self._step, self._validation)
        self._log(trainer, "validation", self._validation)
        if trainer.is_global_zero:
            if is_best:
                self._lesson.export(learner.average)
            self._draw(learner)
        self._checkpoint(trainer, is_best=is_best)

    def _checkpoint(self, trainer: lightning.Trainer, *, is_best: bool) -> None:
        for curve in self._curves.values():
            curve.write()
        trainer.save_checkpoint(self._run / LAST)
        if is_best:
            trainer.save_checkpoint(self._run / BEST)

    def _draw(self, learner: Learner) -> None:
        if self._lesson.sheet is None:
            return
        folder = self._run / "samples"
        folder.mkdir(exist_ok=True)
        with torch.no_grad():
            sheet = self._lesson.sheet(learner.average)
        write(sheet.float().cpu().clamp(0, 1), folder / f"step-{self._step:06d}.jpg", overwrite=True)

    def _log(self, trainer: lightning.Trainer, name: str, values: Mapping[str, float]) -> None:
        if name in self._curves:
            self._curves[name].add(self._step, values)
            if self._step % WRITE_EVERY == 0:
                self._curves[name].write()
        if trainer.logger is not None:
            trainer.logger.log_metrics({f"{name}/{key}": value for key, value in values.items()}, self._step)

    def _tell(self, losses: Mapping[str, float], *, fresh: bool) -> None:
        elapsed, done = time.monotonic() - self._began, self._step - self._first
        told = FitStep(
            step=self._step,
            steps=self._config.steps,
            losses=losses,
            validation=self._validation,
            best=self._best.total if self._best.step else None,
            elapsed=elapsed,
            remaining=elapsed / done * (self._config.steps - self._step),
            fresh=fresh,
        )
        try:
            self._on_step(told)
        except KeyboardInterrupt:
            self.asked_to_stop = True


class _Best:
    """The best validation so far, and how many have passed without a gain."""

    def __init__(
        self,
        total: float = math.inf,
        step: int = 0,
        waited: int = 0,
        validation: dict[str, float] | None = None,
        gained: float = math.inf,
    ) -> None:
        self.total, self.step, self.waited, self.validation = total, step, waited, validation or {}
        self.gained = gained  # the total that a gain is measured from: many tiny steps are a gain as well

    def is_beaten(self, step: int, validation: dict[str, float]) -> bool:
        """Take in a validation and say whether it is the best."""
        total = validation["total"]
        gains = total < self.gained - LEAST_GAIN * abs(self.gained) if math.isfinite(self.gained) else True
        self.waited = 0 if gains else self.waited + 1
        self.gained = total if gains else self.gained
        if not total < self.total:
            return False
        self.total, self.step, self.validation = total, step, validation
        return True
