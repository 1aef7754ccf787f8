"""``impasto data``: sets of pairs to train on: made, fetched, looked over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import INTERRUPTED, SOME_FAILED, print_json, say
from impasto.apps.counting import show_count
from impasto.apps.methods import chosen_config
from impasto.apps.options import config_from, given
from impasto.apps.parameters import AsJson, Preset, Quiet
from impasto.apps.train_paired import found_text, looked_over
from impasto.apps.weights import fetch_for
from impasto.config import PairedTraining

if TYPE_CHECKING:
    from impasto.training.making_pairs import Made

__all__ = ["PAIR_OPTIONS", "check", "kaggle", "make_pairs"]

PAIR_OPTIONS = ("source_column", "target_column", "source_glob", "target_glob")
DEFAULTS = {"optimize": {"size": "256", "steps": "60"}, "fast": {"size": "256"}}
"""What pairs are made with unless said otherwise: enough to learn from, and a few seconds each."""

Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the pairs; an unfinished set goes on.")
]


def make_pairs(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="Folder of photographs.", show_default=False)],
    *,
    style: Annotated[
        str, typer.Option("--style", metavar="STYLE", help="The painting, or a folder by one hand.", show_default=False)
    ],
    folder: Folder,
    method: Annotated[
        str, typer.Option("--method", "-m", metavar="NAME", help="Way of stylising; `impasto methods` lists them.")
    ] = "optimize",
    count: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many of the photos. Default: all.", show_default=False)
    ] = None,
    preset: Preset = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int | None:
    """Make pairs to train on: photos, and the same photos painted.

    Long sides are 256 px and optimisation takes 60 steps unless --size and --steps say otherwise.
    """
    wishes = {**({} if preset else DEFAULTS.get(method, {})), **given(options)}
    config = chosen_config(method, preset, wishes)
    fetch_for(config, quiet=quiet)
    from impasto.engine import load
    from impasto.training import making_pairs

    painter = load(method, **vars(config))
    with show_count("making pairs", quiet=quiet) as on_pair:
        made = making_pairs.make_pairs(
            photos,
            style,
            folder,
            painter,
            count=count,
            size=config.size or int(DEFAULTS["optimize"]["size"]),
            seed=config.seed,
            on_pair=on_pair,
        )
    _report(made, as_json=as_json, quiet=quiet)
    if made.interrupted:
        return INTERRUPTED
    return SOME_FAILED if made.broken else None


def check(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with source and target, or a CSV of pairs.")],
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Look pairs over: unmatched, broken, mis-sized, duplicate and leaking pictures; 1 where something is wrong."""
    config = config_from(PairedTraining, given(options), owner="data check", start={"pairs": place})
    found, checked = looked_over(config, quiet=quiet)
    if as_json:
        problems = [vars(problem) for problem in checked.problems]
        print_json({"layout": found.layout, "pairs": [pair.name for pair in checked.pairs], "problems": problems})
    else:
        for problem in checked.problems:
            typer.echo(f"{problem.kind}: {problem.sentence}")
        typer.echo(found_text(found, checked))
    return SOME_FAILED if checked.problems else 0


def kaggle(
    dataset: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The set, as in the address of its page.")] = "",
    *,
    folder: Folder,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fetch pairs from Kaggle with your own token, and say what arrived.

    Without a name it is vbookshelf/art-by-ai-neural-style-transfer.
    """
    from impasto.training.kaggle import ART_BY_AI, contents_of, fetch_kaggle

    if not quiet:
        say(f"fetching {dataset or ART_BY_AI} from Kaggle; this can take a while")
    place = fetch_kaggle(dataset or ART_BY_AI, folder)
    contents = contents_of(place)
    if as_json:
        print_json({"folder": str(place), "contents": contents})
        return
    typer.echo(place)
    for line in contents:
        say(f"  {line}")
    say(f"Look it over: impasto data check {place} (with --source-column and --target-column, or the --…-glob flags)")


def _report(made: Made, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json({**vars(made), "folder": str(made.folder)})
        return
    typer.echo(made.folder)
    if not quiet:
        ended = "Interrupted; the same command goes on." if made.interrupted else "Done."
        broken = f" {len(made.broken)} photos could not be read." if made.broken else ""
        say(f"{ended} {made.there} pairs are there, {made.made} of them new.{broken}")
