"""Two ways of walking downhill over the pixels of a picture, called alike."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.config import Optimize
from impasto.engine.frequencies import CoarseFirst

__all__ = ["AdamWalk", "Curvature", "LBFGSWalk", "Walk", "make_walk"]

FAR_WORSE = 4.0  # times the best total: so far up, a walk is lost
Values = dict[str, float]
Backward = Callable[[Tensor], Values]  # adds to the picture's .grad and returns the terms


class Walk(Protocol):
    """A walk over one scale."""

    def step(self) -> Values:
        """Take one step and return the terms' values where it began."""
        ...

    def settle(self) -> None:
        """Be sure of where the last step led, which no other will look at."""
        ...

    def picture(self) -> Tensor:
        """Return the picture of this moment, in [0, 1]."""
        ...


def make_walk(config: Optimize, image: Tensor, backward: Backward, steps: int, *, before: Walk | None) -> Walk:
    """Return a walk that starts from ``image``; it may carry over what the walk ``before`` it has learnt."""
    if config.optimizer == "lbfgs":
        return LBFGSWalk(config, image, backward)
    return AdamWalk(config, image, backward, steps, before if isinstance(before, AdamWalk) else None)


class LBFGSWalk:
    """L-BFGS (Liu & Nocedal 1989) within the values a picture can have.

    Departures, each found to save steps: the curvature is first taken for that of :class:`CoarseFirst`; the picture is
    held in [0, 1], as it will be in its file, so that nothing is painted that saving would cut off again; a step moves
    the pixels by at most ``LONGEST`` on average; and there is no line search. A step that lands higher than the last
    ``WINDOW`` is taken back by three quarters, which costs one look at the picture, as any step.
    """

    HISTORY, WINDOW = 20, 4
    FIRST, LONGEST = 0.03, 0.1  # root mean square of a step's change of the pixels
    MOST_RETREATS = 6  # then what is remembered of the curvature is wrong

    def __init__(self, config: Optimize, image: Tensor, backward: Backward) -> None:
        self.first = self.FIRST * _way_to_go(config)
        self.image = image.clamp(0, 1).clone().requires_grad_()
        self.backward = backward
        self.best, self.best_total = self.image.detach().clone(), math.inf
        self.curvature = Curvature(self.HISTORY, CoarseFirst(image))
        self._stands: tuple[Tensor, Tensor] | None = None  # the picture last accepted, and its slope
        self._totals: deque[float] = deque(maxlen=self.WINDOW)  # of the pictures last accepted
        self._retreats = 0

    def step(self) -> Values:
        """Take one step and return the terms' values where it began."""
        values, slope = self._look()
        here = self.image.detach().clone()
        if self._is_sound(values["total"], slope):
            self._accept(here, slope, values["total"])
            self._move(here + self._direction(here, slope))
        else:
            self._retreat()
        return values

    def settle(self) -> None:
        """Go back to the best picture if the last step led uphill."""
        values, _ = self._look()
        if not values["total"] <= self.best_total:  # NaN is uphill, too
            self._move(self.best)

    def _look(self) -> tuple[Values, Tensor]:
        slope = self.image.grad = torch.zeros_like(self.image)
        return self.backward(self.image), slope

    def _is_sound(self, total: float, slope: Tensor) -> bool:
        is_finite = math.isfinite(total) and bool(torch.isfinite(slope).all())
        return is_finite and (not self._totals or total <= max(self._totals))

    def _accept(self, here: Tensor, slope: Tensor, total: float) -> None:
        if self._stands is not None:
            before, slope_before = self._stands
            self.curvature.remember(here - before, slope - slope_before)
        self._stands, self._retreats = (here, slope), 0
        self._totals.append(total)
        if total < self.best_total:
            self.best, self.best_total = here, total

    def _direction(self, here: Tensor, slope: Tensor) -> Tensor:
        """Return the step, not against the walls: a pixel at 0 or 1 that should go further stays where it is."""
        blocked = ((here <= 0) & (slope > 0)) | ((here >= 1) & (slope < 0))
        free = slope.masked_fill(blocked, 0)
        step = self.curvature.direction(free).masked_fill(blocked, 0)
        if (step * free).sum() >= 0:  # uphill: what is remembered does not hold here
            self.curvature.forget()
            step = self.curvature.direction(free)
        length = max(float(step.square().mean().sqrt()), 1e-12)
        return step * (min(1.0, self.LONGEST / length) if self.curvature.is_known else self.first / length)

    def _retreat(self) -> None:
        self._retreats += 1
        if self._stands is None:
            return
        if self._retreats > self.MOST_RETREATS:
            self.curvature.forget()
        self._move(torch.lerp(self._stands[0], self.image.detach(), 0.25))

    def _move(self, to: Tensor) -> None:
        with torch.no_grad():
            self.image.copy_(to.clamp(0, 1))

    def picture(self) -> Tensor:
        """Return the newest picture while the walk goes down, else the best one."""
        newest = self.image.detach()
        is_sound = self._retreats == 0 and bool(torch.isfinite(newest).all())
        return newest.clone() if is_sound else self.best


