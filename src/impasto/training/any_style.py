"""Train the fast network: any photo, any painting, one pass.

Johnson, Alahi & Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (ECCV 2016) trained a
network with the losses of painting by optimisation; Huang & Belongie (ICCV 2017) did so for any style. Departures:

- Styles are compared as Gaussians along random directions (Bonneel et al., "Sliced and Radon Wasserstein Barycenters of
  Measures", 2015): faint directions of the features count as they do for the eye, where a Gram matrix sees the strong.
- Every term is in units of the pair: a distance of 1 is the photo as it is.
- Some samples ask for a part of the style only, down to none: the target is then a collage of photo and style, so the
  strength dial and the picture that is its own style are learnt and not hoped for.
- Some photos are blank or a gradient, since skies are where such networks fail.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import AnyTraining
from impasto.engine.vectors import style_vector
from impasto.errors import OptionError
from impasto.images import fit_long_side, read, resize
from impasto.losses import Moments, moments, normalized_content_loss, total_variation
from impasto.models.encoder import embedded_encoder
from impasto.models.fast import CODE_LAYERS, STRIDE, FastNetwork, embedded_fast
from impasto.models.grain import grain
from impasto.models.reading import write_tensors
from impasto.training.fitting import Fitted, Lesson, OnFitStep, fit, silent
from impasto.training.pictures import pictures_in

__all__ = ["MODEL", "PaintingTargets", "any_style_lesson", "train_any"]

MODEL = "fast.safetensors"

CONTENT_LAYERS = ("relu3_1", "relu4_1")
FULL_STYLE, IDENTITY = 0.80, 0.90  # below the first the whole style is asked for, between them none, above a part
BLANK_SHARE = 0.05
LEAST_REFERENCE = 0.1  # of the style's own size: photos that are near their style already are not pushed to perfection
VALIDATION_BATCHES = 12
OnDescribed: TypeAlias = Callable[[int, int], object]
LATTICE = 8  # pixels: what the deepest layers could leave behind; the network itself takes out shorter ones


@dataclass(frozen=True)
class PaintingTargets:
    """What the encoder sees in every painting: moments by layer, each (N, …), in half precision."""

    means: Mapping[str, Tensor]
    seconds: Mapping[str, Tensor]

    @classmethod
    def of(cls, paths: Sequence[Path], encoder: nn.Module, side: int, on_done: OnDescribed) -> PaintingTargets:
        """Look at paintings whose long side is brought to ``side``."""
        found: list[dict[str, Moments]] = []
        for number, path in enumerate(paths):
            found.append(_seen(encoder, scaled(read(path).pixels, side)))
            on_done(number + 1, len(paths))
        means = {layer: torch.cat([one[layer].mean for one in found]).half() for layer in CODE_LAYERS}
        return cls(means, {layer: torch.cat([one[layer].second for one in found]).half() for layer in CODE_LAYERS})

    def moments(self, which: Sequence[int]) -> dict[str, Moments]:
        """Return the moments of some of the paintings, as one batch."""
        weight = torch.ones(len(which))
        return {
            layer: Moments(weight, self.means[layer][which].float(), self.seconds[layer][which].float())
            for layer in CODE_LAYERS
        }

    def vectors(self) -> Tensor:
        """Return the vector of every painting, (N, CODE_LENGTH)."""
        rows = range(next(iter(self.means.values())).shape[0])
        return torch.cat([style_vector(self.moments([row])) for row in rows])


def train_any(
    config: AnyTraining, run: Path, *, on_step: OnFitStep = silent, on_described: OnDescribed = lambda _done, _all: None
) -> Fitted:
    """Train in the folder ``run``, going on from its last checkpoint; ``run / MODEL`` is the network.

    First every painting is looked at, which is told to ``on_described`` (done, of how many).
    """
    if config.crop % STRIDE:
        raise OptionError(f"crop is {config.crop}; allowed are multiples of {STRIDE}.")
    return fit(any_style_lesson(config, run, on_described), run, config, on_step=on_step)


def any_style_lesson(config: AnyTraining, run: Path, on_described: OnDescribed) -> Lesson:
    """Return what the fast network learns from folders of photos and paintings."""
    encoder = _encoder()
    learnt, kept_out = (_Source.of(config, encoder, on_described, kept_out=kept_out) for kept_out in (False, True))
    network = _network(config, learnt.targets)
    return Lesson(
        network=network,
        terms=Terms(encoder, config),
        batch=learnt.batch,
        kept_out=[kept_out.batch(number) for number in range(VALIDATION_BATCHES)],
        export=lambda average: export(average, run / MODEL),
        sheet=kept_out.sheet,
        helpers=(encoder,),
    )


def export(network: nn.Module, path: Path) -> None:
    """Write the network in half precision, as it is shipped."""
    tensors = {name: value.detach().cpu().half() for name, value in network.state_dict().items()}
    write_tensors(path, tensors, {})


def _network(config: AnyTraining, targets: PaintingTargets) -> FastNetwork:
    torch.manual_seed(config.seed)
    network = FastNetwork()
    if config.from_weights is None:
        network.predictor.measure(targets.vectors())
    else:
        network.load_state_dict(embedded_fast(weights=config.from_weights).state_dict())
    return network


class Terms:
    """The loss of a batch, by term."""

    def __init__(self, encoder: nn.Module, config: AnyTraining) -> None:
        self.encoder, self.config = encoder, config

    def __call__(self, network: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Paint the photos of ``batch`` and say what is wrong with the result."""
        photo, strength = batch["photo"], batch["strength"]
        with torch.no_grad():
            photo_features = self.encoder(photo)
            photo_moments = {layer: moments(photo_features[layer]) for layer in CODE_LAYERS}
            style_moments = {
                layer: Moments(torch.ones_like(strength), batch[f"{layer}.mean"], batch[f"{layer}.second"])
                for layer in CODE_LAYERS
            }
            asked = {layer: _between(photo_moments[layer], style_moments[layer], strength) for layer in CODE_LAYERS}
        painted = network(photo, network.modulation(style_vector(asked)), batch["grain"]).float()  # type: ignore[operator]
        features = self.encoder(painted)
        style = torch.stack(
            [
                self._style(moments(features[layer]), photo_moments[layer], style_moments[layer], asked[layer])
                for layer in CODE_LAYERS
            ]
        )
        shapes = [normalized_content_loss(features[layer], photo_features[layer]) for layer in CONTENT_LAYERS]
        same = (painted - photo).abs().mean((1, 2, 3)) * (1 - strength).square()
        outside = F.relu(painted - 1) + F.relu(-painted)
        return {
            "style": self.config.style_weight * style.mean(),
            "content": self.config.content_weight * torch.stack(shapes).mean() / 2,
            "identity": self.config.identity_weight * same.mean(),
            "smoothness": self.config.tv_weight * total_variation(painted),
            "range": outside.mean(),
            "lattice": self.config.lattice_weight * lattice(painted, LATTICE),
        }

    @staticmethod
    def _style(found: Moments, photo: Moments, style: Moments, asked: Moments) -> Tensor:
        """Return how far the painting is from what was asked for; 1 is as far as the photo from the whole style."""
        with torch.no_grad():
            size = style.second.diagonal(dim1=-2, dim2=-1).sum(-1)
            reference = sliced_distance(photo, style).clamp_min(0) + LEAST_REFERENCE * size
        return (sliced_distance(found, asked) / reference + 1e-4).sqrt().mean()


