"""From one command to the outputs it makes: their names, their checks, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.apps.console import BAD_INPUT, INTERRUPTED, SOME_FAILED
from impasto.apps.outputs import called_after, check_picture, default_name, title_of
from impasto.apps.recording import Wishes
from impasto.config import MethodOptions
from impasto.errors import ImpastoError, OptionError

if TYPE_CHECKING:
    from impasto.images import Picture

__all__ = ["Job", "Outcomes", "Request", "jobs_of"]


@dataclass(frozen=True)
class Job:
    """One output to make."""

    styles: Sequence[str]
    output: Path
    config: MethodOptions
    wishes: Wishes

    @property
    def title(self) -> str:
        """What to call it in progress and reports."""
        return "+".join(title_of(name) for name in called_after(self.styles, self.config))


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for, with the photo read."""

    photo: Path
    picture: Picture
    styles: Sequence[str]
    config: MethodOptions
    wishes: Wishes
    output: Path | None = None
    each: bool = False
    bits: int = 8
    force: bool = False

    def output_for(self, styles: Sequence[str]) -> Path:
        """Return where to write: the name given, or a sensible one in the folder given or the current one."""
        if self.output is not None and not self.output.is_dir():
            return self.output
        return (self.output or Path()) / default_name(
            self.photo, called_after(styles, self.config), self.picture, bits=self.bits
        )

    def check(self, job: Job) -> None:
        """Refuse what could not be written, before the slow part."""
        inputs = [self.photo, *(Path(style) for style in job.styles)]
        check_picture(job.output, force=self.force, bits=self.bits, inputs=inputs)
        job.wishes.check(job.output, force=self.force)
        if job.wishes.needs_steps and not hasattr(job.config, "steps"):
            raise OptionError("--save-every, --timelapse and --plot need a method in steps, such as optimize.")


@dataclass
class Outcomes:
    """What became of the jobs."""

    done: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def status(self) -> int:
        """The exit status."""
        if self.interrupted:
            return INTERRUPTED
        if self.failed:
            return SOME_FAILED if self.done else BAD_INPUT
        return SOME_FAILED if any(summary.get("given_up") for summary in self.done) else 0

    def add_failure(self, job: Job, refusal: ImpastoError) -> None:
        """Remember why a job came to nothing."""
        kind, message = type(refusal).__name__, str(refusal)
        self.failed.append({"style": job.title, "kind": kind, "message": message})


def jobs_of(request: Request) -> list[Job]:
    """Return one job for all styles together, or with ``each`` one for every style; all are checked."""
    if request.each:
        _check_each(request)
        groups = [([style], request.wishes.named(title_of(style))) for style in request.styles]
    else:
        groups = [(list(request.styles), request.wishes)]
    jobs = [Job(styles, request.output_for(styles), request.config, wishes) for styles, wishes in groups]
    names = [job.output for job in jobs]
    for job in jobs:
        if names.count(job.output) > 1:
            raise OptionError(f"two styles would both become {job.output.name}; give them different names.")
        request.check(job)
    return jobs


def _check_each(request: Request) -> None:
    if request.output is not None and not request.output.is_dir():
        raise OptionError(f"--each makes several files, so -o must be a folder that exists; {request.output} is none.")
    if request.config.style_weights or request.config.mask:
        raise OptionError("--each uses one style at a time; leave out --style-weights and --mask.")
