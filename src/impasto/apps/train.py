"""``impasto train``: learn the weights of Impasto's own networks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import print_json
from impasto.apps.fit_progress import PLAIN_INTERVAL
from impasto.apps.options import config_from, given
from impasto.apps.parameters import AsJson, ConfigFile, DryRun, Quiet
from impasto.apps.progress import Gauge, joined, time_left
from impasto.config import EncoderTraining, to_dict
from impasto.errors import InputError, OptionError

if TYPE_CHECKING:
    from impasto.training.encoder import TrainingStep

__all__ = ["read_values", "show_training", "train_encoder"]


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

    with show_training(quiet=quiet) as on_step:
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


@contextmanager
def show_training(*, quiet: bool = False) -> Iterator[Callable[[TrainingStep], None]]:
    """Return a callback for the steps, which says what the student explains of its teachers.

    A run that goes on begins in the middle, so the pace is that of this run alone.
    """
    first: TrainingStep | None = None
    with Gauge(every=PLAIN_INTERVAL, quiet=quiet) as gauge:

        def tell(step: TrainingStep) -> None:
            nonlocal first
            first = first or step
            explained = " ".join(f"{layer} {share:.1%}" for layer, share in step.explained.items())
            after = joined(f"explains {explained}" if explained else "", time_left(_remaining(first, step)))
            gauge.move(f"step {step.step}/{step.steps}", step.step, step.steps, after, elapsed=step.seconds)

        yield tell


def _remaining(first: TrainingStep, step: TrainingStep) -> float | None:
    if step.step == first.step:
        return None
    return (step.seconds - first.seconds) / (step.step - first.step) * (step.steps - step.step)
