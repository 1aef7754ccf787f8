"""What an engine tells while it works: one value per step, given to a callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

__all__ = ["OnStep", "Step", "silent"]


@dataclass(frozen=True)
class Step:
    """One step of a long work; enough to draw a progress line, a chart or a frame of a timelapse."""

    scale: int  # which scale is being painted, from 1
    scales: int
    step: int  # steps done at this scale, from 1
    steps: int  # steps planned at this scale
    size: tuple[int, int]  # (height, width) of this scale
    losses: Mapping[str, float]  # by name: content, style, ..., total
    elapsed: float  # seconds since the work began
    remaining: float | None  # seconds that are probably left; None while nobody can tell
    picture: Callable[[], Tensor] = field(repr=False)  # makes the (1, 3, H, W) picture of this moment, in [0, 1]
    note: str | None = None  # something the user should know, such as a change of plan for lack of memory


OnStep = Callable[[Step], object]


def silent(_: Step) -> None:
    """Ignore progress."""
