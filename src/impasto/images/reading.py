"""Reading pictures: any file in, one kind of picture out, or one sentence that says why not."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.images.alpha import fill_transparent
from impasto.images.decoding import decode
from impasto.images.opening import opened
from impasto.images.picture import Picture
from impasto.images.resizing import fit_long_side, resize
from impasto.weights import file_sha256

__all__ = ["read", "read_small"]


def read(path: str | os.PathLike[str], *, max_pixels: int | None = None) -> Picture:
    """Read a picture file: JPEG, PNG, WebP, TIFF, BMP, GIF (first frame), AVIF or HEIC.

    The result is upright, in sRGB and in the precision of the file. Pictures of more than ``max_pixels`` (by
    default 250 million, or what the environment variable ``IMPASTO_MAX_PIXELS`` says) are refused before
    they are decoded. Raises :class:`~impasto.errors.InputError` for whatever cannot be read.
    """
    return _read(Path(path), max_pixels)[0]


def read_small(
    path: str | os.PathLike[str], long_side: int, *, max_pixels: int | None = None
) -> tuple[Picture, tuple[int, int]]:
    """Read a picture scaled down to ``long_side`` where it is larger, and return its full size too.

    It is refused for the same reasons as by :func:`read`, and large photographs come in a fraction of the time.
    """
    picture, full_size = _read(Path(path), max_pixels, long_side)
    size = fit_long_side(full_size, min(long_side, max(full_size)))
    alpha = None if picture.alpha is None else resize(picture.alpha, size)
    return replace(picture, pixels=resize(picture.pixels, size), alpha=alpha), full_size


def _read(path: Path, max_pixels: int | None, long_side: int | None = None) -> tuple[Picture, tuple[int, int]]:
    with opened(path, max_pixels) as source:
        decoded = decode(source, long_side)
        pixels = _tensor(decoded.color.transpose(2, 0, 1))
        alpha = None if decoded.alpha is None else _tensor(decoded.alpha[None])
        digest = file_sha256(path)
    picture = Picture(
        pixels=pixels if alpha is None else fill_transparent(pixels, alpha),
        alpha=alpha,
        metadata=decoded.metadata,
        bits=decoded.bits,
        name=path.name,
        sha256=digest,
    )
    return picture, decoded.full_size


def _tensor(planes: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(planes, dtype=np.float32)).unsqueeze(0)
