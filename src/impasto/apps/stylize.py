"""``impasto stylize``: paint a photo in the manner of a painting, or of several."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import print_json, refuse, say
from impasto.apps.film import FilmRequest, is_film, paint_film, refuse_film_options, without_film_options
from impasto.apps.folder import Address, FolderRequest, Workers, is_folder, paint_folder, refuse_workers
from impasto.apps.jobs import Job, Outcomes, Request, jobs_of
from impasto.apps.large import is_large, paint_large, plan_large, unread
from impasto.apps.methods import chosen_config
from impasto.apps.parameters import (
    AsJson,
    Bits,
    Force,
    Method,
    NoMetadata,
    NoRecipe,
    Output,
    Photo,
    Preset,
    Quality,
    Quiet,
    StylesIfAny,
)
from impasto.apps.progress import show_progress
from impasto.apps.recording import Recorder, Wishes
from impasto.apps.saving import chosen_saving, save, sentence_of, summary_of
from impasto.apps.weights import fetch_for
from impasto.config import DEFAULT_METHOD, MethodOptions, Saving
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.engine import Plan
    from impasto.engine.progress import Step
    from impasto.images import Picture

__all__ = ["stylize"]

RECORD_PANEL = "Kept on the way"


def stylize(
    photo: Photo,
    styles: StylesIfAny = None,
    *,
    output: Output = None,
    method: Method = DEFAULT_METHOD,
    preset: Preset = None,
    each: Annotated[bool, typer.Option("--each", help="Make one output for each style instead of mixing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done and what it costs.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    quality: Quality = 95,
    bits: Bits = 8,
    no_metadata: NoMetadata = False,
    no_recipe: NoRecipe = False,
    save_every: Annotated[
        int | None,
        typer.Option(metavar="N", help="Save the picture every N steps.", rich_help_panel=RECORD_PANEL),
    ] = None,
    timelapse: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Film of the painting, .mp4 or .gif.", rich_help_panel=RECORD_PANEL),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Chart of the losses.", rich_help_panel=RECORD_PANEL)
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Photo, styles and result side by side.", rich_help_panel=RECORD_PANEL),
    ] = None,
    workers: Workers = None,
    address: Address = None,
    **options: Any,
) -> int:
    """Paint PHOTO in the manner of STYLE.

    STYLE is a picture, or a name that `impasto styles` lists. Several are mixed, in the parts that --style-weights
    says, or each used where its --mask is white. The result is called PHOTO-STYLE unless -o says otherwise, and its
    file holds the recipe to make it again.

    If PHOTO is a folder, all pictures in it are painted into the folder -o; the same command goes on where it stopped.

    If PHOTO is a film, an animation or a pattern such as frames/%04d.png, its frames are painted and held steady.
    """
    saving = chosen_saving(quality=quality, bits=bits, no_metadata=no_metadata, no_recipe=no_recipe)
    wishes = Wishes(save_every=save_every, timelapse=timelapse, plot=plot, sheet=sheet)
    film_options, options = without_film_options(options)
    config = chosen_config(method, preset, options)
    asked: dict[str, Any] = {"styles": styles or [], "config": config, "output": output, "force": force}
    manner: dict[str, Any] = {"dry_run": dry_run, "quiet": quiet, "as_json": as_json}
    for_one_photo = {"each": each, **vars(wishes)}
    if is_film(photo, output, film_options):
        refuse_workers(workers, address)
        film = FilmRequest(clip=photo, film=film_options, saving=saving, for_one_photo=for_one_photo, **asked)
        return paint_film(film, **manner)
    refuse_film_options(film_options)
    if is_folder(photo):
        folder = FolderRequest(
            photos=photo, saving=saving, workers=workers, address=address, for_one_photo=for_one_photo, **asked
        )
        return paint_folder(folder, **manner)
    refuse_workers(workers, address)
    return _paint_photo(photo, saving, wishes=wishes, each=each, **asked, **manner)


def _paint_photo(
    photo: Path,
    saving: Saving,
    *,
    config: MethodOptions,
    wishes: Wishes,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Paint one photo, once or in each style, or say what would be painted; return the exit status."""
    from impasto.engine.published import downloads_of
    from impasto.images import read

    by_bands = wishes == Wishes() and is_large(photo, config)
    picture = unread() if by_bands else read(photo)
    jobs = jobs_of(Request(photo=photo, picture=picture, config=config, wishes=wishes, bits=saving.bits, **asked))
    plan = partial(plan_large, photo) if by_bands else partial(_plan, picture)
    if dry_run:
        _show_plans(plan, jobs, as_json=as_json)
        return 0
    if downloads_of(config):  # what will be refused, is refused before megabytes come
        for job in jobs:
            plan(job)
    fetch_for(config, quiet=quiet)
    paint = partial(paint_large, photo) if by_bands else partial(_paint, picture)
    outcomes = _paint_all(paint, jobs, saving, quiet=quiet)
    _report(outcomes, as_json=as_json)
    return outcomes.status


