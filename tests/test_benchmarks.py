"""The report of the benchmarks says what was measured, and every program in it can be called as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from programs import REPOSITORY, program

FOLDER = REPOSITORY / "benchmarks"


@pytest.fixture(scope="module")
def report() -> ModuleType:
    """The program that runs the others."""
    return program("benchmarks/report.py")


def test_numbers_are_found_wherever_they_stand(report: ModuleType) -> None:
    document = {
        "machine": {"threads": 2},
        "512": {"peak MB": 5, "met": True},
        "curves": {"a": 1},
        "word": "no",
        "sizes": [{"megapixels": 4, "seconds": [1, 2]}, {"megapixels": 12, "seconds": [3]}],
    }
    assert list(report.flattened(document)) == [
        ("512 · peak MB", 5.0),
        ("512 · met", 1.0),
        ("sizes · 4 megapixels · seconds", 1.0),
        ("sizes · 4 megapixels · seconds", 2.0),
        ("sizes · 12 megapixels · seconds", 3.0),
    ]


def test_what_was_not_reached_is_told(report: ModuleType, tmp_path: Path) -> None:
    document = {"machine": {"gpu": None}, "race": {"ours": {"seconds": None, "loss": 0.1}}}
    (tmp_path / "race-256.json").write_text(json.dumps(document))
    assert list(report.never_reached(document)) == ["race · ours · seconds"]
    shown = report.write_page(tmp_path).read_text(encoding="utf-8")
    assert "race · ours · seconds" in shown
    assert "not reached" in shown


def test_of_several_runs_the_median_and_the_spread_are_told(report: ModuleType, tmp_path: Path) -> None:
    runs = [{"seconds": value} for value in (3.0, 1.0, 8.0)]
    document = {"machine": {"processor": "<one>"}, "command": "python x.py", "runs": runs}
    (tmp_path / "scale.json").write_text(json.dumps(document))
    shown = report.write_page(tmp_path).read_text(encoding="utf-8")
    summary = json.loads((tmp_path / "report.json").read_text())
    assert summary["scale"]["seconds"] == {"median": 3.0, "least": 1.0, "largest": 8.0, "runs": 3}
    assert "1 to 8, 3 runs" in shown
    assert "&lt;one&gt;" in shown
    assert "Not measured yet" in shown  # the other benchmarks
    assert report.write_page(tmp_path).exists()  # its own report is no result


def test_every_run_of_a_training_begins_anew_and_is_kept_at_once(
    report: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    def failing_third(command: list[Any], **_: Any) -> Any:
        calls.append([str(word) for word in command[2:]])
        return SimpleNamespace(returncode=int(len(calls) == 3), stdout='{"seconds": 5}')

    monkeypatch.setattr(report.subprocess, "run", failing_third)
    learning = report.Benchmark("learning", "How soon?", ("film.py", "--runs", "runs/learning"), ())
    monkeypatch.setattr(report, "BENCHMARKS", (learning,))
    assert report.main(["run", "learning", "--repeat", "3", "--to", str(tmp_path)]) == 1
    assert [call[-1] for call in calls] == ["runs/learning", "runs/learning-2", "runs/learning-3"]
    assert len(json.loads((tmp_path / "learning.json").read_text())["runs"]) == 2


def test_the_results_that_are_kept_have_a_page(report: ModuleType, tmp_path: Path) -> None:
    results = list((FOLDER / "results").glob("*.json"))
    for path in results:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    report.write_page(tmp_path)
    summary = json.loads((tmp_path / "report.json").read_text())
    assert set(summary) == {path.stem for path in results} - {"report"}


def test_a_benchmark_that_needs_files_is_left_out_without_them(
    report: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.main(["run", "encoder", "race-256", "--to", str(tmp_path)])
    assert "encoder: left out, it needs --kit" in capsys.readouterr().err
    assert not (tmp_path / "encoder.json").exists()


def test_what_a_program_prints_is_kept_with_the_machine_and_the_command(
    report: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "film.py").write_text("print('{\"frames\": 3}')")
    (tmp_path / "programs" / "cluster.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr(report, "HERE", tmp_path / "programs")
    assert report.main(["run", "film", "cluster", "--repeat", "2", "--to", str(tmp_path)]) == 1  # one of them failed
    kept = json.loads((tmp_path / "film.json").read_text())
    assert kept["runs"] == [{"frames": 3}, {"frames": 3}]
    assert kept["command"] == "python benchmarks/film.py steady"
    assert kept["machine"]["torch"]
    assert not (tmp_path / "cluster.json").exists()
    assert "no results" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_what_was_only_tried_out_is_told_apart(
    report: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "film.py").write_text("print('{\"frames\": 3}')")
    monkeypatch.setattr(report, "HERE", tmp_path)
    assert report.main(["run", "film", "--quick", "--to", str(tmp_path)]) == 0
    assert "these are no results" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_every_program_that_is_there_can_be_called_as_the_report_calls_it(report: ModuleType) -> None:
    for one in report.BENCHMARKS:
        path = FOLDER / one.command[0]
        if path.exists():
            said = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True, check=True).stdout
            flags = [word for word in (*one.command, *one.quick) if word.startswith("--")]
            assert [flag for flag in flags if flag not in said] == []


# What needs no files; the others are run by hand, with the files.
ALONE = ("methods", "memory", "fast", "skies", "scale", "film", "film-speed", "cluster")


def test_what_needs_no_files_is_known(report: ModuleType) -> None:
    assert tuple(one.name for one in report.BENCHMARKS if not one.needs()) == ALONE


@pytest.mark.long
@pytest.mark.parametrize("name", ALONE)
def test_a_benchmark_runs_small_through_the_report(name: str, report: ModuleType, tmp_path: Path) -> None:
    assert report.main(["run", name, "--quick", "--to", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "report.json").read_text())[name]


@pytest.mark.long
@pytest.mark.parametrize("name", ["encoder", "paired"])
def test_a_benchmark_with_the_kit_runs_small(
    name: str, report: ModuleType, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it keeps what it makes below
    assert report.main(["run", name, "--quick", "--kit", str(kit.absolute()), "--to", str(tmp_path / "results")]) == 0
    assert json.loads((tmp_path / "results" / "report.json").read_text())[name]
