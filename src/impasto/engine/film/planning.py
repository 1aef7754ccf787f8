"""What is to be filmed, read and checked before the slow part begins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch

from impasto.config import FilmOptions, fields_of, from_dict, name_of, to_dict
from impasto.engine.door import Method, Stylizer, loaded
from impasto.engine.film.clips import open_clip
from impasto.engine.film.extras import opencv, pyav
from impasto.engine.film.frames import Clip
from impasto.engine.film.outlets import Outlet, default_out, outlet_for
from impasto.engine.film.sequences import SequenceClip
from impasto.engine.film.workshop import is_half_done, workshop_of
from impasto.engine.inputs import Given, Style, prepare
from impasto.engine.onepass import needs_style
from impasto.engine.recipe import Ingredient, Recipe, deciding_options, versions
from impasto.errors import OptionError, OutputError

__all__ = ["FilmPlan", "plan_film"]


@dataclass(frozen=True, eq=False)
class FilmPlan:
    """Everything about a film that is known, and was checked, before the slow part."""

    clip: Clip
    stylizer: Stylizer
    styles: tuple[Style, ...]
    extras: Mapping[str, Any]
    film: FilmOptions
    out: Path
    outlet: Outlet
    sound: str
    size: tuple[int, int]  # (height, width) of the result

    @property
    def frames(self) -> int:
        """How many frames will be painted, as far as is known."""
        count, rate = self.clip.frame_count, float(self.clip.rate or 0)
        if rate:
            count -= round(self.film.start * rate)
            count = count if self.film.preview is None else min(count, round(self.film.preview * rate))
        return max(count, 1)

    @property
    def method(self) -> str:
        """The name of the method."""
        return name_of(self.stylizer.config)

    @property
    def is_begun(self) -> bool:
        """Whether the film was begun before and is not done."""
        return workshop_of(self.out).is_dir()

    @property
    def is_half_done(self) -> bool:
        """Whether this very film was begun before and is not done: the same command goes on."""
        return self.is_begun and is_half_done(self.out, self.order())  # for the order the whole clip is read

    @property
    def is_whole(self) -> bool:
        """Whether the whole clip is painted."""
        return self.film.preview is None and not self.film.start

    @property
    def begin(self) -> int:
        """The time from which on frames are painted, in units of the clip."""
        return int(getattr(self.clip, "starts", 0)) + round(_exactly(self.film.start) / self.clip.time_base)

    @property
    def length(self) -> Fraction | None:
        """How many seconds are painted; None for all there are."""
        return None if self.film.preview is None else _exactly(self.film.preview)

    @property
    def end(self) -> Fraction | None:
        """The time from which on no frames are painted any more."""
        return None if self.length is None else self.begin + self.length / self.clip.time_base

    def recipe(self) -> Recipe:
        """Return what decides the frames of the result."""
        config = self.stylizer.config
        return Recipe(
            method=self.method,
            options=deciding_options(config),
            photo=Ingredient(self.clip.path.name, self.clip.fingerprint()),
            styles=[style.ingredients for style in self.styles],
            extras=self.extras,
            weights=self.stylizer.weights(),
            versions=versions(),
        )

    def order(self) -> dict[str, Any]:
        """Return what a film that was interrupted has to agree in to go on, as plain JSON values."""
        recipe = self.recipe()
        return {
            "clip": _plain(recipe.photo),
            "method": recipe.method,
            "options": recipe.options,
            "styles": _plain(recipe.styles),
            "files": _plain(recipe.extras),
            "weights": _plain(recipe.weights),
            "film": to_dict(self.film),
            "size of the frames": f"{self.size[1]}x{self.size[0]}",
        }


def plan_film(
    clip: str | os.PathLike[str],
    style: Given = (),
    out: str | os.PathLike[str] | None = None,
    config: Method = None,
    **options: Any,
) -> FilmPlan:
    """Read and check everything before the slow part begins."""
    opencv(), pyav()  # both refuse in one sentence where they are missing
    film, method_options = _separated(options)
    stylizer = loaded(config, method_options)
    if stylizer.config.tileable:
        raise OptionError("tileable is for single pictures, not for films; leave it out.")
    source = open_clip(clip, rate=film.fps)
    if film.fps is not None and not isinstance(source, SequenceClip):
        raise OptionError("fps is for sequences of pictures; this clip says by itself how fast it is.")
    probe = torch.full((1, 3, *source.size), 0.5)
    given = list(style) if isinstance(style, (list, tuple)) else [style]
    work = prepare(probe, given, stylizer.config, needs_style=needs_style(stylizer))  # type: ignore[arg-type]
    named = "+".join(one.name for one in work.styles) or name_of(stylizer.config)
    path = Path(out) if out is not None else default_out(source, named)
    outlet = outlet_for(path, source, sound=film.sound, compression=film.compression)
    _check_place(path, source)
    size = stylizer.plan(probe, list(work.styles)).size
    if outlet.has_even_sides:
        size = (size[0] + size[0] % 2, size[1] + size[1] % 2)
    return FilmPlan(source, stylizer, work.styles, work.extras, film, path, outlet, outlet.check(), size)


def _exactly(seconds: float) -> Fraction:
    """Return the time that was meant: 0.2 is a fifth, not the nearest binary number."""
    return Fraction(seconds).limit_denominator(1_000_000)


def _separated(options: Mapping[str, Any]) -> tuple[FilmOptions, dict[str, Any]]:
    """Return the options of the film, and those of the method."""
    of_films = {field.name for field in fields_of(FilmOptions)}
    film = {name: value for name, value in options.items() if name in of_films}
    return from_dict(FilmOptions, film), {name: value for name, value in options.items() if name not in of_films}


def _check_place(out: Path, clip: Clip) -> None:
    """Refuse a place where the result could not be written."""
    if not out.parent.is_dir():
        raise OutputError(f"{out.name} cannot be written: the folder {out.parent} does not exist; create it first.")
    if out.exists() and clip.path.exists() and out.samefile(clip.path):
        raise OutputError(f"{out} is the clip to start from; choose another name.")


def _plain(ingredients: Any) -> Any:
    """Return ingredients as pairs of name and hash, and lists of them as they are."""
    if isinstance(ingredients, Ingredient):
        return [ingredients.name, ingredients.sha256]
    if isinstance(ingredients, Mapping):
        return {name: _plain(found) for name, found in ingredients.items()}
    return [_plain(one) for one in ingredients]
