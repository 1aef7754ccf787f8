"""``impasto train paired``: pairs of photos and paintings become a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import INTERRUPTED, print_json, say
from impasto.apps.counting import show_count
from impasto.apps.fit_progress import show_fit
from impasto.apps.fit_report import report_fit
from impasto.apps.options import config_from, given
from impasto.apps.parameters import AsJson, ConfigFile, Quiet
from impasto.apps.train import read_values
from impasto.config import PairedTraining, to_dict

if TYPE_CHECKING:
    from impasto.training.checking_pairs import Check
    from impasto.training.pairs import Found, Pair, Split

__all__ = ["found_text", "looked_over", "train_paired"]

MOST_PROBLEMS = 10  # sentences before a training; `impasto data check` says them all


def train_paired(
    pairs: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with source and target inside, or a CSV of pairs.")
    ],
    *,
    run: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="RUN",
            help="Folder of the run; RUN/model.safetensors is the model. An unfinished run goes on.",
            show_default=False,
        ),
    ],
    config_file: ConfigFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look the pairs over and show the options.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int | None:
    """Learn from pairs: a network that turns photos into what their partners are."""
    start = read_values(config_file)
    config = config_from(PairedTraining, given(options), owner="train paired", start={**start, "pairs": pairs})
    from impasto.training.paired import MODEL, divided
    from impasto.training.paired import train_paired as train
    from impasto.training.runs import begin_run

    found, check = looked_over(config, quiet=quiet)
    if not quiet:
        for problem in check.problems[:MOST_PROBLEMS]:
            say(problem.sentence)
        if len(check.problems) > MOST_PROBLEMS:
            say(f"… and {len(check.problems) - MOST_PROBLEMS} more; impasto data check {pairs} says them all.")
    if dry_run:
        print_json({**to_dict(config), "found": found_text(found, check)})
        return None
    begin_run(run, config)
    if not quiet:
        say(f"{found_text(found, check)}: {_sides_text(divided(config, run, check))}")
    with show_fit(quiet=quiet) as on_step:
        fitted = train(config, run, on_step=on_step, check=check)
    model = run / MODEL
    advice = f"See how good it is: impasto evaluate {run}. Paint with it: impasto stylize PHOTO --method {model}"
    report_fit(fitted, model, advice=advice, as_json=as_json, quiet=quiet)
    return INTERRUPTED if fitted.stopped == "interrupted" else None


def looked_over(config: PairedTraining, *, quiet: bool) -> tuple[Found, Check]:
    """Find the pairs and open each of them once."""
    from impasto.training.checking_pairs import check_pairs
    from impasto.training.pairs import find_pairs

    found = find_pairs(config)
    with show_count("looking the pairs over", quiet=quiet) as on_pair:
        return found, check_pairs(found, on_pair)


def found_text(found: Found, check: Check) -> str:
    """Say what there is to learn from."""
    kinds = Counter(problem.kind for problem in check.problems)
    wrong = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return f"{len(check.pairs)} pairs in {found.layout}{f' ({wrong})' if wrong else ''}"


def _sides_text(sides: Mapping[Split, Sequence[Pair]]) -> str:
    counts = {split: len(pairs) for split, pairs in sides.items()}
    return f"{counts['train']} to learn from, {counts['validation']} to validate on, {counts['test']} kept for the test"
