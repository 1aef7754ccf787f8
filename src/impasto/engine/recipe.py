"""How a picture was made, small enough to travel inside it and exact enough to make it again.

A recipe names its inputs by base name and SHA-256, never by folder: it says nothing about the machine it was made on.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from impasto.config import fields_of, to_dict
from impasto.errors import InputError

__all__ = ["Ingredient", "Recipe", "find_ingredient"]

FORMAT = 1


@dataclass(frozen=True)
class Ingredient:
    """One input: a file by base name and hash, or a built-in style by name with an empty hash."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the pixels of a result."""

    method: str
    options: Mapping[str, Any]
    photo: Ingredient
    styles: Sequence[Sequence[Ingredient]]  # a style may be several paintings
    extras: Mapping[str, Sequence[Ingredient]] = field(default_factory=dict)  # files that options name, by option
    weights: Sequence[Ingredient] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    stopped: Mapping[str, int] | None = None  # where an interrupted work can be taken up: scale, step
    resumed: Sequence[Mapping[str, int]] = field(default_factory=list)  # where it was taken up again

    def to_json(self) -> str:
        """Return the recipe as one line of JSON; its names may be of any encoding, so all of it is ASCII."""
        return json.dumps({"impasto": FORMAT, **dataclasses.asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what :meth:`to_json` wrote; refuse anything else in one sentence."""
        try:
            values = json.loads(text)
            if values.pop("impasto") != FORMAT:
                raise InputError("the recipe was written by another version of Impasto; make it with that one.")
            values["photo"] = Ingredient(**values["photo"])
            values["styles"] = [_ingredients(style) for style in values["styles"]]
            values["extras"] = {name: _ingredients(found) for name, found in values["extras"].items()}
            values["weights"] = _ingredients(values["weights"])
            return cls(**values)._checked()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
            raise InputError(
                "the picture holds a recipe that cannot be understood; it was changed or damaged."
            ) from fault

    def _checked(self) -> Recipe:
        """Return this recipe, or raise a TypeError where JSON held another kind of value than belongs there."""
        inputs = [self.photo, *self.weights, *chain(*self.styles, *self.extras.values())]
        texts = [self.method, *(text for one in inputs for text in (one.name, one.sha256))]
        places = [*self.resumed, *([] if self.stopped is None else [self.stopped])]
        steps = [place[name] for place in places for name in ("scale", "step")]
        if not (
            all(isinstance(text, str) for text in texts)
            and all(isinstance(step, int) and step >= 0 for step in steps)
            and isinstance(self.options, dict)
            and all([*self.styles, *self.extras.values()])
        ):
            raise TypeError
        return self


def _ingredients(values: Iterable[Mapping[str, str]]) -> list[Ingredient]:
    return [Ingredient(**value) for value in values]


def deciding_options(config: Any) -> dict[str, Any]:
    """Return the options that decide the picture: all but the ones about where and how it is computed, and files."""
    values = to_dict(config)
    return {
        option.name: values[option.name]
        for option in fields_of(config)
        if option.affects_result and (not option.is_input or values[option.name] in option.words)
    }


def versions() -> dict[str, str]:
    """Return the versions that can change a pixel."""
    return dict(_versions())


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Look once: a film or a folder asks with every picture, and the answer is searched for on disk."""
    from importlib.metadata import version

    return *((name, version(name)) for name in ("impasto", "torch", "pillow")), ("python", platform.python_version())


def find_ingredient(wanted: Ingredient, places: Iterable[Path], sha256: Callable[[Path], str]) -> Path:
    """Return the file among ``places`` (files, or folders to look in) that has the ingredient's hash.

    ``sha256`` computes a file's hash. The same name with another content is said to have changed.
    """
    if not wanted.name:
        raise InputError("a picture it was made from never was a file (it came from a program); make it again there.")
    changed = None
    for path in _candidates(wanted.name, places):
        try:
            found = sha256(path)
        except OSError:
            continue  # not ours to read; if it was the one, it will be missed below
        if found == wanted.sha256:
            return path
        changed = path if path.name == wanted.name else changed
    if changed is not None:
        raise InputError(f"{changed.name} has changed since the picture was made; the recipe needs the file as it was.")
    raise InputError(
        f"{wanted.name} was not found beside the picture; say where it is with --photo or --style (a file or a folder)."
    )


def _candidates(name: str, places: Iterable[Path]) -> Iterator[Path]:
    """Give the files in these places, in each those of the right name first."""
    for place in places:
        try:
            files = sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else [place]
        except OSError:
            continue
        yield from sorted(files, key=lambda path: path.name != name)
