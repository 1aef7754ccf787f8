"""What can be kept of how a picture was made: pictures on the way, a timelapse, the losses, a sheet."""

from __future__ import annotations

import dataclasses
import glob
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.apps.console import say
from impasto.apps.outputs import check_chart, check_film, check_free, check_picture
from impasto.config import Saving
from impasto.errors import ImpastoError, OptionError

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
    """Watches the steps of one work and writes what was wished for.

    The painting is worth more than what is kept on the way: a file that cannot be written (a full disk, perhaps) is
    told once and given up, and the work goes on.
    """

    def __init__(self, wishes: Wishes, output: Path, saving: Saving, *, steps: int | None) -> None:
        self._wishes, self._output, self._saving = wishes, output, saving
        self._done = 0
        self._film_seconds = LONGEST_FILM if (steps or 0) > LONGEST_FILM * FRAMES_A_SECOND else None
        self._film: Any = None
        self._scales: dict[int, str] = {}  # the step at which each scale began, with its size
        self.failures: dict[str, str] = {}  # by wish: why nothing, or nothing more, came of it

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
            self._try("save_every", lambda: self._keep(step.picture()))
        if self._wishes.timelapse is not None:
            self._try("timelapse", lambda: self._frame(step.picture()))

    def finish(self, result: Result, pictures: Callable[[], Sequence[tuple[str, Tensor]]]) -> list[Path]:
        """Write the timelapse, the losses, and a sheet of ``pictures()`` and the result; return the paths."""
        works: dict[str, Callable[[], object]] = {
            "timelapse": lambda: self._close_film(result.image),
            "plot": lambda: self._plot(result),
            "sheet": lambda: self._draw([*pictures(), ("result", result.image)]),
        }
        wanted = {name: path for name in works if (path := getattr(self._wishes, name)) is not None}
        for name in wanted:
            self._try(name, works[name])
        return [path for name, path in wanted.items() if name not in self.failures]

    def _try(self, wish: str, work: Callable[[], object]) -> None:
        """Do one of the works, unless it failed before."""
        if wish in self.failures:
            return
        try:
            work()
        except (ImpastoError, OSError) as fault:
            self.failures[wish] = f"--{wish.replace('_', '-')} was given up: {fault}"
            say(self.failures[wish])

    def _keep(self, picture: Tensor) -> None:
        from impasto.images import write

        numbered = self._output.with_stem(f"{self._output.stem}.{self._done:05d}")
        write(picture, numbered, bits=self._saving.bits, quality=self._saving.quality, overwrite=True)

    def _frame(self, picture: Tensor) -> None:
        from impasto.evaluation import Timelapse

        if self._film is None and self._wishes.timelapse is not None:
            self._film = Timelapse(self._wishes.timelapse, fps=FRAMES_A_SECOND, seconds=self._film_seconds)
        self._film.add(picture)

    def _close_film(self, last: Tensor) -> None:
        self._frame(last)
        self._film.close()
        self._film = None

    def _plot(self, result: Result) -> None:
        from impasto.evaluation import plot_losses

        plot_losses(result.losses, str(self._wishes.plot), boundaries=self._scales)

    def _draw(self, pictures: Sequence[tuple[str, Tensor]]) -> None:
        from impasto.evaluation import contact_sheet

        contact_sheet(pictures, str(self._wishes.sheet))
