"""What a film tells while it is made, and when it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

__all__ = ["FilmReport", "FilmStep", "OnFrame", "silent"]


@dataclass(frozen=True)
class FilmStep:
    """One frame is done."""

    frame: int  # frames done
    frames: int  # frames altogether, as far as is known
    seconds: float  # of the film that are done
    size: tuple[int, int]  # (height, width)
    elapsed: float  # seconds since this run began
    remaining: float | None  # seconds that are probably left; None while nobody can tell
    picture: Callable[[], Tensor] = field(repr=False)  # makes the (1, 3, H, W) frame
    note: str | None = None  # something the user should know


OnFrame = Callable[[FilmStep], object]


def silent(_: FilmStep) -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class FilmReport:
    """How a film came out.

    The three flickers say what changed from frame to frame although nothing but motion happened, as shares of the
    picture's contrast (see :mod:`impasto.engine.film.flicker`): in the result, in the frames as they were painted, and
    in the clip.
    """

    path: Path
    frames: int
    size: tuple[int, int]  # (height, width)
    film_seconds: float  # how long it plays
    seconds: float  # of work
    cuts: Sequence[float]  # where new shots begin, in seconds
    flicker: float
    flicker_painted: float
    flicker_clip: float
    sound: str  # kept, none, left out
    recipe: dict[str, Any] = field(repr=False)
    stopped: Literal["finished", "interrupted"] = "finished"

    @property
    def frames_per_second(self) -> float:
        """How many frames were painted in a second."""
        return self.frames / max(self.seconds, 1e-6)

    def describe(self) -> str:
        """Return the report as lines for people."""
        height, width = self.size
        shots = f", {len(self.cuts) + 1} shots" if self.cuts else ""
        compared = f" (frame by frame {self.flicker_painted:.3f}, the clip itself {self.flicker_clip:.3f})"
        return "\n".join(
            [
                f"film       {self.frames} frames, {width}×{height} px, {self.film_seconds:.1f} s{shots}",
                f"sound      {self.sound}",
                f"flicker    {self.flicker:.3f}{compared}",
                f"time       {self.seconds:.0f} s, {self.frames_per_second:.2f} frames a second",
            ]
        )
