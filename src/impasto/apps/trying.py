"""``impasto try``: a photo in every style of the gallery, on one labelled sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import INTERRUPTED, SOME_FAILED, print_json, refuse, say
from impasto.apps.methods import chosen_config
from impasto.apps.options import given
from impasto.apps.outputs import check_picture, title_of
from impasto.apps.parameters import AsJson, Force, Method, Output, Photo, Preset, Quiet
from impasto.apps.progress import show_progress
from impasto.apps.weights import fetch_for
from impasto.config import MethodOptions
from impasto.errors import ImpastoError, InputError

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.images import Picture

__all__ = ["Tried", "paint_in_each", "try_styles"]

SIZE = "384"  # long side of each picture unless --size or a preset says otherwise: a sheet is for choosing
CELL = 256  # pixels that each takes on the sheet

Wanted = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STYLE",
        help="Styles to try: names of the gallery, paintings, folders. Default: the whole gallery.",
        show_default=False,
    ),
]


@dataclass
class Tried:
    """What became of each style."""

    painted: list[tuple[str, Tensor]] = field(default_factory=list)
    failed: list[tuple[str, ImpastoError]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def status(self) -> int:
        """The exit status."""
        return INTERRUPTED if self.interrupted else SOME_FAILED if self.failed else 0


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

    start = given(options)
    if preset is None:
        start.setdefault("size", SIZE)
    config = chosen_config(method, preset, start)
    names = styles or _all_names()
    picture = read(photo)
    output = output or Path(f"{photo.stem}-try.png")
    check_picture(output, force=force, inputs=[photo])
    fetch_for(config, quiet=quiet)
    tried = paint_in_each(picture, names, config, quiet=quiet)
    if tried.painted:
        contact_sheet([("photo", picture.pixels), *tried.painted], output, cell=CELL)
    elif tried.failed:
        raise tried.failed[0][1]
    _report(tried, output, total=len(names), as_json=as_json)
    return tried.status


def paint_in_each(picture: Picture, styles: Sequence[str], config: MethodOptions, *, quiet: bool) -> Tried:
    """Paint in one style after the other, until all are done or the user has seen enough.

    A style that cannot be used does not keep the others from being tried.
    """
    from impasto import engine

    tried = Tried()
    for number, style in enumerate(styles, 1):
        try:
            with show_progress(f"{number}/{len(styles)} {title_of(style)}", quiet=quiet) as on_step:
                result = engine.stylize(picture, [style], config, on_step=on_step)
        except ImpastoError as refusal:
            tried.failed.append((style, refusal))
            continue
        except KeyboardInterrupt:
            tried.interrupted = True
            break
        if result.stopped == "interrupted":
            tried.interrupted = True
            break
        tried.painted.append((title_of(style), result.image))
    return tried


def _all_names() -> list[str]:
    from impasto.engine.gallery import gallery

    names = [style.name for style in gallery()]
    if not names:
        raise InputError("the gallery is empty here; name the styles to try: impasto try PHOTO STYLE…")
    return names


def _report(tried: Tried, output: Path, *, total: int, as_json: bool) -> None:
    if as_json:
        failed = [{"style": style, "kind": type(why).__name__, "message": str(why)} for style, why in tried.failed]
        print_json({"output": str(output), "styles": [name for name, _ in tried.painted], "failed": failed})
        return
    for style, why in tried.failed:
        refuse(f"{title_of(style)}: {why}", kind=type(why).__name__, as_json=False)
    if tried.interrupted:
        say(f"Interrupted; {len(tried.painted)} of {total} were done.")
    if tried.painted:
        typer.echo(output)
