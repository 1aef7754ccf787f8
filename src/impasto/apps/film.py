"""``impasto stylize`` for films, animations and sequences of frames: what it shows meanwhile, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto.apps.console import INTERRUPTED, print_json, say
from impasto.apps.options import as_flag, config_from, given
from impasto.apps.outputs import check_free
from impasto.apps.progress import Gauge, duration, joined, time_left
from impasto.apps.weights import fetch_for
from impasto.config import FilmOptions, MethodOptions, Saving, fields_of, to_dict
from impasto.errors import OptionError, OutputError

if TYPE_CHECKING:
    from impasto.engine.door import Method
    from impasto.engine.film import FilmPlan, FilmReport, FilmStep

__all__ = ["FilmRequest", "is_film", "paint_film", "refuse_film_options", "show_frames", "without_film_options"]


@dataclass(frozen=True, kw_only=True)
class FilmRequest:
    """What was asked for."""

    clip: Path
    styles: Sequence[str]
    config: MethodOptions
    film: Mapping[str, Any]  # the options of films that were given, as they were typed
    output: Path | None
    force: bool
    saving: Saving
    for_one_photo: Mapping[str, Any]  # flags that make no sense here, by name

    def plan(self) -> FilmPlan:
        """Check everything before the slow part."""
        from impasto.engine.film import plan_film

        for name, value in self.for_one_photo.items():
            if value:
                raise OptionError(f"{as_flag(name)} is for one photo; leave it out for a film.")
        for name in ("bits", "quality"):
            if getattr(self.saving, name) != getattr(Saving(), name):
                raise OptionError(f"{as_flag(name)} is for pictures; leave it out for a film, which has --compression.")
        film = config_from(FilmOptions, self.film, owner="films", start={})

        def planned(out: Path | None, method: Method) -> FilmPlan:
            return plan_film(self.clip, list(self.styles), out, method, **vars(film))

        around = self._folder_around()
        plan = planned(self.output if around is None else None, self.config)
        if around is not None:  # there it is called what it would be called here
            plan = planned(around / plan.out.name, plan.stylizer)
        self._check_free(plan)
        return plan

    def _folder_around(self) -> Path | None:
        """Return the output if it is a folder for the result to lie in as one file.

        Frames stay frames and lie there themselves; so do those of a film that was begun so and is half done.
        """
        from impasto.engine.film.sequences import is_pattern
        from impasto.engine.film.workshop import workshop_of

        if self.output is None or not self.output.is_dir() or workshop_of(self.output).is_dir():
            return None
        return None if self.clip.is_dir() or is_pattern(self.clip) else self.output

    def _check_free(self, plan: FilmPlan) -> None:
        """Refuse to write over what is there, unless that was asked for or it is this film, half done."""
        from impasto.engine.film.sequences import belongs, is_pattern

        if is_pattern(plan.out):
            taken = next((file for file in plan.out.parent.iterdir() if belongs(file, plan.out)), None)
            if taken is not None and not self.force and not plan.is_begun:
                raise OutputError(f"{taken} exists already; choose another pattern, or overwrite it with --force.")
        elif not plan.out.is_dir():
            check_free(plan.out, force=self.force or plan.is_half_done)
        elif not self.force and any(plan.out.iterdir()) and not plan.is_begun:
            raise OutputError(f"{plan.out} holds files already; choose another folder, or overwrite them with --force.")


def without_film_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of films that were given, and all other options."""
    names = {field.name for field in fields_of(FilmOptions)}
    film = {name: value for name, value in given(options).items() if name in names}
    return film, {name: value for name, value in options.items() if name not in names}