def _plan(picture: Picture, job: Job) -> Plan:
    from impasto.engine import plan

    return plan(picture, list(job.styles), job.config)


def _show_plans(plan: Callable[[Job], Plan], jobs: Sequence[Job], *, as_json: bool) -> None:
    plans = [(job, plan(job)) for job in jobs]
    if as_json:
        facts = [{"output": str(job.output), **dataclasses.asdict(found)} for job, found in plans]
        print_json({"plans": facts})
        return
    for job, found in plans:
        typer.echo(f"output     {job.output}\n{found.describe()}")


def _paint_all(paint: Callable[..., dict[str, Any]], jobs: Sequence[Job], saving: Saving, *, quiet: bool) -> Outcomes:
    """Paint one after the other; among several, one that fails does not keep the others from being made."""
    outcomes = Outcomes()
    for job in jobs:
        try:
            summary = paint(job, saving, quiet=quiet, title=job.title if len(jobs) > 1 else "")
        except ImpastoError as refusal:
            if len(jobs) == 1:
                raise
            outcomes.add_failure(job, refusal)
            continue
        except KeyboardInterrupt:  # of what paints in a single pass; the pictures before it are there
            if not outcomes.done:
                raise
            outcomes.interrupted = True
            break
        outcomes.done.append(summary)
        if summary["stopped"] == "interrupted":
            outcomes.interrupted = True
            break
    return outcomes


def _paint(picture: Picture, job: Job, saving: Saving, *, quiet: bool, title: str) -> dict[str, Any]:
    from impasto import engine

    with (
        Recorder(job.wishes, job.output, saving, steps=getattr(job.config, "steps", None)) as record,
        show_progress(title, quiet=quiet) as show,
    ):

        def on_step(step: Step) -> None:
            show(step)
            record(step)

        result = engine.stylize(picture, list(job.styles), job.config, on_step=on_step)
        save(result, job.output, saving)
        drawn = record.finish(result, lambda: _shown(picture, job))
    if not quiet:
        say(sentence_of(result))
    also = [str(path) for path in drawn]
    return {**summary_of(result, job.output), "also": also, "given_up": list(record.failures.values())}


def _shown(picture: Picture, job: Job) -> list[tuple[str, Tensor]]:
    """Return what a sheet shows beside the result: the photo, and each style that is one file."""
    from impasto.images import read

    files = [Path(style) for style in job.styles if Path(style).is_file()]
    return [("photo", picture.pixels), *((path.stem, read(path).pixels) for path in files)]


def _report(outcomes: Outcomes, *, as_json: bool) -> None:
    if as_json:
        print_json({"results": outcomes.done, "failed": outcomes.failed})
        return
    for summary in outcomes.done:
        for path in (summary["output"], *summary["also"]):
            typer.echo(path)
    for failure in outcomes.failed:
        refuse(f"{failure['style']}: {failure['message']}", kind=failure["kind"], as_json=False)
    if outcomes.failed:
        say(f"{len(outcomes.failed)} of {len(outcomes.failed) + len(outcomes.done)} failed.")
