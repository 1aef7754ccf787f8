"""The report of a comparison: a folder with one page that opens from disk, a sheet, and the numbers as CSV and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from impasto.evaluation.comparing import PICTURES
from impasto.evaluation.comparison import Comparison, Pair, Run, Standing, measured_metrics, standings
from impasto.evaluation.judging import metric, shown
from impasto.evaluation.report.page import escaped, facts, figure, items, page, section, table
from impasto.evaluation.report.tables import comparison_from_json, comparison_to_csv, comparison_to_json
from impasto.evaluation.sheets import grid_sheet
from impasto.images import fit_long_side, read, resize, write
from impasto.weights.atomic import write_text_whole

__all__ = ["PAGE", "earlier_comparison", "save_numbers", "save_report"]

PAGE, NUMBERS, ROWS, SHEET = "index.html", "report.json", "report.csv", "sheet.jpg"
_THUMBNAIL = 512  # pixels: long side of photos and paintings in the report
_CELL, _ROWS = 256, 50  # pixels of each picture on a sheet, and rows: a JPEG is at most 65,500 pixels high
_VISIBLE = 0.15  # milder faults are in the JSON, not on the page


def save_numbers(comparison: Comparison, folder: Path) -> None:
    """Write ``report.json`` and ``report.csv``; enough to go on from when the work is interrupted."""
    write_text_whole(folder / NUMBERS, comparison_to_json(comparison))
    write_text_whole(folder / ROWS, comparison_to_csv(comparison))


def save_report(comparison: Comparison, pairs: Sequence[Pair], folder: Path) -> Path:
    """Write the whole report and return its page."""
    save_numbers(comparison, folder)
    for pair in pairs:
        for path, digest in zip((pair.photo, pair.style), pair.hashes, strict=True):
            _save_thumbnail(path, folder / _thumbnail(digest))
    sheets = _save_sheets(comparison, pairs, folder)
    write_text_whole(folder / PAGE, _page(comparison, pairs, sheets))
    return folder / PAGE


def earlier_comparison(folder: Path) -> Comparison | None:
    """Return the comparison that a folder holds, finished or not, or None."""
    file = folder / NUMBERS
    return comparison_from_json(file.read_text(encoding="utf-8")) if file.is_file() else None


def _page(comparison: Comparison, pairs: Sequence[Pair], sheets: Sequence[str]) -> str:
    made = f"{len(comparison.contenders)} ways of painting, {len(pairs)} pairs of photo and style"
    unfinished = "" if comparison.complete else " · interrupted: only what was painted until then"
    parts = [
        section("The standing", _standing_table(comparison), note=_how_to_read(comparison)),
        section("Side by side", "".join(figure(sheet, "Results in rows and columns", "") for sheet in sheets))
        if sheets
        else "",
        *(section(pair.name, _pair(comparison, pair)) for pair in pairs),
        section("What the numbers mean", facts(_meanings(comparison))),
        section("How it was measured", items(comparison.notes) + facts(comparison.machine)),
        f'<p class="soft">The same as data: <a href="{ROWS}">{ROWS}</a>, <a href="{NUMBERS}">{NUMBERS}</a></p>',
    ]
    return page("Comparison", "\n".join(parts), subtitle=f"{made} · {comparison.machine['when']}{unfinished}")


def _how_to_read(comparison: Comparison) -> str:
    painted = {
        frozenset(run.hashes for run in comparison.of(one.label) if run.picture) for one in comparison.contenders
    }
    uneven = " (each over those it painted)" if len(painted - {frozenset()}) > 1 else ""
    shared = " over those that all painted" if uneven else ""
    return (
        f"Means over the pairs{uneven}, with the bounds that hold them with a probability of 95 %; a single pair tells "
        f"none. Bold is the best mean{shared}; what is marked besides cannot be told from it with these pairs. Click a "
        "heading to sort."
    )


def _standing_table(comparison: Comparison) -> str:
    names = measured_metrics(comparison)
    found = {name: standings(comparison, name) for name in names}
    rows = [
        [
            f"<td><b>{escaped(one.label)}</b>{_failures(comparison.of(one.label))}</td>",
            *(_standing_cell(name, found[name].get(one.label)) for name in names),
        ]
        for one in comparison.contenders
    ]
    return table(["method", *(_heading(name) for name in names)], rows)


def _failures(runs: Sequence[Run]) -> str:
    refused = [run for run in runs if run.refusal]
    return f"<small>painted {len(runs) - len(refused)} of {len(runs)}</small>" if refused else ""


def _standing_cell(name: str, standing: Standing | None) -> str:
    if standing is None:
        return '<td data-value="inf">–</td>'
    low, mean, high = standing.interval
    kind = "best" if standing.best else "level" if standing.level else ""
    bounds = "" if low is None or high is None else f"<small>{shown(name, low)} to {shown(name, high)}</small>"
    return f'<td class="{kind}" data-value="{mean:.6g}">{shown(name, mean)}{bounds}</td>'


def _pair(comparison: Comparison, pair: Pair) -> str:
    originals = [
        figure(_thumbnail(digest), path.stem, f"<b>{word}</b> · {escaped(path.name)}")
        for word, path, digest in zip(("photo", "style"), (pair.photo, pair.style), pair.hashes, strict=True)
    ]
    return f'<div class="row">{"".join([*originals, *map(_result, _runs(comparison, pair))])}</div>'


def _result(run: Run) -> str:
    if not run.picture:
        reason = f"<b>{escaped(run.contender)}</b> · not painted: {escaped(run.refusal)}"
        return f"<figure><figcaption>{reason}</figcaption></figure>"
    numbers = " · ".join(
        f"{metric(name).title} {shown(name, value)} {metric(name).unit}".strip() for name, value in run.values.items()
    )
    faults = [f"{one.name}: {one.where}. {one.advice}" for one in run.findings if one.severity >= _VISIBLE]
    caption = f"<b>{escaped(run.contender)}</b> · {escaped(numbers)}{items(faults)}"
    return figure(run.picture, f"{run.photo} in the style of {run.style}, by {run.contender}", caption)


def _heading(name: str) -> str:
    one = metric(name)
    arrow = "↓" if one.better == "lower" else "↑"
    return f"{one.title}{f', {one.unit}' if one.unit else ''} {arrow}"


def _meanings(comparison: Comparison) -> dict[str, str]:
    better = {"lower": "Lower is better.", "higher": "Higher is better."}
    found = [metric(name) for name in measured_metrics(comparison)]
    return {one.title: f"{one.meaning} {better[one.better]}" for one in found}


def _save_sheets(comparison: Comparison, pairs: Sequence[Pair], folder: Path) -> list[str]:
    """Write sheets of all that was painted, so many pairs on each that it can be opened; return their names."""
    painted = [pair for pair in pairs if any(run.picture for run in _runs(comparison, pair))]
    names = []
    for number, first in enumerate(range(0, len(painted), _ROWS), 1):
        names.append(SHEET if number == 1 else f"sheet-{number}.jpg")
        _save_sheet(comparison, painted[first : first + _ROWS], folder, names[-1])
    return names


def _save_sheet(comparison: Comparison, pairs: Sequence[Pair], folder: Path, name: str) -> None:
    columns = ["photo", "style", *(one.label for one in comparison.contenders)]
    rows: list[list[Tensor | None]] = []
    for pair in pairs:
        results = {run.contender: run.picture for run in _runs(comparison, pair)}
        files = [*map(_thumbnail, pair.hashes), *(results.get(one.label, "") for one in comparison.contenders)]
        rows.append([_within(folder / file, _CELL) if file else None for file in files])
    grid_sheet([pair.name for pair in pairs], columns, rows, folder / name, cell=_CELL)


def _within(path: Path, side: int) -> Tensor:
    """Return a picture, made smaller where a side is longer than that."""
    picture = read(path)
    return resize(picture.pixels, fit_long_side(picture.size, min(side, max(picture.size))))


def _runs(comparison: Comparison, pair: Pair) -> list[Run]:
    return [run for run in comparison.runs if run.hashes == pair.hashes]


def _thumbnail(digest: str) -> str:
    return f"{PICTURES}/{digest[:12]}.jpg"


def _save_thumbnail(path: Path, target: Path) -> None:
    if target.is_file():  # named by its content
        return
    write(_within(path, _THUMBNAIL), target, quality=88)
