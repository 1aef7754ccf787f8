"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def kit() -> Path:
    """The development kit of pictures and published weights; tests that need it skip where it is missing."""
    folder = Path(os.environ.get("IMPASTO_KIT", REPOSITORY.parent / "shared" / "kit"))
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("the development kit is not here (set IMPASTO_KIT to its folder)")
    return folder


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same random state."""
    torch.manual_seed(0)
