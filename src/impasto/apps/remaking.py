"""``impasto replay`` makes a picture again from its recipe, ``impasto resume`` goes on with one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from impasto.apps.console import INTERRUPTED, print_json, say
from impasto.apps.large import is_large, sentence_of_file, summary_of_file
from impasto.apps.options import given, value_of
from impasto.apps.outputs import check_picture
from impasto.apps.parameters import AsJson, Bits, Force, NoMetadata, NoRecipe, Output, Quality, Quiet
from impasto.apps.progress import show_progress
from impasto.apps.saving import chosen_saving, save, sentence_of, summary_of
from impasto.apps.weights import fetch_for
from impasto.config import MethodOptions, Saving, fields_of
from impasto.errors import InputError

if TYPE_CHECKING:
    from impasto.engine import Remake
    from impasto.images.streaming import Scroll

__all__ = ["replay", "resume"]

BAND = 256  # rows of two pictures that are compared at once

Painted = Annotated[Path, typer.Argument(metavar="OUT", help="A picture that Impasto painted.", show_default=False)]
FoundPhoto = Annotated[
    Path | None,
    typer.Option("--photo", metavar="FILE", help="Where the photo is now. Default: beside OUT.", show_default=False),
]
FoundStyles = Annotated[
    list[Path] | None,
    typer.Option(
        "--style",
        metavar="FILE",
        help="Where a style or mask is now: a file or a folder; repeatable. Default: beside OUT.",
        show_default=False,
    ),
]


class _Told(NamedTuple):
    """What is said of a picture that was made: to people, and to machines."""

    sentence: str
    summary: dict[str, Any]


def replay(
    painted: Painted,
    *,
    photo: FoundPhoto = None,
    styles: FoundStyles = None,
    output: Output = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    quality: Quality = 95,
    bits: Bits = 8,
    no_metadata: NoMetadata = False,
    no_recipe: NoRecipe = False,
    **options: Any,
) -> int:
    """Make a picture again from the recipe inside it.

    The inputs are recognised by their content; one that has changed since is refused. The new picture is
    called OUT-replay unless -o says otherwise.
    """
    from impasto import engine

    saving = chosen_saving(quality=quality, bits=bits, no_metadata=no_metadata, no_recipe=no_recipe)
    if not painted.is_file():
        raise InputError(f"{painted} is no file; give a picture that Impasto painted.")
    output = output or painted.with_stem(f"{painted.stem}-replay")
    check_picture(output, force=force, bits=bits, inputs=[painted])
    remake = _found(engine.to_replay, painted, photo, styles, options)
    report = _painted_by_bands if is_large(remake.photo, remake.config) else _painted_in_memory
    told = report(remake, output, saving, quiet=quiet)
    verdict = _comparison(painted, output, was_resumed=bool(remake.recipe.resumed))
    return _reported(told, output, quiet=quiet, as_json=as_json, compared=verdict)


def resume(
    painted: Painted,
    *,
    photo: FoundPhoto = None,
    styles: FoundStyles = None,
    output: Output = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    quality: Quality = 95,
    bits: Bits = 8,
    no_metadata: NoMetadata = False,
    no_recipe: NoRecipe = False,
    **options: Any,
) -> int:
    """Go on with a picture that was interrupted.

    OUT itself is replaced by the finished picture unless -o says otherwise; where it has 16 bits, or tells nothing of
    the photo's date, place and author, so will the finished one.
    """
    from impasto import engine

    output = output or painted
    wanted = chosen_saving(quality=quality, bits=bits, no_metadata=no_metadata, no_recipe=no_recipe)
    saving = _as_before(painted, output, wanted)
    check_picture(output, force=force or output == painted, bits=saving.bits)
    remake = _found(engine.to_resume, painted, photo, styles, options)
    return _reported(_painted_in_memory(remake, output, saving, quiet=quiet), output, quiet=quiet, as_json=as_json)


def _as_before(painted: Path, output: Path, wanted: Saving) -> Saving:
    """Return how a picture is written that goes on from one with perhaps more bits and no metadata."""
    from impasto.images import Metadata, read
    from impasto.images.formats import format_of

    before, known = read(painted), format_of(output.suffix)
    bits = before.bits if known is not None and before.bits in known.bits else wanted.bits
    keep_metadata = wanted.keep_metadata and before.metadata != Metadata()
    return dataclasses.replace(wanted, bits=max(bits, wanted.bits), keep_metadata=keep_metadata)


def _found(
    find: Callable[..., Remake],
    painted: Path,
    photo: Path | None,
    styles: list[Path] | None,
    options: dict[str, Any],
) -> Remake:
    fields = {field.name: field for field in fields_of(MethodOptions)}
    changes = {name: value_of(fields[name], text) for name, text in given(options).items()}
    return find(painted, photo=photo, styles=styles or (), **changes)


def _painted_in_memory(remake: Remake, output: Path, saving: Saving, *, quiet: bool) -> _Told:
    fetch_for(remake.config, quiet=quiet)
    with show_progress(quiet=quiet) as on_step:
        result = remake(on_step=on_step)
    save(result, output, saving)
    return _Told(sentence_of(result), summary_of(result, output))


def _painted_by_bands(remake: Remake, output: Path, saving: Saving, *, quiet: bool) -> _Told:
    fetch_for(remake.config, quiet=quiet)
    with show_progress(quiet=quiet) as on_step:
        done = remake.paint_file(output, on_step=on_step, overwrite=True, **vars(saving))
    return _Told(sentence_of_file(done), summary_of_file(done))


def _comparison(old: Path, new: Path, *, was_resumed: bool) -> str:
    """Say how near the new picture is to the old one; both may be too large for memory."""
    from impasto.images.streaming import unrolled

    with unrolled(old, new.parent) as before, unrolled(new, new.parent) as after:
        if before.size != after.size:
            return f"Its size is not that of {old.name}."
        gap = round(255 * max(_gap(before, after, top) for top in range(0, after.size[0], BAND)))
    if gap == 0:
        return f"It is identical to {old.name}."
    why = ", which was interrupted on the way while this one was painted in one go" if was_resumed else ""
    return f"It differs by up to {gap} of 255 levels from {old.name}{why}."


def _gap(before: Scroll, after: Scroll, top: int) -> float:
    """Return the largest difference in a band of two pictures."""
    bottom = min(top + BAND, after.size[0])
    return float((before.rows(top, bottom) - after.rows(top, bottom)).abs().max())


def _reported(told: _Told, output: Path, *, quiet: bool, as_json: bool, compared: str = "") -> int:
    summary = told.summary | ({"compared": compared} if compared else {})
    if not quiet:
        say(f"{told.sentence} {compared}".strip())
    if as_json:
        print_json({"results": [summary], "failed": []})
    else:
        typer.echo(output)
    return INTERRUPTED if summary["stopped"] == "interrupted" else 0
