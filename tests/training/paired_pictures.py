"""Small pictures that resemble nothing else, and sets of pairs made of them."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.config import PairedTraining
from impasto.images import write


def drawn(seed: int, size: tuple[int, int] = (48, 64)) -> Tensor:
    """A picture of soft blobs, another one for every seed."""
    coarse = torch.rand(1, 3, 7, 9, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, size=size, mode="bicubic").clamp(0, 1)


def painted(photo: Tensor) -> Tensor:
    """What the artist would have made of it: the channels change places, and lights become darker."""
    return (photo.roll(1, dims=1) * 0.7 + 0.1).clamp(0, 1)


def make_set(folder: Path, count: int = 8, size: tuple[int, int] = (48, 64)) -> Path:
    """Write pairs ``p0.png``, ``p1.png``, … into ``folder/source`` and ``folder/target``."""
    for number in range(count):
        add_pair(folder, f"p{number}", drawn(number, size))
    return folder


def put(picture: Tensor, path: Path) -> None:
    """Write a picture, and the folder that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(picture, path, overwrite=True)


def add_pair(folder: Path, name: str, photo: Tensor, target: Tensor | None = None) -> None:
    """Write one pair."""
    for side, picture in (("source", photo), ("target", painted(photo) if target is None else target)):
        put(picture, folder / side / f"{name}.png")


def short(folder: Path, **changes: object) -> PairedTraining:
    """Options of a quick, exact training on a set."""
    facts = {
        "pairs": folder,
        "steps": 8,
        "batch": 2,
        "crop": 32,
        "width": 4,
        "depth": 2,
        "blocks": 1,
        "validate_every": 4,
        "precision": "float32",
        "device": "cpu",
    }
    return PairedTraining(**{**facts, **changes})  # type: ignore[arg-type]
