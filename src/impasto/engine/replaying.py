"""Making a picture again from the recipe inside it, and taking up an interrupted one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from impasto.config import MethodOptions, fields_of, from_dict
from impasto.engine.door import Stylizer, _stylizer, config_of
from impasto.engine.inputs import Style
from impasto.engine.optimize import Checkpoint, Optimizer
from impasto.engine.progress import OnStep, silent
from impasto.engine.recipe import Ingredient, Recipe, find_ingredient
from impasto.engine.result import Result
from impasto.errors import InputError
from impasto.images import read, read_recipe
from impasto.weights import file_sha256

__all__ = ["replay", "resume"]

Place = str | os.PathLike[str]


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
    recipe, config, found_photo, found_styles = _gathered(picture, photo, styles, changes)
    if recipe.stopped is not None:
        raise InputError(f"{Path(picture).name} was interrupted while it was painted; finish it with `impasto resume`.")
    stylizer = _stylizer(config)
    _check_weights(stylizer, recipe, changes)
    return stylizer(found_photo, found_styles, on_step=on_step)


def resume(
    picture: Place,
    *,
    photo: Place | None = None,
    styles: Sequence[Place] = (),
    on_step: OnStep = silent,
    **changes: Any,
) -> Result:
    """Take up an interrupted painting where it stood; its look goes on from the saved picture."""
    recipe, config, found_photo, found_styles = _gathered(picture, photo, styles, changes)
    stylizer = _stylizer(config)
    if recipe.stopped is None or not isinstance(stylizer, Optimizer):
        raise InputError(
            f"{Path(picture).name} is finished; there is nothing to resume (`impasto replay` makes it again)."
        )
    _check_weights(stylizer, recipe, changes)
    stood = Checkpoint(read(picture).pixels, recipe.stopped["scale"], recipe.stopped["step"])
    return stylizer(found_photo, found_styles, on_step=on_step, resume_from=stood)


def _gathered(
    picture: Place, photo: Place | None, styles: Sequence[Place], changes: dict[str, Any]
) -> tuple[Recipe, MethodOptions, Path, list[Style]]:
    """Read the recipe and find everything it names."""
    path = Path(picture)
    text = read_recipe(path)
    if text is None:
        raise InputError(f"{path.name} holds no recipe; only pictures that Impasto saved with one can be made again.")
    recipe = Recipe.from_json(text)
    beside = path.absolute().parent
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
    found = [tuple(read(find(one)) for one in style) for style in recipe.styles]
    return recipe, config, find(recipe.photo), [Style(Path(style[0].name).stem, style) for style in found]


def _check_weights(stylizer: Stylizer, recipe: Recipe, changes: dict[str, Any]) -> None:
    """Refuse to go on with other weights than the picture was made with."""
    if not recipe.weights or "backbone" in changes or not isinstance(stylizer, Optimizer):
        return
    here = stylizer.weights_of(stylizer.load_network())
    if [one.sha256 for one in here] != [one.sha256 for one in recipe.weights]:  # a file may have another name by now
        made_with = f"Impasto {recipe.versions.get('impasto', 'of another version')}"
        raise InputError(
            f"the picture was made with other weights of {recipe.weights[0].name} than are here; make it again with "
            f"{made_with}, or choose a backbone to make a new one."
        )
