"""Pictures to choose from: one photo painted in several ways, until all are done or the user has seen enough."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from impasto.apps.console import INTERRUPTED, SOME_FAILED, refuse, say
from impasto.apps.methods import chosen_config
from impasto.apps.options import given
from impasto.apps.progress import StepProgress, show_progress
from impasto.config import MethodOptions
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from impasto.engine.progress import Step
    from impasto.engine.result import Result
    from impasto.images import Picture

__all__ = ["Trial", "Trials", "paint_trials", "small_config"]

SIZE = "384"  # long side of each picture unless --size or a preset says otherwise: a sheet is for choosing


@dataclass(frozen=True)
class Trial:
    """One way to paint the photo, and what to call it."""

    label: str
    styles: Sequence[str]
    config: MethodOptions


@dataclass
class Trials:
    """What became of each of them."""

    total: int
    painted: list[tuple[Trial, Result]] = field(default_factory=list)
    failed: list[tuple[Trial, ImpastoError]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def status(self) -> int:
        """The exit status."""
        return INTERRUPTED if self.interrupted else SOME_FAILED if self.failed else 0

    def tell(self) -> None:
        """Say what is not on the sheet, and why."""
        for trial, why in self.failed:
            refuse(f"{trial.label}: {why}", kind=type(why).__name__, as_json=False)
        if self.interrupted:
            say(f"Interrupted; {len(self.painted)} of {self.total} were done.")


def small_config(method: str, preset: str | None, options: Mapping[str, Any]) -> MethodOptions:
    """Return the config that was asked for, with pictures as small as a sheet needs unless their size was."""
    start = {} if preset else {"size": SIZE}
    return chosen_config(method, preset, {**start, **given(options)})


class _Clock:
    """Tells the time that is left for all trials, from what those took that are done."""

    def __init__(self, total: int) -> None:
        self._left = total
        self._spent: list[float] = []

    @contextmanager
    def over(self, show: StepProgress) -> Iterator[StepProgress]:
        """Give what shows the steps of one trial with the time left for all."""
        self._left -= 1
        began = time.perf_counter()

        def shown(step: Step) -> None:
            show(replace(step, remaining=self._remaining(step)))

        yield shown
        self._spent.append(time.perf_counter() - began)

    def _remaining(self, step: Step) -> float | None:
        if step.remaining is None:
            return None
        each = [*self._spent, step.elapsed + step.remaining]
        return step.remaining + self._left * sum(each) / len(each)


def paint_trials(picture: Picture, wanted: Sequence[Trial], *, quiet: bool) -> Trials:
    """Paint in one way after the other; one that is refused does not keep the others from being tried.

    If all are refused, so is the whole. Ctrl-C ends the trials and keeps what was painted: a method in steps gives
    back what it has by then, which is left out, and one in a single pass is interrupted in the midst of it.
    """
    from impasto import engine

    trials, clock = Trials(len(wanted)), _Clock(len(wanted))
    for number, trial in enumerate(wanted, 1):
        try:
            with (
                show_progress(f"{number}/{len(wanted)} {trial.label}", quiet=quiet) as show,
                clock.over(show) as on_step,
            ):
                result = engine.stylize(picture, list(trial.styles), trial.config, on_step=on_step)
        except ImpastoError as refusal:
            trials.failed.append((trial, refusal))
            continue
        except KeyboardInterrupt:
            trials.interrupted = True
            break
        if result.stopped == "interrupted":
            trials.interrupted = True
            break
        trials.painted.append((trial, result))
    if trials.failed and not trials.painted:
        raise trials.failed[0][1]
    return trials
