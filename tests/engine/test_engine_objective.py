"""What the optimiser walks downhill on: above all, that working in tiles changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from impasto.config import Optimize
from impasto.engine.objective import Objective, style_target, tiles_of
from impasto.images import region_weights
from impasto.models.backbones import load_backbone
from impasto.models.layouts import CONVOLUTIONS, VGGWeights
from impasto.models.vgg import VGG

DEEP = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 0.5, "relu4_1": 1.0, "relu5_1": 2.0}
SHALLOW = {"relu1_1": 1.0, "relu2_1": 2.0}


def narrow_vgg(layers: list[str], **options: str) -> VGG:
    """VGG-19 as it is, but with an eighth of the channels, seeded."""
    generator, c_in, convolutions = torch.Generator().manual_seed(3), 3, {}
    for number in CONVOLUTIONS[19]:
        c_out = {"1": 8, "2": 16, "3": 16, "4": 24, "5": 24}[number[0]]
        weight = torch.randn(c_out, c_in, 3, 3, generator=generator) * (2 / (9 * c_in)) ** 0.5
        convolutions[number], c_in = (weight, 0.1 * torch.randn(c_out, generator=generator)), c_out
    return VGG(VGGWeights(19, convolutions, (0.5, 0.5, 0.5)), layers, depth=19, **options)  # type: ignore[arg-type]


def network_of(name: str, layers: list[str]) -> nn.Module:
    if name == "encoder":
        return load_backbone("embedded", layers)
    return narrow_vgg(layers, pooling="average" if name == "average" else "max")


def objective_and_gradient(
    network: nn.Module,
    size: tuple[int, int],
    *,
    tile: int | None,
    layers: dict[str, float],
    content: str,
    dtype: torch.dtype,
    masks: int = 0,
    **options: object,
) -> tuple[dict[str, float], Tensor]:
    """Return the terms and the gradient for one fixed picture, photo, styles and masks."""
    torch.manual_seed(1)
    network = network.to(dtype)
    photo, image = torch.rand(1, 3, *size, dtype=dtype), torch.rand(1, 3, *size, dtype=dtype)
    pictures = [torch.rand(1, 3, 70, 61, dtype=dtype) ** (number + 1) for number in range(max(1, masks))]
    config = Optimize(**options)  # type: ignore[arg-type]
    targets = [style_target(network, [one], layers, config.style_term, tile=tile) for one in pictures]
    regions = None
    if masks:
        given = [torch.rand(1, 1, *size, dtype=dtype) for _ in range(masks)]
        regions, _ = region_weights(given, size, protect=torch.rand(1, 1, 9, 9, dtype=dtype))
    objective = Objective(
        network, photo, targets, regions, config=config, style_layers=layers, content_layers={content: 1.0}, tile=tile
    )
    assert (len(objective.tiles) == 1) == (tile is None)
    image.requires_grad_()
    values = objective.backward(image)
    assert image.grad is not None
    return values, image.grad


@pytest.mark.parametrize(
    ("network", "size", "tile", "layers", "content", "masks"),
    [
        ("max", (41, 77), 32, SHALLOW, "relu2_2", 0),
        ("max", (64, 50), 40, SHALLOW, "relu2_1", 2),
        ("average", (41, 77), 40, SHALLOW, "relu2_1", 1),
        ("max", (67, 53), 40, {"pool1": 1.0, "conv2_1": 1.0}, "pool2", 1),
        ("encoder", (45, 83), 40, SHALLOW, "relu2_1", 2),
        ("encoder", (33, 517), 384, DEEP, "relu4_1", 1),
        ("max", (417, 35), 384, DEEP, "relu4_2", 0),
    ],
)
def test_tiled_is_untiled(
    network: str, size: tuple[int, int], tile: int, layers: dict[str, float], content: str, masks: int
) -> None:
    """To the last digits: every number is read in float64, whose rounding is far below the tolerance."""
    options = {"layers": layers, "content": content, "masks": masks, "dtype": torch.float64, "color_weight": 1.0}
    looked_through = network_of(network, [*layers, content])
    whole_values, whole = objective_and_gradient(looked_through, size, tile=None, **options)  # type: ignore[arg-type]
    values, gradient = objective_and_gradient(looked_through, size, tile=tile, **options)  # type: ignore[arg-type]
    assert values == pytest.approx(whole_values, rel=1e-9)
    assert (gradient - whole).norm() <= 1e-9 * whole.norm()
    assert (gradient - whole).abs().max() <= 1e-6 * whole.abs().max()


@pytest.mark.parametrize("term", ["statistics", "gram", "moments", "wasserstein"])
def test_tiled_is_untiled_for_every_style_term_in_float32(term: str) -> None:
    options = {"layers": SHALLOW, "content": "relu2_1", "dtype": torch.float32, "style_term": term}
    network = network_of("encoder", ["relu1_1", "relu2_1"])
    whole_values, whole = objective_and_gradient(network, (45, 60), tile=None, **options)  # type: ignore[arg-type]
    values, gradient = objective_and_gradient(network, (45, 60), tile=40, **options)  # type: ignore[arg-type]
    assert values == pytest.approx(whole_values, rel=1e-4)
    assert (gradient - whole).norm() <= 2e-5 * whole.norm()


def test_a_tile_too_small_for_its_margin_is_made_larger() -> None:
    """The deepest layer sees so far that a small tile would be all margin."""
    tiles = tiles_of(torch.zeros(1, 3, 1000, 40), DEEP, 64)
    assert len(tiles) > 1
    assert all(tile.inner[0].start % 16 == 0 for tile in tiles)
    covered = sorted((tile.inner[0].start, tile.inner[0].stop) for tile in tiles)
    assert covered[0][0] == 0
    assert covered[-1][1] == 1000


def make(photo: Tensor, painting: Tensor, **options: object) -> Objective:
    network = load_backbone("embedded", list(DEEP))
    config = Optimize(**options)  # type: ignore[arg-type]
    target = style_target(network, [painting], DEEP, config.style_term)
    return Objective(network, photo, [target], None, config=config, style_layers=DEEP, content_layers={"relu4_1": 1.0})


def terms(objective: Objective, image: Tensor) -> dict[str, float]:
    return objective.backward(image.clone().requires_grad_())


def test_the_untouched_photo_is_as_far_from_the_style_as_1_and_has_its_own_shapes(
    photo: Tensor, painting: Tensor
) -> None:
    found = terms(make(photo, painting), photo)
    assert found["style"] == pytest.approx(1, rel=1e-3)
    assert found["content"] == pytest.approx(0, abs=0.01)


def test_the_painting_itself_has_reached_the_style_and_lost_the_shapes(photo: Tensor, painting: Tensor) -> None:
    """Only its statistics are compared, so another size or its mirror image would do as well."""
    objective = make(photo[..., :40, :40].contiguous(), painting[..., :40, :40].contiguous())
    found = terms(objective, painting[..., :40, :40].contiguous())
    assert found["style"] < 1e-3
    assert found["content"] > 0.3


@pytest.mark.parametrize("term", ["statistics", "gram", "moments", "wasserstein", "sliced"])
def test_style_falls_from_the_photo_to_the_painting_whatever_the_term(term: str, painting: Tensor) -> None:
    photo = painting.flip(3) * 0.5 + 0.2
    objective = make(photo, painting, style_term=term)
    assert terms(objective, painting)["style"] < 0.01 * terms(objective, photo)["style"]


def test_half_the_strength_asks_for_less_of_the_style(photo: Tensor, painting: Tensor) -> None:
    at = {strength: terms(make(photo, painting, strength=strength), photo)["style"] for strength in (0.0, 50.0, 100.0)}
    assert at[0.0] == pytest.approx(0, abs=1e-6)
    assert at[0.0] < at[50.0] < at[100.0]


def test_a_style_the_photo_already_has_is_not_blown_up(photo: Tensor) -> None:
    """A JPEG of the same picture differs from it by next to nothing, and should be changed by next to nothing."""
    torch.manual_seed(2)
    nearly = (photo + 0.002 * torch.randn_like(photo)).clamp(0, 1)
    assert terms(make(photo, nearly), photo)["style"] < 0.2


def test_weights_of_terms_and_layers_count(photo: Tensor, painting: Tensor) -> None:
    base, heavy = (terms(make(photo, painting, style_weight=weight), photo) for weight in (1.0, 3.0))
    assert heavy["style"] == base["style"]
    assert heavy["total"] - base["total"] == pytest.approx(2 * base["style"], rel=1e-3)
    colored = terms(make(photo, painting, color_weight=1.0), photo)
    assert "color" not in base
    assert colored["total"] > base["total"]
    assert colored["color"] > 0


def test_values_outside_0_to_1_are_drawn_back(photo: Tensor, painting: Tensor) -> None:
    objective = make(photo, painting, style_weight=0.0, content_weight=0.0, tv_weight=0.0)
    bright = (photo * 0 + 1.5).requires_grad_()
    objective.backward(bright)
    assert bright.grad is not None
    assert (bright.grad > 0).all()


def test_the_random_term_is_repeatable_and_leaves_torch_alone(photo: Tensor, painting: Tensor) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first, again, other = (terms(make(photo, painting, style_term="sliced", seed=seed), photo) for seed in (1, 1, 2))
    assert first == again
    assert first["style"] != other["style"]
    assert torch.equal(torch.get_rng_state(), before)


def test_the_random_term_sees_all_paintings_of_a_style(
    painting: Tensor, other_painting: Tensor, tiny_backbone: Path
) -> None:
    network = load_backbone("embedded", list(DEEP))
    both = style_target(network, [painting, other_painting], DEEP, "sliced").features
    for layer in DEEP:
        each = [network(one)[layer].flatten(2) for one in (painting, other_painting)]
        torch.testing.assert_close(both[layer].flatten(2), torch.cat(each, 2))


def test_a_style_of_several_paintings_is_one_style(
    painting: Tensor, other_painting: Tensor, tiny_backbone: Path
) -> None:
    network = load_backbone("embedded", list(DEEP))
    one, two, both = (
        style_target(network, pictures, DEEP, "statistics")
        for pictures in ([painting], [other_painting], [painting, other_painting])
    )
    for layer in DEEP:
        mean = (one.moments[layer].mean + two.moments[layer].mean) / 2
        torch.testing.assert_close(both.moments[layer].mean, mean, atol=1e-5, rtol=1e-4)


def test_classic_balance_is_the_classic_objective(photo: Tensor, painting: Tensor) -> None:
    """Gatys' terms written down plainly: squared differences, Gram matrices over C·H·W, summed over the layers."""

    def gram(features: Tensor) -> Tensor:
        flat = features.flatten(2)[0]
        return flat @ flat.T / flat.numel()

    network = load_backbone("embedded", list(DEEP)).double()
    photo, painting, image = photo.double(), painting.double(), torch.rand_like(photo).double()
    config = Optimize(balance="classic", content_weight=5, style_weight=100, tv_weight=1e-3)
    target = style_target(network, [painting], SHALLOW, config.style_term)
    options = {"config": config, "style_layers": SHALLOW, "content_layers": {"relu4_1": 1.0}}
    found = Objective(network, photo, [target], None, **options).backward(image.requires_grad_())  # type: ignore[arg-type]
    x, p, s = (network(picture) for picture in (image, photo, painting))
    gaps = [weight * (gram(x[layer]) - gram(s[layer])).square().mean() for layer, weight in SHALLOW.items()]
    style = torch.stack(gaps).sum()
    content = (x["relu4_1"] - p["relu4_1"]).square().mean()
    assert found["style"] == pytest.approx(float(style.detach()), rel=1e-6)
    assert found["content"] == pytest.approx(float(content.detach()), rel=1e-6)
