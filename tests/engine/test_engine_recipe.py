"""Recipes: small, exact, silent about the machine, and never trusted when they come back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.config import Optimize
from impasto.engine import recipe as recipes_module
from impasto.engine.recipe import Ingredient, Recipe, deciding_options, find_ingredient, versions
from impasto.errors import InputError
from impasto.weights import file_sha256

ingredients = st.builds(Ingredient, name=st.text(max_size=8), sha256=st.text(max_size=8))
some = st.lists(ingredients, min_size=1, max_size=2)
places = st.fixed_dictionaries({"scale": st.integers(0, 9), "step": st.integers(0, 999)})
recipes = st.builds(
    Recipe,
    method=st.text(max_size=8),
    options=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=3),
    photo=ingredients,
    styles=st.lists(some, max_size=2),  # none where the style lies in the weights
    extras=st.dictionaries(st.text(max_size=5), some, max_size=2),
    weights=st.lists(ingredients, max_size=2),
    versions=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    stopped=st.none() | places,
    resumed=st.lists(places, max_size=2),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def plain(**changes: Any) -> dict[str, Any]:
    recipe = Recipe(method="optimize", options={}, photo=Ingredient("p", "1"), styles=[[Ingredient("s", "2")]])
    return {**json.loads(recipe.to_json()), **changes}


@given(recipes)
def test_a_recipe_comes_back_as_it_was(recipe: Recipe) -> None:
    text = recipe.to_json()
    assert "\n" not in text
    assert Recipe.from_json(text) == recipe


@given(json_values)
def test_any_other_json_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="recipe"):
        Recipe.from_json(json.dumps(value))


@given(st.sampled_from(sorted(plain())), json_values)
def test_a_recipe_with_one_wrong_part_is_refused_or_harmless(part: str, value: Any) -> None:
    try:
        recipe = Recipe.from_json(json.dumps(plain(**{part: value})))
    except InputError:
        return
    assert isinstance(recipe.options, dict)
    assert all(isinstance(one.name, str) for style in recipe.styles for one in style)


@pytest.mark.parametrize("text", ["", "{", "nonsense", "[" * 100_000, '{"impasto": 1}', "null"])
def test_what_is_no_recipe_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match="cannot be understood"):
        Recipe.from_json(text)


def test_a_recipe_of_another_version_says_so() -> None:
    with pytest.raises(InputError, match="another version"):
        Recipe.from_json(json.dumps(plain(impasto=99)))


@pytest.mark.parametrize(
    "part",
    [
        {"styles": [[]]},
        {"extras": {"mask": []}},
        {"options": []},
        {"method": 3},
        {"photo": {"name": 1, "sha256": "x"}},
        {"stopped": {"scale": -1, "step": 0}},
        {"stopped": {"scale": 0}},
        {"resumed": [{"scale": 0}]},
        {"unknown": 1},
    ],
)
def test_parts_that_do_not_fit_are_refused(part: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="cannot be understood"):
        Recipe.from_json(json.dumps(plain(**part)))


def test_only_what_decides_the_picture_is_written_down() -> None:
    config = Optimize(device="cpu", tile=64, seed=3, mask=(Path("folder/m.png"),), protect=Path("folder/p.png"))
    options = deciding_options(config)
    assert options["seed"] == 3
    assert options["init"] == "photo"
    assert options["backbone"] == "embedded"
    assert not {"device", "tile", "mask", "protect"} & set(options)


def test_paths_are_left_out_of_options() -> None:
    options = deciding_options(Optimize(init="folder/start.png", backbone="folder/vgg.npz"))
    assert not {"init", "backbone"} & set(options)


def test_versions_name_what_can_change_a_pixel() -> None:
    assert {"impasto", "torch", "pillow", "python"} <= set(versions())


def test_versions_are_looked_up_once_and_nobody_can_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    recipes_module._versions.cache_clear()
    monkeypatch.setattr("importlib.metadata.version", lambda name: asked.append(name) or "1.0")
    versions().clear()
    assert versions()["torch"] == "1.0"
    assert len(asked) == len(set(asked))
    recipes_module._versions.cache_clear()


# --- finding -----------------------------------------------------------------------------------------------------


def wanted(content: bytes, name: str = "photo.png") -> Ingredient:
    return Ingredient(name, hashlib.sha256(content).hexdigest())


def test_a_file_is_found_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "renamed.png").write_bytes(b"the photo")
    (tmp_path / "photo.png.bak").write_bytes(b"something else")
    (tmp_path / "folder").mkdir()
    assert find_ingredient(wanted(b"the photo"), [tmp_path], file_sha256) == tmp_path / "renamed.png"
    assert find_ingredient(wanted(b"the photo"), [tmp_path / "renamed.png"], file_sha256).name == "renamed.png"


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"another photo")
    with pytest.raises(InputError, match=r"photo\.png has changed"):
        find_ingredient(wanted(b"the photo"), [tmp_path], file_sha256)


def test_the_right_file_elsewhere_beats_a_changed_one(tmp_path: Path) -> None:
    for folder, content in (("one", b"another"), ("two", b"the photo")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "photo.png").write_bytes(content)
    found = find_ingredient(wanted(b"the photo"), [tmp_path / "one", tmp_path / "two"], file_sha256)
    assert found == tmp_path / "two" / "photo.png"


def test_a_missing_file_says_how_to_name_it(tmp_path: Path) -> None:
    for places in ([tmp_path], [tmp_path / "nowhere"], []):
        with pytest.raises(InputError, match=r"photo\.png was not found.*--photo or --style"):
            find_ingredient(wanted(b"the photo"), places, file_sha256)


def test_a_picture_that_never_was_a_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="never was a file"):
        find_ingredient(wanted(b"x", name=""), [tmp_path], file_sha256)


def test_files_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"locked")
    (tmp_path / "b.png").write_bytes(b"the photo")

    def sha256(path: Path) -> str:
        if path.name == "a.png":
            raise PermissionError
        return file_sha256(path)

    assert find_ingredient(wanted(b"the photo"), [tmp_path], sha256).name == "b.png"
