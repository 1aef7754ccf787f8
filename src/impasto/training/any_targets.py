"""What the fast network learns of paintings: their vectors, and what two networks see in each."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from impasto.config import AnyTraining
from impasto.engine.vectors import style_vector
from impasto.errors import ImpastoError, InputError
from impasto.images import read
from impasto.losses import Moments, moments
from impasto.models.fast import CODE_LAYERS
from impasto.training.alterations import altered
from impasto.training.pictures import pictures_in, scaled
from impasto.training.techniques import retold

__all__ = ["OnDescribed", "PaintingTargets"]

log = logging.getLogger(__name__)
OnDescribed: TypeAlias = Callable[[int, int], object]


@dataclass(frozen=True)
class PaintingTargets:
    """Of every painting that can be read, and of its altered copies: the vector, and what the judge sees (moments).

    After them come photos that were told anew in a technique.
    """

    paths: Sequence[Path]  # of the paintings; there are more vectors where there are copies
    codes: Tensor
    layers: Mapping[str, _Halved]
    retold: int = 0  # how many of the vectors, the last, are of photos told anew

    @classmethod
    def of(
        cls, config: AnyTraining, judge: nn.Module, encoder: nn.Module, on_done: OnDescribed, *, kept_out: bool
    ) -> PaintingTargets:
        """Look at the paintings to learn from, or at those that are kept out, of which there are no copies."""
        paths = pictures_in(config.paintings, kept_out=kept_out)
        photos = {} if kept_out else dict.fromkeys(_to_retell(config))  # in their order
        variants = 0 if kept_out else config.variants
        known: list[Path] = []
        codes, found, anew = [], [], 0
        for path, picture in _opened([*paths, *photos], on_done):
            if path in photos:
                shown, anew = _told_anew(config, path, picture), anew + 1
            else:
                known, shown = [*known, path], _shown(config, variants, path, picture)
            for pixels in shown:
                described = _seen(encoder, pixels)
                judged = described if judge is encoder else _seen(judge, pixels)
                codes.append(style_vector(described))
                found.append({layer: _Halved.of(one) for layer, one in judged.items()})
        if not known:
            raise InputError(f"none of the {len(paths)} paintings can be read; give a folder of pictures.")
        layers = {layer: _Halved.join([one[layer] for one in found]) for layer in CODE_LAYERS}
        return cls(known, torch.cat(codes), layers, anew)

    def moments(self, which: Sequence[int]) -> dict[str, Moments]:
        """Return the moments of some of the vectors' pictures, as one batch."""
        return {layer: self.layers[layer].moments(which) for layer in CODE_LAYERS}


def _shown(config: AnyTraining, variants: int, path: Path, painting: Tensor) -> Iterator[Tensor]:
    """Yield a painting as it is looked at, and altered copies of it."""
    yield scaled(painting, config.style_side)
    for number in range(variants):
        rng = random.Random(f"{config.seed} {path.name} {number}")  # noqa: S311 - alterations, not keys
        yield altered(painting, config.style_side, rng)


def _to_retell(config: AnyTraining) -> list[Path]:
    """Return the photos that are learnt as styles too, drawn by the seed."""
    photos = pictures_in(config.photos, kept_out=False) if config.retold else []
    rng = random.Random(f"{config.seed} retold")  # noqa: S311 - photos, not keys
    return rng.sample(photos, min(config.retold, len(photos)))


def _told_anew(config: AnyTraining, path: Path, photo: Tensor) -> Iterator[Tensor]:
    """Yield a photo told anew in a technique, half of the time altered like a copy of a painting."""
    rng = random.Random(f"{config.seed} {path.name} retold")  # noqa: S311 - techniques, not keys
    picture = retold(photo, config.style_side, rng)
    yield altered(picture, config.style_side, rng) if rng.random() < 0.5 else picture


def _opened(paths: Sequence[Path], on_done: OnDescribed) -> Iterator[tuple[Path, Tensor]]:
    """Yield the pictures that can be read, and tell how far this has come; damaged ones are passed over."""
    for number, path in enumerate(paths, 1):
        try:
            pixels = read(path).pixels
        except ImpastoError as fault:
            log.warning("%s cannot be read and is passed over (%s)", path.name, fault)
        else:
            yield path, pixels
        on_done(number, len(paths))


class _Halved(NamedTuple):
    """Moments in half the memory; in units of ``size`` (N,), since features may be larger than half precision holds."""

    size: Tensor
    mean: Tensor
    second: Tensor

    @classmethod
    def of(cls, found: Moments) -> _Halved:
        size = found.second.diagonal(dim1=-2, dim2=-1).amax(-1).sqrt().clamp_min(1e-6)
        mean, second = found.mean / size[:, None], found.second / size[:, None, None].square()
        return cls(size, mean.half(), second.half())

    @classmethod
    def join(cls, found: Sequence[_Halved]) -> _Halved:
        return cls(*(torch.cat(parts) for parts in zip(*found, strict=True)))

    def moments(self, which: Sequence[int]) -> Moments:
        size = self.size[which]
        mean, second = self.mean[which].float(), self.second[which].float()
        return Moments(torch.ones_like(size), mean * size[:, None], second * size[:, None, None].square())


def _seen(encoder: nn.Module, pixels: Tensor) -> dict[str, Moments]:
    with torch.inference_mode():
        return {layer: moments(x) for layer, x in encoder(pixels).items()}
