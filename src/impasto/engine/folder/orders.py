"""What is to be done with every picture of a folder: an order, the same for each of those who carry it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from impasto.config import MethodOptions, Saving, name_of
from impasto.engine.door import Method, Stylizer, loaded
from impasto.engine.inputs import Given, Style, Work, prepare
from impasto.engine.recipe import Ingredient, deciding_options

__all__ = ["Order", "differences"]

_MISSING = object()


@dataclass(frozen=True)
class Order:
    """A method, styles, and where pictures come from and go to: all that a worker has to know, in any process."""

    photos: str
    out: str
    method: MethodOptions | Stylizer
    styles: tuple[Style, ...]
    saving: Saving
    recipe: Mapping[str, Any]  # everything that decides the results, as plain JSON values

    @classmethod
    def of(cls, photos: str, out: str, method: Method, style: Given, saving: Saving, /, **options: Any) -> Order:
        """Read the styles once for all pictures, and refuse what would be refused at each of them."""
        stylizer = loaded(method, options)
        given = list(style) if isinstance(style, (list, tuple)) else [style]
        probe = torch.full((1, 3, 8, 8), 0.5)
        work = prepare(probe, given, stylizer.config, needs_style=bool(given))  # type: ignore[arg-type]
        stylizer.plan(probe, list(work.styles))
        sent = stylizer if stylizer is method else stylizer.config  # of what is known by its config, that is enough
        return cls(photos, out, sent, work.styles, saving, _recipe(stylizer, work, saving))

    def stylizer(self) -> Stylizer:
        """Return the method ready to paint."""
        return loaded(self.method, {})


def _recipe(stylizer: Stylizer, work: Work, saving: Saving) -> dict[str, Any]:
    config = stylizer.config
    return {
        "method": name_of(config),
        "options": deciding_options(config),
        "styles": [_named(style.ingredients) for style in work.styles],
        "files": {name: _named(found) for name, found in work.extras.items()},
        "weights": _named(stylizer.weights()),
        "saving": vars(saving),
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say in a few words what differs between two recipes; an empty string where nothing does."""
    old, new = _flat(before), _flat(now)
    names = [name for name in {**old, **new} if old.get(name, _MISSING) != new.get(name, _MISSING)]
    return ", ".join(f"{name} was {_shown(old.get(name))} and is {_shown(new.get(name))} now" for name in names)


def _flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's facts by name, those of options and saving side by side."""
    flat: dict[str, Any] = {}
    for name, value in recipe.items():
        flat.update(value if isinstance(value, dict) else {name: value})
    return flat


def _named(ingredients: Iterable[Ingredient]) -> list[list[str]]:
    return [[one.name, one.sha256] for one in ingredients]


def _shown(value: Any) -> str:
    """Return a value for people: of files the names, and the hashes only as far as they tell files apart."""
    if isinstance(value, list) and value and all(isinstance(one, list) for one in value):
        return " + ".join(_shown(one) for one in value)
    match value:
        case [str(name), str(sha256)] if len(sha256) == 64 or not sha256:
            return f"{name} ({sha256[:8]})" if sha256 else name
        case None | []:
            return "not given"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
    return str(value)