class Curvature:
    """What L-BFGS knows of a loss: the last steps, and how the slope changed along each.

    The two loops of Nocedal 1980 ("Updating quasi-Newton matrices with limited storage") go through what is remembered
    one by one. Written as matrices they are a triangular system each, and the pictures are gone through four times.
    """

    def __init__(self, history: int, guess: Callable[[Tensor], Tensor]) -> None:
        self._history = history
        self._guess = guess  # the inverse curvature where nothing is known yet, up to a factor
        self.forget()

    @property
    def is_known(self) -> bool:
        """Whether anything is remembered."""
        return bool(self._order)

    def forget(self) -> None:
        """Begin anew."""
        self._order: list[int] = []  # rows of the matrices below, the oldest first
        self._along = torch.zeros(self._history, self._history, dtype=torch.float64)  # of each step, each change

    def remember(self, step: Tensor, change: Tensor) -> None:
        """Remember a step and the change of the slope along it, if the loss curves upwards there."""
        along = float((step * change).sum())
        if not along > 1e-10 * float(change.square().sum()):
            return
        if not self._order:
            self._steps, self._changes = (step.new_empty(self._history, step.numel()) for _ in range(2))
        row = self._order.pop(0) if len(self._order) == self._history else len(self._order)
        self._order.append(row)
        self._steps[row], self._changes[row] = step.flatten(), change.flatten()
        self._along[: len(self._order), row] = _on_cpu(self._known(self._steps) @ change.flatten())
        self._along[row, row] = along  # the very number that was found to be above zero: others are divided by it
        self._newest = float(change.flatten() @ self._guess(change).flatten())

    def direction(self, slope: Tensor) -> Tensor:
        """Return the step downhill: minus the inverse curvature times the slope."""
        if not self._order:
            return -self._guess(slope)
        along = self._along[self._order][:, self._order].triu()  # of each step, the changes not older than itself
        steps, changes = self._known(self._steps), self._known(self._changes)
        shares = _solve(along, self._in_order(steps @ slope.flatten()), upper=True)
        rest = torch.addmv(slope.flatten(), changes.mT, self._by_row(shares, slope), alpha=-1).view_as(slope)
        guessed = self._guess(rest).flatten() * (float(along[-1, -1]) / self._newest)
        missing = along.diagonal() * shares - self._in_order(changes @ guessed)
        added = _solve(along.mT, missing, upper=False)
        return -torch.addmv(guessed, steps.mT, self._by_row(added, slope)).view_as(slope)

    def _known(self, rows: Tensor) -> Tensor:
        return rows[: len(self._order)]

    def _in_order(self, by_row: Tensor) -> Tensor:
        return _on_cpu(by_row)[self._order]

    def _by_row(self, in_order: Tensor, like: Tensor) -> Tensor:
        by_row = torch.empty_like(in_order)
        by_row[self._order] = in_order
        return by_row.to(like.dtype).to(like.device)


def _solve(triangle: Tensor, right: Tensor, *, upper: bool) -> Tensor:
    found: Tensor = torch.linalg.solve_triangular(triangle, right.unsqueeze(-1), upper=upper)
    return found.squeeze(-1)


def _on_cpu(values: Tensor) -> Tensor:
    """Return a few values for sums that would be no quicker elsewhere, and are more exact here."""
    return values.cpu().double()


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

    def settle(self) -> None:
        """Do nothing: the average of many pictures does not jump."""

    def picture(self) -> Tensor:
        """Return the running average of the pictures, or the best of them where the walk went astray."""
        is_astray = not self.total <= FAR_WORSE * self.best_total  # NaN is astray, too
        return (self.best if is_astray else self.average).clamp(0, 1)


def _way_to_go(config: Optimize) -> float:
    """Return how far the painting will go, as a share: steps of a fixed length must know how near the goal is."""
    return config.strength / 100 if config.init == "photo" else 1.0


def _stretched(moment: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize a moment bilinearly: no overshoot, so that a second moment stays positive."""
    return F.interpolate(moment, size=size, mode="bilinear", align_corners=False)