def sliced_distance(found: Moments, target: Moments) -> Tensor:
    """Return the squared Wasserstein distances (B,) of two Gaussians, as seen along random orthogonal directions."""
    channels = found.mean.shape[-1]
    directions, _ = torch.linalg.qr(torch.randn(channels, channels, device=found.mean.device))
    spreads = [_spread(one.covariance, directions) for one in (found, target)]
    return (found.mean - target.mean).square().sum(-1) + (spreads[0] - spreads[1]).square().sum(-1)


def _spread(covariance: Tensor, directions: Tensor) -> Tensor:
    """Return the deviation (B, C) along each direction (the columns)."""
    along = (directions * (covariance @ directions)).sum(-2)
    return (along.clamp_min(0) + 1e-6).sqrt()


def lattice(painted: Tensor, period: int) -> Tensor:
    """Return how strong a pattern repeats every ``period`` pixels, as its deviation."""
    batch, channels, height, width = painted.shape
    mean = F.avg_pool2d(painted, period + 1, stride=1, padding=period // 2, count_include_pad=False)
    cells = (painted - mean).reshape(batch, channels, height // period, period, width // period, period)
    pattern = cells.mean((2, 4))  # (B, C, period, period)
    return (pattern.var((2, 3)) + 1e-6).sqrt().mean()


def _between(photo: Moments, style: Moments, strength: Tensor) -> Moments:
    """Return the moments of a collage that takes ``strength`` (B,) of its places from the style."""
    mean = torch.lerp(photo.mean, style.mean, strength[:, None])
    return Moments(style.weight, mean, torch.lerp(photo.second, style.second, strength[:, None, None]))


@dataclass(frozen=True)
class _Source:
    """Photos and paintings to draw batches from."""

    config: AnyTraining
    photos: Sequence[Path]
    paintings: Sequence[Path]
    targets: PaintingTargets
    kept_out: bool

    @classmethod
    def of(cls, config: AnyTraining, encoder: nn.Module, on_described: OnDescribed, *, kept_out: bool) -> _Source:
        photos = pictures_in(config.photos, kept_out=kept_out)
        paintings = pictures_in(config.paintings, kept_out=kept_out)
        targets = PaintingTargets.of(paintings, encoder, config.style_side, on_described)
        return cls(config, photos, paintings, targets, kept_out)

    def batch(self, number: int) -> dict[str, Tensor]:
        """Return the batch of this number, always the same."""
        rng = random.Random(f"{self.config.seed} {number} {self.kept_out}")  # noqa: S311 - it chooses crops, not keys
        count, side = self.config.batch, self.config.crop
        photos = torch.stack([self._photo(rng) for _ in range(count)])
        grains = [grain((side // 4, side // 4), seed=rng.getrandbits(31)) for _ in range(count)]
        style = self._styles(rng)
        return {
            "photo": photos.contiguous(memory_format=torch.channels_last),
            "grain": torch.cat(grains),
            "strength": torch.tensor([_strength(rng) for _ in range(count)]),
            **{f"{layer}.mean": one.mean for layer, one in style.items()},
            **{f"{layer}.second": one.second for layer, one in style.items()},
        }

    def _styles(self, rng: random.Random) -> dict[str, Moments]:
        """Return one style for each sample; every eighth is a mixture of two."""
        pairs = [[rng.randrange(len(self.paintings)) for _ in range(2)] for _ in range(self.config.batch)]
        shares = torch.tensor([rng.random() if rng.random() < 1 / 8 else 0.0 for _ in pairs])
        first, second = (self.targets.moments([pair[place] for pair in pairs]) for place in range(2))
        return {layer: _between(first[layer], second[layer], shares) for layer in CODE_LAYERS}

    def _photo(self, rng: random.Random) -> Tensor:
        if rng.random() < BLANK_SHARE:
            return _blank(self.config.crop, rng)
        path = rng.choice(self.photos if rng.random() < 0.88 else self.paintings)
        return _crop(path, self.config.crop, rng)

    def sheet(self, network: nn.Module) -> Tensor:
        """Paint three photos in four styles each, as one picture (1, 3, H, W)."""
        rng = random.Random(self.config.seed)  # noqa: S311
        side = self.config.crop
        rows = []
        for _ in range(3):
            photo = _crop(rng.choice(self.photos), side, rng)[None]
            chosen = [rng.randrange(len(self.paintings)) for _ in range(4)]
            vectors = style_vector(self.targets.moments(chosen))
            field = grain((side // 4, side // 4), seed=0).expand(4, -1, -1, -1)
            painted = network(photo.expand(4, -1, -1, -1), network.modulation(vectors), field)  # type: ignore[operator]
            rows.append(torch.cat([photo, *painted.float().clamp(0, 1).split(1)], 3))
        return torch.cat(rows, 2)


def _strength(rng: random.Random) -> float:
    kind = rng.random()
    if kind < FULL_STYLE:
        return 1.0
    return 0.0 if kind < IDENTITY else rng.random()


def _crop(path: Path, side: int, rng: random.Random) -> Tensor:
    """Cut a square from a picture that is first enlarged or made smaller a little."""
    pixels = read(path).pixels
    height, width = pixels.shape[2:]
    cut = min(side / math.exp(rng.uniform(math.log(0.7), math.log(1.3))), height, width)
    top, left = (round(rng.uniform(0, length - cut)) for length in (height, width))
    piece = pixels[..., top : top + round(cut), left : left + round(cut)]
    square = resize(piece, (side, side))[0].clamp(0, 1)
    return square.flip(2) if rng.random() < 0.5 else square


def _blank(side: int, rng: random.Random) -> Tensor:
    """Return one color, or a gradient between four."""
    one = torch.tensor([rng.random() for _ in range(3)]).view(3, 1, 1)
    spread = rng.choice((0.0, 0.15, 0.5))
    corners = one + spread * torch.tensor([rng.uniform(-1, 1) for _ in range(12)]).view(3, 2, 2)
    return F.interpolate(corners[None], size=(side, side), mode="bilinear", align_corners=True)[0].clamp(0, 1)


def scaled(pixels: Tensor, side: int) -> Tensor:
    """Return a picture whose long side is ``side``."""
    return resize(pixels, fit_long_side((pixels.shape[2], pixels.shape[3]), side))


def _seen(encoder: nn.Module, pixels: Tensor) -> dict[str, Moments]:
    with torch.inference_mode():
        return {layer: moments(x) for layer, x in encoder(pixels).items()}


def _encoder() -> nn.Module:
    encoder = embedded_encoder(CODE_LAYERS).to(torch.bfloat16)
    return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
