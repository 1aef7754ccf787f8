"""Pictures to learn from: folders, a stable share kept out of training, and random crops."""

from __future__ import annotations

import hashlib
import logging
import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImpastoError, InputError
from impasto.images import fit_long_side, read, resize
from impasto.images.formats import READABLE, is_picture

__all__ = ["crop", "crops", "disturb", "first_readable", "is_kept_out", "pictures_in", "scaled", "shrunk"]

log = logging.getLogger(__name__)
NEARLY = 1.3  # how much longer or shorter a picture of about some size may be
MOST_FAILURES = 50  # in a row: then the folder is gone, not a picture damaged


def pictures_in(folder: Path, *, kept_out: bool | None = None) -> list[Path]:
    """Return the pictures below a folder, sorted, so that a seed means the same everywhere.

    ``kept_out`` chooses those that are (or are not) kept out of training, see :func:`is_kept_out`.
    """
    if not folder.is_dir():
        raise InputError(f"{folder.name} is not a folder; give a folder that holds pictures.")
    found = sorted(path for path in folder.rglob("*") if is_picture(path) and path.is_file())
    if not found:
        raise InputError(f"no pictures were found in {folder.name}; give a folder that holds {READABLE}.")
    chosen = [path for path in found if kept_out is None or is_kept_out(path) is kept_out]
    if not chosen:
        which = "kept out of training" if kept_out else "learnt from"
        raise InputError(
            f"of the {len(found)} pictures in {folder.name} none is {which}, since a sixteenth is kept out by their "
            "names; give more of them."
        )
    return chosen


def is_kept_out(path: Path) -> bool:
    """Say whether a picture belongs to the sixteenth that no training ever sees.

    Decided by the name's hash, so that it holds for every training and every benchmark without a list.
    """
    return int(hashlib.sha256(path.name.encode()).hexdigest(), 16) % 16 == 0


def crops(
    sources: Sequence[Sequence[Path]],
    shares: Sequence[float],
    *,
    size: int,
    count: int,
    rng: random.Random,
    per_picture: int = 1,
    long_side: int | None = None,
) -> Iterator[Tensor]:
    """Yield batches (count, 3, size, size) of random crops at random scales, for ever.

    ``sources`` are groups of pictures, drawn in proportion to ``shares``. More crops from each picture that is
    opened save time, at the price of batches that resemble themselves. With ``long_side`` the crops are parts of
    pictures about so long; without it, anything from a whole picture to its own pixels.
    """

    def draw() -> Path:
        return rng.choice(rng.choices(sources, shares)[0])

    while True:
        batch: list[Tensor] = []
        while len(batch) < count:
            picture = first_readable(draw)
            batch += [crop(picture, size, rng, long_side) for _ in range(min(per_picture, count - len(batch)))]
        yield torch.stack(batch).contiguous(memory_format=torch.channels_last)


def first_readable(draw: Callable[[], Path]) -> Tensor:
    """Draw until a picture can be read, (1, 3, H, W); damaged ones are passed over, unless nothing else comes."""
    failures = 0
    while True:
        path = draw()
        try:
            return read(path).pixels
        except ImpastoError as fault:
            failures += 1
            log.warning("%s cannot be read and is passed over (%s)", path.name, fault)
            if failures == MOST_FAILURES:
                raise InputError(f"{failures} pictures in a row could not be read, {path.name} the last.") from fault


def crop(picture: Tensor, size: int, rng: random.Random, long_side: int | None = None) -> Tensor:
    """Cut a square (3, size, size) of a random scale."""
    height, width = picture.shape[-2:]
    short = min(height, width)
    least, most = (0.7 * size, short) if long_side is None else _about(size * max(height, width) / long_side)
    shares = (math.log(min(1.0, side / short)) for side in (least, most))
    side = max(1, int(short * math.exp(rng.uniform(*shares))))
    left, top = int(rng.uniform(0, width - side + 1)), int(rng.uniform(0, height - side + 1))
    left, top = min(left, width - side), min(top, height - side)  # `uniform` may give its upper end
    cut = resize(picture[..., top : top + side, left : left + side], (size, size))[0]
    return cut.flip(2) if rng.random() < 0.5 else cut


def _about(side: float) -> tuple[float, float]:
    return side / NEARLY, side * NEARLY


def scaled(picture: Tensor, side: int) -> Tensor:
    """Return a picture (1, C, H, W) whose long side is ``side``."""
    return resize(picture, fit_long_side((picture.shape[-2], picture.shape[-1]), side))


def shrunk(picture: Tensor, times: float) -> Tensor:
    """Return a picture so many times smaller."""
    if times == 1:
        return picture
    size = [round(side / times) for side in picture.shape[-2:]]
    return F.interpolate(picture, size=size, mode="bilinear", antialias=True)


def disturb(batch: Tensor, rng: random.Random) -> Tensor:
    """Bring some pictures nearer to what an optimiser walks through: noise, blur, shifted color, ghosts, grey."""
    pictures = [_disturb_one(one, other, rng) for one, other in zip(batch, batch.roll(1, 0), strict=True)]
    return torch.stack(pictures).clamp(0, 1).contiguous(memory_format=torch.channels_last)


def _disturb_one(one: Tensor, other: Tensor, rng: random.Random) -> Tensor:
    kind = rng.random()
    noise = torch.Generator().manual_seed(rng.getrandbits(63))
    if kind < 0.10:
        return one + torch.randn(one.shape, generator=noise) * rng.uniform(0.01, 0.15)
    if kind < 0.18:
        small = F.avg_pool2d(one[None], rng.choice((2, 3, 4)))
        return F.interpolate(small, size=one.shape[1:], mode="bilinear", align_corners=False)[0]
    if kind < 0.28:
        gain, shift = torch.rand(3, 1, 1, generator=noise), torch.rand(3, 1, 1, generator=noise)
        return one * (0.5 + gain) + (shift - 0.5) * 0.5
    if kind < 0.36:
        return torch.lerp(one, other, rng.uniform(0.2, 0.8))
    if kind < 0.40:
        return 0.5 + (one - 0.5) * rng.uniform(0.0, 0.5) + torch.randn(one.shape, generator=noise) * 0.1
    return one
