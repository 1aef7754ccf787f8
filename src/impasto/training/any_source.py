"""What the fast network learns from: photos, and what two networks see in every painting."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import AnyTraining
from impasto.engine.vectors import style_vector
from impasto.errors import ImpastoError, InputError
from impasto.images import read
from impasto.losses import Moments, moments
from impasto.models.fast import CODE_LAYERS
from impasto.models.grain import grain
from impasto.training.any_terms import between
from impasto.training.pictures import crop, first_readable, pictures_in, scaled

__all__ = ["OnDescribed", "PaintingTargets", "Source"]

log = logging.getLogger(__name__)
FULL_STYLE, IDENTITY = 0.80, 0.90  # below the first the whole style is asked for, between them none, above a part
BLANK_SHARE = 0.05
OnDescribed: TypeAlias = Callable[[int, int], object]


@dataclass(frozen=True)
class PaintingTargets:
    """Of every painting that can be read: its vector, and what the judge sees (moments by layer)."""

    paths: Sequence[Path]
    codes: Tensor
    layers: Mapping[str, _Halved]

    @classmethod
    def of(
        cls, paths: Sequence[Path], judge: nn.Module, encoder: nn.Module, side: int, on_done: OnDescribed
    ) -> PaintingTargets:
        """Look at paintings whose long side is brought to ``side``."""
        known, codes, found = [], [], []
        for path, painting in _opened(paths, on_done):
            pixels = scaled(painting, side)
            described = _seen(encoder, pixels)
            judged = described if judge is encoder else _seen(judge, pixels)
            known.append(path)
            codes.append(style_vector(described))
            found.append({layer: _Halved.of(one) for layer, one in judged.items()})
        if not known:
            raise InputError(f"none of the {len(paths)} paintings can be read; give a folder of pictures.")
        layers = {layer: _Halved.join([one[layer] for one in found]) for layer in CODE_LAYERS}
        return cls(known, torch.cat(codes), layers)

    def moments(self, which: Sequence[int]) -> dict[str, Moments]:
        """Return the moments of some of the paintings, as one batch."""
        return {layer: self.layers[layer].moments(which) for layer in CODE_LAYERS}


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


@dataclass(frozen=True)
class Source:
    """Photos and paintings to draw batches from."""

    config: AnyTraining
    photos: Sequence[Path]
    targets: PaintingTargets
    kept_out: bool

    @classmethod
    def of(
        cls, config: AnyTraining, judge: nn.Module, encoder: nn.Module, on_described: OnDescribed, *, kept_out: bool
    ) -> Source:
        """Look at all the paintings."""
        photos = pictures_in(config.photos, kept_out=kept_out)
        paintings = pictures_in(config.paintings, kept_out=kept_out)
        targets = PaintingTargets.of(paintings, judge, encoder, config.style_side, on_described)
        return cls(config, photos, targets, kept_out)

    def batch(self, number: int) -> dict[str, Tensor]:
        """Return the batch of this number, always the same; ``reuse`` in a row show the same photos."""
        rng, photo_rng = self._random(number), self._random(number // self.config.reuse, "photos")
        count, side = self.config.batch, self.config.crop
        photos = torch.stack([self._photo(photo_rng) for _ in range(count)])
        grains = [grain((side // 4, side // 4), seed=rng.getrandbits(31)) for _ in range(count)]
        return {
            "photo": photos.contiguous(memory_format=torch.channels_last),
            "grain": torch.cat(grains),
            "strength": torch.tensor([_strength(rng) for _ in range(count)]),
            **self._styles(rng),
        }

    def _random(self, number: int, purpose: str = "") -> random.Random:
        return random.Random(f"{self.config.seed} {number} {self.kept_out}{purpose}")  # noqa: S311 - crops, not keys

    def _styles(self, rng: random.Random) -> dict[str, Tensor]:
        """Return one style for each sample; every eighth is a mixture of two."""
        pairs = [[rng.randrange(len(self.targets.paths)) for _ in range(2)] for _ in range(self.config.batch)]
        shares = torch.tensor([rng.random() if rng.random() < 1 / 8 else 0.0 for _ in pairs])
        one, other = ([pair[place] for pair in pairs] for place in range(2))
        first, second = self.targets.moments(one), self.targets.moments(other)
        mixed = {layer: between(first[layer], second[layer], shares) for layer in CODE_LAYERS}
        return {
            "code": torch.lerp(self.targets.codes[one], self.targets.codes[other], shares[:, None]),
            **{f"{layer}.mean": style.mean for layer, style in mixed.items()},
            **{f"{layer}.second": style.second for layer, style in mixed.items()},
        }

    def _photo(self, rng: random.Random) -> Tensor:
        if rng.random() < BLANK_SHARE:
            return _blank(self.config.crop, rng)

        def draw() -> Path:
            return rng.choice(self.photos if rng.random() < 0.88 else self.targets.paths)

        return self._cut(draw, rng)

    def _cut(self, draw: Callable[[], Path], rng: random.Random) -> Tensor:
        """Cut a crop from a picture as large as pictures are painted in use."""
        painted_side = round(self.config.style_side * self.config.finer)
        return crop(first_readable(draw), self.config.crop, rng, painted_side)

    def sheet(self, network: nn.Module) -> Tensor:
        """Paint three photos in four styles each, as one picture (1, 3, H, W)."""
        rng = random.Random(self.config.seed)  # noqa: S311
        side = self.config.crop
        rows = []
        for _ in range(3):
            photo = self._cut(lambda: rng.choice(self.photos), rng)[None]
            chosen = [rng.randrange(len(self.targets.paths)) for _ in range(4)]
            vectors = self.targets.codes[chosen]
            field = grain((side // 4, side // 4), seed=0).expand(4, -1, -1, -1)
            painted = network(photo.expand(4, -1, -1, -1), network.modulation(vectors), field)  # type: ignore[operator]
            rows.append(torch.cat([photo, *painted.float().clamp(0, 1).split(1)], 3))
        return torch.cat(rows, 2)


def _strength(rng: random.Random) -> float:
    kind = rng.random()
    if kind < FULL_STYLE:
        return 1.0
    return 0.0 if kind < IDENTITY else rng.random()


def _blank(side: int, rng: random.Random) -> Tensor:
    """Return one color, or a gradient between four."""
    one = torch.tensor([rng.random() for _ in range(3)]).view(3, 1, 1)
    spread = rng.choice((0.0, 0.15, 0.5))
    corners = one + spread * torch.tensor([rng.uniform(-1, 1) for _ in range(12)]).view(3, 2, 2)
    return F.interpolate(corners[None], size=(side, side), mode="bilinear", align_corners=True)[0].clamp(0, 1)


def _seen(encoder: nn.Module, pixels: Tensor) -> dict[str, Moments]:
    with torch.inference_mode():
        return {layer: moments(x) for layer, x in encoder(pixels).items()}
