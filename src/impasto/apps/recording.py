"""What can be kept of how a picture was made: pictures on the way, a timelapse, the losses, a sheet."""

from __future__ import annotations

import dataclasses
import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.apps.outputs import check_chart, check_film, check_free, check_picture
from impasto.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.engine.progress import Step
    from impasto.engine.result import Result

__all__ = ["Recorder", "Wishes"]

FRAMES_A_SECOND = 24
LONGEST_FILM = 12.0  # seconds: the steps of a longer work pass more quickly


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the user wants recorded."""

    save_every: int | None = None
    timelapse: Path | None = None
    plot: Path | None = None
    sheet: Path | None = None

    @property
    def needs_steps(self) -> bool:
        """Whether anything is wanted that only a method with steps can give."""
        return any(wish is not None for wish in (self.save_every, self.timelapse, self.plot))

    def check(self, output: Path, *, force: bool) -> None:
        """Refuse what could not be written, before the slow part."""
        if self.save_every is not None:
            if self.save_every < 1:
                raise OptionError(f"--save-every is {self.save_every}; allowed is a whole number, 1 or more.")
            for taken in sorted(output.parent.glob(f"{glob.escape(output.stem)}.[0-9]*{output.suffix}")):
                check_free(taken, force=force)
        for path, check in (
            (self.timelapse, check_film),
            (self.plot, check_chart),
            (self.sheet, check_picture),
        ):
            if path is not None:
                check(path, force=force)
        self._check_names(output)

    def named(self, style: str) -> Wishes:
        """Return the wishes for one of many outputs: every file named after its style."""
        files = {name: getattr(self, name) for name in ("timelapse", "plot", "sheet")}
        return dataclasses.replace(
            self,
            **{name: path.with_stem(f"{path.stem}-{style}") for name, path in files.items() if path is not None},
        )

    def _check_names(self, output: Path) -> None:
        wanted = [path for path in (output, self.timelapse, self.plot, self.sheet) if path is not None]
        twice = next((path for path in wanted if wanted.count(path) > 1), None)
        if twice is not None:
            raise OptionError(f"{twice} is wanted for two things; give each a name of its own.")


class Recorder:
    """Watches the steps of one work and writes what was wished for."""

    def __init__(self, wishes: Wishes, output: Path, *, steps: int | None) -> None:
        self._wishes, self._output = wishes, output
        self._done = 0
        self._film_seconds = LONGEST_FILM if (steps or 0) > LONGEST_FILM * FRAMES_A_SECOND else None
        self._film: Any = None
        self._scales: dict[int, str] = {}  # the step at which each scale began, with its size

    def __enter__(self) -> Recorder:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        if self._film is not None:  # the work failed, and half a film is none
            self._film.discard()

    def __call__(self, step: Step) -> None:
        """Keep what is wanted of this step."""
        if len(self._scales) < step.scale:
            self._scales[self._done] = f"{max(step.size)} px"
        self._done += 1
        every = self._wishes.save_every
        if every is not None and self._done % every == 0:
            self._keep(step.picture())
        if self._wishes.timelapse is not None:
            self._frame(step.picture())

    def finish(self, result: Result, pictures: Sequence[tuple[str, Tensor]]) -> list[Path]:
        """Write the timelapse, the losses, and a sheet of ``pictures`` and the result; return the paths."""
        wishes = self._wishes
        if wishes.timelapse is not None:
            self._frame(result.image)
            self._film.close()
            self._film = None
        if wishes.plot is not None:
            from impasto.evaluation import plot_losses

            plot_losses(result.losses, wishes.plot, boundaries=self._scales)
        if wishes.sheet is not None:
            from impasto.evaluation import contact_sheet

            contact_sheet([*pictures, ("result", result.image)], wishes.sheet)
        return [path for path in (wishes.timelapse, wishes.plot, wishes.sheet) if path is not None]

    def _keep(self, picture: Tensor) -> None:
        from impasto.images import write

        numbered = self._output.with_stem(f"{self._output.stem}.{self._done:05d}")
        write(picture, numbered, overwrite=True)

    def _frame(self, picture: Tensor) -> None:
        from impasto.evaluation import Timelapse

        if self._film is None and self._wishes.timelapse is not None:
            self._film = Timelapse(self._wishes.timelapse, fps=FRAMES_A_SECOND, seconds=self._film_seconds)
        self._film.add(picture)
