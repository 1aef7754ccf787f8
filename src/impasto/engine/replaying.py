"""Making a picture again from the recipe inside it, and taking up an interrupted one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.config import MethodOptions, fields_of, from_dict
from impasto.engine.door import Stylizer, config_of, loaded
from impasto.engine.gallery import style_called
from impasto.engine.huge import PaintedFile, paint_file
from impasto.engine.inputs import Style
from impasto.engine.onepass import OnePass
from impasto.engine.optimize import Optimizer
from impasto.engine.painting import Checkpoint
from impasto.engine.progress import OnStep, silent
from impasto.engine.recipe import Ingredient, Recipe, find_ingredient
from impasto.engine.result import Result
from impasto.errors import InputError
from impasto.images import read, read_recipe
from impasto.weights import file_sha256

__all__ = ["Remake", "replay", "resume", "to_replay", "to_resume"]

Place = str | os.PathLike[str]


@dataclass(frozen=True)
class Remake:
    """A recipe with everything it names found again; call it to paint."""

    recipe: Recipe
    config: MethodOptions
    photo: Path
    styles: Sequence[Style]
    stood: Checkpoint | None = None  # where painting goes on
    other_weights: bool = False  # whether the user asked for another network than the recipe's

    def __call__(self, *, on_step: OnStep = silent) -> Result:
        """Paint it again, or go on with it."""
        stylizer = self._stylizer()
        if self.stood is None:
            return stylizer(self.photo, self.styles, on_step=on_step)
        if not isinstance(stylizer, Optimizer):
            raise InputError(f"{self.recipe.method} paints in one go and cannot go on from where it stood.")
        return stylizer(self.photo, self.styles, on_step=on_step, resume_from=self.stood)

    def paint_file(self, out: Place, *, on_step: OnStep = silent, **saving: Any) -> PaintedFile:
        """Paint it again from disk to disk; takes what :func:`impasto.engine.huge.paint_file` takes."""
        stylizer = self._stylizer()
        if not isinstance(stylizer, OnePass):
            raise InputError(f"{self.recipe.method} paints in steps, which needs the whole picture in memory.")
        return paint_file(stylizer, self.photo, self.styles, out, on_step=on_step, **saving)

    def _stylizer(self) -> Stylizer:
        """Return the method, with the weights that the recipe names."""
        stylizer = loaded(self.config, {})
        if self.recipe.weights and not self.other_weights:
            _check_weights(stylizer, self.recipe)
        return stylizer


def replay(
    picture: Place,
    *,
    photo: Place | None = None,
    styles: Sequence[Place] = (),
    on_step: OnStep = silent,
    **changes: Any,
) -> Result:
    """Make a picture again from the recipe inside it.

    Inputs are found by their content: in the places given (files or folders), or else beside the picture. One that
    has changed since is refused.
    """
    return to_replay(picture, photo=photo, styles=styles, **changes)(on_step=on_step)


def resume(
    picture: Place,
    *,
    photo: Place | None = None,
    styles: Sequence[Place] = (),
    on_step: OnStep = silent,
    **changes: Any,
) -> Result:
    """Take up an interrupted painting where it stood; its look goes on from the saved picture."""
    return to_resume(picture, photo=photo, styles=styles, **changes)(on_step=on_step)


def to_replay(picture: Place, *, photo: Place | None = None, styles: Sequence[Place] = (), **changes: Any) -> Remake:
    """Find all that :func:`replay` needs, and refuse what cannot be made again; nothing is painted yet."""
    recipe = _recipe_in(picture)
    if recipe.stopped is not None:
        raise InputError(f"{Path(picture).name} was interrupted while it was painted; finish it with `impasto resume`.")
    return _gathered(recipe, Path(picture), photo, styles, changes)


def to_resume(picture: Place, *, photo: Place | None = None, styles: Sequence[Place] = (), **changes: Any) -> Remake:
    """Find all that :func:`resume` needs, and refuse what is finished; nothing is painted yet."""
    recipe = _recipe_in(picture)
    if recipe.stopped is None:
        raise InputError(
            f"{Path(picture).name} is finished; there is nothing to resume (`impasto replay` makes it again)."
        )
    stood = Checkpoint(read(picture).pixels, recipe.stopped["scale"], recipe.stopped["step"], recipe.resumed)
    return _gathered(recipe, Path(picture), photo, styles, changes, stood)


def _recipe_in(picture: Place) -> Recipe:
    text = read_recipe(Path(picture))
    if text is None:
        name = Path(picture).name
        raise InputError(f"{name} holds no recipe; only pictures that Impasto saved with one can be made again.")
    return Recipe.from_json(text)


def _gathered(
    recipe: Recipe,
    picture: Path,
    photo: Place | None,
    styles: Sequence[Place],
    changes: dict[str, Any],
    stood: Checkpoint | None = None,
) -> Remake:
    """Find everything that a recipe names."""
    beside = picture.absolute().parent
    places = [Path(place) for place in ([photo] if photo else []) + list(styles)] or [beside]

    def find(ingredient: Ingredient) -> Path:
        return find_ingredient(ingredient, [*places, *([] if beside in places else [beside])], file_sha256)

    kind = config_of(recipe.method)
    takes_several = {option.name for option in fields_of(kind) if option.item_type is not None}
    inputs: dict[str, Any] = {}
    for name, extra in recipe.extras.items():
        paths = [str(find(one)) for one in extra]
        inputs[name] = paths if name in takes_several else paths[0]
    config = from_dict(kind, {**recipe.options, **inputs, **changes})
    found = [_style(made_of, find) for made_of in recipe.styles]
    return Remake(recipe, config, find(recipe.photo), found, stood, other_weights="backbone" in changes)


def _style(made_of: Sequence[Ingredient], find: Callable[[Ingredient], Path]) -> Style:
    """Return a style of a recipe: one of the gallery by its name, or its paintings."""
    named = style_called(made_of[0].name)
    if named is not None:
        style = Style(named.name, vector=named.vector, painter=tuple(made_of[1:]))
        if style.ingredients != list(made_of):
            raise InputError(f"the style {named.name} is another one here than when the picture was made.")
        return style
    paintings = tuple(read(find(one)) for one in made_of)
    return Style(Path(paintings[0].name).stem, paintings)


def _check_weights(stylizer: Stylizer, recipe: Recipe) -> None:
    """Refuse to go on with other weights than the picture was made with."""
    here = stylizer.weights()
    if [one.sha256 for one in here] == [one.sha256 for one in recipe.weights]:  # a file may have another name by now
        return
    made_with = f"Impasto {recipe.versions.get('impasto', 'of another version')}"
    otherwise = ", or choose a backbone to make a new one" if hasattr(stylizer.config, "backbone") else ""
    raise InputError(
        f"the picture was made with other weights of {recipe.weights[0].name} than are here; make it again with "
        f"{made_with}{otherwise}."
    )
