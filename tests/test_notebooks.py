"""The notebooks run from top to bottom, and are what their sources say."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

from programs import REPOSITORY, program

FOLDER = REPOSITORY / "notebooks"
SMALL: dict[str, dict[str, Any]] = {
    "from-scratch": {"SIZE": 64, "STEPS": 20},
    "any-style": {"SIZE": 64},
    "train-on-pairs": {"SIZE": 48, "COUNT": 12, "STEPS": 4},
}
QUICK = "from-scratch"
LARGEST = 1_000_000  # bytes of a notebook with all that it shows


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The program that makes the notebooks."""
    return program("notebooks/build.py")


def source(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text(encoding="utf-8")


def test_every_notebook_is_built_and_tested(build: ModuleType) -> None:
    assert sorted(build.NAMES) == sorted(SMALL) == sorted(path.stem for path in FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize(
    "name", [name if name == QUICK else pytest.param(name, marks=pytest.mark.long) for name in sorted(SMALL)]
)
def test_a_notebook_runs_from_top_to_bottom(name: str, build: ModuleType, tmp_path: Path) -> None:
    small = build.with_values(build.notebook_of(source(name)), SMALL[name])
    done = build.executed(small, tmp_path)
    shown = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert not [output for output in shown if output.output_type == "error"]
    assert sum("image/jpeg" in output.get("data", {}) for output in shown) >= 5


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_notebook_is_what_its_source_says_and_was_run(name: str, build: ModuleType) -> None:
    path = FOLDER / f"{name}.ipynb"
    kept, made = nbformat.read(path, as_version=4), build.notebook_of(source(name))
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [
        (cell.cell_type, cell.source) for cell in made.cells
    ], "make notebooks"
    counts = [cell.execution_count for cell in kept.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert path.stat().st_size < LARGEST


def test_what_a_notebook_may_be_told(build: ModuleType) -> None:
    text = '# %% [markdown]\n# # Title\n#\n# words\n\n# %%\nPHOTO = ""  # a path\nSIZE = 3\n\n# %%\nPHOTO\n'
    notebook = build.notebook_of(text)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code"]
    assert notebook.cells[0].source == "# Title\n\nwords"
    changed = build.with_values(notebook, {"PHOTO": "mine.jpg", "SIZE": 5})
    assert changed.cells[1].source == "PHOTO = 'mine.jpg'  # a path\nSIZE = 5  "
    assert notebook.cells[1].source == 'PHOTO = ""  # a path\nSIZE = 3'
    with pytest.raises(KeyError, match="STEPS"):
        build.with_values(notebook, {"STEPS": 1})
