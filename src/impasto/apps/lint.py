"""``impasto lint``: a finished picture looked over for faults, each with the option that cures it."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import SOME_FAILED, print_json, say
from impasto.apps.options import as_flag
from impasto.apps.parameters import AsJson

if TYPE_CHECKING:
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
    near = _Neighbours()
    found = [(path, _looked_over(path, photo, style, near)) for path in painted]
    if as_json:
        print_json([{"picture": str(path), "faults": faults} for path, faults in found])
    else:
        for path, faults in found:
            _show(path, faults)
    worst = max((fault["severity"] for _, faults in found for fault in faults), default=0)
    return SOME_FAILED if worst >= VISIBLE else 0


def _looked_over(path: Path, photo: Path | None, style: Path | None, near: _Neighbours) -> list[dict[str, Any]]:
    from impasto import evaluation
    from impasto.images import read

    picture = read(path).pixels
    recipe = _recipe_of(path)
    photos, styles = ([given] if given is not None else [] for given in (photo, style))
    if recipe is not None:
        photos = photos or near.among([recipe.photo], path)
        styles = styles or near.among([one for mixed in recipe.styles for one in mixed], path)
    like = read(photos[0]).pixels if photos else None
    found = evaluation.lint(picture, like, [read(one).pixels for one in styles])
    return [_facts(finding, recipe) for finding in found]


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


class _Neighbours:
    """The pictures beside those looked over, and in the current folder: each is listed and read through once."""

    def __init__(self) -> None:
        from impasto.weights import file_sha256

        self._sha256, self._listed = functools.cache(file_sha256), functools.cache(_pictures_in)

    def among(self, named: Sequence[Ingredient], path: Path) -> list[Path]:
        """Return those of a recipe's files that are beside the picture ``path``, or in the current folder."""
        from impasto.engine.gallery import style_called

        files = [*self._listed(path.absolute().parent), *self._listed(Path.cwd())]
        found = (self._file(one, files) for one in named if style_called(one.name) is None)  # no file, but of ours
        return [one for one in found if one is not None]

    def _file(self, named: Ingredient, files: Sequence[Path]) -> Path | None:
        from impasto.engine.recipe import find_ingredient
        from impasto.errors import InputError

        try:
            return find_ingredient(named, sorted(files, key=lambda path: path.name != named.name), self._sha256)
        except InputError:
            return None


def _pictures_in(folder: Path) -> list[Path]:
    from impasto.images.formats import is_picture

    return sorted(path for path in folder.iterdir() if is_picture(path) and path.is_file())


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
