"""One painting by optimisation, from the smallest scale to the largest: everything that changes on the way."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from impasto.engine.finishing import finished
from impasto.engine.inputs import Work
from impasto.engine.planning import plan_scales, plan_steps
from impasto.engine.preparing import Setup, as_seen, beginning, enlarged, objective_at
from impasto.engine.progress import OnStep, Step
from impasto.engine.recipe import Ingredient
from impasto.engine.result import Stop
from impasto.engine.walking import Walk, make_walk
from impasto.errors import ImpastoError, OptionError
from impasto.models.backbones import backbone_title

__all__ = ["Checkpoint", "Painting", "Patience", "is_out_of_memory"]

Place = Mapping[str, int]  # where a painting stood: scale, step


@dataclass(frozen=True)
class Checkpoint:
    """Where an interrupted work stood."""

    image: Tensor
    scale: int
    step: int
    before: Sequence[Place] = ()  # where it had been interrupted before that

    @property
    def places(self) -> list[Place]:
        """Every place where the work was taken up again."""
        return [*self.before, {"scale": self.scale, "step": self.step}]


class Painting:
    """One picture while it is painted; afterwards its losses, its weights and how it ended."""

    def __init__(self, setup: Setup, work: Work, size: tuple[int, int], on_step: OnStep) -> None:
        self.setup, self.config, self.work, self.size, self.on_step = setup, setup.config, work, size, on_step
        self.scales = plan_scales(size, self.config.scales)
        self.steps = plan_steps(self.config.steps, len(self.scales))
        self.tile = setup.tile_for(work, size)
        self.note = self._first_note()
        self.losses: dict[str, list[float]] = {}
        self.weights: list[Ingredient] = []
        self.stopped: Stop = "finished"
        self.stopped_at: Place | None = None
        self._seconds_per_pixel: list[float] = []  # of the steps so far, for the time left
        self._started = time.monotonic()

    def _first_note(self) -> str | None:
        asked = self.config.tile
        if asked is None or asked == self.tile or max(self.size) <= asked:
            return None
        return f"tiles of {asked} px would be all margin for these layers; working in tiles of {self.tile} px"

    def paint(self, resume_from: Checkpoint | None = None) -> Tensor:
        """Paint all scales, or what was left of them, and return the picture (1, 3, H, W)."""
        network = self.setup.network()
        self.weights = self.setup.weights_of(network)
        self._begun = as_seen(beginning(self.work, self.scales, self.config), self.config)
        at = resume_from or Checkpoint(self._begun, 0, 0)
        image, walk = as_seen(at.image, self.config), None
        for scale in range(at.scale, len(self.scales)):
            done = at.step if scale == at.scale else 0
            try:
                image, walk = self._paint_scale(network, scale, image, walk, done)
            except KeyboardInterrupt:  # while the scale was prepared
                if walk is None and resume_from is None:
                    raise  # nothing is painted yet, so there is nothing to keep
                self._interrupt(scale, done)
            if self.stopped == "interrupted":
                break
        self._check_sound()
        return enlarged(image.clamp(0, 1), self._begun, self.size)

    def _interrupt(self, scale: int, done: int) -> None:
        self.stopped, self.stopped_at = "interrupted", {"scale": scale, "step": done}

    def _check_sound(self) -> None:
        """Refuse to hand out a picture of which the network could say nothing."""
        totals = self.losses.get("total", [])
        if totals and not any(math.isfinite(total) for total in totals):
            raise ImpastoError(
                f"the network {backbone_title(self.config.backbone)} gave no finite values for this picture; "
                "try precision float32, or another backbone."
            )

    def _paint_scale(
        self, network: nn.Module, scale: int, image: Tensor, before: Walk | None, done: int
    ) -> tuple[Tensor, Walk | None]:
        """Paint one scale; when memory runs out, begin it again with smaller tiles."""
        while True:
            try:
                return self._walk_scale(network, scale, image, before, done)
            except (MemoryError, RuntimeError) as fault:
                if not is_out_of_memory(fault):
                    raise
                self._shrink_tile(scale, fault)

    def _shrink_tile(self, scale: int, fault: BaseException) -> None:
        height, width = self.scales[scale]
        least, is_whole = self.setup.least_tile, self.config.style_term == "sliced"
        if is_whole or (self.tile is not None and self.tile <= least):
            why = "and style_term sliced cannot be tiled" if is_whole else "even in small tiles"
            raise OptionError(
                f"painting at {width}x{height} px needs more memory than there is, {why}; choose a smaller size."
            ) from fault
        side = max(height, width)
        self.tile = max(least, min(self.tile or side, side) // 2)
        self.note = f"memory ran out; going on in tiles of {self.tile} px"

    def _walk_scale(
        self, network: nn.Module, scale: int, image: Tensor, before: Walk | None, done: int
    ) -> tuple[Tensor, Walk | None]:
        size = self.scales[scale]
        objective = objective_at(self.setup, self.work, network, size, self.tile)
        start = enlarged(image.clamp(0, 1), self._begun, size).to(self.setup.device)
        walk = make_walk(self.config, start, objective.backward, self.steps[scale] - done, before=before)
        patience = Patience(self.config.patience)
        try:
            for step in range(done, self.steps[scale]):
                began = time.monotonic()
                values = walk.step()
                done = step + 1
                self._tell(walk, scale, done, values, time.monotonic() - began)
                if patience.is_over(values["total"]):
                    self.stopped = "converged" if scale == len(self.scales) - 1 else self.stopped
                    break
            if scale == len(self.scales) - 1:
                walk.settle()
        except KeyboardInterrupt:
            self._interrupt(scale, done)
        return walk.picture().cpu(), walk

    def _tell(self, walk: Walk, scale: int, done: int, values: dict[str, float], seconds: float) -> None:
        for name, value in values.items():
            self.losses.setdefault(name, []).append(value)
        self._seconds_per_pixel.append(seconds / math.prod(self.scales[scale]))
        note, self.note = self.note, None
        self.on_step(
            Step(
                scale=scale + 1,
                scales=len(self.scales),
                step=done,
                steps=self.steps[scale],
                size=self.scales[scale],
                losses=values,
                elapsed=time.monotonic() - self._started,
                remaining=self._remaining(scale, done),
                picture=lambda: finished(walk.picture().cpu(), self.work, self.config),
                note=note,
            )
        )

    def _remaining(self, scale: int, done: int) -> float | None:
        """Estimate the seconds left from the recent steps' time per pixel; the very first is much slower than all."""
        areas = [math.prod(size) * steps for size, steps in zip(self.scales, self.steps, strict=True)]
        left = sum(areas[scale + 1 :]) + math.prod(self.scales[scale]) * (self.steps[scale] - done)
        recent = self._seconds_per_pixel[1:][-10:]
        if left and not recent:
            return None
        return left * statistics.median(recent) if left else 0.0


class Patience:
    """Says when a scale has stopped getting better."""

    LEAST_GAIN = 1e-3  # of the best so far: less than this is not getting better

    def __init__(self, steps: int) -> None:
        self.steps, self.best, self.waited = steps, math.inf, 0

    def is_over(self, total: float) -> bool:
        """Count a step with this loss."""
        better = total < self.best * (1 - self.LEAST_GAIN)
        self.waited = 0 if better else self.waited + 1
        self.best = min(self.best, total)
        return self.steps > 0 and self.waited >= self.steps


def is_out_of_memory(fault: BaseException) -> bool:
    """Say whether an error means that memory ran out; torch has a class for it only on some devices."""
    words = str(fault).lower()
    return isinstance(fault, (MemoryError, torch.OutOfMemoryError)) or "alloc" in words or "out of memory" in words
