"""Small pictures, and files made of them in every way a camera or a program might."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

Colors = NDArray[np.float64]


@pytest.fixture
def soft_picture() -> Tensor:
    """A picture without hard edges, which every lossy format keeps well."""
    coarse = torch.rand(1, 3, 3, 4, generator=torch.Generator().manual_seed(1))
    return interpolate(coarse, size=(24, 36), mode="bicubic", align_corners=True).clamp(0.1, 0.9)


@pytest.fixture
def soft_alpha() -> Tensor:
    """Transparency from 0 on the left to 1 on the right."""
    return torch.linspace(0, 1, 36).expand(1, 1, 24, 36).clone()


@pytest.fixture
def colors16() -> NDArray[np.uint16]:
    """Sixteen-bit colors with something in every bit."""
    return np.random.default_rng(0).integers(0, 65536, (9, 7, 3)).astype(np.uint16)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes, str], Path]:
    """Save bytes as a file and return its path."""

    def save(data: bytes, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save
