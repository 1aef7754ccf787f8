"""How a training with Lightning is told once it has ended; the same for whatever was learnt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from impasto.apps.console import print_json, say
from impasto.apps.progress import duration

if TYPE_CHECKING:
    from impasto.training.fitting import Fitted

__all__ = ["report_fit"]

HOW = {
    "finished": "The training is finished",
    "early": "Nothing was gained any more, so the training ended",
    "interrupted": "Interrupted; the same command goes on",
}


def report_fit(fitted: Fitted, model: Path, *, advice: str, as_json: bool, quiet: bool) -> None:
    """Say where the model is, how the training ended, and, with ``advice``, what can be done now."""
    if as_json:
        facts = {"step": fitted.step, "best_step": fitted.best_step, "loss": fitted.best, "stopped": fitted.stopped}
        print_json({"model": str(model) if model.exists() else None, **facts})
        return
    if model.exists():
        typer.echo(model)
    if not quiet:
        say(_ending(fitted, model, advice))


def _ending(fitted: Fitted, model: Path, advice: str) -> str:
    ended = f"{HOW[fitted.stopped]} at step {fitted.step} after {duration(fitted.seconds)}"
    if not model.exists():
        return f"{ended}. There is no model before the first validation."
    return f"{ended}; the model is that of step {fitted.best_step}. {advice}"
