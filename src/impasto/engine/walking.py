"""Two ways of walking downhill over the pixels of a picture, called alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.config import Optimize

__all__ = ["Walk", "make_walk"]

FAR_WORSE = 4.0  # times the best total: so far up, a walk is lost
Values = dict[str, float]
Backward = Callable[[Tensor], Values]  # adds to the picture's .grad and returns the terms


class Walk(Protocol):
    """A walk over one scale."""

    def step(self) -> Values:
        """Take one step and return the terms' values where it began."""
        ...

    def picture(self) -> Tensor:
        """Return the picture of this moment, in [0, 1]."""
        ...


def make_walk(config: Optimize, image: Tensor, backward: Backward, steps: int, *, before: Walk | None) -> Walk:
    """Return a walk that starts from ``image``; it may carry over what the walk ``before`` it has learnt."""
    if config.optimizer == "lbfgs":
        return LBFGSWalk(image, backward)
    return AdamWalk(config, image, backward, steps, before if isinstance(before, AdamWalk) else None)


class LBFGSWalk:
    """L-BFGS (Liu & Nocedal 1989) without line search, as is customary in style transfer.

    Without a line search a bad step is possible: one that lands in non-finite or far worse values is taken back, and
    the walk goes on from the best picture with a fresh memory and, for a while, shorter steps.
    """

    HISTORY = 20

    def __init__(self, image: Tensor, backward: Backward) -> None:
        self.image = image.clone().requires_grad_()
        self.backward = backward
        self.best, self.best_total = self.image.detach().clone(), math.inf
        self.goes_down, self.rate = True, 1.0
        self._start()

    def _start(self) -> None:
        self.optimizer = torch.optim.LBFGS(
            [self.image], max_iter=1, history_size=self.HISTORY, tolerance_grad=0, tolerance_change=0
        )

    def step(self) -> Values:
        """Take one step and return the terms' values where it began."""
        values: Values = {}

        def closure() -> Tensor:
            self.image.grad = None
            values.update(self.backward(self.image))
            return torch.tensor(values["total"])

        started_at = self.image.detach().clone()
        self.optimizer.param_groups[0]["lr"] = self.rate
        self.optimizer.step(closure)  # type: ignore[no-untyped-call]
        total = values["total"]
        self.goes_down = total < self.best_total
        if self.goes_down:
            self.best, self.best_total = started_at, total
            self.rate = min(1.0, 2 * self.rate)
        elif not math.isfinite(total) or total > FAR_WORSE * self.best_total:
            self._go_back()
        return values

    def _go_back(self) -> None:
        with torch.no_grad():
            self.image.copy_(self.best)
        self.rate /= 4  # or the same step would be taken again
        self._start()

    def picture(self) -> Tensor:
        """Return the newest picture while the walk goes down and that picture is sound, else the best one."""
        newest = self.image.detach()
        is_sound = self.goes_down and bool(torch.isfinite(newest).all())
        return (newest if is_sound else self.best).clamp(0, 1)


class AdamWalk:
    """Adam (Kingma & Ba 2015) whose pictures are averaged, with its moments carried from scale to scale.

    Averaging the iterates and warm-starting the moments follow style-transfer-pytorch (Crowson): both take away the
    grain that Adam's even step sizes leave in flat regions. The step length falls over the second half.
    """

    BETAS = (0.9, 0.99)

    def __init__(
        self, config: Optimize, image: Tensor, backward: Backward, steps: int, before: AdamWalk | None
    ) -> None:
        self.image = image.clone().requires_grad_()
        self.backward, self.steps, self.done = backward, steps, 0
        self.rate, self.averaging = config.learning_rate * _way_to_go(config), config.averaging
        self.average = self.image.detach().clone()
        self.best, self.best_total, self.total = self.average.clone(), math.inf, math.inf
        self.optimizer = torch.optim.Adam([self.image], lr=config.learning_rate, betas=self.BETAS)
        if before is not None:
            self._carry_over(before)

    def _carry_over(self, before: AdamWalk) -> None:
        kept = before.optimizer.state[before.image]
        size = (self.image.shape[-2], self.image.shape[-1])
        grown = {name: _stretched(kept[name], size) for name in ("exp_avg", "exp_avg_sq") if name in kept}
        if grown:
            self.optimizer.state[self.image] = {"step": kept["step"].clone(), **grown}

    def step(self) -> Values:
        """Take one step and return the terms' values where it began."""
        left = 1 - self.done / self.steps
        self.optimizer.param_groups[0]["lr"] = self.rate * min(1.0, 2 * left + 0.02)
        self.optimizer.zero_grad()
        values = self.backward(self.image)
        self.total = values["total"]
        if self.total < self.best_total:
            self.best, self.best_total = self.image.detach().clone(), self.total
        if math.isfinite(self.total) and self._slope_is_sound():
            self.optimizer.step()
        self.done += 1
        share = min(self.averaging, self.done / (self.done + 10))
        self.average.lerp_(self.image.detach(), 1 - share)
        return values

    def _slope_is_sound(self) -> bool:
        return self.image.grad is not None and bool(torch.isfinite(self.image.grad).all())

    def picture(self) -> Tensor:
        """Return the running average of the pictures, or the best of them where the walk went astray."""
        is_astray = not self.total <= FAR_WORSE * self.best_total  # NaN is astray, too
        return (self.best if is_astray else self.average).clamp(0, 1)


def _way_to_go(config: Optimize) -> float:
    """Return how far the painting will go, as a share: Adam's steps are equally long however near the goal is."""
    return config.strength / 100 if config.init == "photo" else 1.0


def _stretched(moment: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a moment bilinearly: no overshoot, so that a second moment stays positive."""
    return F.interpolate(moment, size=size, mode="bilinear", align_corners=False)
