"""A style of the gallery, whose painting nobody has here, painted by the method that looks at paintings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from impasto import engine
from impasto.config import Optimize
from impasto.engine import exemplars
from impasto.engine.inputs import Style, prepare
from impasto.errors import InputError
from impasto.images import harbour, write

SMALL = {"size": 64, "steps": 2, "scales": 1}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exemplars, "EXEMPLAR_SIZE", (64, 64))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write(harbour((48, 64)), path)
    return path


def test_the_quick_method_paints_what_stands_for_the_painting(photo: Path) -> None:
    config = Optimize()
    (shown,) = exemplars.with_exemplars(prepare(photo, "starry-night", config), config).styles
    as_photo, as_brushwork = shown.pictures
    assert torch.equal(as_photo.pixels, engine.stylize(photo, "starry-night", "fast", size=64).image)
    assert as_brushwork.size == (64, 64)
    assert shown.vector is not None, "it is named in recipes by its vector"


def test_paintings_are_left_as_they_are(photo: Path) -> None:
    work = prepare(photo, photo, Optimize())
    assert exemplars.with_exemplars(work, Optimize()) is work


def test_two_styles_of_the_gallery_are_two_paintings(photo: Path) -> None:
    one, other = (engine.stylize(photo, name, "optimize", **SMALL).image for name in ("starry-night", "great-wave"))
    assert (one - other).abs().mean() > 0.01


def test_it_is_planned_and_made_again_from_its_recipe(photo: Path, tmp_path: Path) -> None:
    assert engine.plan(photo, "starry-night", "optimize", **SMALL).size == (48, 64)
    first = engine.stylize(photo, "starry-night", "optimize", **SMALL)
    path = first.save(tmp_path / "out.png")
    assert torch.equal(engine.replay(path, photo=photo).image, first.image)
    style = json.loads(first.recipe.to_json())["styles"][0]
    assert [one["name"] for one in style] == ["starry-night", first.recipe.styles[0][1].name]


def test_another_painter_of_what_stands_for_the_painting_is_refused(photo: Path) -> None:
    known = prepare(photo, "starry-night", Optimize()).styles[0]
    other = Style(known.name, vector=known.vector, painter=(engine.Ingredient("fast", "0" * 64),))
    with pytest.raises(InputError, match="other weights"):
        engine.stylize(photo, other, "optimize", **SMALL)
