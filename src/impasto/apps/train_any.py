"""``impasto train any``: photos and paintings become a network that paints any style at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.apps.console import INTERRUPTED, print_json
from impasto.apps.counting import counting_on
from impasto.apps.fit_progress import PLAIN_INTERVAL, fitting_on
from impasto.apps.fit_report import report_fit
from impasto.apps.options import config_from, given
from impasto.apps.parameters import AsJson, ConfigFile, DryRun, Quiet
from impasto.apps.progress import Gauge
from impasto.apps.train import read_values
from impasto.config import AnyTraining, to_dict

__all__ = ["train_any"]


def train_any(
    *,
    run: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="RUN",
            help="Folder of the run; RUN/fast.safetensors is the network. An unfinished run goes on.",
            show_default=False,
        ),
    ],
    config_file: ConfigFile = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int | None:
    """Train the fast network: any photo in any style, in one pass."""
    start = read_values(config_file)
    config = config_from(AnyTraining, given(options), owner="train any", start=start)
    if dry_run:
        print_json(to_dict(config))
        return None
    from impasto.training.any_style import MODEL
    from impasto.training.any_style import train_any as train

    with Gauge(every=PLAIN_INTERVAL, quiet=quiet) as gauge:
        on_described, on_step = counting_on(gauge, "looking at paintings"), fitting_on(gauge, quiet=quiet)
        fitted = train(config, run, on_step=on_step, on_described=on_described)
    advice = f"Samples are in {run / 'samples'}."
    report_fit(fitted, run / MODEL, advice=advice, as_json=as_json, quiet=quiet)
    return INTERRUPTED if fitted.stopped == "interrupted" else None
