"""``impasto lint``: a finished picture looked over for faults, each with the option that cures it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import SOME_FAILED, print_json, say
from impasto.apps.options import as_flag
from impasto.apps.parameters import AsJson

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.engine import Ingredient, Recipe
    from impasto.evaluation import Finding

__all__ = ["lint"]

VISIBLE = 0.3  # severity from which most people notice

Painted = Annotated[
    list[Path], typer.Argument(metavar="OUT", help="A finished picture; several are possible.", show_default=False)
]
GivenPhoto = Annotated[
    Path | None,
    typer.Option(
        "--photo",
        metavar="FILE",
        help="What the photo has as well is no fault. Default: the one that the recipe names, if it is there.",
        show_default=False,
    ),
]
GivenStyle = Annotated[
    Path | None,
    typer.Option("--style", metavar="FILE", help="The same for the painting.", show_default=False),
]


def lint(painted: Painted, *, photo: GivenPhoto = None, style: GivenStyle = None, as_json: AsJson = False) -> int:
    """Look a picture over for faults and say what cures them.

    Looked for are grids and checkerboards, bands along the border, seams, clipped and lost tones, noise and broken
    numbers. The exit status is 1 if there is a fault that most people would notice.
    """
    found = [(path, _looked_over(path, photo, style)) for path in painted]
    if as_json:
        print_json([{"picture": str(path), "faults": faults} for path, faults in found])
    else:
        for path, faults in found:
            _show(path, faults)
    worst = max((fault["severity"] for _, faults in found for fault in faults), default=0)
    return SOME_FAILED if worst >= VISIBLE else 0


def _looked_over(path: Path, photo: Path | None, style: Path | None) -> list[dict[str, Any]]:
    from impasto import evaluation
    from impasto.images import read

    picture = read(path).pixels
    recipe = _recipe_of(path)
    known = (_reference(photo, path, recipe, "photo"), _reference(style, path, recipe, "style"))
    return [_facts(finding, recipe) for finding in evaluation.lint(picture, *known)]


def _facts(finding: Finding, recipe: Recipe | None) -> dict[str, Any]:
    from impasto.evaluation import cures

    changes = [] if recipe is None else cures(finding, recipe)
    tries = [shlex.join([as_flag(change.option), _text(change.value)]) for change in changes]
    return {
        "name": finding.name,
        "severity": round(finding.severity, 3),
        "where": finding.where,
        "advice": finding.advice,
        "try": tries,
    }


def _show(path: Path, faults: list[dict[str, Any]]) -> None:
    if not faults:
        typer.echo(f"{path}: nothing found")
        return
    for fault in faults:
        degree = "plain to see" if fault["severity"] >= VISIBLE else "hardly visible"
        typer.echo(f"{path}: {fault['name']} ({degree}, {fault['severity']:.2f}): {fault['where']}")
        say(f"  {fault['advice']}")
        if fault["try"]:
            say(f"  try {', or '.join(fault['try'])}")


def _recipe_of(path: Path) -> Recipe | None:
    """Return how a picture was painted, if it says so and can be understood."""
    from impasto.engine import Recipe
    from impasto.errors import InputError
    from impasto.images import read_recipe

    text = read_recipe(path)
    if text is None:
        return None
    try:
        return Recipe.from_json(text)
    except InputError as refusal:
        say(f"{path.name}: {refusal}")
        return None


def _reference(given: Path | None, path: Path, recipe: Recipe | None, what: str) -> Tensor | None:
    """Return the photo or style that was given, or the one that the recipe names if it is there."""
    from impasto.engine.gallery import gallery
    from impasto.images import read

    if given is not None:
        return read(given).pixels
    if recipe is None:
        return None
    # A model that has learnt its style names none, and one of the gallery is no file.
    named = [recipe.photo] if what == "photo" else [one for style in recipe.styles for one in style]
    beside = _beside(path, named[0]) if named and named[0].name not in {one.name for one in gallery()} else None
    return None if beside is None else read(beside).pixels


def _beside(path: Path, named: Ingredient) -> Path | None:
    from impasto.engine.recipe import find_ingredient
    from impasto.errors import InputError
    from impasto.weights import file_sha256

    try:
        return find_ingredient(named, list(dict.fromkeys([path.absolute().parent, Path.cwd()])), file_sha256)
    except InputError:
        return None


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
