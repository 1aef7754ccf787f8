"""VGG from every layout that is read: the same network, told apart without being told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from vgg_states import TORCHVISION_16, TORCHVISION_19, as_keras, as_torchvision, caffe_state

from impasto.errors import WeightsError
from impasto.models.layouts import CONVOLUTIONS, VGGWeights, read_vgg, vgg_from_tensors
from impasto.models.reading import write_tensors
from impasto.models.vgg import VGG

IMAGE = torch.rand(1, 3, 9, 10, generator=torch.Generator().manual_seed(1))


def features(weights: VGGWeights, layer: str = "relu3_1") -> Tensor:
    return VGG(weights, [layer])(IMAGE)[layer]


@pytest.fixture(scope="module")
def caffe() -> dict[str, Tensor]:
    return caffe_state(19, "3_4")


def test_torchvision_is_the_same_network(caffe: dict[str, Tensor]) -> None:
    # The means of the two differ; the bias takes up the difference where padding plays no part.
    state = as_torchvision(caffe, TORCHVISION_19)
    weights = vgg_from_tensors(state)
    assert weights.depth == 19
    assert weights.mean == (0.485, 0.456, 0.406)
    shift = torch.tensor(weights.mean) - torch.tensor([123.68, 116.779, 103.939]) / 255
    first = weights.convolutions["1_1"][0]
    state["features.0.bias"] += (first * shift.view(1, 3, 1, 1)).sum((1, 2, 3))
    same = vgg_from_tensors(state)
    torch.testing.assert_close(features(same), features(vgg_from_tensors(caffe)), atol=1e-3, rtol=1e-3)


def test_torchvision_normalises_as_documented() -> None:
    state = as_torchvision(caffe_state(19, "1_1"), TORCHVISION_19)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    prepared = (IMAGE - mean.view(1, 3, 1, 1)) / deviation.view(1, 3, 1, 1)
    expected = torch.nn.functional.conv2d(prepared, state["features.0.weight"], state["features.0.bias"], padding=1)
    vgg = VGG(vgg_from_tensors(state), ["conv1_1"], padding="zeros")
    torch.testing.assert_close(vgg(IMAGE)["conv1_1"], expected, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("new_names", [False, True])
def test_keras_is_the_same_network(caffe: dict[str, Tensor], new_names: bool) -> None:
    weights = vgg_from_tensors(as_keras(caffe, new_names=new_names))
    assert weights.depth == 19
    torch.testing.assert_close(features(weights), features(vgg_from_tensors(caffe)))


def test_short_names_and_half_precision(caffe: dict[str, Tensor]) -> None:
    short = {name.removeprefix("conv"): tensor.half() for name, tensor in caffe.items()}
    torch.testing.assert_close(
        features(vgg_from_tensors(short)), features(vgg_from_tensors(caffe)), atol=0.1, rtol=0.02
    )


def test_eight_bit_layers_are_unpacked(caffe: dict[str, Tensor]) -> None:
    packed, plain = dict(caffe), dict(caffe)
    q = torch.randint(0, 256, caffe["conv3_1.weight"].shape, dtype=torch.uint8)
    del packed["conv3_1.weight"]
    packed |= {
        "conv3_1.q": q,
        "conv3_1.zero": torch.tensor(-131, dtype=torch.int32),
        "conv3_1.scale": torch.tensor(1e-3),
    }
    plain["conv3_1.weight"] = (q.float() - 131) * 1e-3
    torch.testing.assert_close(features(vgg_from_tensors(packed)), features(vgg_from_tensors(plain)))


@pytest.mark.parametrize(
    ("depth", "positions", "last", "told"),
    [(16, TORCHVISION_16, "4_1", 16), (19, TORCHVISION_19, "3_4", 19), (16, TORCHVISION_16, "3_3", None)],
)
def test_depth_is_told_by_what_is_there(depth: int, positions: tuple[int, ...], last: str, told: int | None) -> None:
    state = caffe_state(depth, last)
    for layout in (state, as_keras(state), as_torchvision(state, positions)):
        weights = vgg_from_tensors(layout)
        assert weights.depth == told
        assert list(weights.convolutions) == [number for number in CONVOLUTIONS[depth] if number <= last]


def test_biases_alone_do_not_make_a_layer(caffe: dict[str, Tensor]) -> None:
    weights = vgg_from_tensors(caffe | {"conv4_2.bias": torch.zeros(512), "conv5_4.bias": torch.zeros(512)})
    assert list(weights.convolutions)[-1] == "3_4"


def test_a_file_keeps_its_name_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    write_tensors(path, caffe_state(19, "1_2"), {"licence": "CC0"})
    metadata = read_vgg(path).metadata
    assert metadata["file"] == "small.safetensors"
    assert metadata["licence"] == "CC0"
    assert len(metadata["sha256"]) == 64


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"conv1_2.weight": torch.zeros(64, 32, 3, 3)},
            r"conv1_2 of shape \(64, 32, 3, 3\); VGG's is \(64, 64, 3, 3\)",
        ),
        ({"conv1_2.bias": torch.full((64,), float("nan"))}, "numbers in conv1_2 that are not finite"),
        ({"conv1_1.bias": None}, "does not hold the first convolution"),
    ],
)
def test_what_is_not_vgg_is_refused(change: dict[str, Tensor | None], sentence: str) -> None:
    state = caffe_state(19, "1_2") | change
    with pytest.raises(WeightsError, match=sentence):
        vgg_from_tensors({name: tensor for name, tensor in state.items() if tensor is not None})


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"layer1.weight": torch.zeros(3)}, "not VGG in a known layout"),
        (
            {"features.0.weight": torch.zeros(64, 3, 3, 3), "features.1.weight": torch.zeros(64)},
            "batch normalisation",
        ),
        ({"block1_conv1/block1_conv1_W_1:0": torch.zeros(64, 3, 3, 3)}, "Theano's kernels"),
    ],
)
def test_other_networks_are_named_for_what_they_are(state: dict[str, Tensor], sentence: str) -> None:
    with pytest.raises(WeightsError, match=sentence):
        vgg_from_tensors(state)
