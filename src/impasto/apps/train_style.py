"""``impasto train style``: a painting and a folder of photos become a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.apps.console import INTERRUPTED, print_json
from impasto.apps.fit_progress import show_fit
from impasto.apps.fit_report import report_fit
from impasto.apps.options import config_from, given
from impasto.apps.outputs import check_free
from impasto.apps.parameters import AsJson, ConfigFile, DryRun, Force, Quiet
from impasto.apps.train import read_values
from impasto.config import StyleTraining, to_dict
from impasto.errors import InputError

__all__ = ["train_style"]


def train_style(
    painting: Annotated[Path, typer.Argument(metavar="PAINTING", help="A painting, or a folder of one artist's.")],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The model, ending in .safetensors. Checkpoints stand beside it; an unfinished training goes on.",
            show_default=False,
        ),
    ],
    config_file: ConfigFile = None,
    dry_run: DryRun = False,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int | None:
    """Learn one style: a small network that paints any photo in it."""
    start = read_values(config_file)
    config = config_from(StyleTraining, given(options), owner="train style", start={**start, "style": painting})
    if not painting.exists():
        raise InputError(f"{painting} does not exist; give a painting, or a folder of one artist's paintings.")
    if dry_run:
        print_json(to_dict(config))
        return None
    from impasto.training.style import run_folder
    from impasto.training.style import train_style as train

    check_free(output, force=force or run_folder(output).is_dir())
    with show_fit(quiet=quiet) as on_step:
        fitted = train(config, output, on_step=on_step)
    advice = f"Samples are in {run_folder(output) / 'samples'}. Paint with it: impasto stylize PHOTO --method {output}"
    report_fit(fitted, output, advice=advice, as_json=as_json, quiet=quiet)
    return INTERRUPTED if fitted.stopped == "interrupted" else None
