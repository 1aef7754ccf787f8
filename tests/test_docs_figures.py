"""Every figure and sheet of the documents can be made again by the command that stands beside it."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from impasto import images
from programs import REPOSITORY, program

DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
ALTOGETHER = 3_000_000  # bytes of all pictures of the documents
FIGURES = (
    "first", "ratio", "style-layers", "content-layers", "tv", "start", "snapshots", "terms", "strength", "stroke",
    "color", "features", "encoder", "fast", "style-network", "unet",
)  # fmt: skip
QUICK = {"start", "features", "encoder", "fast", "style-network", "unet"}
SHEETS = ("fast", "optimize", "named-styles", "strength", "stroke", "sizes")


@pytest.fixture(scope="module")
def programs() -> dict[str, ModuleType]:
    """The programs that make the pictures."""
    return {name: program(f"docs/{name}.py") for name in ("figures", "gallery")}


def test_what_is_tested_is_what_there_is(programs: dict[str, ModuleType]) -> None:
    assert tuple(programs["figures"].FIGURES) == FIGURES
    assert tuple(programs["gallery"].SHEETS) == SHEETS


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in FIGURES]
)
def test_a_figure_is_made(name: str, programs: dict[str, ModuleType], tmp_path: Path) -> None:
    programs["figures"].main([name, "--to", str(tmp_path), "--size", "48", "--steps", "2"])
    (made,) = tmp_path.iterdir()
    assert made.stem == name
    if made.suffix != ".svg":
        assert min(images.read(made).size) > 40


@pytest.mark.long
@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_made(
    name: str, programs: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs["gallery"], "STEPS", 2)
    programs["gallery"].main([name, "--to", str(tmp_path), "--size", "48"])
    (made,) = tmp_path.iterdir()
    assert made.stem == name


def test_beside_every_picture_stands_what_makes_it() -> None:
    makers = {
        "figures": ("pictures", FIGURES),
        "screenshots": ("pictures", program("docs/screenshots.py").SHOWN),
        "gallery": ("gallery", SHEETS),
    }
    missing = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        commands = set(re.findall(r"python docs/(\w+)\.py ([\w-]+)", text))
        for folder, name in re.findall(r"\]\([./]*(pictures|gallery)/([\w-]+)\.\w+\)", text):
            made_by = {(maker, name) for maker, (place, names) in makers.items() if place == folder and name in names}
            if not made_by & commands:
                missing.append(f"{page.name}: {folder}/{name}")
    assert not missing


def test_the_pictures_are_small() -> None:
    pictures = [path for folder in ("pictures", "gallery") for path in (DOCS / folder).glob("*")]
    assert sum(path.stat().st_size for path in pictures) < ALTOGETHER
