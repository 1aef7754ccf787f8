"""VGG against plain functional code, on random weights and, with the kit, on the real ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from vgg_states import TORCHVISION_19, as_keras, as_torchvision, caffe_state, random_vgg

from impasto.errors import InputError, OptionError, WeightsError
from impasto.models.layouts import VGGWeights, vgg_from_tensors
from impasto.models.vgg import VGG, layer_names, normalize_activations, vgg16, vgg19, vgg_from_file
from impasto.weights import Digest, Published, choose

MEAN = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)  # BGR


@pytest.fixture(scope="module")
def whole() -> VGGWeights:
    return random_vgg(19)


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return caffe_state(19, "3_4")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)
    return tmp_path / "cache"


def plain_vgg(state: dict[str, Tensor], image: Tensor, *, mode: str, pool: str = "max") -> dict[str, Tensor]:
    """The same network, written down once more as simply as it can be: BGR, 0 to 255, minus the mean."""
    found, x, scale = {}, image.flip(1) * 255 - MEAN, "1"
    for number in sorted({name[4:7] for name in state if name.endswith("weight")}):
        if number[0] != scale:
            scale = number[0]
            x = (F.max_pool2d if pool == "max" else F.avg_pool2d)(x, 2, ceil_mode=True)
            found[f"pool{int(scale) - 1}"] = x
        padded = F.pad(x, (1, 1, 1, 1), mode=mode) if mode != "zeros" else F.pad(x, (1, 1, 1, 1))
        found[f"conv{number}"] = F.conv2d(padded, state[f"conv{number}.weight"], state[f"conv{number}.bias"])
        found[f"relu{number}"] = x = F.relu(found[f"conv{number}"])
    return found


@pytest.mark.parametrize("mode", ["replicate", "reflect", "zeros"])
@pytest.mark.parametrize("pool", ["max", "average"])
def test_features_are_those_of_plain_code(state: dict[str, Tensor], mode: str, pool: str) -> None:
    image = torch.rand(2, 3, 13, 22)
    expected = plain_vgg(state, image, mode=mode, pool=pool)
    vgg = VGG(vgg_from_tensors(state), list(expected), padding=mode, pooling=pool)
    found = vgg(image)
    assert list(found) == list(expected)
    for layer, value in expected.items():
        torch.testing.assert_close(found[layer], value, atol=2e-3, rtol=1e-3, msg=lambda m, name=layer: f"{name}: {m}")


@pytest.mark.parametrize("layers", [["relu1_2"], ["conv1_2", "relu1_2"], ["pool1"], ["conv1_1"]])
def test_only_what_is_asked_for_comes_back_and_is_held(whole: VGGWeights, layers: list[str]) -> None:
    vgg = VGG(whole, layers)
    assert list(vgg(torch.rand(1, 3, 8, 8))) == layers
    assert vgg.steps[-1] == layers[-1]
    assert len(vgg.convolutions) == len([step for step in vgg.steps if step.startswith("conv")])


def test_rectifying_in_place_leaves_the_requested_values_alone(whole: VGGWeights) -> None:
    image = torch.rand(1, 3, 16, 16)
    found = VGG(whole, ["conv1_1", "relu1_1", "conv2_1", "relu2_2"])(image)
    assert (found["conv1_1"] < 0).any()
    assert torch.equal(F.relu(found["conv1_1"]), found["relu1_1"])
    assert torch.equal(VGG(whole, ["relu2_2"])(image)["relu2_2"], found["relu2_2"])


@pytest.mark.parametrize(
    ("size", "padding"), [((1, 1), "replicate"), ((1, 9), "reflect"), ((35, 3), "reflect"), ((2, 2), "zeros")]
)
def test_small_and_narrow_pictures_have_every_layer(whole: VGGWeights, size: tuple[int, int], padding: str) -> None:
    found = VGG(whole, ["relu1_1", "relu5_4", "pool5"], padding=padding)(torch.rand(1, 3, *size))
    assert found["relu1_1"].shape[2:] == size
    assert found["relu5_4"].shape[2:] == tuple(-(-side // 16) for side in size)
    assert found["pool5"].shape[2:] == tuple(-(-side // 32) for side in size)
    assert all(value.isfinite().all() for value in found.values())


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_a_flat_picture_of_odd_size_has_flat_features_without_a_frame(whole: VGGWeights, pooling: str) -> None:
    flat = torch.full((1, 3, 41, 37), 0.7)
    found = VGG(whole, ["relu4_1"], pooling=pooling)(flat)["relu4_1"]
    torch.testing.assert_close(found, found[..., :1, :1].expand_as(found), atol=1e-3, rtol=1e-3)
    framed = VGG(whole, ["relu4_1"], pooling=pooling, padding="zeros")(flat)["relu4_1"]
    assert (framed[..., 0, 0] - framed[..., 2, 2]).abs().max() > 0.1


def test_the_picture_learns_and_the_weights_do_not(whole: VGGWeights) -> None:
    vgg = VGG(whole, ["relu2_1", "relu3_1"])
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    sum(value.square().mean() for value in vgg(image).values()).backward()
    assert image.grad is not None
    assert image.grad.abs().sum() > 0
    assert not vgg.training
    assert all(not p.requires_grad and p.grad is None for p in vgg.parameters())


def test_the_gradient_of_the_picture_is_right(state: dict[str, Tensor]) -> None:
    image = torch.rand(1, 3, 12, 13)
    ours, plain = image.clone().requires_grad_(), image.clone().requires_grad_()
    VGG(vgg_from_tensors(state), ["relu3_4"], padding="reflect")(ours)["relu3_4"].square().sum().backward()
    plain_vgg(state, plain, mode="reflect")["relu3_4"].square().sum().backward()
    torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-3, atol=1e-3 * plain.grad.abs().max().item())


def test_bfloat16_in_channels_last_is_close_and_stays_so(whole: VGGWeights) -> None:
    image = torch.rand(1, 3, 32, 32)
    exact = VGG(whole, ["relu3_1"])(image)["relu3_1"]
    fast = VGG(whole, ["relu3_1"]).to(torch.bfloat16, memory_format=torch.channels_last)
    found = fast(image.contiguous(memory_format=torch.channels_last))["relu3_1"]
    assert found.dtype == torch.bfloat16
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert F.cosine_similarity(found.float().flatten(), exact.flatten(), dim=0) > 0.999


def test_names_of_all_layers() -> None:
    assert layer_names(16)[:5] == ("conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1")
    assert len(layer_names(16)) == 2 * 13 + 5
    assert layer_names(19)[-3:] == ("conv5_4", "relu5_4", "pool5")
    assert len(layer_names(19)) == 2 * 16 + 5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"layers": ["relu4_12"]}, r"no layer 'relu4_12' \(did you mean 'relu4_2'\?\)"),
        ({"layers": []}, "no layer of VGG-19 is asked for"),
        ({"layers": ["relu1_1"], "pooling": "avg"}, r"pooling is 'avg' .*; allowed are max, average"),
        ({"layers": ["relu1_1"], "padding": "zero"}, r"padding is 'zero' \(did you mean 'zeros'\?\)"),
    ],
)
def test_wrong_options_are_named(whole: VGGWeights, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        VGG(whole, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 1, 8, 8), (1, 3, 0, 8)])
def test_what_is_no_picture_is_refused(whole: VGGWeights, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="it takes"):
        VGG(whole, ["relu1_1"])(torch.zeros(shape))


def test_a_partial_file_gives_what_it_has_and_says_what_it_lacks(tmp_path: Path, state: dict[str, Tensor]) -> None:
    path = tmp_path / "beginning.npz"
    np.savez(path, **{name: tensor.numpy() for name, tensor in state.items()})
    assert vgg19(["relu3_4"], weights=path).depth == 19
    with pytest.raises(WeightsError, match=r"beginning\.npz ends at relu3_4 before relu5_1"):
        vgg19(["relu1_1", "relu5_1"], weights=path)
    with pytest.raises(WeightsError, match="holds VGG-19 where VGG-16 is asked for"):
        vgg16(["relu1_1"], weights=path)


def test_normalized_layers_have_a_mean_of_one_and_are_otherwise_the_same(whole: VGGWeights) -> None:
    layers = ["relu1_1", "relu2_2", "relu3_1", "relu4_1"]
    vgg, images = VGG(whole, layers), [torch.rand(1, 3, 24, 31), torch.rand(1, 3, 17, 16)]
    normalized = normalize_activations(vgg, images)
    for layer in layers:
        values = [normalized(image)[layer] for image in images]
        assert sum(value.mean().item() for value in values) / 2 == pytest.approx(1, abs=1e-3)
        before = vgg(images[0])[layer]
        torch.testing.assert_close(values[0] * (before.mean() / values[0].mean()), before, atol=1e-3, rtol=1e-3)


def write(path: Path, state: dict[str, Tensor]) -> None:
    if path.suffix == ".pth":
        torch.save(state | {"classifier.0.weight": torch.zeros(10, 10)}, path)
        return
    h5py = pytest.importorskip("h5py", reason="the extra 'keras' is not installed")
    with h5py.File(path, "w") as file:
        for name, tensor in state.items():
            file[name] = tensor.numpy()


@pytest.mark.parametrize("file", ["net.pth", "net.h5"])
def test_the_published_file_is_found_by_content_and_loaded(
    file: str, tmp_path: Path, state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own" / "another name"
    own.parent.mkdir()
    write(tmp_path / file, as_torchvision(state, TORCHVISION_19) if file == "net.pth" else as_keras(state))
    content = (tmp_path / file).rename(own).read_bytes()
    entry = Published(
        name="test",
        network="vgg19",
        file=file,
        urls=("http://127.0.0.1:9/net",),
        size=len(content),
        digest=Digest("sha256", hashlib.sha256(content).hexdigest()),
        licence="CC0",
        source="a test",
        purpose="testing",
    )
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(own.parent))
    monkeypatch.setattr("impasto.models.vgg.choose", lambda network: choose(network, [entry]))
    vgg = vgg19(["relu3_1"])
    assert vgg.metadata["sha256"] == hashlib.sha256(content).hexdigest()
    assert vgg(torch.rand(1, 3, 8, 8))["relu3_1"].shape == (1, 256, 2, 2)
    own.unlink()
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    with pytest.raises(WeightsError, match=f"get {file}"):
        vgg19(["relu3_1"])


def test_layers_are_checked_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.models.vgg.choose", lambda network: pytest.fail("asked for weights"))
    with pytest.raises(OptionError, match="no layer"):
        vgg16(["relu3_4"])


def kit_photo(kit: Path) -> Tensor:
    photo = min((kit / "photos").glob("*.jpg"))
    pixels = np.asarray(Image.open(photo).convert("RGB").crop((0, 0, 193, 161)), dtype=np.float32)
    return torch.from_numpy(pixels / 255).permute(2, 0, 1)[None]


@pytest.mark.kit
def test_real_features_of_vgg19(kit: Path) -> None:
    path = kit / "reference" / "vgg" / "vgg19_normalised_conv1_1-conv4_1.npz"
    with np.load(path) as archive:
        state = {name: torch.from_numpy(archive[name].astype(np.float32)) for name in archive.files}
    state["conv4_1.weight"] = (state.pop("conv4_1.q") + state.pop("conv4_1.zero")) * state.pop("conv4_1.scale")
    image = kit_photo(kit)
    layers = ["relu1_1", "relu2_1", "relu3_1", "relu4_1"]
    expected = plain_vgg(state, image, mode="reflect")
    found = vgg19(layers, weights=path, padding="reflect")(image)
    for layer in layers:
        torch.testing.assert_close(found[layer], expected[layer], atol=5e-3, rtol=1e-3)
        assert 0.7 < found[layer].mean() < 1.2


@pytest.mark.kit
@pytest.mark.parametrize(
    ("file", "layer"),
    [
        ("vgg16_caffe_conv1_1-conv3_3_fp16.npz", "relu3_3"),
        ("vgg19_caffe_conv1_1-conv3_1_fp16.npz", "relu3_1"),
    ],
)
def test_real_features_of_the_original_scale_can_be_normalized(kit: Path, file: str, layer: str) -> None:
    image = kit_photo(kit)[..., :64, :64]
    vgg = vgg_from_file(kit / "reference" / "vgg" / file, ["relu1_1", layer])
    assert vgg(image)[layer].mean() > 5
    assert normalize_activations(vgg, [image])(image)[layer].mean() == pytest.approx(1, abs=1e-3)
