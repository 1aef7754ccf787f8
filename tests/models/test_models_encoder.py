"""The embedded encoder: its layers, its sizes, its exact gradient, and what happens without its weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import OptionError, WeightsError
from impasto.images import harbour
from impasto.models import Encoder, embedded_encoder
from impasto.models import encoder as module
from impasto.models.encoder import HEAD_WIDTHS, WEIGHTS_FILE, WIDTHS

ALL = tuple(f"relu{name}" for name in WIDTHS)
pytestmark = pytest.mark.usefixtures("tiny_backbone")


def plain(weights: dict[str, Tensor], image: Tensor) -> dict[str, Tensor]:
    """The same network written down once more, as simply as it can be."""
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x, found = (image - mean.view(1, 3, 1, 1)) / deviation.view(1, 3, 1, 1), {}
    for name in WIDTHS:
        if name.endswith("_1") and name != "1_1":
            x = F.max_pool2d(x, 2, ceil_mode=True)
        padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
        x = F.relu(F.conv2d(padded, weights[f"convs.{name}.weight"], weights[f"convs.{name}.bias"]))
        found[f"relu{name}"] = x
    return found


def weights_in(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return {name: value.float() for name, value in load_file(path).items()}


def test_features_are_those_of_plain_code(tiny_weights: Path) -> None:
    image = torch.rand(2, 3, 37, 50)
    expected = plain(weights_in(tiny_weights), image)
    found = embedded_encoder(ALL)(image)
    assert list(found) == list(expected)
    for layer, value in expected.items():
        torch.testing.assert_close(found[layer], value, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (3, 5), (16, 16), (17, 33)])
def test_every_size_has_every_layer(size: tuple[int, int]) -> None:
    for network in (embedded_encoder(ALL), Encoder(ALL)):
        for layer, value in network(torch.rand(1, 3, *size)).items():
            cell = 2 ** (int(layer[4]) - 1)
            assert value.shape == (1, module.WIDTHS[layer[4:]], -(-size[0] // cell), -(-size[1] // cell))
            assert value.isfinite().all()


@pytest.mark.parametrize("layers", [("relu1_1",), ("relu3_1", "relu1_2"), ("relu4_2",)])
def test_only_what_is_asked_for_comes_back(layers: tuple[str, ...]) -> None:
    assert set(embedded_encoder(layers)(torch.rand(1, 3, 16, 16))) == set(layers)


def test_nothing_deeper_is_computed() -> None:
    encoder = embedded_encoder(("relu2_1",))
    touched = []
    for name, conv in encoder.convs.items():
        conv.register_forward_hook(lambda *_, name=name: touched.append(name))
    encoder(torch.rand(1, 3, 16, 16))
    assert touched == ["1_1", "1_2", "2_1"]


def test_the_gradient_is_exact() -> None:
    """The frozen convolutions write their own backward pass; plain autograd is the judge."""
    weights = {name: value.double() for name, value in Encoder().state_dict().items()}
    image = torch.rand(1, 3, 19, 22, dtype=torch.float64, requires_grad=True)
    encoder = Encoder(ALL).double()
    encoder.load_state_dict(weights)
    frozen = embedded_encoder(ALL).double()
    for name, conv in frozen.convs.items():
        conv.weight.data, conv.bias.data = weights[f"convs.{name}.weight"], weights[f"convs.{name}.bias"]
    slopes = [
        torch.autograd.grad(sum(value.square().sum() for value in network(image).values()), image)[0]
        for network in (frozen, encoder)
    ]
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-10, atol=1e-12)


def test_it_is_frozen_and_leaves_the_picture_alone() -> None:
    encoder, image = embedded_encoder(), torch.rand(1, 3, 16, 16)
    before = image.clone()
    encoder(image)
    assert torch.equal(image, before)
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert not encoder.training


def test_in_half_precision_it_sees_nearly_the_same() -> None:
    image = torch.rand(1, 3, 32, 32)
    full = embedded_encoder()(image)
    half = embedded_encoder().to(torch.bfloat16)(image)
    for layer, value in full.items():
        assert half[layer].dtype == torch.bfloat16
        assert (half[layer].float() - value).norm() < 0.05 * value.norm()


def test_heads_give_vggs_widths() -> None:
    encoder = embedded_encoder(ALL)
    estimates = encoder.as_vgg(encoder(torch.rand(1, 3, 32, 32)))
    assert {layer: value.shape[1] for layer, value in estimates.items()} == HEAD_WIDTHS
    assert all((value >= 0).all() for value in estimates.values())


def test_layers_through_heads_are_those_estimates() -> None:
    image, plain = torch.rand(1, 3, 32, 32), embedded_encoder(ALL)
    found = embedded_encoder(ALL, through_heads=("relu3_1", "relu5_1"))(image)
    own = plain(image)
    expected = {**own, **{layer: plain.as_vgg(own)[layer] for layer in ("relu3_1", "relu5_1")}}
    torch.testing.assert_close(found, expected)


def test_loading_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    embedded_encoder()
    assert torch.equal(torch.get_rng_state(), before)


def test_an_unknown_layer_gets_a_suggestion() -> None:
    with pytest.raises(OptionError, match=r"no layer 'relu1_9' \(did you mean 'relu1_2'\?\)"):
        embedded_encoder(("relu1_9",))


@pytest.mark.parametrize("content", [None, b"", b"nonsense", "another network"])
def test_missing_or_damaged_weights_are_one_sentence(content: bytes | str | None, tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        from safetensors.torch import save_file

        save_file({"conv.weight": torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match=r"encoder\.safetensors.*missing or damaged"):
        embedded_encoder(weights=path)


def test_the_weights_that_come_with_the_package_fit_and_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real file: it loads, is small, and tells a picture from a flat one."""
    monkeypatch.setattr(module, "WIDTHS", WIDTHS)
    path = Path(str(WEIGHTS_FILE))
    if not path.is_file():
        pytest.skip("the embedded encoder's weights are not in this checkout yet")
    assert path.stat().st_size <= 3_000_000
    encoder = embedded_encoder(weights=path)
    for value in encoder(harbour((64, 64))).values():
        assert value.isfinite().all()
        assert (value > 0).float().mean() > 0.02
        assert value.std() > 0.2 * value.mean()
