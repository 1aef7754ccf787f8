"""``impasto evaluate``: how good a network is that learnt from pairs, on pictures it has never seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.apps.console import print_json, say
from impasto.apps.counting import show_count
from impasto.apps.parameters import AsJson, Quiet
from impasto.config import PairedTraining, fields_of, from_dict
from impasto.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.evaluation.paired import Judged, PairJudge
    from impasto.evaluation.paired_report import Ablation
    from impasto.training.pairs import Pair

__all__ = ["evaluate"]

ABLATION_TITLES = {"mse": "MSE", "content": "+ content", "style": "+ style", "tv": "+ TV"}


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of the run, as -o named it.", show_default=False)],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="The report's folder. Default: RUN/report.", show_default=False
        ),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the pairs are now, if they were moved.", show_default=False),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure a network on the pairs that were kept for the test, and write a report as HTML and PNG."""
    config = _config_of(run)
    config = config if pairs is None else dataclasses.replace(config, pairs=pairs)
    tested = _tested(config, run)
    from impasto.evaluation.paired import PairJudge, intervals, telling
    from impasto.evaluation.paired_report import PairedReport, save_paired_report
    from impasto.images import read

    judge, predict = PairJudge(None if config.style is None else read(config.style).pixels), _model_in(run)
    judged = _judged(judge, tested, predict, quiet=quiet, title="painting the test pictures")
    judged = _with_pictures(judged, {one.name for one in telling(judged).values()}, tested, predict)
    report = PairedReport(
        title=f"{run.name or run.resolve().name}: a network that learnt from pairs",
        judged=judged,
        curves=_curves(run),
        ablation=_ablation(judge, run, tested, quiet=quiet),
        notes=_notes(config),
    )
    page = save_paired_report(report, output or run / "report")
    if as_json:
        standing = {painter: intervals(judged, painter) for painter in judged[0].values}
        print_json({"report": str(page), "pictures": len(judged), "standing": standing})
        return
    if not quiet:
        model, source = intervals(judged, "model"), intervals(judged, "source")
        say(
            f"{len(judged)} pictures: SSIM to the ground truth {model['ssim'].mean:.3f} (the source as it is: "
            f"{source['ssim'].mean:.3f}), style distance {model['style'].mean:.2f} of the source's, sharpness "
            f"{model['sharpness'].mean:.0%} of the ground truth's."
        )
    typer.echo(page)


def _config_of(run: Path) -> PairedTraining:
    from impasto.training.runs import read_run

    values = read_run(run)
    known = {field.name for field in fields_of(PairedTraining)}
    if "pairs" not in values:
        raise InputError(f"{run} is a run of another kind; impasto evaluate takes one of impasto train paired.")
    return from_dict(PairedTraining, {name: value for name, value in values.items() if name in known})


def _tested(config: PairedTraining, run: Path) -> list[Pair]:
    from impasto.training.pairs import find_pairs
    from impasto.training.splitting import SPLIT_FILE, read_split

    split = read_split(run / SPLIT_FILE)
    tested = [pair for pair in find_pairs(config).pairs if split.get(pair.name) == "test"]
    if not tested:
        raise InputError(f"none of the pictures kept for the test are in {config.pairs}; say where with --pairs.")
    return tested


def _model_in(run: Path) -> Callable[[Tensor], Tensor]:
    """Return what paints with the model of a run, at the pictures' own size."""
    import torch

    from impasto.models.trained import load_model
    from impasto.training.paired import MODEL

    model = run / MODEL
    if not model.exists():
        raise InputError(f"{run} has no {MODEL} yet; it comes with the first validation of the training.")
    network, _ = load_model(model)

    def predict(photo: Tensor) -> Tensor:
        with torch.no_grad():
            painted: Tensor = network(photo).clamp(0, 1)
        return painted

    return predict


def _judged(
    judge: PairJudge, tested: Sequence[Pair], predict: Callable[[Tensor], Tensor], *, quiet: bool, title: str
) -> list[Judged]:
    """Measure all; their pictures are let go, since together they could be too many for memory."""
    from impasto.training.crops import both_of, read_pair

    judged = []
    with show_count(title, quiet=quiet) as on_picture:
        for number, pair in enumerate(tested, 1):
            one = judge.judge(pair.name, *both_of(read_pair(pair)), predict)
            judged.append(dataclasses.replace(one, sample=None))
            on_picture(number, len(tested))
    return judged


def _with_pictures(
    judged: Sequence[Judged], names: Container[str], tested: Sequence[Pair], predict: Callable[[Tensor], Tensor]
) -> list[Judged]:
    """Return the same, with the pictures of those that the report shows."""
    from impasto.evaluation.paired import Sample
    from impasto.training.crops import both_of, read_pair

    def sample(pair: Pair) -> Sample | None:
        if pair.name not in names:
            return None
        source, target = both_of(read_pair(pair))
        return Sample(pair.name, source, target, predict(source))

    return [dataclasses.replace(one, sample=sample(pair)) for one, pair in zip(judged, tested, strict=True)]


def _ablation(judge: PairJudge, run: Path, tested: Sequence[Pair], *, quiet: bool) -> list[Ablation]:
    from impasto.evaluation.paired import telling
    from impasto.evaluation.paired_report import Ablation
    from impasto.training.paired import ABLATION, MODEL

    there = {title: run / ABLATION / name for name, title in ABLATION_TITLES.items()}
    painters = {title: _model_in(folder) for title, folder in there.items() if (folder / MODEL).exists()}
    judged = {
        title: _judged(judge, tested, predict, quiet=quiet, title=f"ablation, {title}")
        for title, predict in painters.items()
    }
    if not judged:
        return []
    shown = {telling(list(judged.values())[-1])["median"].name}
    return [Ablation(title, _with_pictures(judged[title], shown, tested, painters[title])) for title in painters]


def _curves(run: Path) -> dict[str, tuple[list[float], list[float]]]:
    from impasto.training.curves import read_curve

    found = {name: read_curve(run / f"{name}.csv") for name in ("training", "validation")}
    return {name: (curve["step"], curve["total"]) for name, curve in found.items() if curve.get("total")}


def _notes(config: PairedTraining) -> list[str]:
    weights = ", ".join(f"{name} {getattr(config, f'{name}_weight'):g}" for name in ("mse", "content", "style", "tv"))
    return [
        f"U-Net: width {config.width}, {config.depth} halvings, {config.blocks} blocks, {config.decoder} decoder",
        f"loss: {weights}; each term is in units of its value for the untouched source",
        f"crops of {config.crop} px, {config.batch} a step; seed {config.seed}",
        "style distances are of Gaussians of the embedded encoder's features, relu1_1 to relu5_1",
    ]
