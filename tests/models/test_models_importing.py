"""Networks of other tools: read as numbers, painted as their tools paint them, or refused in one sentence."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign_networks import (
    lengstrom_forward,
    lengstrom_variables,
    ncnn_bytes,
    pytorch_forward,
    pytorch_state,
    save_pickle,
)
from ncnn_network import fast_neural_style
from torch import Tensor

from impasto.errors import WeightsError
from impasto.images import harbour
from impasto.models import importing
from impasto.models.importing import import_network
from impasto.models.trained import load_model, save_model

FULL = torch.ones(1, 1)


@pytest.fixture
def photo() -> Tensor:
    return harbour((32, 48))


@pytest.fixture
def narrow_ncnn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ncnn's network, whose file tells no shapes, be a narrow one."""
    monkeypatch.setattr(importing, "WIDTHS", (8, 16, 32))


def painted(path: Path, photo: Tensor) -> Tensor:
    result: Tensor = import_network(path).network(photo, FULL)
    return result


def test_a_pytorch_checkpoint_paints_as_it_does_there(photo: Tensor, tmp_path: Path) -> None:
    state = pytorch_state()
    path = save_pickle(state, tmp_path / "candy.model")
    assert torch.allclose(painted(path, photo), pytorch_forward(state, photo), atol=1e-5)
    assert import_network(path).config == {"tool": "pytorch", "width": 8, "blocks": 2}


def test_an_old_checkpoint_with_running_statistics_paints_alike(photo: Tensor, tmp_path: Path) -> None:
    state = pytorch_state()
    old = state | {"in1.running_mean": torch.full((8,), 9.0), "in1.running_var": torch.full((8,), 7.0)}
    old |= {"res1.in1.running_mean": torch.zeros(32), "in1.num_batches_tracked": torch.tensor(3)}
    assert torch.equal(
        painted(save_pickle(old, tmp_path / "old.pth"), photo), painted(save_pickle(state, tmp_path / "new.pth"), photo)
    )


def test_the_oldest_names_and_those_of_several_gpus_are_understood(photo: Tensor, tmp_path: Path) -> None:
    state = pytorch_state()

    def oldest(name: str) -> str:
        layer, part = name.rsplit(".", 1)
        is_norm = layer.split(".")[-1].startswith("in")
        return f"module.{layer}.{ {'weight': 'scale', 'bias': 'shift'}[part] if is_norm else part }"

    renamed = {oldest(name): x for name, x in state.items()}
    assert "module.res1.in2.scale" in renamed
    assert torch.equal(
        painted(save_pickle(renamed, tmp_path / "a.pth"), photo), painted(save_pickle(state, tmp_path / "b.pth"), photo)
    )


def test_ncnns_file_paints_as_the_checkpoint_it_was_made_from(narrow_ncnn: None, photo: Tensor, tmp_path: Path) -> None:
    state = {name: x.half().float() if x.ndim > 1 else x for name, x in pytorch_state(blocks=5).items()}
    path = tmp_path / "mosaic.bin"
    path.write_bytes(ncnn_bytes(state))
    assert torch.allclose(painted(path, photo), pytorch_forward(state, photo, blocks=5), atol=1e-5)


def test_lengstroms_variables_paint_as_they_do_there(photo: Tensor, tmp_path: Path) -> None:
    variables = lengstrom_variables()
    np.savez(tmp_path / "wave.npz", **variables)
    assert torch.allclose(painted(tmp_path / "wave.npz", photo), lengstrom_forward(variables, photo), atol=1e-5)


def test_what_was_brought_in_can_be_kept_as_ours(photo: Tensor, tmp_path: Path) -> None:
    found = import_network(save_pickle(pytorch_state(), tmp_path / "candy.pth"))
    save_model(tmp_path / "candy.safetensors", found.network, found.kind, found.config, {"source": "", "licence": ""})
    assert torch.equal(load_model(tmp_path / "candy.safetensors")[0](photo, FULL), found.network(photo, FULL))


def test_the_name_of_a_file_does_not_matter(narrow_ncnn: None, photo: Tensor, tmp_path: Path) -> None:
    (tmp_path / "renamed.pth").write_bytes(ncnn_bytes(pytorch_state(blocks=5)))
    save_pickle(pytorch_state(), tmp_path / "renamed.bin")
    for name in ("renamed.pth", "renamed.bin"):
        assert painted(tmp_path / name, photo).shape == photo.shape


