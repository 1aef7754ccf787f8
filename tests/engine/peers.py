"""The reference pictures beside the development kit: photos, paintings, and what published networks made of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

SLOW = pytest.mark.long


class Peers:
    """Photos and paintings by pair, read as the references were made: shrunk in 8 bits by Lanczos' filter."""

    def __init__(self, kit: Path) -> None:
        self.folder = kit.parent / "judge"
        if not (self.folder / "pairs.csv").is_file():
            pytest.skip("the reference pictures are not beside the development kit")
        with (self.folder / "pairs.csv").open(encoding="utf-8") as file:
            self.pairs = {row["name"]: (row["content"], row["style"]) for row in csv.DictReader(file)}

    def inputs(self, pair: str, *, photo_side: int, style_side: int) -> tuple[Tensor, Tensor]:
        photo, style = self.pairs[pair]
        return self._shrunk(photo, photo_side), self._shrunk(style, style_side)

    def result(self, method: str, pair: str) -> Tensor:
        return as_tensor(Image.open(self.folder / "peers" / method / f"{pair}.png"))

    def _shrunk(self, file: str, side: int) -> Tensor:
        picture = Image.open(self.folder / file).convert("RGB")
        scale = side / max(picture.size)
        size = (round(picture.width * scale), round(picture.height * scale))
        return as_tensor(picture.resize(size, Image.Resampling.LANCZOS))


def as_tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None].float() / 255
