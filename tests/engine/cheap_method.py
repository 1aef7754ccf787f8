"""A method for tests of folders: no network, one pass over the pixels, and trouble on demand."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import torch

from impasto.config import MethodOptions
from impasto.engine import Ingredient, Plan, Recipe, Result, Step
from impasto.engine.inputs import prepare
from impasto.engine.progress import silent


class Cheap:
    """Mixes a photo with the mean color of the style; the same every time and in every process."""

    def __init__(
        self, *, seconds: float = 0.0, killed_by: str = "", log: Path | None = None, weights: str = "w", **options: Any
    ) -> None:
        self.config = MethodOptions(**options)
        self.seconds, self.killed_by, self.log, self.of_weights = seconds, killed_by, log, weights

    def __call__(self, content: Any, style: Any, *, on_step: Any = silent, **changes: Any) -> Result:
        work = prepare(content, style, self.config)
        if self.log is not None:
            with self.log.open("a") as lines:
                lines.write(f"{work.photo.name}\n")
        if self.killed_by and self.killed_by in work.photo.name:
            os._exit(9)
        for number in range(4):
            time.sleep(self.seconds / 4)
            on_step(_step(number))
        mean = work.styles[0].pictures[0].pixels.mean((2, 3), keepdim=True)
        photo, styles = work.ingredients()
        return Result(
            image=torch.lerp(work.photo.pixels, mean, self.config.strength / 200),
            losses={},
            config=self.config,
            seconds=0.0,
            recipe=Recipe(method="optimize", options={}, photo=photo, styles=styles),
            alpha=work.photo.alpha,
            metadata=work.photo.metadata,
        )

    def plan(self, content: Any, style: Any) -> Plan:
        work = prepare(content, style, self.config)
        return Plan("cheap", work.photo.size, [], [], "cpu", "float32", None, 0, 0, 0.0)

    def weights(self) -> list[Ingredient]:
        return [Ingredient(self.of_weights, "")]


class Dying(Cheap):
    """Ends the process that receives it."""

    def __setstate__(self, state: Any) -> None:
        os._exit(7)


def _step(number: int) -> Step:
    return Step(
        scale=1,
        scales=1,
        step=number + 1,
        steps=4,
        size=(8, 8),
        losses={},
        elapsed=0.0,
        remaining=None,
        picture=lambda: torch.zeros(1, 3, 8, 8),
    )
