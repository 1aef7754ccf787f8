"""How a work shows that it gets on: a live bar in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from impasto.apps.console import say

if TYPE_CHECKING:
    from typing_extensions import Self

    from impasto.engine.progress import Step
    from impasto.weights import Progress as Download

__all__ = [
    "Bar",
    "Gauge",
    "LiveProgress",
    "PlainProgress",
    "StepProgress",
    "duration",
    "joined",
    "losses_text",
    "show_download",
    "show_progress",
    "time_left",
]

PLAIN_INTERVAL = 15.0  # seconds between two plain lines


class StepProgress(Protocol):
    """Something that is told every step."""

    def __call__(self, step: Step) -> None:
        """Show one step."""


def show_progress(title: str = "", *, quiet: bool = False) -> AbstractContextManager[StepProgress]:
    """Return what shows the steps of one work in the way that fits where stderr goes."""
    if quiet:
        return _NoProgress()
    return LiveProgress(title) if sys.stderr.isatty() else PlainProgress(title)


class _NoProgress:
    def __enter__(self) -> StepProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, step: Step) -> None:
        if step.note:
            say(step.note)


class PlainProgress:
    """A line when a scale begins and now and then after, for logs and pipes."""

    def __init__(self, title: str = "") -> None:
        self._title = title
        self._scale, self._said_at = 0, 0.0

    def __enter__(self) -> StepProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, step: Step) -> None:
        """Say the step if it is time to."""
        if step.note:
            say(step.note)
        if step.scale == self._scale and step.elapsed - self._said_at < PLAIN_INTERVAL:
            return
        self._scale, self._said_at = step.scale, step.elapsed
        where = f"step {step.step}/{step.steps}"
        say(joined(self._title, _scale_text(step), where, losses_text(step.losses), time_left(step.remaining)))


class Bar:
    """A bar in the terminal with a word before and after it; it disappears when the work is done."""

    def __init__(self, text: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        before, after = (TextColumn(part, markup=False) for part in ("{task.description}", "{task.fields[after]}"))
        self._bar = Progress(before, BarColumn(bar_width=24), after, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(text, total=None, after="")

    def start(self) -> None:
        """Appear."""
        self._bar.start()

    def stop(self) -> None:
        """Disappear."""
        self._bar.stop()

    def move(self, text: str, done: int, total: int, after: str) -> None:
        """Show how far the work is."""
        self._bar.update(self._task, description=text, completed=done, total=total, after=after)

    def note(self, sentence: str) -> None:
        """Leave a sentence above the bar."""
        self._bar.console.print(sentence, markup=False, highlight=False)


class Gauge:
    """How far a work is: a bar in a terminal, elsewhere a line now and then; only notes for those who want quiet."""

    def __init__(self, *, every: float = PLAIN_INTERVAL, quiet: bool = False) -> None:
        self._bar = Bar("getting ready") if sys.stderr.isatty() and not quiet else None
        self._every, self._quiet, self._said_at = every, quiet, -math.inf

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def move(self, where: str, done: int, total: int, after: str, *, elapsed: float, due: bool = False) -> None:
        """Show how far the work is; ``elapsed`` seconds tell when the next line is due, if it is not now."""
        if self._bar is not None:
            self._bar.move(where, done, total, after)
        elif not self._quiet and (due or done == total or self._is_due(elapsed)):
            self._said_at = elapsed
            say(joined(where, after))

    def _is_due(self, elapsed: float) -> bool:
        return abs(elapsed - self._said_at) >= self._every  # time may begin anew

    def note(self, sentence: str) -> None:
        """Say something that stays, to those who want quiet too."""
        if self._bar is not None:
            self._bar.note(sentence)
        else:
            say(sentence)


class LiveProgress:
    """A bar for each scale, with the losses and the time left."""

    def __init__(self, title: str = "") -> None:
        self._title = f"{title} · " if title else ""
        self._bar = Bar(f"{self._title}getting ready")

    def __enter__(self) -> StepProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, step: Step) -> None:
        """Move the bar to the step."""
        if step.note:
            self._bar.note(step.note)
        after = joined(f"{step.step}/{step.steps}", losses_text(step.losses), time_left(step.remaining))
        self._bar.move(f"{self._title}{_scale_text(step)}", step.step, step.steps, after)


def show_download(*, quiet: bool = False) -> Callable[[Download], None]:
    """Return a callback that says how far a download is, a line for every tenth part."""
    said: dict[str, int] = {}

    def show(download: Download) -> None:
        tenth = int(10 * download.done / download.total) if download.total else download.done // 50_000_000
        if said.get(download.file) != tenth:
            said[download.file] = tenth
            whole = f" of {download.total / 1e6:.0f}" if download.total else ""
            say(f"fetching {download.file} · {download.done / 1e6:.0f}{whole} MB")

    return (lambda _: None) if quiet else show


def joined(*parts: str) -> str:
    """Return what there is to say on one line."""
    return " · ".join(part for part in parts if part)


def time_left(seconds: float | None) -> str:
    """Return the time left for people; nothing where nobody can tell."""
    return "" if seconds is None else f"{duration(seconds)} left"


def losses_text(losses: Mapping[str, float]) -> str:
    """Return the losses in a few characters each."""
    return " ".join(f"{name} {value:.3g}" for name, value in losses.items())


def duration(seconds: float) -> str:
    """Return a time for people: ``42 s``, ``3 min 5 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _scale_text(step: Step) -> str:
    height, width = step.size
    return f"scale {step.scale}/{step.scales} · {width}x{height} px"