def is_film(clip: Path, output: Path | None, film: Mapping[str, Any]) -> bool:
    """Say whether a film is wanted: from a film, from an animation, or from a folder whose pictures are its frames.

    A folder's pictures are frames if the output is a film, or if frames per second were given. An animation whose
    output is a single picture is taken for one.
    """
    from impasto.engine.film import is_clip
    from impasto.engine.film.outlets import MOVING_ENDINGS

    wanted = "" if output is None or output.is_dir() else output.suffix.lower()
    if clip.is_dir():
        return wanted in MOVING_ENDINGS or "fps" in film
    if not is_clip(clip):
        return False
    is_single = wanted not in {*MOVING_ENDINGS, ".webp", ""} and "%" not in str(output)
    return not (clip.suffix.lower() in (".gif", ".webp", ".png", ".apng") and is_single)


def refuse_film_options(film: Mapping[str, Any]) -> None:
    """Refuse the flags of films for anything else."""
    for name in film:
        raise OptionError(f"{as_flag(name)} is for films; leave it out for photos.")


def paint_film(request: FilmRequest, *, dry_run: bool, quiet: bool, as_json: bool) -> int:
    """Paint a film, or say what would be painted; return the exit status."""
    plan = request.plan()
    if dry_run:
        _show_plan(plan, as_json=as_json)
        return 0
    from impasto.engine.film import film_of

    fetch_for(request.config, quiet=quiet)
    with show_frames(quiet=quiet) as on_step:
        kept = {name: getattr(request.saving, name) for name in ("keep_recipe", "keep_metadata")}
        anew = request.force and not plan.is_half_done
        report = film_of(plan, on_step=on_step, restart=anew, **kept)
    _tell(report, as_json=as_json, quiet=quiet)
    return INTERRUPTED if report.stopped == "interrupted" else 0


@contextmanager
def show_frames(*, quiet: bool = False) -> Iterator[Callable[[FilmStep], None]]:
    """Return a callback for the frames of one film: how many are done, how quickly, and the time left."""
    first: FilmStep | None = None
    with Gauge(quiet=quiet) as gauge:

        def tell(step: FilmStep) -> None:
            nonlocal first
            first = first or step
            if step.note:
                gauge.note(step.note)
            rest = joined(f"{duration(step.seconds)} of the film", _rate(first, step), time_left(step.remaining))
            gauge.move(f"frame {step.frame}/{step.frames}", step.frame, step.frames, rest, elapsed=step.elapsed)

        yield tell


def _rate(first: FilmStep, step: FilmStep) -> str:
    frames, seconds = step.frame - first.frame, step.elapsed - first.elapsed
    return f"{frames / seconds:.1f} frames a second" if frames and seconds > 0 else ""


def _show_plan(plan: FilmPlan, *, as_json: bool) -> None:
    height, width = plan.size
    facts = {
        "output": str(plan.out),
        "frames": plan.frames,
        "width": width,
        "height": height,
        "sound": plan.sound,
        "film": to_dict(plan.film),
        "config": to_dict(plan.stylizer.config),
    }
    if as_json:
        print_json({"plans": [facts]})
        return
    typer.echo(f"output     {plan.out}")
    typer.echo(f"film       about {plan.frames} frames, {width}×{height} px")
    typer.echo(f"sound      {plan.sound}")
    typer.echo(f"painted by {plan.method}")


def _tell(report: FilmReport, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json({"results": [_facts(report)], "failed": []})
        return
    if report.stopped == "interrupted":
        say(f"Interrupted; {report.frames} frames are kept, and the same command goes on from there.")
        return
    if not quiet:
        say(report.describe())
    typer.echo(str(report.path))


def _facts(report: FilmReport) -> dict[str, Any]:
    height, width = report.size
    return {
        "output": str(report.path),
        "frames": report.frames,
        "width": width,
        "height": height,
        "film_seconds": round(report.film_seconds, 3),
        "seconds": round(report.seconds, 2),
        "stopped": report.stopped,
        "cuts": [round(cut, 3) for cut in report.cuts],
        "sound": report.sound,
        "flicker": {
            "film": round(report.flicker, 4),
            "frame_by_frame": round(report.flicker_painted, 4),
            "clip": round(report.flicker_clip, 4),
        },
    }
