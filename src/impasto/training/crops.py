"""Crops of pairs, by number: the same place of a photo and of its partner."""

from __future__ import annotations

import logging
import random
import statistics
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from impasto.config import PairedTraining
from impasto.errors import InputError
from impasto.images import read, resize
from impasto.training.pairs import Pair

__all__ = ["PairCrops", "sheet_of"]

log = logging.getLogger(__name__)
MOST_CACHED = 1_500_000_000  # bytes of pictures that are kept decoded
SHEET_SIDE = 256
TYPICAL = 50  # pictures that tell what is usual

Both = tuple[Tensor, Tensor]


class PairCrops:
    """Batches of crops from pairs, each decided by its number and the seed alone.

    Every picture is shown once before any is shown again. ``is_still`` takes the middle and never mirrors: for
    validation.
    """

    def __init__(self, pairs: Sequence[Pair], config: PairedTraining, *, is_still: bool = False) -> None:
        self.pairs, self.config, self.is_still = list(pairs), config, is_still
        self._known: dict[int, Tensor | None] = {}  # both pictures of a pair as bytes (2, 3, H, W); None is broken
        self._room = MOST_CACHED

    @property
    def batches(self) -> int:
        """How many batches show every picture once; the last may be filled up from the beginning."""
        return -(-len(self.pairs) // self.config.batch)

    @property
    def side(self) -> int:
        """The usual long side of the pictures."""
        sides = [
            max(both.shape[2:]) for both in map(self._read, range(min(TYPICAL, len(self.pairs)))) if both is not None
        ]
        return int(statistics.median(sides)) if sides else self.config.crop

    def batch(self, number: int) -> Both:
        """Return photos and targets, each (batch, 3, crop, crop)."""
        count = self.config.batch
        cut = [self._crop(place) for place in range(number * count, (number + 1) * count)]
        photos, targets = torch.stack(cut).float().div(255).unbind(1)
        return tuple(side.contiguous(memory_format=torch.channels_last) for side in (photos, targets))  # type: ignore[return-value]

    def wholes(self, count: int) -> list[Both]:
        """Return some whole pairs, (1, 3, H, W) each."""
        chosen = [self._read(number) for number in range(min(count, len(self.pairs)))]
        return [both_of(one) for one in chosen if one is not None]

    def _crop(self, place: int) -> Tensor:
        """Cut out what stands at this place of the endless row of pictures, (2, 3, crop, crop)."""
        turn, index = divmod(place, len(self.pairs))
        order = list(range(len(self.pairs)))
        if not self.is_still:
            random.Random(f"{self.config.seed} {turn}").shuffle(order)  # noqa: S311 - it orders pictures
        rng = random.Random(f"{self.config.seed} {place}")  # noqa: S311 - it chooses crops, not keys
        both = self._readable(order[index:] + order[:index])
        side = self.config.crop
        if min(both.shape[2:]) < side:
            height, width = (max(side, length) for length in both.shape[2:])
            both = resize(both.float() / 255, (height, width)).mul(255).round().byte()
        top, left = (self._start(length - side, rng) for length in both.shape[2:])
        cut = both[..., top : top + side, left : left + side]
        return cut.flip(3) if self.config.flip and not self.is_still and rng.random() < 0.5 else cut

    def _start(self, room: int, rng: random.Random) -> int:
        return room // 2 if self.is_still else rng.randint(0, room)

    def _readable(self, order: Sequence[int]) -> Tensor:
        """Return the first pair in this order that can be read."""
        for number in order:
            both = self._read(number)
            if both is not None:
                return both
        raise InputError(f"none of the {len(order)} pairs can be read any more; is their folder still there?")

    def _read(self, number: int) -> Tensor | None:
        if number in self._known:
            return self._known[number]
        try:
            both = read_pair(self.pairs[number])
        except InputError as fault:
            log.warning("%s is passed over: %s", self.pairs[number].name, fault)
            self._known[number] = None
            return None
        if both.numel() <= self._room:
            self._room -= both.numel()
            self._known[number] = both
        return both


def read_pair(pair: Pair) -> Tensor:
    """Return photo and target as bytes (2, 3, H, W), at the size of the smaller of the two."""
    photo, target = (read(path).pixels for path in (pair.source, pair.target))
    size = min((one.shape[-2], one.shape[-1]) for one in (photo, target))
    return torch.cat([resize(one, size) for one in (photo, target)]).mul(255).round().byte()


def both_of(both: Tensor) -> Both:
    """Return bytes (2, 3, H, W) as photo and target in [0, 1]."""
    pictures = both.float() / 255
    return pictures[:1], pictures[1:]


def sheet_of(network: nn.Module, samples: Sequence[Both]) -> Tensor:
    """Paint samples: a row each of source, predicted and ground truth, as one picture (1, 3, H, W)."""
    device = next(network.parameters()).device
    rows = []
    for photo, target in samples:
        painted = network(photo.to(device)).float().cpu().clamp(0, 1)
        row = torch.cat([photo, painted, target], 3)
        height = round(SHEET_SIDE * row.shape[2] / photo.shape[3])
        rows.append(resize(row, (height, 3 * SHEET_SIDE)))
    return torch.cat(rows, 2)
