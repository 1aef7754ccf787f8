"""The per-style network of the well-known tools: any size, any tile, and what strength does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impasto.errors import OptionError
from impasto.images import harbour
from impasto.models.johnson import Johnson, Tool
from impasto.models.normalizing import Reading

TOOLS: tuple[Tool, ...] = ("pytorch", "lengstrom")
FULL = torch.ones(1, 1)


@pytest.fixture(params=TOOLS)
def network(request: pytest.FixtureRequest) -> Johnson:
    made = Johnson(tool=request.param, width=4, blocks=5).requires_grad_(False).eval()
    for value in made.parameters():
        torch.nn.init.normal_(value, std=0.2)
    return made


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 8), (8, 8), (9, 13), (40, 24), (41, 26)])
def test_a_painting_has_the_photos_size(network: Johnson, size: tuple[int, int]) -> None:
    painted = network(harbour(size), FULL)
    assert painted.shape == (1, 3, *size)
    assert painted.isfinite().all()


def test_strength_fades_into_the_photo(network: Johnson) -> None:
    photo = harbour((16, 24))
    full = network(photo, FULL)
    assert torch.equal(network(photo, 0 * FULL), photo)
    assert torch.allclose(network(photo, 0.25 * FULL), photo.lerp(full, 0.25))


def test_a_tile_with_the_margin_and_the_wholes_statistics_is_a_part_of_the_whole(network: Johnson) -> None:
    photo = harbour((160, 208))
    seen = network.look(photo, FULL)
    whole = network(photo, FULL)
    assert torch.allclose(network(photo, FULL, Reading(seen)), whole, atol=1e-6)
    top, left = 80, 96  # multiples of the stride, with the margin to every side of what is kept
    tile = photo[..., top - network.margin :, left - network.margin :]
    kept = network(tile, FULL, Reading(seen))[..., network.margin :, network.margin :]
    assert apart(kept, whole[..., top:, left:]) < 1e-5
    nearer = photo[..., top - 32 :, left - 32 :]
    assert apart(network(nearer, FULL, Reading(seen))[..., 32:, 32:], whole[..., top:, left:]) > 1e-3  # 32 do not do


def test_pictures_of_one_batch_do_not_see_each_other(network: Johnson) -> None:
    photos = torch.cat([harbour((16, 24)), harbour((16, 24)).flip(3)])
    together = network(photos, torch.ones(2, 1))
    assert torch.allclose(together[1:], network(photos[1:], FULL), atol=1e-5)


def test_an_unknown_tool_is_refused() -> None:
    with pytest.raises(OptionError, match="allowed are pytorch, lengstrom"):
        Johnson(tool="caffe")  # type: ignore[arg-type]


def apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())
