"""The network of one style: any size, exact tiles, every strength, no lattice, small and quick to carry."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from impasto.images import split
from impasto.models.fast import CODE_LENGTH, FastNetwork
from impasto.models.fast_style import FastStyle
from impasto.models.grain import grain
from impasto.models.normalizing import Reading
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import load_model, save_model

ABOUT = {"source": "a test", "licence": "none"}


def awake(network: torch.nn.Module) -> torch.nn.Module:
    """Give every weight a value, as training does."""
    for weight in network.parameters():
        if weight.ndim < 4:
            weight.data += 0.2 * torch.randn_like(weight)
    return network.eval().requires_grad_(requires_grad=False)


@pytest.fixture(params=["style", "fast-style"])
def network(request: pytest.FixtureRequest) -> torch.nn.Module:
    return awake(StyleNetwork(width=4, blocks=1) if request.param == "style" else FastStyle())


def full(strength: float = 1.0) -> Tensor:
    return torch.full((1, 1), strength)


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (8, 16), (41, 30)])
def test_any_size_comes_back_in_its_size(network: torch.nn.Module, size: tuple[int, int]) -> None:
    painted = network(torch.rand(1, 3, *size), full())
    assert painted.shape == (1, 3, *size)
    assert painted.isfinite().all()


def test_strength_0_is_the_photo_and_every_strength_is_another_picture(network: torch.nn.Module) -> None:
    photo = torch.rand(1, 3, 24, 24)
    found = [network(photo, full(strength)) for strength in (0.0, 0.3, 0.6, 1.0)]
    assert torch.equal(found[0], photo)
    away = [float((picture - photo).abs().mean()) for picture in found]
    assert away == sorted(away)
    assert away[1] > 0.01


def test_each_photo_of_a_batch_has_its_own_strength(network: torch.nn.Module) -> None:
    photos = torch.rand(2, 3, 16, 16)
    both = network(photos, torch.tensor([[0.4], [1.0]]))
    one = network(photos[:1], full(0.4))
    assert torch.allclose(both[:1], one, atol=1e-5)


def test_tiles_with_the_whole_pictures_statistics_are_the_whole_picture(network: torch.nn.Module) -> None:
    photo = torch.rand(1, 3, 307, 285)
    seen = network.look(photo, full(0.8))
    whole, parts = network(photo, full(0.8), Reading(seen)), torch.empty_like(photo)
    tiles = split((307, 285), 2 * network.margin + 40, network.margin, multiple=network.stride)
    assert len(tiles) > 4
    for tile in tiles:
        at = (tile.outer[0].start, tile.outer[1].start)
        tile.paste(parts, network(tile.cut(photo), full(0.8), Reading(seen), at))
    assert (whole - parts).abs().max() < 1e-4


def test_the_margin_is_no_larger_than_it_must_be() -> None:
    """Beyond it nothing matters; half of it would not do."""
    network = awake(StyleNetwork(width=4))
    side = 3 * network.margin + 8
    photo = torch.rand(1, 3, side, side)
    seen = network.look(photo, full())
    change = photo.clone()
    row = side // 2
    change[..., row:, :] = torch.rand_like(change[..., row:, :])
    moved = [network(one, full(), Reading(seen)) for one in (photo, change)]
    differs = ((moved[0] - moved[1]).abs().amax((0, 1, 3)) > 0).nonzero()
    reach = row - int(differs.min())
    assert network.margin / 2 < reach <= network.margin


def test_a_flat_photo_becomes_a_picture_without_a_lattice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without grain, what is flat stays flat to the last pixel; here by the statistics of another picture."""
    network = awake(StyleNetwork(width=4))
    monkeypatch.setattr("impasto.models.grain.grain", lambda size, **_: torch.zeros(1, 4, *size))
    seen = network.look(torch.rand(1, 3, 48, 48), full())
    painted = network(torch.full((1, 3, 48, 48), 0.3), full(), Reading(seen))
    assert (painted - painted.mean((2, 3), keepdim=True)).abs().max() < 1e-4


def test_grain_gives_a_flat_photo_something_to_grow_from() -> None:
    painted = awake(StyleNetwork(width=4))(torch.full((1, 3, 64, 64), 0.3), full())
    assert painted.std() > 1e-3


def test_no_pattern_of_two_pixels_can_be_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    network = awake(StyleNetwork(width=4))
    painted = network(torch.rand(1, 3, 64, 64), full())[..., 8:-8, 8:-8]
    power = torch.fft.fft2(painted - painted.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    assert power[24].max() < 1e-3 * power.max()  # a change from each row to the next
    assert power[:, 24].max() < 1e-3 * power.max()


def test_the_usual_network_is_small_and_comes_back_from_its_file(tmp_path: Path) -> None:
    network = awake(StyleNetwork())
    path = tmp_path / "mona.safetensors"
    save_model(path, network, network.kind, network.config, ABOUT, half=True)
    assert path.stat().st_size < 500_000
    again, about = load_model(path)
    assert about["kind"] == "style"
    photo = torch.rand(1, 3, 32, 32)
    assert (again(photo, full()) - network(photo, full())).abs().max() < 0.02


def test_a_frozen_fast_network_paints_as_the_fast_network_does(tmp_path: Path) -> None:
    fast, code = awake(FastNetwork()), torch.rand(1, CODE_LENGTH)
    photo, noise = torch.rand(1, 3, 32, 40), grain((8, 10), seed=0)
    frozen = FastStyle.of(fast, code).eval()  # type: ignore[arg-type]
    expected = fast(photo, fast.modulation(code), noise)
    assert torch.allclose(frozen(photo, full()), expected, atol=1e-5)
    save_model(tmp_path / "m.safetensors", frozen, frozen.kind, frozen.config, ABOUT)
    again, _ = load_model(tmp_path / "m.safetensors")
    assert torch.equal(again(photo, full()), frozen(photo, full()))
