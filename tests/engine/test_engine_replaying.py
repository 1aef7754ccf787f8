"""Making a picture again from the recipe inside it, and taking up an interrupted one."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto import engine
from impasto.engine import preparing
from impasto.engine.preparing import LEAST_ASKED
from impasto.engine.recipe import Recipe
from impasto.errors import ImpastoError, InputError, OptionError
from impasto.images import read, read_recipe, rgb_to_yiq, write


def optimize(photo: Any, styles: Any, **options: Any) -> engine.Result:
    """Paint by optimisation."""
    return engine.stylize(photo, styles, "optimize", **options)


@pytest.fixture
def painted(files: Path) -> Path:
    """A picture painted from files, saved beside them."""
    result = optimize(
        files / "photo.png", [files / "painting.png", files / "other.png"], steps=4, style_weights=(2, 1), seed=3
    )
    return result.save(files / "out.png")


@pytest.mark.parametrize("suffix", ["png", "tiff", "jpg", "webp"])
def test_the_same_picture_comes_out_again(files: Path, suffix: str) -> None:
    first = optimize(files / "photo.png", files / "painting.png", steps=4, init="noise", strength=70.0)
    path = first.save(files / f"out.{suffix}")
    again = engine.replay(path)
    assert torch.equal(again.image, first.image)
    assert again.recipe == first.recipe
    decided = {name: first.recipe.options[name] for name in ("precision", "style_term")}  # where it said auto
    assert again.config == dataclasses.replace(first.config, **decided)


@pytest.mark.parametrize("change", ["bmp", "gif"])
def test_a_format_without_room_has_its_recipe_beside(files: Path, change: str) -> None:
    first = optimize(files / "photo.png", files / "painting.png", steps=2)
    path = first.save(files / f"out.{change}")
    assert torch.equal(engine.replay(path).image, first.image)


def test_inputs_are_found_under_other_names(painted: Path, files: Path) -> None:
    before = read(painted).pixels
    (files / "photo.png").rename(files / "renamed.png")
    (files / "painting.png").rename(files / "zzz.png")
    assert torch.allclose(engine.replay(painted).image, before, atol=1 / 255)


def test_inputs_are_found_where_one_says(painted: Path, files: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("photo", "painting", "other"):
        shutil.move(files / f"{name}.png", elsewhere / f"{name}.png")
    with pytest.raises(InputError, match="was not found beside the picture"):
        engine.replay(painted)
    assert engine.replay(painted, photo=elsewhere).image is not None
    styles = [elsewhere / "painting.png", elsewhere / "other.png"]
    assert engine.replay(painted, photo=elsewhere / "photo.png", styles=styles).image is not None


@pytest.mark.parametrize("name", ["photo", "painting", "other"])
def test_a_changed_input_is_refused(painted: Path, files: Path, name: str) -> None:
    write(read(files / f"{name}.png").pixels * 0.9, files / f"{name}.png", overwrite=True)
    with pytest.raises(InputError, match=rf"{name}\.png has changed since the picture was made"):
        engine.replay(painted)


def test_everything_that_options_name_is_found_again(files: Path, photo: Tensor, vgg_file: Path) -> None:
    """Masks, the beginning and the network are files; they may all have moved since."""
    mask = torch.zeros(1, 3, 40, 56)
    mask[..., 20:] = 1
    for name in ("mask", "face", "start"):
        write(mask * {"mask": 1.0, "face": 0.3, "start": 0.8}[name], files / f"{name}.png")
    network = files / "network.safetensors"
    shutil.copy(vgg_file, network)
    first = optimize(
        files / "photo.png",
        files / "painting.png",
        steps=2,
        mask=[files / "mask.png"],
        protect=files / "face.png",
        init=str(files / "start.png"),
        backbone=str(network),
        style_layers=("relu1_1", "relu2_1"),
        content_layers=("relu2_1",),
    )
    path = first.save(files / "out.png")
    text = read_recipe(path)
    assert text is not None
    assert str(files) not in text
    assert files.name not in text
    recipe = Recipe.from_json(text)
    assert recipe.weights[0].name == "network.safetensors"
    assert {name: [one.name for one in found] for name, found in recipe.extras.items()} == {
        "mask": ["mask.png"],
        "protect": ["face.png"],
        "init": ["start.png"],
        "backbone": ["network.safetensors"],
    }
    for name in ("mask.png", "face.png", "start.png", "network.safetensors"):
        (files / name).rename(files / f"moved-{name}")
    assert torch.equal(engine.replay(path).image, first.image)


def test_a_recipe_holds_no_folder(painted: Path, files: Path) -> None:
    text = read_recipe(painted)
    assert text is not None
    assert str(files) not in text
    recipe = Recipe.from_json(text)
    assert recipe.photo.name == "photo.png"
    assert [[one.name for one in style] for style in recipe.styles] == [["painting.png"], ["other.png"]]
    assert recipe.weights[0].name == "embedded"
    assert len(recipe.weights[0].sha256) == 64
    assert recipe.options["style_weights"] == [2, 1]


def test_other_weights_are_refused(painted: Path, monkeypatch: pytest.MonkeyPatch, tiny_weights: Path) -> None:
    from safetensors.torch import load_file, save_file

    from impasto.models import backbones, encoder

    other = painted.parent / "new.safetensors"
    save_file({name: value * 1.1 for name, value in load_file(tiny_weights).items()}, other)
    for module in (encoder, backbones):
        monkeypatch.setattr(module, "WEIGHTS_FILE", other)
    with pytest.raises(InputError, match="other weights of embedded"):
        engine.replay(painted)
    assert engine.replay(painted, backbone="embedded").image is not None, "said anew, it is taken as it is"


def test_changes_make_a_variation(painted: Path) -> None:
    again = engine.replay(painted, size=28, strength=50)
    assert again.image.shape == (1, 3, 20, 28)
    assert again.config.strength == 50
    assert again.config.seed == 3
    with pytest.raises(OptionError, match="did you mean 'strength'"):
        engine.replay(painted, strenth=3)


def test_a_picture_without_a_recipe_is_refused(files: Path) -> None:
    with pytest.raises(InputError, match=r"photo\.png holds no recipe"):
        engine.replay(files / "photo.png")
    with pytest.raises(InputError, match=r"photo\.png holds no recipe"):
        engine.resume(files / "photo.png")
    result = optimize(files / "photo.png", files / "painting.png", steps=1)
    with pytest.raises(InputError, match="holds no recipe"):
        engine.replay(result.save(files / "bare.png", keep_recipe=False))


def test_a_work_made_from_tensors_says_why_it_cannot_be_made_again(
    tmp_path: Path, photo: Tensor, painting: Tensor
) -> None:
    path = optimize(photo, painting, steps=1).save(tmp_path / "out.png")
    with pytest.raises(InputError, match="never was a file"):
        engine.replay(path)


@pytest.mark.parametrize(
    "damage",
    [
        {"options": {"strength": "x"}},
        {"options": {"style_layers": 5}},
        {"options": {"steps": 10**400}},
        {"options": {"nothing": 1}},
        {"method": "magic"},
        {"extras": {"nothing": [{"name": "photo.png", "sha256": "0"}]}},
    ],
)
def test_a_damaged_recipe_is_one_sentence(painted: Path, files: Path, damage: dict[str, Any]) -> None:
    text = read_recipe(painted)
    assert text is not None
    write(read(painted).pixels, files / "damaged.png", recipe=json.dumps({**json.loads(text), **damage}))
    with pytest.raises(ImpastoError):
        engine.replay(files / "damaged.png")


# --- taking up ---------------------------------------------------------------------------------------------------


def interrupted(files: Path, scale: int, step: int, **options: Any) -> Path:
    def on_step(told: Any) -> None:
        if (told.scale, told.step) == (scale, step):
            raise KeyboardInterrupt

    result = optimize(
        files / "photo.png",
        files / "painting.png",
        on_step=on_step,
        **{"steps": 16, "scales": 2, "patience": 0, **options},
    )
    assert result.stopped == "interrupted"
    return result.save(files / "half.png")


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_an_interrupted_work_goes_on_where_it_stood(files: Path, optimizer: str) -> None:
    path = interrupted(files, 2, 2, optimizer=optimizer)
    told: list[Any] = []
    done = engine.resume(path, on_step=told.append)
    assert (told[0].scale, told[0].step) == (2, 3)
    assert told[-1].step == told[-1].steps
    assert done.stopped == "finished"
    assert done.recipe.stopped is None
    whole = optimize(files / "photo.png", files / "painting.png", steps=16, scales=2, patience=0, optimizer=optimizer)
    away = (read(files / "photo.png").pixels - whole.image).abs().mean()
    assert (done.image - whole.image).abs().mean() < 0.75 * away


def test_it_can_be_interrupted_and_taken_up_again(files: Path) -> None:
    path = interrupted(files, 1, 3)

    def on_step(told: Any) -> None:
        if told.scale == 2:
            raise KeyboardInterrupt

    engine.resume(path, on_step=on_step).save(path)
    told: list[Any] = []
    assert engine.resume(path, on_step=told.append).stopped == "finished"
    assert (told[0].scale, told[0].step) == (2, 2)


def test_kept_colors_are_no_obstacle(files: Path) -> None:
    """The saved picture has the photo's colors again; painting goes on in grey."""
    path = interrupted(files, 2, 2, keep_color=True)
    told: list[Any] = []
    result = engine.resume(path, on_step=told.append)
    assert told[0].losses["content"] < 0.5, "it should go on from the painting, not from anything else"
    chroma, photos = (rgb_to_yiq(image)[:, 1:] for image in (result.image, read(files / "photo.png").pixels))
    assert (chroma - photos).abs().mean() < 0.1 * photos.std()


