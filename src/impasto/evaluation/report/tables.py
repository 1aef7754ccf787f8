"""A comparison for other programs: everything as JSON, the runs as CSV; and JSON read back."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from io import StringIO
from typing import Any

from impasto.errors import InputError
from impasto.evaluation.comparison import Comparison, Run, measured_metrics, standings
from impasto.evaluation.contenders import Contender
from impasto.evaluation.findings import Finding
from impasto.evaluation.judging import metric

__all__ = ["comparison_from_json", "comparison_to_csv", "comparison_to_json"]

FORMAT = 1


def comparison_to_json(comparison: Comparison) -> str:
    """Return everything that was found out, with means and their intervals, as JSON."""
    metrics = {name: asdict(metric(name)) for name in measured_metrics(comparison)}
    runs = [{**asdict(run), "findings": [one._asdict() for one in run.findings]} for run in comparison.runs]
    document = {"impasto_comparison": FORMAT, **asdict(comparison), "runs": runs, "metrics": metrics}
    document["standings"] = {name: _standings(comparison, name) for name in metrics}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def comparison_from_json(text: str) -> Comparison:
    """Read what :func:`comparison_to_json` wrote; refuse anything else in one sentence."""
    try:
        found = json.loads(text)
        if found["impasto_comparison"] != FORMAT:
            raise InputError("The report was written by another version of Impasto; make it anew.")
        return Comparison(
            contenders=tuple(Contender(**one) for one in found["contenders"]),
            runs=tuple(_run(one) for one in found["runs"]),
            machine=found["machine"],
            judge=found["judge"],
            judge_sha256=found.get("judge_sha256", ""),
            notes=tuple(found["notes"]),
            complete=found["complete"],
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise InputError("report.json is damaged, or no report of a comparison; make it anew.") from fault


def comparison_to_csv(comparison: Comparison) -> str:
    """Return one line for each run, with a column for each metric (style is one: its file is the painting)."""
    names = measured_metrics(comparison)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["photo", "painting", "method", *names, "found", "refused", "picture"])
    for run in comparison.runs:
        values = [f"{run.values[name]:.6g}" if name in run.values else "" for name in names]
        found = "; ".join(one.name for one in run.findings)
        writer.writerow([run.photo, run.style, run.contender, *values, found, run.refusal, run.picture])
    return text.getvalue()


def _standings(comparison: Comparison, name: str) -> dict[str, Any]:
    found = standings(comparison, name)
    return {label: {**asdict(one), "interval": one.interval._asdict()} for label, one in found.items()}


def _run(values: dict[str, Any]) -> Run:
    first, second = values["hashes"]
    findings = tuple(Finding(**one) for one in values["findings"])
    return Run(**{**values, "hashes": (first, second), "findings": findings})
