"""Tiled gradients are the untiled gradients, for every loss on moments, with margins, masks and pooling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from impasto import losses
from impasto.losses import Moments, TileReading

HEIGHT, WIDTH, TILE, MARGIN = (
    26,
    22,
    8,
    6,
)  # the network sees 5 pixels away; a tile starts on the pooling grid


class Network:
    """Two layers with padding and pooling, in the manner of VGG."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(5)
        self.first = torch.randn(4, 3, 3, 3, generator=generator, dtype=torch.float64)
        self.second = torch.randn(5, 4, 3, 3, generator=generator, dtype=torch.float64)

    def __call__(self, image: Tensor) -> dict[str, Tensor]:
        one = functional.conv2d(image, self.first, padding=1).relu()
        two = functional.conv2d(functional.max_pool2d(one, 2), self.second, padding=1).relu()
        return {"one": one, "two": two}


def random(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


NETWORK = Network()
MASK = random(1, 1, HEIGHT, WIDTH)
MASKS = {"one": MASK, "two": functional.avg_pool2d(MASK, 2)}
STYLE = {name: losses.moments(f) for name, f in NETWORK(random(1, 3, 12, 16)).items()}
STYLE_COLOR = losses.moments(random(1, 3, 5, 5))
TARGET = {name: f.flip(3) for name, f in NETWORK(random(1, 3, HEIGHT, WIDTH)).items()}


def windows() -> Iterator[tuple[slice, slice]]:
    for top in range(0, HEIGHT, TILE):
        for left in range(0, WIDTH, TILE):
            yield slice(top, min(top + TILE, HEIGHT)), slice(left, min(left + TILE, WIDTH))


def read_tile(image: Tensor, rows: slice, columns: slice) -> TileReading:
    top, left = max(0, rows.start - MARGIN), max(0, columns.start - MARGIN)
    found = NETWORK(image[..., top : rows.stop + MARGIN, left : columns.stop + MARGIN])
    sums, local = {}, torch.zeros((), dtype=torch.float64)
    for name, shrink in (("one", 1), ("two", 2)):
        down, across = (slice(s.start // shrink, s.stop // shrink) for s in (rows, columns))
        f = found[name][
            ...,
            down.start - top // shrink : down.stop - top // shrink,
            across.start - left // shrink : across.stop - left // shrink,
        ]
        sums[name] = losses.moments(f, MASKS[name][..., down, across])
        target = TARGET[name][..., down, across]
        local = local + losses.content_loss(f, target) * target.numel() / TARGET[name].numel()
    return TileReading(sums, local)


def untiled(image: Tensor, loss: Callable[[Mapping[str, Moments]], Tensor]) -> Tensor:
    found = NETWORK(image)
    content = sum(losses.content_loss(found[name], TARGET[name]) for name in found)
    return loss({name: losses.moments(found[name], MASKS[name]) for name in found}) + content


def exact_gram(moments: Moments, target: Moments) -> Tensor:
    return losses.gram_loss(moments, target, exact=True)


@pytest.mark.parametrize("formula", [losses.gram_loss, exact_gram, losses.moments_loss, losses.wasserstein2_loss])
def test_tiled_and_untiled_gradients_are_the_same(formula: Callable[[Moments, Moments], Tensor]) -> None:
    def loss(moments: Mapping[str, Moments]) -> Tensor:
        return losses.over_layers(formula, moments, STYLE)

    image = torch.rand(1, 3, HEIGHT, WIDTH, dtype=torch.float64, requires_grad=True)
    expected = untiled(image, loss)
    (expected_slope,) = torch.autograd.grad(expected, image)

    value = losses.tiled_backward([lambda w=w: read_tile(image, *w) for w in windows()], loss)
    assert image.grad is not None
    torch.testing.assert_close(value, expected.detach(), rtol=1e-10, atol=0)
    torch.testing.assert_close(image.grad, expected_slope, rtol=0, atol=1e-10 * expected_slope.abs().max().item())


def test_without_margins_the_test_above_would_fail() -> None:
    image = torch.rand(1, 3, HEIGHT, WIDTH, dtype=torch.float64)
    inner = NETWORK(image[..., 8:16, 8:16])["two"]
    assert (inner - NETWORK(image)["two"][..., 4:8, 4:8]).abs().max() > 1e-3


def test_a_layer_the_loss_ignores_gets_no_slope() -> None:
    totals = {name: losses.moments(f) for name, f in NETWORK(torch.rand(1, 3, 8, 8).double()).items()}
    value, slopes = losses.linearize(lambda m: losses.gram_loss(m["one"], STYLE["one"]), totals)
    assert value == losses.gram_loss(totals["one"], STYLE["one"])
    assert not value.requires_grad
    assert slopes["one"].second.abs().max() > 0
    assert (slopes["two"].second == 0).all()
    assert (slopes["two"].mean == 0).all()


def test_tiles_of_a_batch_without_local_terms() -> None:
    image = torch.rand(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)

    def loss(moments: Mapping[str, Moments]) -> Tensor:
        return losses.wasserstein2_loss(moments["color"], STYLE_COLOR)

    halves = [lambda part=part: TileReading({"color": losses.moments(part)}) for part in image.split(4, dim=2)]
    value = losses.tiled_backward(halves, loss)
    expected = loss({"color": losses.moments(image)})
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(image.grad, torch.autograd.grad(expected, image)[0])
