"""The U-Net learns from pairs, goes on to the same numbers, and outlives what happens to its pictures."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch
from paired_pictures import add_pair, drawn, make_set, painted, short
from torch import Tensor

import impasto
from impasto.config import EncoderTraining
from impasto.errors import InputError, OptionError
from impasto.models.encoder import embedded_encoder
from impasto.models.trained import load_model
from impasto.models.unet import UNet
from impasto.training import crops as crops_module
from impasto.training.crops import PairCrops, sheet_of
from impasto.training.curves import read_curve
from impasto.training.fitting import FitStep
from impasto.training.paired import PairTerms, export, train_paired
from impasto.training.pairs import find_pairs
from impasto.training.splitting import read_split


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_set(tmp_path_factory.mktemp("pairs"), 8)


@pytest.fixture(autouse=True)
def quick_encoder(tiny_backbone: Path) -> None:
    """Losses read a narrowed encoder."""


def crops(folder: Path, *, is_still: bool = False, **changes: object) -> PairCrops:
    config = short(folder, **changes)
    return PairCrops(find_pairs(config).pairs, config, is_still=is_still)


def test_batches_are_the_same_place_of_photo_and_partner(pairs: Path) -> None:
    photo, target = crops(pairs).batch(3)
    assert photo.shape == target.shape == (2, 3, 32, 32)
    assert torch.allclose(target, painted(photo), atol=1 / 128)


def test_a_batch_depends_on_its_number_and_the_seed_alone(pairs: Path) -> None:
    one, other = crops(pairs), crops(pairs)
    for number in (5, 0, 2):
        other.batch(number)
    assert torch.equal(one.batch(2)[0], other.batch(2)[0])
    assert not torch.equal(one.batch(2)[0], one.batch(3)[0])
    assert not torch.equal(one.batch(2)[0], crops(pairs, seed=1).batch(2)[0])


def test_every_picture_is_shown_once_before_any_is_shown_again(pairs: Path) -> None:
    whole = crops(pairs, crop=64, flip=False)
    turns = [
        [tuple(photo.mean((1, 2)).mul(50).round().tolist()) for number in turn for photo in whole.batch(number)[0]]
        for turn in (range(4), range(4, 8))
    ]
    assert len(set(turns[0])) == 8
    assert set(turns[1]) == set(turns[0])
    assert turns[1] != turns[0]


def test_validation_takes_the_middle_and_covers_every_picture(pairs: Path) -> None:
    still = crops(pairs, is_still=True, batch=3)
    assert still.batches == 3
    assert torch.equal(still.batch(0)[0][0], still.batch(8)[0][0])


def test_pictures_smaller_than_a_crop_are_enlarged(tmp_path: Path) -> None:
    make_set(tmp_path, 3, size=(20, 40))
    photo, _ = crops(tmp_path).batch(0)
    assert photo.shape == (2, 3, 32, 32)


def test_a_sheet_shows_source_predicted_and_truth(pairs: Path) -> None:
    samples = crops(pairs).wholes(2)
    sheet = sheet_of(torch.nn.Conv2d(3, 3, 1), samples)
    assert sheet.shape == (1, 3, 2 * 192, 3 * 256)


def terms_for(pairs: Path, **weights: object) -> PairTerms:
    config = short(pairs, **weights)
    return PairTerms(embedded_encoder(["relu1_1", "relu2_1", "relu3_1"]), config)


def test_every_term_is_its_weight_for_the_untouched_photo_and_nothing_at_the_goal(pairs: Path) -> None:
    batch = crops(pairs).batch(0)
    weights = {"mse_weight": 2.0, "content_weight": 3.0, "style_weight": 4.0, "tv_weight": 0.0}
    terms = terms_for(pairs, **weights)
    untouched = {name: float(value) for name, value in terms(torch.nn.Identity(), batch).items()}
    assert untouched == pytest.approx({"mse": 2.0, "content": 3.0, "style": 4.0}, rel=0.1)
    perfect = terms(lambda _: batch[1], batch)  # type: ignore[arg-type, return-value]
    assert all(float(value) < 1e-4 for value in perfect.values())


def test_a_term_of_weight_0_is_not_there(pairs: Path) -> None:
    terms = terms_for(pairs, content_weight=0.0, style_weight=0.0, tv_weight=1.0)
    assert set(terms(torch.nn.Identity(), crops(pairs).batch(0))) == {"mse", "tv"}


def test_with_an_artists_painting_its_style_is_the_goal(pairs: Path) -> None:
    batch = crops(pairs).batch(0)
    painting = pairs / "target" / "p3.png"
    terms = terms_for(pairs, style=painting)
    as_painting = impasto.images.read(painting).pixels.expand(2, -1, -1, -1)
    assert float(terms(lambda _: batch[1], batch)["style"]) > 1e-3  # type: ignore[arg-type, return-value]
    assert terms._style_at("relu1_1", {"relu1_1": as_painting}).second.shape[0] == 1


def test_it_learns_and_the_model_paints(pairs: Path, tmp_path: Path) -> None:
    told: list[FitStep] = []
    config = short(pairs, steps=60, validate_every=20, learning_rate=1e-2, averaging=0.8, batch=4)
    fitted = train_paired(config, tmp_path, on_step=told.append)
    assert fitted.validation["mse"] < 0.5
    network, about = load_model(tmp_path / "model.safetensors")
    assert (about["kind"], about["base"]) == ("unet", 64)
    photo = drawn(99)
    apart = [(one - painted(photo)).square().mean() for one in (network(photo), photo)]
    assert apart[0] < 0.6 * apart[1]
    result = impasto.load(tmp_path / "model.safetensors")(impasto.images.Picture(photo), ())
    assert torch.allclose(result.image, network(photo).clamp(0, 1), atol=0.03)
    assert str(pairs).encode() not in (tmp_path / "model.safetensors").read_bytes()


def test_the_model_names_no_file_of_its_makers(tmp_path: Path) -> None:
    private = Path("private", "folder")
    config = short(private / "pairs", teacher=(private / "judge.pth",), style=private / "ink.png")
    model = tmp_path / "model.safetensors"
    export(UNet(width=4, depth=2, blocks=1), model, config, base=64)
    assert b"private" not in model.read_bytes()
    assert load_model(model)[1]["trained_with"]["crop"] == 32


def test_an_interrupted_training_goes_on_to_the_same_numbers(pairs: Path, tmp_path: Path) -> None:
    def stop_at_5(told: FitStep) -> None:
        if told.step == 5:
            raise KeyboardInterrupt

    train_paired(short(pairs), tmp_path / "whole")
    train_paired(short(pairs), tmp_path / "broken", on_step=stop_at_5)
    train_paired(short(pairs), tmp_path / "broken")
    for name in ("training", "validation"):
        whole, broken = (read_curve(tmp_path / run / f"{name}.csv") for run in ("whole", "broken"))
        assert broken.keys() == whole.keys()
        for column, values in whole.items():
            assert broken[column] == pytest.approx(values, abs=1e-5)


def test_the_split_is_written_down_and_stays(pairs: Path, tmp_path: Path) -> None:
    moved = tmp_path / "pairs"
    shutil.copytree(pairs, moved)
    config = short(moved)
    train_paired(config, tmp_path / "run")
    before = read_split(tmp_path / "run" / "split.csv")
    assert sorted(before.values()).count("test") == 1
    add_pair(moved, "p99", drawn(99))
    train_paired(dataclasses.replace(config, steps=9), tmp_path / "run")
    assert read_split(tmp_path / "run" / "split.csv") == before


def test_it_starts_from_weights_of_the_same_shape_only(pairs: Path, tmp_path: Path) -> None:
    train_paired(short(pairs, steps=4, learning_rate=1e-2), tmp_path / "first")
    start = tmp_path / "first" / "model.safetensors"
    config = short(pairs, steps=1, validate_every=1, learning_rate=1e-8, averaging=0.0)
    train_paired(dataclasses.replace(config, from_weights=start), tmp_path / "second")
    one, other = (load_model(tmp_path / run / "model.safetensors")[0](drawn(5)) for run in ("first", "second"))
    assert torch.allclose(one, other, atol=1e-3)
    with pytest.raises(OptionError, match="same width"):
        train_paired(dataclasses.replace(config, from_weights=start, width=8), tmp_path / "third")


def test_the_ablation_adds_one_term_after_the_other(pairs: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    train_paired(short(pairs, steps=4, ablation=2), tmp_path, on_step=lambda step: notes.append(step.note or ""))
    folders = {name: tmp_path / "ablation" / name for name in ("mse", "content", "style", "tv")}
    columns = {name: set(read_curve(folder / "training.csv")) - {"step", "total"} for name, folder in folders.items()}
    assert columns == {
        "mse": {"mse"},
        "content": {"mse", "content"},
        "style": {"mse", "content", "style"},
        "tv": {"mse", "content", "style", "tv"},
    }
    assert all((folder / "model.safetensors").exists() for folder in folders.values())
    assert len([note for note in notes if note.startswith("ablation")]) == 4


def test_a_broken_picture_is_passed_over_with_a_sentence(
    pairs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "pairs"
    shutil.copytree(pairs, moved)

    def damage(told: FitStep) -> None:
        if told.step == 3:
            for number in range(4):
                (moved / "target" / f"p{number}.png").write_bytes(b"damaged")

    monkeypatch.setattr(crops_module, "MOST_CACHED", 0)  # every picture is read again whenever it is shown
    assert train_paired(short(moved, steps=12), tmp_path / "run", on_step=damage).step == 12
    passed_over = {record.args[0] for record in caplog.records if "passed over" in record.msg}  # type: ignore[index]
    assert passed_over
    assert passed_over <= {f"p{number}" for number in range(4)}
    assert len(passed_over) == caplog.text.count("passed over"), "each is said once"


def test_when_every_picture_is_gone_it_ends_in_one_sentence(pairs: Path, tmp_path: Path) -> None:
    moved = tmp_path / "pairs"
    shutil.copytree(pairs, moved)
    found = crops(moved)
    shutil.rmtree(moved)
    with pytest.raises(InputError, match="none of the 8 pairs can be read"):
        found.batch(0)
    with pytest.raises(InputError, match="does not exist"):
        train_paired(short(moved), tmp_path / "run")


def test_the_one_door_trains_and_returns_the_weights(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = impasto.train(short(pairs, steps=2, validate_every=2))
    assert weights == Path("runs") / f"paired-{pairs.stem}" / "model.safetensors"
    assert weights.exists()
    with pytest.raises(OptionError, match=r"no training.*PairedTraining"):
        impasto.train(impasto.Optimize())  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="--teacher"):
        impasto.train(EncoderTraining(), tmp_path / "encoder")


def test_crops_lie_as_convolutions_on_a_processor_like_them(pairs: Path) -> None:
    photo: Tensor = crops(pairs).batch(0)[0]
    assert photo.is_contiguous(memory_format=torch.channels_last)
