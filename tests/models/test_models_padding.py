"""Padding by one pixel: what is at the edge, and in which precision."""

from __future__ import annotations

import pytest
import torch

from impasto.models.padding import pad_by_one


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
