"""``impasto train``: learn the weights of Impasto's own networks."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import print_json, say
from impasto.apps.options import config_from, given
from impasto.apps.parameters import AsJson, ConfigFile, DryRun, Quiet
from impasto.apps.progress import Bar, joined, time_left
from impasto.config import EncoderTraining, to_dict
from impasto.errors import InputError, OptionError

if TYPE_CHECKING:
    from impasto.training.encoder import TrainingStep

__all__ = ["TrainingProgress", "read_values", "train_encoder"]

PLAIN_INTERVAL = 60.0  # seconds between two plain lines


def train_encoder(
    *,
    run: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="RUN",
            help="Folder for checkpoints and weights; an unfinished run goes on.",
            show_default=False,
        ),
    ],
    config_file: ConfigFile = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Train the embedded encoder: a small network learns to see like VGG-19."""
    start = read_values(config_file)
    config = config_from(EncoderTraining, given(options), owner="train encoder", start=start)
    if run.exists() and not run.is_dir():
        raise OptionError(f"{run} is a file; -o names the folder of the run.")
    if dry_run:
        print_json(to_dict(config))
        return
    from impasto.training.encoder import train_encoder as train

    with TrainingProgress(quiet=quiet) as on_step:
        weights = train(config, run, on_step=on_step)
    if as_json:
        print_json({"weights": str(weights), "config": to_dict(config)})
    else:
        typer.echo(weights)


def read_values(path: Path | None) -> dict[str, Any]:
    """Return the options that a TOML file holds, as plain values; none without a file."""
    if path is None:
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise InputError(f"{path} cannot be read ({fault.strerror}); --config takes a TOML file.") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise InputError(f"{path} is not TOML ({fault}); --config takes lines such as steps = 1000.") from fault


class TrainingProgress:
    """Says the step, what the student explains of its teachers, and the time left.

    A run that goes on begins in the middle, so the pace is that of this run alone.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._bar = Bar("getting ready") if sys.stderr.isatty() and not quiet else None
        self._quiet = quiet
        self._first: TrainingStep | None = None
        self._said_at = -math.inf

    def __enter__(self) -> Callable[[TrainingStep], None]:
        if self._bar is not None:
            self._bar.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _tell(self, step: TrainingStep) -> None:
        self._first = self._first or step
        explained = " ".join(f"{layer} {share:.1%}" for layer, share in step.explained.items())
        explained = f"explains {explained}" if explained else ""
        where, left = f"step {step.step}/{step.steps}", time_left(self._remaining(step))
        if self._bar is not None:
            self._bar.move(where, step.step, step.steps, joined(explained, left))
        elif not self._quiet and (step.seconds - self._said_at >= PLAIN_INTERVAL or step.step == step.steps):
            self._said_at = step.seconds
            say(joined(where, explained, left))

    def _remaining(self, step: TrainingStep) -> float | None:
        if self._first is None or step.step == self._first.step:
            return None
        pace = (step.seconds - self._first.seconds) / (step.step - self._first.step)
        return pace * (step.steps - step.step)
