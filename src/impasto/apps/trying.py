"""``impasto try``: a photo in every style of the gallery, on one labelled sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.apps.console import print_json
from impasto.apps.outputs import check_picture, title_of
from impasto.apps.parameters import AsJson, Force, Method, Output, Photo, Preset, Quiet
from impasto.apps.trials import Trial, Trials, paint_trials, small_config
from impasto.apps.weights import fetch_for
from impasto.errors import InputError

__all__ = ["try_styles"]

CELL = 256  # pixels that each takes on the sheet

Wanted = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STYLE",
        help="Styles to try: names of the gallery, paintings, folders. Default: the whole gallery.",
        show_default=False,
    ),
]


def try_styles(
    photo: Photo,
    styles: Wanted = None,
    *,
    output: Output = None,
    method: Method = "fast",
    preset: Preset = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Paint PHOTO in every style of the gallery, on one labelled sheet to choose from.

    Pictures are 384 px unless --size says otherwise. The sheet is called PHOTO-try.png unless -o says otherwise.
    """
    from impasto.evaluation import contact_sheet
    from impasto.images import read

    config = small_config(method, preset, options)
    names = styles or _all_names()
    picture = read(photo)
    output = output or Path(f"{photo.stem}-try.png")
    check_picture(output, force=force, inputs=[photo, *map(Path, names)])
    fetch_for(config, quiet=quiet)
    trials = paint_trials(picture, [Trial(title_of(name), [name], config) for name in names], quiet=quiet)
    if trials.painted:
        painted = [(trial.label, result.image) for trial, result in trials.painted]
        contact_sheet([("photo", picture.pixels), *painted], output, cell=CELL)
    _report(trials, output, as_json=as_json)
    return trials.status


def _all_names() -> list[str]:
    from impasto.engine.gallery import gallery

    names = [style.name for style in gallery()]
    if not names:
        raise InputError("the gallery is empty here; name the styles to try: impasto try PHOTO STYLE…")
    return names


def _report(trials: Trials, output: Path, *, as_json: bool) -> None:
    if as_json:
        failed = [
            {"style": trial.styles[0], "kind": type(why).__name__, "message": str(why)} for trial, why in trials.failed
        ]
        print_json({"output": str(output), "styles": [trial.label for trial, _ in trials.painted], "failed": failed})
        return
    trials.tell()
    if trials.painted:
        typer.echo(output)