def test_a_recipe_tells_that_the_work_was_interrupted(files: Path) -> None:
    """Painted in one go it comes out a little other, and whoever makes it again should know why."""
    path = interrupted(files, 1, 3)

    def on_step(told: Any) -> None:
        if told.scale == 2:
            raise KeyboardInterrupt

    engine.resume(path, on_step=on_step).save(path)
    assert engine.resume(path).save(path) == path
    text = read_recipe(path)
    assert text is not None
    recipe = Recipe.from_json(text)
    assert recipe.stopped is None
    assert recipe.resumed == [{"scale": 0, "step": 3}, {"scale": 1, "step": 1}]
    assert not engine.replay(path).recipe.resumed


@pytest.mark.parametrize("places", [[{"scale": 0}], [{"scale": "0", "step": 1}], [3], "no"])
def test_a_damaged_note_of_it_is_refused(painted: Path, places: Any) -> None:
    values = json.loads(read_recipe(painted) or "")
    with pytest.raises(InputError, match="cannot be understood"):
        Recipe.from_json(json.dumps(values | {"resumed": places}))


@pytest.mark.parametrize("asked", [None, 64])
def test_the_tile_that_was_used_is_in_the_recipe(
    files: Path, monkeypatch: pytest.MonkeyPatch, asked: int | None
) -> None:
    """Tiling is exact but for rounding, which depends on the tile; so an automatic one is kept as well."""
    large = write_large(files)
    shallow = {"style_layers": ("relu1_1", "relu2_1"), "content_layers": ("relu2_1",)}
    with monkeypatch.context() as patch:
        patch.setattr(preparing, "available_memory", lambda _: 0)
        first = optimize(large, files / "painting.png", steps=2, tile=asked, **shallow)
    used = asked or LEAST_ASKED
    assert first.recipe.options["tile"] == used
    again = engine.replay(first.save(files / "out.png"))
    assert again.config.tile == used, "though there is memory enough now"
    assert torch.equal(again.image, first.image)
    assert "tile" not in optimize(large, files / "painting.png", steps=1, **shallow).recipe.options


def write_large(files: Path) -> Path:
    write(torch.nn.functional.interpolate(read(files / "photo.png").pixels, size=(40, 150)), files / "large.png")
    return files / "large.png"


def test_an_unfinished_picture_is_not_replayed_and_a_finished_one_not_resumed(files: Path, painted: Path) -> None:
    with pytest.raises(InputError, match="impasto resume"):
        engine.replay(interrupted(files, 1, 1))
    with pytest.raises(InputError, match="nothing to resume"):
        engine.resume(painted)


def test_a_work_interrupted_at_its_very_end_is_finished_by_resuming(files: Path) -> None:
    path = interrupted(files, 2, 6)
    before = read(path).pixels
    result = engine.resume(path)
    assert result.stopped == "finished"
    assert (result.image - before).abs().mean() < 0.1
