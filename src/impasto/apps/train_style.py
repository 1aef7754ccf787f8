"""``impasto train style``: a painting and a folder of photos become a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import INTERRUPTED, print_json, say
from impasto.apps.fit_progress import FitProgress
from impasto.apps.options import config_from, given
from impasto.apps.outputs import check_free
from impasto.apps.parameters import AsJson, Force, Quiet
from impasto.apps.progress import duration
from impasto.apps.train import read_values
from impasto.config import StyleTraining, to_dict
from impasto.errors import InputError

if TYPE_CHECKING:
    from impasto.training.fitting import Fitted

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
    config_file: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="TOML with options; flags win over it.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the options that would be used.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int | None:
    """Learn one style: a small network that paints any photo in it."""
    start = read_values(config_file) if config_file is not None else {}
    config = config_from(StyleTraining, given(options), owner="train style", start={**start, "style": painting})
    if not painting.exists():
        raise InputError(f"{painting} does not exist; give a painting, or a folder of one artist's paintings.")
    if dry_run:
        print_json(to_dict(config))
        return None
    from impasto.training.style import run_folder
    from impasto.training.style import train_style as train

    check_free(output, force=force or run_folder(output).is_dir())
    with FitProgress(quiet=quiet) as on_step:
        fitted = train(config, output, on_step=on_step)
    _report(fitted, output, run_folder(output), as_json=as_json, quiet=quiet)
    return INTERRUPTED if fitted.stopped == "interrupted" else None


def _report(fitted: Fitted, model: Path, run: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        facts = {"step": fitted.step, "best_step": fitted.best_step, "loss": fitted.best, "stopped": fitted.stopped}
        print_json({"model": str(model) if model.exists() else None, **facts})
        return
    if model.exists():
        typer.echo(model)
    if not quiet:
        say(_ending(fitted, model, run))


def _ending(fitted: Fitted, model: Path, run: Path) -> str:
    """Say how it ended and what can be done now."""
    how = {
        "finished": "The training is finished",
        "early": "Nothing was gained any more, so the training ended",
        "interrupted": "Interrupted; the same command goes on",
    }[fitted.stopped]
    ended = f"{how} at step {fitted.step} after {duration(fitted.seconds)}"
    if not model.exists():
        return f"{ended}. There is no model before the first validation."
    return (
        f"{ended}; the model is that of step {fitted.best_step}. Samples are in {run / 'samples'}. "
        f"Paint with it: impasto stylize PHOTO --method {model}"
    )
