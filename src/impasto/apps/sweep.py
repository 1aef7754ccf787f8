"""``impasto sweep``: the same picture with different options, side by side on a labelled sheet."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import print_json
from impasto.apps.options import as_flag, config_from
from impasto.apps.outputs import called_after, check_picture, default_name
from impasto.apps.parameters import AsJson, Force, Method, Output, Photo, Preset, Quiet, StylesIfAny
from impasto.apps.saving import summary_of
from impasto.apps.trials import Trial, Trials, paint_trials, small_config
from impasto.apps.weights import fetch_for
from impasto.config import DEFAULT_METHOD, Field, MethodOptions, fields_of
from impasto.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["combinations", "sweep", "values_to_try"]


def sweep(
    photo: Photo,
    styles: StylesIfAny = None,
    *,
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="OPTION=A,B,…",
            help="An option and the values to try; repeat for every combination.",
            show_default=False,
        ),
    ],
    output: Output = None,
    method: Method = DEFAULT_METHOD,
    preset: Preset = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Paint PHOTO with every combination of some options, on one labelled sheet.

    Pictures are 384 px unless --size says otherwise. The sheet is called PHOTO-STYLE-sweep.png unless -o says
    otherwise.
    """
    from impasto.images import read

    base = small_config(method, preset, options)
    tried = values_to_try(vary, base, method=method)
    combined = combinations(base, tried, method=method)
    picture = read(photo)
    styles = styles or []
    output = output or Path(f"{Path(default_name(photo, called_after(styles, base), picture)).stem}-sweep.png")
    check_picture(output, force=force, inputs=[photo, *map(Path, styles)])
    fetch_for(base, quiet=quiet)
    trials = paint_trials(picture, [Trial(label, styles, config) for label, config in combined], quiet=quiet)
    if trials.painted:
        _draw(tried, {trial.label: result.image for trial, result in trials.painted}, output)
    _report(trials, output, as_json=as_json)
    return trials.status


def values_to_try(vary: Sequence[str], base: MethodOptions, *, method: str) -> dict[str, list[str]]:
    """Return the values to try, as they were typed, by option."""
    fields = {field.name: field for field in fields_of(base)}
    tried: dict[str, list[str]] = {}
    for wish in vary:
        name, values = _parsed(wish, fields, method)
        if name in tried:
            raise OptionError(f"--vary names {name} twice; give all its values in one, as in --vary {name}=A,B,C.")
        tried[name] = values
    return tried


def combinations(
    base: MethodOptions, tried: Mapping[str, Sequence[str]], *, method: str
) -> list[tuple[str, MethodOptions]]:
    """Return every combination of the values as a label and a config, the last option changing fastest."""
    start = {field.name: getattr(base, field.name) for field in fields_of(base)}
    found = []
    for values in itertools.product(*tried.values()):
        changes = dict(zip(tried, values, strict=True))
        config = config_from(type(base), changes, owner=method, start=start)
        found.append((_label(changes), config))
    return found


def _label(changes: Mapping[str, str]) -> str:
    return " · ".join(f"{name.replace('_', ' ')} {text}" for name, text in changes.items())


def _parsed(wish: str, fields: Mapping[str, Field], method: str) -> tuple[str, list[str]]:
    name, _, texts = wish.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    values = [text.strip() for text in texts.split(",") if text.strip()]
    if not values:
        raise OptionError(f"--vary is {wish!r}; write an option and its values, as in --vary strength=30,60,90.")
    if name not in fields:
        raise OptionError(f"--vary is {wish!r}, but {name!r} is not an option of {method}{did_you_mean(name, fields)}.")
    if fields[name].item_type is not None:
        raise OptionError(f"--vary cannot vary {as_flag(name)}, which takes several values by itself.")
    return name, values


def _draw(tried: Mapping[str, Sequence[str]], images: Mapping[str, Tensor], path: Path) -> None:
    """Draw a table for two options, else a sheet whose rows go through the last option."""
    from impasto.evaluation import contact_sheet, grid_sheet

    if len(tried) != 2:
        across = len(list(tried.values())[-1])
        contact_sheet(list(images.items()), path, columns=across if len(tried) > 1 else None)
        return
    down, over = ([{name: text} for text in texts] for name, texts in tried.items())
    cells = [[images.get(_label({**row, **column})) for column in over] for row in down]
    grid_sheet([_label(row) for row in down], [_label(column) for column in over], cells, path)


def _report(trials: Trials, output: Path, *, as_json: bool) -> None:
    if as_json:
        painted = [{"label": trial.label, **summary_of(result, output)} for trial, result in trials.painted]
        failed = [
            {"label": trial.label, "kind": type(why).__name__, "message": str(why)} for trial, why in trials.failed
        ]
        print_json({"output": str(output), "pictures": painted, "failed": failed})
        return
    trials.tell()
    if trials.painted:
        typer.echo(output)
