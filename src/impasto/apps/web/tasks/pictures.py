"""Uploaded pictures: checked and made ready once, used by every other task."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from impasto.apps.web.calls import Call
from impasto.apps.web.uploads import ORIGINAL
from impasto.images import Picture, fit_long_side, harbour, over_white, read, read_small, resize, write

__all__ = ["SAMPLE_SIZE", "admit", "original", "original_bytes", "show", "working_copy"]

SAMPLE_SIZE = (720, 960)
SHOWN_QUALITY = 88


def admit(call: Call) -> dict[str, Any]:
    """Check an uploaded picture, and keep beside it a copy of the size that is worked with on the page.

    What is no picture, or too large a one, is refused before its pixels are decoded.
    """
    most = round(call.arguments["megapixels"] * 1e6)
    picture, (height, width) = read_small(call.folder / ORIGINAL, call.arguments["preview"], max_pixels=most)
    save_file({"pixels": (picture.pixels * 255).round().byte()}, call.folder / "working.safetensors")
    facts = {"name": call.arguments["name"], "sha256": picture.sha256, "height": height, "width": width}
    (call.folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    show(over_white(picture.pixels, picture.alpha), call.folder / "shown.jpg")
    return facts


def working_copy(folder: str | None) -> Picture:
    """Return an admitted picture at the size of the page; the sample where no folder is given."""
    return _sample() if folder is None else _working_copy(folder)


def original(folder: str | None) -> Picture:
    """Return an admitted picture as it was uploaded, under the name that the visitor knows."""
    if folder is None:
        return _sample()
    return replace(read(Path(folder) / ORIGINAL), name=_facts(folder)["name"])


def original_bytes(folder: str | None) -> int:
    """Return how many bytes of memory the picture takes as it was uploaded."""
    height, width = SAMPLE_SIZE if folder is None else (_facts(folder)[side] for side in ("height", "width"))
    return int(height * width * 3 * 4)


def show(picture: Tensor, path: Path, *, long_side: int | None = None) -> None:
    """Write a picture for the page, at its size or smaller."""
    size = (picture.shape[-2], picture.shape[-1])
    if long_side is not None and max(size) > long_side:
        picture = resize(picture, fit_long_side(size, long_side))
    write(picture, path, quality=SHOWN_QUALITY, overwrite=True)


@lru_cache(maxsize=1)
def _sample() -> Picture:
    return Picture(harbour(SAMPLE_SIZE), name="harbour.png")


@lru_cache(maxsize=4)  # the last few visitors' photos: moving a slider reads nothing again
def _working_copy(folder: str) -> Picture:
    facts = _facts(folder)
    pixels = load_file(Path(folder) / "working.safetensors")["pixels"]
    return Picture(pixels.to(torch.float32) / 255, name=facts["name"], sha256=facts["sha256"])


def _facts(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(folder) / "facts.json").read_text(encoding="utf-8"))
    return found
