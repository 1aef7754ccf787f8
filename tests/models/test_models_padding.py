"""Padding by one pixel: what is at the edge, and in which precision."""

from __future__ import annotations

import pytest
import torch

from impasto.models.padding import convolved, pad_by_one


def test_one_pixel_is_repeated_and_more_are_reflected() -> None:
    row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert pad_by_one(row)[0, 0, 0].tolist() == [1, 1, 2, 3, 3]
    square = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert pad_by_one(square)[0, 0, 0].tolist() == [4, 3, 4, 3]
    assert pad_by_one(square, "replicate")[0, 0, 0].tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize("edge", ["reflect", "replicate"])
def test_automatic_precision_leaves_a_map_as_it_is(edge: str) -> None:
    x = torch.rand(1, 2, 3, 4, dtype=torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        padded = pad_by_one(x, edge)
    assert padded.dtype == torch.bfloat16
    assert torch.equal(padded, pad_by_one(x, edge))


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("kernel", [3, 9])
def test_a_single_column_is_convolved_as_in_float32(width: int, kernel: int) -> None:
    """PyTorch itself reads beyond the end there."""
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(1, 16, 190 + kernel, 2 * (width - 1) + kernel, generator=draw)
    kernels = torch.randn(32, 16, kernel, kernel, generator=draw) / kernel
    exact = convolved(x, kernels, stride=2)
    assert exact.shape == (1, 32, 96, width)
    halves = [one.bfloat16().contiguous(memory_format=torch.channels_last) for one in (x, kernels)]
    for _ in range(4):
        assert (convolved(*halves, stride=2).float() - exact).abs().max() < 0.1