@pytest.mark.parametrize("share", [0.0, 0.0005, 0.3, 0.9999])
@pytest.mark.parametrize("form", ["pth", "bin", "npz"])
def test_a_truncated_file_is_one_sentence(form: str, share: float, narrow_ncnn: None, tmp_path: Path) -> None:
    path = tmp_path / f"cut.{form}"
    if form == "npz":
        np.savez(path, **lengstrom_variables())
    elif form == "bin":
        path.write_bytes(ncnn_bytes(pytorch_state(blocks=5)))
    else:
        save_pickle(pytorch_state(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError) as refusal:
        import_network(path)
    assert "\n" not in str(refusal.value)


def test_more_than_the_network_is_refused(narrow_ncnn: None, tmp_path: Path) -> None:
    path = tmp_path / "long.bin"
    path.write_bytes(ncnn_bytes(pytorch_state(blocks=5)) + b"\0" * 8)
    with pytest.raises(WeightsError, match="holds more than"):
        import_network(path)


class Bomb:
    """Unpickled by anything careless, it makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> object:
        return Path.mkdir, (self.target,)


@pytest.mark.parametrize("form", ["beside the weights", "alone", "in NumPy"])
def test_a_bomb_does_not_go_off(form: str, tmp_path: Path) -> None:
    target, path = tmp_path / "exploded", tmp_path / "bomb.pth"
    if form == "beside the weights":
        torch.save(pytorch_state() | {"bomb": Bomb(target)}, path)
    elif form == "alone":
        path.write_bytes(pickle.dumps(Bomb(target)))
    else:
        np.savez(path.with_suffix(".npz"), Variable=np.array([Bomb(target)], dtype=object))
        path = path.with_suffix(".npz")
    with pytest.raises(WeightsError) as refusal:
        import_network(path)
    assert "\n" not in str(refusal.value)
    assert not target.exists()


def test_other_weights_are_refused_with_what_is_taken(tmp_path: Path) -> None:
    path = save_pickle({"features.0.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "vgg.pth")
    with pytest.raises(WeightsError, match=r"fast_neural_style.*ncnn.*lengstrom"):
        import_network(path)


def test_a_missing_layer_is_named(tmp_path: Path) -> None:
    state = pytorch_state()
    del state["in4.weight"]
    with pytest.raises(WeightsError, match=r"lacks in4\.weight"):
        import_network(save_pickle(state, tmp_path / "gap.pth"))


def test_other_shapes_are_refused(tmp_path: Path) -> None:
    state = pytorch_state() | {"deconv1.conv2d.weight": torch.ones(5, 32, 3, 3)}
    with pytest.raises(WeightsError, match="other shapes"):
        import_network(save_pickle(state, tmp_path / "wide.pth"))


@pytest.mark.parametrize("shape", [(), (0,), (8, 3, 9, 9, 1), (8, 0, 9, 9)])
@pytest.mark.parametrize("tool", ["pytorch", "lengstrom"])
def test_shapes_that_no_layer_has_are_refused(tool: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    path = tmp_path / "shapes.npz"
    if tool == "pytorch":
        state = {name: np.ones(shape, np.float32) for name in pytorch_state()}
    else:
        state = {name: np.ones(shape, np.float32) for name in lengstrom_variables()}
    np.savez(path, **state)
    with pytest.raises(WeightsError, match="other shapes"):
        import_network(path)


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_a_network_that_paints_nothing_is_refused(value: float, tmp_path: Path) -> None:
    state = {name: torch.full_like(x, value) for name, x in pytorch_state().items()}
    with pytest.raises(WeightsError, match="paints nothing"):
        import_network(save_pickle(state, tmp_path / "dead.pth"))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        import_network(tmp_path / "nothing.pth")


@pytest.mark.kit
@pytest.mark.parametrize("name", ["candy", "mosaic"])
def test_the_kits_networks_paint_as_ncnn_itself_runs_them(name: str, kit: Path, tmp_path: Path) -> None:
    ncnn = pytest.importorskip("ncnn", reason="the wheel of ncnn is not installed")
    text, output = fast_neural_style()
    (tmp_path / "network.param").write_text(text)
    file = kit / "reference" / "johnson_ncnn_fp16" / f"{name}.bin"
    photo = harbour((96, 128))
    network = ncnn.Net()
    network.opt.num_threads = 1
    for shortcut in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_packed", "bf16_storage", "vulkan_compute"):
        setattr(network.opt, f"use_{shortcut}", False)
    assert network.load_param(str(tmp_path / "network.param")) == 0
    assert network.load_model(str(file)) == 0
    run = network.create_extractor()
    given = (photo[0] * 255).contiguous().numpy()  # ncnn looks at these numbers without keeping them alive
    run.input("x0", ncnn.Mat(given))
    theirs = torch.from_numpy(np.array(run.extract(output)[1]))[None] / 255
    apart = (painted(file, photo).clamp(0, 1) - theirs.clamp(0, 1)).abs()
    assert apart.mean() <= 0.1 / 255
    assert apart.max() <= 2 / 255


@pytest.mark.kit
def test_the_kits_network_of_lengstrom_paints(kit: Path) -> None:
    photo = harbour((64, 96))
    wave = painted(kit / "reference" / "lengstrom_fp16" / "wave.npz", photo).clamp(0, 1)
    assert wave.std() > 0.1
    assert (wave - photo).abs().mean() > 0.05
