"""A model of one style, from its file to a picture: no style is given, any strength, any size, tiles that fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from impasto.engine import load
from impasto.engine.onepass import BASE_SIDE
from impasto.errors import InputError
from impasto.images import harbour, transfer_color_only
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import save_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(4)
    network = StyleNetwork(width=4, blocks=1)
    for weight in network.parameters():
        if weight.ndim < 4:
            weight.data += 0.2 * torch.randn_like(weight)
    path = tmp_path_factory.mktemp("models") / "mona.safetensors"
    save_model(path, network, network.kind, network.config, {"source": "a test", "licence": "none"}, half=True)
    return path


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    return harbour((72, 96))


def test_a_path_is_a_method_that_needs_no_style(model: Path, photo: torch.Tensor) -> None:
    result = load(str(model), device="cpu")(photo)
    assert result.image.shape == photo.shape
    assert (result.image - photo).abs().mean() > 0.01
    assert [one.name for one in result.recipe.weights] == ["mona.safetensors"]


def test_another_model_can_be_named_with_the_call(model: Path, tmp_path: Path, photo: torch.Tensor) -> None:
    torch.manual_seed(5)
    network, other = StyleNetwork(width=4, blocks=1), tmp_path / "other.safetensors"
    save_model(other, network, network.kind, network.config, {"source": "a test", "licence": "none"}, half=True)
    called = load(str(model), device="cpu")(photo, model=other)
    assert torch.equal(called.image, load(str(other), device="cpu")(photo).image)
    assert [one.name for one in called.recipe.weights] == ["other.safetensors"]


def test_strength_goes_from_the_photo_to_the_painting(model: Path, photo: torch.Tensor) -> None:
    paint = load(str(model), device="cpu")
    found = [paint(photo, strength=share).image for share in (0, 20, 60, 100)]
    assert torch.equal(found[0], photo)
    away = [float((image - photo).abs().mean()) for image in found]
    assert away == sorted(away)
    assert away[1] > 0


def test_only_the_colors_of_the_painting_can_be_taken(model: Path, photo: torch.Tensor) -> None:
    """There is no painting to take colors from but the one that the model makes of the photo."""
    paint = load(str(model), device="cpu")
    painted, taken = paint(photo, size=BASE_SIDE).image, paint(photo, color_only=True).image
    assert torch.allclose(taken, transfer_color_only(photo, painted), atol=1e-5)
    half = paint(photo, color_only=True, strength=50).image
    assert torch.allclose(half, (photo + taken) / 2, atol=1e-5)
    assert (taken - photo).abs().mean() > 1e-3
    assert (paint(photo, color_only=True, strength=0).image - photo).abs().max() == 0


def test_larger_pictures_do_not_depend_on_their_tiles(model: Path, photo: torch.Tensor) -> None:
    paint = load(str(model), device="cpu", size=700)
    whole, tiled = paint(photo, tile=1024).image, paint(photo, tile=320).image
    assert (whole - tiled).abs().max() < 0.02  # bfloat16 rounds a little differently on other shapes
    assert (whole - tiled).abs().mean() < 1e-3


def test_a_style_beside_such_a_model_is_a_misunderstanding(model: Path, photo: torch.Tensor) -> None:
    with pytest.raises(InputError, match=r"a style was given, .* give the photo alone"):
        load(str(model), device="cpu")(photo, harbour((32, 32)))
