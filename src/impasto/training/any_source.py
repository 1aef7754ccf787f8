"""Batches that the fast network learns from: photos, and the styles that are asked for."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import AnyTraining
from impasto.models.fast import CODE_LAYERS
from impasto.models.grain import grain
from impasto.training.any_targets import OnDescribed, PaintingTargets
from impasto.training.any_terms import REACH, between
from impasto.training.pictures import crop, first_readable, pictures_in

__all__ = ["Source", "grain_under_moved"]

FULL_STYLE, IDENTITY = 0.80, 0.90  # below the first the whole style is asked for, between them none, above a part
BLANK_SHARE = 0.05
RETOLD_SHARE = 0.2  # of the styles, where some are photos told anew
MOST_NOISE = 0.02  # of a photo that moved: what a camera adds anew to every frame


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
        targets = PaintingTargets.of(config, judge, encoder, on_described, kept_out=kept_out)
        return cls(config, photos, targets, kept_out)

    def batch(self, number: int) -> dict[str, Tensor]:
        """Return the batch of this number, always the same; ``reuse`` in a row show the same photos."""
        rng, photo_rng = self._random(number), self._random(number // self.config.reuse, "photos")
        count, side = self.config.batch, self.config.crop
        wide = torch.stack([self._photo(photo_rng) for _ in range(count)])  # REACH pixels more at every edge
        cells = side // 4 + 2 * REACH // 4
        grains = torch.cat([grain((cells, cells), seed=rng.getrandbits(31)) for _ in range(count)])
        return {
            "photo": _window(wide, side).contiguous(memory_format=torch.channels_last),
            "grain": _window(grains, side // 4),
            "strength": torch.tensor([_strength(rng) for _ in range(count)]),
            **self._styles(rng),
            **(self._moved(wide, grains, rng) if self.config.steadiness_weight else {}),
        }

    def _moved(self, wide: Tensor, grains: Tensor, rng: random.Random) -> dict[str, Tensor]:
        """Return half of the photos as the next frame of a film would show them, by some pixels further."""
        side, count = self.config.crop, -(-len(wide) // 2)
        motion = rng.randrange(-REACH, REACH), rng.randrange(-REACH, REACH)
        noise = torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(rng.getrandbits(63)))
        moved = _window(wide[:count], side, motion) + rng.uniform(0, MOST_NOISE) * noise
        return {
            "moved": moved.contiguous(memory_format=torch.channels_last),
            "moved_grain": grain_under_moved(grains[:count], side // 4, motion),
            "motion": torch.tensor(motion),
        }

    def _random(self, number: int, purpose: str = "") -> random.Random:
        return random.Random(f"{self.config.seed} {number} {self.kept_out}{purpose}")  # noqa: S311 - crops, not keys

    def _styles(self, rng: random.Random) -> dict[str, Tensor]:
        """Return one style for each sample; every eighth is a mixture of two."""
        pairs = [[self._any_style(rng) for _ in range(2)] for _ in range(self.config.batch)]
        shares = torch.tensor([rng.random() if rng.random() < 1 / 8 else 0.0 for _ in pairs])
        one, other = ([pair[place] for pair in pairs] for place in range(2))
        first, second = self.targets.moments(one), self.targets.moments(other)
        mixed = {layer: between(first[layer], second[layer], shares) for layer in CODE_LAYERS}
        anew = torch.tensor(pairs) >= len(self.targets.codes) - self.targets.retold
        return {
            "may_weave": anew[:, 0] | (anew[:, 1] & (shares > 0)),
            "code": torch.lerp(self.targets.codes[one], self.targets.codes[other], shares[:, None]),
            **{f"{layer}.mean": style.mean for layer, style in mixed.items()},
            **{f"{layer}.second": style.second for layer, style in mixed.items()},
        }

    def _any_style(self, rng: random.Random) -> int:
        """Draw a style: photos told anew a stated share of the time, however many paintings there are."""
        count, retold = len(self.targets.codes), self.targets.retold
        if retold and rng.random() < RETOLD_SHARE:
            return rng.randrange(count - retold, count)
        return rng.randrange(count - retold)

    def _photo(self, rng: random.Random) -> Tensor:
        if rng.random() < BLANK_SHARE:
            return _blank(self.config.crop + 2 * REACH, rng)

        def draw() -> Path:
            return rng.choice(self.photos if rng.random() < 0.88 else self.targets.paths)

        return self._cut(draw, rng)

    def _cut(self, draw: Callable[[], Path], rng: random.Random) -> Tensor:
        """Cut a crop from a picture as large as pictures are painted in use."""
        painted_side = round(self.config.style_side * self.config.finer)
        return crop(first_readable(draw), self.config.crop + 2 * REACH, rng, painted_side)

    def sheet(self, network: nn.Module) -> Tensor:
        """Paint three photos in four styles each, as one picture (1, 3, H, W)."""
        rng = random.Random(self.config.seed)  # noqa: S311
        side = self.config.crop
        rows = []
        for _ in range(3):
            photo = _window(self._cut(lambda: rng.choice(self.photos), rng)[None], side)
            chosen = [rng.randrange(len(self.targets.codes)) for _ in range(4)]
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


def _window(wide: Tensor, side: int, motion: tuple[int, int] = (0, 0)) -> Tensor:
    """Return the middle (B, C, side, side) of wider pictures, or what lies so many pixels below and right of it."""
    top, left = ((length - side) // 2 + step for length, step in zip(wide.shape[2:], motion, strict=True))
    return wide[..., top : top + side, left : left + side]


def grain_under_moved(wide: Tensor, side: int, motion: tuple[int, int]) -> Tensor:
    """Return the noise under a photo that moved, from a field that is wider; fine noise takes its nearest cell."""
    steps = [step / 4 for step in motion]
    fine = _window(wide[:, :1], side, (round(steps[0]), round(steps[1])))
    coarse = wide[:, 1:]
    for dim, step in enumerate(steps, 2):
        first = math.floor(step) + (coarse.shape[dim] - side) // 2
        coarse = torch.lerp(
            coarse.narrow(dim, first, side), coarse.narrow(dim, first + 1, side), step - math.floor(step)
        )
    return torch.cat([fine, coarse], 1)
