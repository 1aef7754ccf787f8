"""Continuing a picture by mirroring, up to a size that a network takes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from impasto.models.extending import mirrored, whole_cells


def test_a_short_continuation_is_torchs_reflection():
    x = torch.rand(1, 3, 5, 7)
    assert torch.equal(mirrored(x, (8, 12)), F.pad(x, (0, 5, 0, 3), mode="reflect"))


def test_a_long_continuation_goes_there_and_back():
    x = torch.arange(3.0).view(1, 1, 1, 3)
    assert mirrored(x, (1, 11)).flatten().tolist() == [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]


def test_a_single_pixel_is_repeated():
    assert torch.equal(mirrored(torch.full((1, 3, 1, 1), 0.5), (4, 5)), torch.full((1, 3, 4, 5), 0.5))


@pytest.mark.parametrize(
    ("size", "least", "expected"), [((8, 9), 1, (8, 16)), ((1, 17), 2, (16, 24)), ((16, 24), 2, (16, 24))]
)
def test_sizes_are_brought_to_whole_cells(size, least, expected):
    assert whole_cells(size, 8, least=least) == expected
