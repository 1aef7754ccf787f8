"""The frozen convolution against PyTorch's own padding and convolution."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.models.frozen import FrozenConvolution

SIZES = [(7, 5), (2, 2), (1, 6), (5, 1), (1, 1), (3, 2)]
PADDINGS = ["replicate", "reflect", "zeros"]


def reference(x: Tensor, convolution: FrozenConvolution) -> Tensor:
    if convolution.padding == "zeros":
        return F.conv2d(F.pad(x, (1, 1, 1, 1)), convolution.weight, convolution.bias)
    mode = "replicate" if 1 in x.shape[2:] else convolution.padding
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode=mode), convolution.weight, convolution.bias)


@pytest.mark.parametrize(("size", "padding"), list(itertools.product(SIZES, PADDINGS)))
def test_value_and_gradient_are_those_of_padding_and_convolving(size: tuple[int, int], padding: str) -> None:
    convolution = FrozenConvolution(torch.randn(5, 4, 3, 3), torch.randn(5), padding)
    x = torch.randn(2, 4, *size, requires_grad=True)
    cotangent = torch.randn(2, 5, *size)
    value, expected = convolution(x), reference(x, convolution)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(torch.autograd.grad(value, x, cotangent), torch.autograd.grad(expected, x, cotangent))


@pytest.mark.parametrize("padding", PADDINGS)
def test_gradcheck(padding: str) -> None:
    convolution = FrozenConvolution(torch.randn(3, 2, 3, 3), torch.randn(3), padding).double()
    x = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(convolution, (x,))


@pytest.mark.parametrize("padding", ["replicate", "reflect"])
def test_nothing_but_the_weights_is_kept_for_the_gradient(padding: str) -> None:
    convolution = FrozenConvolution(torch.randn(4, 4, 3, 3), torch.randn(4), padding)
    kept: list[tuple[int, ...]] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(tuple(t.shape)) or t, lambda t: t):
        convolution(torch.randn(1, 4, 32, 32, requires_grad=True))
    assert kept == [(4, 4, 3, 3)]


def test_channels_last_stays_channels_last() -> None:
    convolution = FrozenConvolution(torch.randn(8, 8, 3, 3), torch.randn(8))
    convolution = convolution.to(torch.bfloat16, memory_format=torch.channels_last)
    x = torch.randn(1, 8, 6, 6, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    y = convolution(x)
    assert y.dtype == torch.bfloat16
    assert y.is_contiguous(memory_format=torch.channels_last)
