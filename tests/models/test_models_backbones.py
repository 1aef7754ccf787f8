"""Networks by name or by file, and how far their layers see."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from vgg_states import TORCHVISION_19, as_torchvision, caffe_state

from impasto.errors import OptionError, WeightsError
from impasto.models import BACKBONES, VGG, Encoder, backbone_layers, layer_names, load_backbone
from impasto.models.backbones import (
    THROUGH_HEADS,
    backbone_downloads,
    backbone_title,
    cell_of,
    reach,
    weights_hash,
)
from impasto.models.encoder import HEAD_WIDTHS
from impasto.weights import file_sha256

pytestmark = pytest.mark.usefixtures("tiny_backbone")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the first five convolutions of a VGG, up to conv3_1."""
    path = tmp_path_factory.mktemp("weights") / "beginning.safetensors"
    save_file(caffe_state(19, "3_1"), path)
    return path


def test_the_layers_of_named_networks() -> None:
    assert backbone_layers("vgg19") == layer_names(19)
    assert backbone_layers("vgg16") == layer_names(16)
    assert backbone_layers("embedded")[0] == "relu1_1"
    assert backbone_layers("embedded")[-1] == "relu5_1"


def test_the_layers_of_a_file_end_where_its_weights_end(beginning: Path) -> None:
    layers = backbone_layers(str(beginning))
    assert layers[-1] == "relu3_1"
    assert "pool2" in layers
    assert "conv3_2" not in layers


def test_every_layer_that_is_promised_can_be_had(beginning: Path) -> None:
    for name in ("embedded", str(beginning)):
        layers = backbone_layers(name)
        found = load_backbone(name, layers)(torch.rand(1, 3, 24, 24))
        assert set(found) == set(layers)


def test_a_file_is_loaded_whatever_its_layout(beginning: Path, tmp_path: Path) -> None:
    other = tmp_path / "torchvision.safetensors"
    save_file(as_torchvision(caffe_state(19, "3_1"), TORCHVISION_19), other)
    image = torch.rand(1, 3, 24, 24)
    one, two = (load_backbone(str(path), ["relu1_2"]) for path in (beginning, other))
    assert isinstance(one, VGG)
    assert one(image)["relu1_2"].shape == two(image)["relu1_2"].shape


def test_options_reach_the_network(beginning: Path) -> None:
    network = load_backbone(str(beginning), ["relu2_1"], pooling="average", padding="reflect")
    assert isinstance(network, VGG)
    assert network.pooling == "average"
    assert network.convolution("conv1_1").padding == "reflect"


def test_the_encoder_is_the_embedded_one_and_says_what_it_cannot(tiny_backbone: Path) -> None:
    assert isinstance(load_backbone("embedded", ["relu1_1"]), Encoder)
    with pytest.raises(OptionError, match=r"pooling is 'average'"):
        load_backbone("embedded", ["relu1_1"], pooling="average")


def test_all_but_the_encoders_first_layer_are_as_wide_as_vggs(tiny_backbone: Path) -> None:
    found = load_backbone("embedded", ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"])(torch.rand(1, 3, 32, 32))
    assert {layer: found[layer].shape[1] for layer in THROUGH_HEADS} == {
        layer: width for layer, width in HEAD_WIDTHS.items() if layer != "relu1_1"
    }
    assert found["relu1_1"].shape[1] < HEAD_WIDTHS["relu1_1"]


def test_an_unknown_name_gets_a_suggestion(tmp_path: Path) -> None:
    for wrong, hint in (("vgg-19", "vgg19"), ("embeded", "embedded")):
        with pytest.raises(OptionError, match=f"did you mean '{hint}'"):
            backbone_layers(wrong)
        with pytest.raises(OptionError, match=", ".join(BACKBONES)):
            load_backbone(wrong, ["relu1_1"])
    with pytest.raises(OptionError, match="nor a file"):
        backbone_layers(str(tmp_path))


def test_a_file_of_something_else_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"layer.weight": torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match=r"other\.safetensors"):
        backbone_layers(str(path))


def test_titles_never_hold_a_folder(beginning: Path) -> None:
    assert [backbone_title(name) for name in BACKBONES] == list(BACKBONES)
    assert backbone_title(str(beginning)) == "beginning.safetensors"


def test_only_what_is_not_here_is_downloaded(beginning: Path) -> None:
    assert backbone_downloads("embedded") == []
    assert backbone_downloads(str(beginning)) == []
    for name in ("vgg19", "vgg16"):
        (download,) = backbone_downloads(name)
        assert name in download


def test_the_hash_is_that_of_the_file(beginning: Path, tiny_backbone: Path) -> None:
    name = str(beginning)
    assert weights_hash(name, load_backbone(name, ["relu1_1"])) == file_sha256(beginning)
    assert weights_hash("embedded", load_backbone("embedded", ["relu1_1"])) == file_sha256(tiny_backbone)


@pytest.mark.parametrize(
    ("layer", "cell"), [("conv1_1", 1), ("relu1_2", 1), ("pool1", 2), ("relu2_1", 2), ("relu5_1", 16), ("pool5", 32)]
)
def test_a_cell_is_what_one_position_stands_for(layer: str, cell: int) -> None:
    assert cell_of(layer) == cell


def _furthest(network: nn.Module, layer: str, middle: int) -> int:
    """Return how far from a pixel the layer still changes with it, in pixels."""
    torch.manual_seed(0)
    image = torch.rand(1, 3, 2 * middle, 8)
    touched = image.clone()
    touched[:, :, middle] = torch.rand(3, 8)
    changed = (network(image)[layer] != network(touched)[layer]).any(dim=(0, 1, 3)).nonzero().flatten()
    cell = cell_of(layer)
    return int(max((middle - changed * cell).max(), ((changed + 1) * cell - 1 - middle).max()))


@pytest.mark.parametrize("layer", ["relu1_1", "relu1_2", "pool1", "relu2_2", "pool2", "relu3_1"])
def test_no_layer_sees_further_than_its_reach(layer: str, beginning: Path) -> None:
    """Measured: features may only change within the reach of the pixels that changed."""
    assert _furthest(load_backbone(str(beginning), [layer]), layer, 64) <= reach([layer])


def test_reach_is_a_whole_number_of_cells_and_grows_with_depth() -> None:
    layers = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
    reaches = [reach([layer]) for layer in layers]
    assert reaches == sorted(set(reaches))
    assert all(far % cell_of(layer) == 0 for layer, far in zip(layers, reaches, strict=True))
    assert reach(layers) == reaches[-1]
