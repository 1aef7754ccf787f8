"""The encoder learns from what a teacher shows, goes on where it stopped, and can be loaded afterwards."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from impasto.config import EncoderTraining
from impasto.errors import OptionError, WeightsError
from impasto.images import brushwork, harbour, write
from impasto.models.encoder import Encoder, embedded_encoder
from impasto.training.encoder import TrainingStep, train_encoder
from impasto.training.pictures import is_kept_out
from impasto.training.teachers import Teacher, load_teacher

LAYERS = {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"}


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    """An encoder of other random weights: it shows every layer that is to be learnt."""
    torch.manual_seed(1)
    network = Encoder().requires_grad_(requires_grad=False)

    def show(image: Tensor) -> dict[str, Tensor]:
        return network.as_vgg(network(image.float()))

    return show


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name, draw in (("photos", harbour), ("paintings", brushwork)):
        (folder / name).mkdir()
        drawn = draw((40, 56))
        for number in range(3):
            write(drawn.roll(8 * number, dims=3), folder / name / f"{number}.png")
    return folder


@pytest.fixture
def config(pictures: Path) -> EncoderTraining:
    folders = {name: pictures / name for name in ("photos", "paintings")}
    return EncoderTraining(**folders, steps=6, batch=2, crop=32, pool=2, checkpoint_every=2, device="cpu")


def train(config: EncoderTraining, run: Path, teacher: Teacher) -> tuple[Path, list[TrainingStep]]:
    told: list[TrainingStep] = []
    return train_encoder(config, run, on_step=told.append, teachers=[teacher]), told


def test_it_tells_every_step_and_exports_what_can_be_loaded(
    config: EncoderTraining, tmp_path: Path, teacher: Teacher
) -> None:
    weights, told = train(config, tmp_path / "run", teacher)
    assert [step.step for step in told] == [1, 2, 3, 4, 5, 6]
    assert set(told[-1].explained) == LAYERS
    features = embedded_encoder(["relu3_1"], weights=weights)(torch.rand(1, 3, 32, 32))
    assert features["relu3_1"].isfinite().all()
    assert weights.stat().st_size <= 3_000_000


def test_steps_that_are_not_finite_ruin_nothing(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    def mad(image: Tensor) -> dict[str, Tensor]:
        return {layer: x * float("nan") for layer, x in teacher(image).items()}

    with pytest.raises(OptionError, match="not a number"):
        train(config, tmp_path / "run", mad)
    assert not (tmp_path / "run" / "encoder.safetensors").exists()
    weights, _ = train(config, tmp_path / "run", teacher)
    assert embedded_encoder(["relu3_1"], weights=weights)(torch.rand(1, 3, 32, 32))["relu3_1"].isfinite().all()


def test_it_goes_on_where_it_stopped(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    train(dataclasses.replace(config, steps=4), tmp_path / "run", teacher)
    _, told = train(config, tmp_path / "run", teacher)
    assert [step.step for step in told] == [5, 6]


@pytest.mark.skipif(torch.cuda.is_available(), reason="here it could run")
def test_a_device_that_is_not_there_is_refused(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    with pytest.raises(OptionError, match="device 'cuda' is not available here"):
        train(dataclasses.replace(config, device="cuda"), tmp_path / "run", teacher)
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_it_trains_on_a_gpu_and_goes_on_elsewhere(config: EncoderTraining, tmp_path: Path) -> None:
    network = Encoder().requires_grad_(requires_grad=False).cuda()
    train(
        dataclasses.replace(config, steps=4, device="cuda"),
        tmp_path / "run",
        lambda x: network.as_vgg(network(x.float())),
    )
    network.cpu()
    _, told = train(config, tmp_path / "run", lambda x: network.as_vgg(network(x.float())))
    assert [step.step for step in told] == [5, 6]


def test_the_exported_file_names_no_folder(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    weights, _ = train(dataclasses.replace(config, steps=1), tmp_path / "run", teacher)
    assert str(config.photos.parent).encode() not in weights.read_bytes()


def test_a_layer_that_nobody_teaches_is_refused(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    def shallow(image: Tensor) -> dict[str, Tensor]:
        return {"relu1_1": teacher(image)["relu1_1"]}

    with pytest.raises(OptionError, match="relu5_1"):
        train(config, tmp_path / "run", shallow)
    with pytest.raises(OptionError, match="--teacher"):
        train_encoder(config, tmp_path / "run")


def test_unknown_weights_are_no_teacher(tmp_path: Path) -> None:
    save_file({"something.weight": torch.ones(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="none of the teachers"):
        load_teacher(tmp_path / "other.safetensors", torch.float32)


def test_the_student_learns(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    longer = dataclasses.replace(config, steps=40, learning_rate=5e-3, reuse=10)
    _, told = train(longer, tmp_path / "run", teacher)
    gained = {layer: told[-1].explained[layer] - told[4].explained[layer] for layer in LAYERS}
    assert gained["relu1_1"] > 0.1
    assert sum(gained.values()) > 0


def test_the_same_seed_learns_the_same(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    short = dataclasses.replace(config, steps=2)
    one, same, other = (
        train(dataclasses.replace(short, seed=seed), tmp_path / name, teacher)[0].read_bytes()
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one == same
    assert one != other


def test_pictures_that_are_kept_out_are_never_opened(
    config: EncoderTraining, tmp_path: Path, teacher: Teacher, caplog: pytest.LogCaptureFixture
) -> None:
    """Planted ones are damaged, so that whoever opens one is heard to say so."""
    kept_out = [f"{number}.png" for number in range(400) if is_kept_out(Path(f"{number}.png"))]
    photos = tmp_path / "photos"
    shutil.copytree(config.photos, photos)
    for name in kept_out:
        (photos / name).write_bytes(b"not a picture at all")
    planted = dataclasses.replace(config, photos=photos, paintings=photos, steps=12, reuse=1)
    _, told = train(planted, tmp_path / "run", teacher)
    assert len(told) == 12
    assert "cannot be read" not in caplog.text
    (photos / "0.png").write_bytes(b"not a picture either")
    train(planted, tmp_path / "again", teacher)
    assert "cannot be read" in caplog.text


def test_what_was_learnt_before_an_interruption_is_kept(
    config: EncoderTraining, tmp_path: Path, teacher: Teacher
) -> None:
    def on_step(told: TrainingStep) -> None:
        if told.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_encoder(config, tmp_path / "run", on_step=on_step, teachers=[teacher])
    _, told = train(config, tmp_path / "run", teacher)
    assert [step.step for step in told] == [4, 5, 6]


def test_a_damaged_checkpoint_is_said_to_be_one(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    train(dataclasses.replace(config, steps=2), tmp_path, teacher)
    (tmp_path / "last.ckpt").write_bytes(b"half of it")
    with pytest.raises(WeightsError, match=r"damaged.*remove it to begin anew"):
        train(config, tmp_path, teacher)


def test_a_finished_training_is_only_exported_again(config: EncoderTraining, tmp_path: Path, teacher: Teacher) -> None:
    first, _ = train(config, tmp_path / "run", teacher)
    before = first.read_bytes()
    again, told = train(config, tmp_path / "run", teacher)
    assert not told
    assert again.read_bytes() == before


def test_what_is_exported_is_half_precision_with_its_options(
    config: EncoderTraining, tmp_path: Path, teacher: Teacher
) -> None:
    weights, _ = train(dataclasses.replace(config, steps=1), tmp_path / "run", teacher)
    with safe_open(weights, framework="pt") as file:
        options = json.loads(file.metadata()["trained_with"])
        kinds = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118 - it is not a dict
    assert kinds == {torch.float16}
    assert options["crop"] == 32
    assert not {"photos", "paintings", "stylized", "teacher"} & set(options)
