"""The U-Net takes any size, begins as the photo, leaves flat what is flat, and paints the same in tiles."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from impasto.images import split
from impasto.models.normalizing import Reading
from impasto.models.trained import load_model, save_model
from impasto.models.unet import UNet


def painting(**shape: object) -> UNet:
    """A network that has learnt something: its last convolution is not zero."""
    network = UNet(**{"width": 4, "blocks": 1, **shape}).eval()  # type: ignore[arg-type]
    nn.init.normal_(network.exit.weight, std=0.2)
    for module in network.modules():
        if hasattr(module, "shift"):
            nn.init.normal_(module.shift, std=0.3)
    return network.requires_grad_(requires_grad=False)


@pytest.mark.parametrize("decoder", ["resize", "transpose"])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 5), (16, 24), (37, 53)])
def test_any_size_comes_back(decoder: str, size: tuple[int, int]) -> None:
    found = painting(decoder=decoder)(torch.rand(2, 3, *size))
    assert found.shape == (2, 3, *size)
    assert found.isfinite().all()


@pytest.mark.parametrize("shape", [{}, {"depth": 4}, {"width": 24, "blocks": 0}, {"decoder": "transpose"}])
def test_an_untrained_network_gives_the_photo_back(shape: dict[str, int]) -> None:
    photo = torch.rand(1, 3, 20, 28)
    assert torch.equal(UNet(**{"width": 8, **shape})(photo), photo)  # type: ignore[arg-type]


def test_strength_goes_from_the_photo_to_the_painting() -> None:
    network, photo = painting(), torch.rand(1, 3, 16, 16)
    whole = network(photo)
    assert torch.equal(network(photo, torch.zeros(1, 1)), photo)
    assert torch.allclose(network(photo, torch.ones(1, 1)), whole)
    assert torch.allclose(network(photo, torch.full((1, 1), 0.25)), torch.lerp(photo, whole, 0.25), atol=1e-6)


@pytest.mark.parametrize("shape", [{"depth": 2}, {"depth": 3, "blocks": 2}, {"depth": 2, "decoder": "transpose"}])
def test_tiles_are_exactly_the_whole(shape: dict[str, int]) -> None:
    network = painting(**shape)
    photo = torch.rand(1, 3, 203, 237)
    seen = network.look(photo)
    whole = network(photo, reading=Reading(seen))
    found = torch.empty_like(photo)
    for tile in split((203, 237), 2 * network.margin + 40, network.margin, multiple=network.stride):
        tile.paste(found, network(tile.cut(photo), reading=Reading(seen)))
    assert torch.allclose(found, whole, atol=1e-5)
    assert torch.allclose(network(photo), whole, atol=1e-6)


@pytest.mark.parametrize("shape", [{"depth": 2, "blocks": 1}, {"depth": 3, "blocks": 0}])
def test_the_margin_is_as_far_as_a_pixel_reaches(shape: dict[str, int]) -> None:
    network = painting(**shape)
    side, middle = 4 * network.margin, 2 * network.margin
    photo = torch.rand(1, 3, side, side)
    reading = network.look(photo)
    changed = photo.clone()
    changed[..., middle, middle] = 1 - changed[..., middle, middle]
    difference = (network(changed, reading=Reading(reading)) - network(photo, reading=Reading(reading))).abs().sum(1)[0]
    rows, columns = difference.nonzero(as_tuple=True)
    reach = max(int((places - middle).abs().max()) for places in (rows, columns))
    assert network.margin // 2 < reach <= network.margin


def lattice(picture: Tensor) -> Tensor:
    """How strongly neighbouring pixels alternate."""
    signs = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).tile(picture.shape[-2] // 2, picture.shape[-1] // 2)
    return (picture * signs).mean((2, 3)).abs().max()


def test_what_is_flat_stays_flat_by_resizing_and_not_by_transposing() -> None:
    flat = torch.full((1, 3, 32, 32), 0.6)
    unlike = Reading(painting().look(torch.rand(1, 3, 32, 32)))
    assert painting()(flat, reading=unlike).std((2, 3)).max() < 1e-5
    assert lattice(painting()(flat, reading=unlike)) < 1e-6
    assert lattice(painting(decoder="transpose")(flat, reading=unlike)) > 1e-4


def test_it_is_saved_and_loaded(tmp_path: Path) -> None:
    network = painting(width=8, depth=2, decoder="transpose")
    shape = {"width": 8, "depth": 2, "blocks": 1, "decoder": "transpose"}
    save_model(tmp_path / "m.safetensors", network, "unet", shape, {"source": "a test", "licence": "none"})
    again, about = load_model(tmp_path / "m.safetensors")
    photo = torch.rand(1, 3, 20, 20)
    assert about["kind"] == "unet"
    assert torch.equal(again(photo), network(photo))


def test_bfloat16_is_near(tmp_path: Path) -> None:
    network, photo = painting(), torch.rand(1, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(photo)
    assert rough.dtype == torch.float32
    assert (rough - network(photo)).abs().mean() < 0.02 * network(photo).std()
