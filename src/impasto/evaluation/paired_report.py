"""The report of a training on pairs: a page that opens from disk, and the same as one picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from impasto.evaluation import canvas
from impasto.evaluation.charts import Points, chart
from impasto.evaluation.paired import MEASURES, PAINTERS, Judged, Measure, Sample, intervals, telling
from impasto.evaluation.report.page import escaped, facts, figure, items, page, section, table
from impasto.evaluation.statistics import Interval
from impasto.images import write
from impasto.images.arrays import from_pillow
from impasto.weights.atomic import write_text_whole

__all__ = ["Ablation", "PairedReport", "save_paired_report"]

PAGE, SHEET, NUMBERS, CURVES = "report.html", "report.png", "report.json", "curves.png"
TITLES = {"source": "source as it is", "model": "the network", "teacher": "ground truth"}
COLUMNS = ("source", "predicted", "ground truth")
CELL = 300


@dataclass(frozen=True)
class Ablation:
    """One of the short trainings that add one term after the other."""

    name: str
    judged: Sequence[Judged]


@dataclass(frozen=True)
class PairedReport:
    """Everything that is reported."""

    title: str
    judged: Sequence[Judged]
    curves: Mapping[str, Points]  # of the losses, by name
    ablation: Sequence[Ablation] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def save_paired_report(report: PairedReport, folder: Path) -> Path:
    """Write the report into ``folder`` and return its page."""
    folder.mkdir(parents=True, exist_ok=True)
    if report.curves:
        write(from_pillow(chart(report.curves)), folder / CURVES, overwrite=True)
    shown = telling(report.judged)
    for one in shown.values():
        _save_pictures(one.sample, folder)
    if report.ablation:
        write(from_pillow(_ablation_sheet(report)), folder / "ablation.png", overwrite=True)
    canvas.finished(_sheet(report, shown), folder / SHEET)
    write_text_whole(folder / NUMBERS, json.dumps(_numbers(report), indent=2) + "\n")
    write_text_whole(folder / PAGE, _page(report, shown))
    return folder / PAGE


def _page(report: PairedReport, shown: Mapping[str, Judged]) -> str:
    parts = [
        section("The standing", _standing(report.judged), note=_how_to_read(report.judged)),
        section("Losses", figure(CURVES, "Loss over the steps", "")) if report.curves else "",
        *(section(f"The {rank}: {one.name}", _row(one)) for rank, one in shown.items()),
        section("What each term of the loss does", _ablation(report)) if report.ablation else "",
        section("Every test picture", _every(report.judged)),
        section("What the numbers mean", facts({one.title: one.meaning for one in _measures(report.judged)})),
        section("How it was made", items(list(report.notes))),
        f'<p class="soft">As data: <a href="{NUMBERS}">{NUMBERS}</a>, as a picture: <a href="{SHEET}">{SHEET}</a></p>',
    ]
    return page(report.title, "\n".join(parts), subtitle=f"{len(report.judged)} pictures that no training has seen")


def _how_to_read(judged: Sequence[Judged]) -> str:
    seconds = sum(one.seconds for one in judged) / len(judged)
    return (
        "Means over the test pictures, with the bounds that hold them with a probability of 95 %; a single one tells "
        f"none. The network took {seconds:.2f} s for a picture."
    )


def _measures(judged: Sequence[Judged]) -> list[Measure]:
    return [one for one in MEASURES if one.name in judged[0].values["model"]]


def _standing(judged: Sequence[Judged]) -> str:
    measures = _measures(judged)
    rows = []
    for painter in PAINTERS:
        found = intervals(judged, painter)
        rows.append([f"<td><b>{TITLES[painter]}</b></td>", *(_cell(found[one.name]) for one in measures)])
    return table(["", *(one.title for one in measures)], rows)


def _cell(value: Interval) -> str:
    low, mean, high = value
    bounds = "" if low is None or high is None else f"<small>{low:.3f} to {high:.3f}</small>"
    return f'<td data-value="{mean}">{mean:.3f}{bounds}</td>'


def _row(one: Judged) -> str:
    values = one.values["model"]
    said = ", ".join(f"{each.title} {values[each.name]:.3f}" for each in MEASURES if each.name in values)
    pictures = [
        figure(_picture(one.name, column), f"{one.name}, {column}", f"<b>{column}</b>{_said(column, said)}")
        for column in COLUMNS
    ]
    return f'<div class="row">{"".join(pictures)}</div>'


def _said(column: str, said: str) -> str:
    return f"<br>{escaped(said)}" if column == "predicted" else ""


def _every(judged: Sequence[Judged]) -> str:
    measures = _measures(judged)
    rows = [
        [f"<td>{escaped(one.name)}</td>", *(f"<td>{one.values['model'][each.name]:.3f}</td>" for each in measures)]
        for one in judged
    ]
    return table(["picture", *(one.title for one in measures)], rows)


def _ablation(report: PairedReport) -> str:
    measures = _measures(report.judged)
    rows = []
    for one in report.ablation:
        found = intervals(one.judged, "model")
        rows.append([f"<td><b>{escaped(one.name)}</b></td>", *(_cell(found[each.name]) for each in measures)])
    return table(["", *(one.title for one in measures)], rows) + figure("ablation.png", "One picture by each", "")


def _ablation_sheet(report: PairedReport) -> Image.Image:
    """Draw the median picture as each of the short trainings paints it, between its source and its truth."""
    name = telling(report.ablation[-1].judged)["median"].name
    samples = [(one.name, _of(one.judged, name)) for one in report.ablation]
    first = samples[0][1]
    cells = [("source", first.source), *((label, one.predicted) for label, one in samples), ("truth", first.target)]
    blocks = [
        canvas.captioned(canvas.framed(canvas.fitted(picture, CELL)), label, CELL / 18, width=CELL)
        for label, picture in cells
    ]
    return canvas.page(canvas.table([blocks], gap=(0, 14)), "", CELL / 12)


def _of(judged: Sequence[Judged], name: str) -> Sample:
    sample = next(one.sample for one in judged if one.name == name)
    assert sample is not None
    return sample


def _sheet(report: PairedReport, shown: Mapping[str, Judged]) -> Image.Image:
    """Draw everything that matters on one sheet: the standing, the curves, the best, median and worst."""
    size = CELL / 18
    head = [canvas.text(title, size) for title in COLUMNS]
    rows: list[list[Image.Image | None]] = [[None, *head]]
    for rank, one in shown.items():
        sample = _of([one], one.name)
        pictures = [sample.source, sample.predicted, sample.target]
        likeness = f"SSIM {one.values['model']['ssim']:.2f}"
        label = canvas.stacked([canvas.text(rank, size), canvas.text(likeness, size)], gap=4)
        rows.append([label, *(canvas.framed(canvas.fitted(picture, CELL)) for picture in pictures)])
    blocks = [_numbers_block(report.judged, size), canvas.table(rows, gap=(14, 14), align=("middle", "middle"))]
    if report.curves:
        blocks.insert(1, chart(report.curves))
    return canvas.page(canvas.stacked(blocks, gap=36), report.title, size * 1.8)


def _numbers_block(judged: Sequence[Judged], size: float) -> Image.Image:
    measures = _measures(judged)
    rows = [[canvas.text("", size), *(canvas.text(one.title, size, color=canvas.SOFT_INK) for one in measures)]]
    for painter in PAINTERS:
        found = intervals(judged, painter)
        rows.append(
            [
                canvas.text(TITLES[painter], size),
                *(canvas.text(f"{found[one.name].mean:.3f}", size) for one in measures),
            ]
        )
    return canvas.table(rows, gap=(8, 28), align=("middle", "start"))


def _numbers(report: PairedReport) -> dict[str, object]:
    standing = {painter: _plain(report.judged, painter) for painter in PAINTERS}
    ablation = {one.name: _plain(one.judged, "model") for one in report.ablation}
    pictures = {one.name: {**one.values, "seconds": one.seconds} for one in report.judged}
    return {"standing": standing, "ablation": ablation, "pictures": pictures, "notes": list(report.notes)}


def _plain(judged: Sequence[Judged], painter: str) -> dict[str, dict[str, float | None]]:
    return {name: value._asdict() for name, value in intervals(judged, painter).items()}


def _save_pictures(sample: Sample | None, folder: Path) -> None:
    assert sample is not None
    for column, picture in zip(COLUMNS, (sample.source, sample.predicted, sample.target), strict=True):
        place = folder / _picture(sample.name, column)
        place.parent.mkdir(exist_ok=True)
        write(picture.clamp(0, 1), place, overwrite=True)


def _picture(name: str, column: str) -> str:
    return f"pictures/{name.replace('/', '_')}-{column.replace(' ', '-')}.png"
