"""Learning one style: from a painting and a folder of photos to a model that paints."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch

from impasto.config import StyleTraining
from impasto.engine import load
from impasto.engine.fast import PAINTED_SIDE
from impasto.engine.onepass import BASE_SIDE
from impasto.errors import InputError, OptionError
from impasto.images import brushwork, harbour, read, write
from impasto.models import fast
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import load_model, save_model
from impasto.training.fitting import FitStep
from impasto.training.pictures import is_kept_out
from impasto.training.style import run_folder, style_lesson, train_style

pytest.importorskip("lightning")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "photos").mkdir()
    for number in range(4):
        write(harbour((400, 360)).roll(45 * number, dims=3), folder / "photos" / f"{number}.png")
    write(brushwork((64, 80)), folder / "mona.png")
    return folder


@pytest.fixture
def config(pictures: Path) -> StyleTraining:
    return StyleTraining(
        style=pictures / "mona.png",
        photos=pictures / "photos",
        steps=4,
        batch=2,
        crop=64,
        style_side=80,
        width=4,
        validate_every=2,
        device="cpu",
        precision="float32",
    )


def test_a_model_comes_out_that_paints(config: StyleTraining, tmp_path: Path) -> None:
    told: list[FitStep] = []
    output = tmp_path / "mona.safetensors"
    fitted = train_style(config, output, on_step=told.append)
    assert [step.step for step in told] == [1, 2, 3, 4]
    assert fitted.step == 4
    assert set(told[-1].losses) == {"style", "content", "tv", "range", "total"}
    network, about = load_model(output)
    assert about["kind"] == "style"
    assert about["style"] == "mona.png"
    photo = harbour((40, 56))
    painted = network(photo, torch.ones(1, 1))
    assert painted.shape == photo.shape
    assert (painted - photo).abs().mean() > 0.01


def test_samples_show_style_photo_half_and_full(config: StyleTraining, tmp_path: Path) -> None:
    output = tmp_path / "mona.safetensors"
    train_style(dataclasses.replace(config, steps=2), output)
    (sheet,) = (run_folder(output) / "samples").iterdir()
    pixels = read(sheet).pixels
    assert pixels.shape[3] == 4 * 320
    assert pixels.shape[2] % 320 == 0


def test_it_goes_on_where_it_stopped(config: StyleTraining, tmp_path: Path) -> None:
    output = tmp_path / "mona.safetensors"
    train_style(dataclasses.replace(config, steps=2), output)
    told: list[FitStep] = []
    train_style(config, output, on_step=told.append)
    assert [step.step for step in told] == [3, 4]


def test_it_learns(config: StyleTraining, tmp_path: Path) -> None:
    told: list[FitStep] = []
    longer = dataclasses.replace(config, steps=24, batch=1, learning_rate=1e-2, validate_every=6, averaging=0.5)
    fitted = train_style(longer, tmp_path / "mona.safetensors", on_step=told.append)
    assert fitted.best < 0.9 * told[5].validation["total"]


def test_the_model_names_no_folder_and_is_half_precision(config: StyleTraining, tmp_path: Path) -> None:
    output = tmp_path / "mona.safetensors"
    train_style(dataclasses.replace(config, steps=1), output)
    assert str(config.photos.parent).encode() not in output.read_bytes()
    assert json.loads((run_folder(output) / "config.json").read_text())["steps"] == 1
    weights = sum(value.numel() for value in StyleNetwork(width=4).state_dict().values())
    assert output.stat().st_size < 2 * weights + 16_000


def test_a_batch_is_decided_by_its_number(config: StyleTraining, tmp_path: Path) -> None:
    lesson = style_lesson(config, tmp_path / "mona.safetensors")
    first, again, other = lesson.batch(3), lesson.batch(3), lesson.batch(4)
    assert torch.equal(first["photo"], again["photo"])
    assert (first["strength"], first["at"]) == (again["strength"], again["at"])
    assert not torch.equal(first["photo"], other["photo"])


def test_most_batches_ask_for_the_whole_style_and_some_for_a_part(config: StyleTraining, tmp_path: Path) -> None:
    lesson = style_lesson(dataclasses.replace(config, batch=1), tmp_path / "mona.safetensors")
    drawn = [lesson.batch(number) for number in range(60)]
    strengths = [batch["strength"] for batch in drawn]
    assert 30 < sum(strength == 1 for strength in strengths) < 58
    assert all(0 <= strength <= 1 for strength in strengths)
    assert 4 < sum(batch["thumbnail"] for batch in drawn) < 30
    assert all(batch["at"][0] % 8 == 0 == batch["at"][1] % 8 for batch in drawn)


def test_photos_to_validate_on_are_never_learnt_from(config: StyleTraining, tmp_path: Path) -> None:
    """Those that are kept out are damaged here, so that whoever opens one is heard to say so."""
    photos = tmp_path / "photos"
    shutil.copytree(config.photos, photos)
    kept = next(f"{number}.png" for number in range(5, 400) if is_kept_out(Path(f"{number}.png")))
    write(harbour((80, 72)).flip(3), photos / kept)
    lesson = style_lesson(dataclasses.replace(config, photos=photos), tmp_path / "mona.safetensors")
    (photos / kept).unlink()
    for number in range(30):
        assert lesson.batch(number)["photo"].shape == (2, 3, 64, 64)


def test_a_folder_of_paintings_is_one_style(config: StyleTraining, tmp_path: Path) -> None:
    paintings = tmp_path / "monet"
    paintings.mkdir()
    for number in range(2):
        write(brushwork((64, 80)).roll(number, dims=1), paintings / f"{number}.png")
    output = tmp_path / "monet.safetensors"
    train_style(dataclasses.replace(config, style=paintings, steps=1), output)
    assert load_model(output)[1]["style"] == "monet"


def test_it_starts_from_a_model_of_before(config: StyleTraining, tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    train_style(config, first)
    lesson = style_lesson(dataclasses.replace(config, from_weights=str(first)), second)
    before, _ = load_model(first)
    for name, value in lesson.network.state_dict().items():
        assert torch.equal(value, before.state_dict()[name])


def test_it_starts_from_the_fast_network(
    config: StyleTraining, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(2)
    known = fast.FastNetwork().eval()
    monkeypatch.setattr("impasto.training.style.embedded_fast", lambda: known)
    output = tmp_path / "mona.safetensors"
    begun = dataclasses.replace(config, from_weights="fast", steps=1, batch=1)
    train_style(begun, output)
    network, about = load_model(output)
    assert about["kind"] == "fast-style"
    assert network(harbour((24, 24)), torch.ones(1, 1)).isfinite().all()
    assert load(output).base == PAINTED_SIDE, "it paints as finely as the network that it comes from"
    finer = round(begun.crop * PAINTED_SIDE / BASE_SIDE)
    assert style_lesson(begun, output).batch(0)["photo"].shape == (1, 3, finer, finer)
    goes_on = dataclasses.replace(config, from_weights=str(output), batch=1)
    assert style_lesson(goes_on, tmp_path / "second.safetensors").batch(0)["photo"].shape == (1, 3, finer, finer)


def test_what_is_painted_finer_is_judged_at_the_size_at_which_people_look(
    config: StyleTraining, tmp_path: Path
) -> None:
    lesson = style_lesson(dataclasses.replace(config, from_weights="fast", batch=1), tmp_path / "mona.safetensors")
    looked_at: list[torch.Size] = []
    (judge,) = lesson.helpers
    judge.register_forward_pre_hook(lambda _, given: looked_at.append(given[0].shape))
    batch = lesson.batch(0)
    lesson.terms(lesson.network, batch)
    assert batch["photo"].shape[-2:] == (96, 96)
    assert looked_at == [(1, 3, 64, 64)] * 2, "the photo and what was painted of it"


def test_a_model_that_does_not_say_at_which_size_it_paints_goes_on_as_it_learnt(
    config: StyleTraining, tmp_path: Path
) -> None:
    earlier = tmp_path / "earlier.safetensors"
    save_model(earlier, StyleNetwork(width=4), "style", {"width": 4}, {"source": "a test", "licence": "none"})
    lesson = style_lesson(dataclasses.replace(config, from_weights=str(earlier)), tmp_path / "mona.safetensors")
    assert lesson.batch(0)["photo"].shape[-2:] == (64, 64)
    assert load(earlier).base == BASE_SIDE


def test_a_model_of_another_kind_is_no_start(config: StyleTraining, tmp_path: Path) -> None:
    from impasto.models.johnson import Johnson

    other = tmp_path / "candy.safetensors"
    network = Johnson(width=4, blocks=1)
    for value in network.parameters():
        value.data.zero_()
    save_model(other, network, "johnson", {"width": 4, "blocks": 1}, {"source": "a test", "licence": "none"})
    with pytest.raises(OptionError, match="johnson"):
        style_lesson(dataclasses.replace(config, from_weights=str(other)), tmp_path / "mona.safetensors")


@pytest.mark.parametrize(
    ("changes", "output", "sentence"),
    [
        ({}, "mona.png", "must end in .safetensors"),
        ({}, "nowhere/mona.safetensors", "is no folder"),
        ({"crop": 100}, "mona.safetensors", "multiples of 16"),
    ],
)
def test_what_cannot_work_is_refused_first_and_leaves_nothing(
    config: StyleTraining, tmp_path: Path, changes: dict, output: str, sentence: str
) -> None:
    with pytest.raises(OptionError, match=sentence):
        train_style(dataclasses.replace(config, **changes), tmp_path / output)
    assert not list(tmp_path.iterdir())


def test_one_photo_is_too_few(config: StyleTraining, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    write(harbour((80, 72)), tmp_path / "photos" / "only.png")
    with pytest.raises(InputError, match="two or more"):
        train_style(dataclasses.replace(config, photos=tmp_path / "photos"), tmp_path / "mona.safetensors")
    assert not (tmp_path / "mona.run").exists()
