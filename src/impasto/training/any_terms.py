"""What is wrong with a picture that the fast network painted, term by term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import AnyTraining
from impasto.engine.vectors import style_vector
from impasto.losses import Moments, moments, normalized_content_loss, total_variation
from impasto.models.fast import CODE_LAYERS, Modulation
from impasto.training.any_patterns import lattice, weave
from impasto.training.pictures import shrunk

__all__ = ["REACH", "Terms", "between", "sliced_distance"]

CONTENT_LAYERS = ("relu3_1", "relu4_1")
LEAST_REFERENCE = 0.02  # of the style's own size: photos that are near their style already are not pushed to perfection
DIRECTIONS = 128  # at most, along which features are compared in a step
REACH = 4  # pixels at most that a photo moves: the network works on cells of eight, so these are all cases
STRANGE = 16  # pixels at the edges of a crop that see its end, and are not asked to be steady
LATTICE = 8  # painted pixels: what the deepest layers could leave behind, and all that repeats more often


class Terms:
    """The loss of a batch, by term, through the eyes of ``judge`` (image -> features of CODE_LAYERS)."""

    def __init__(self, judge: nn.Module, encoder: nn.Module, config: AnyTraining) -> None:
        self.judge, self.encoder, self.config = judge, encoder, config
        self._described: tuple[Tensor, _Seen] | None = None

    def __call__(self, network: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Paint the photos of ``batch`` and say what is wrong with the result, both as small as they are shown."""
        strength = batch["strength"]
        modulation = network.modulation(self._code(batch))  # type: ignore[operator]
        painted = network(batch["photo"], modulation, batch["grain"]).float()
        found = {  # looked for before the painting is made smaller, which breaks every rhythm
            "lattice": self.config.lattice_weight * lattice(painted, LATTICE),
            "weave": self.config.weave_weight * _weave(painted, batch),
            "steadiness": self.config.steadiness_weight * _unsteadiness(network, batch, modulation, painted),
        }
        photo, painted = (self._as_judged(picture) for picture in (batch["photo"], painted))
        seen = self._seen(photo)
        features = self.judge(painted)
        style = torch.stack([self._style(features[layer], seen.moments[layer], batch, layer) for layer in CODE_LAYERS])
        shapes = [normalized_content_loss(features[layer], seen.shapes[layer]) for layer in CONTENT_LAYERS]
        same = (painted - photo).abs().mean((1, 2, 3)) * (1 - strength).square()
        outside = F.relu(painted - 1) + F.relu(-painted)
        return {
            "style": self.config.style_weight * style.mean(),
            "content": self.config.content_weight * torch.stack(shapes).mean() / 2,
            "identity": self.config.identity_weight * same.mean(),
            "smoothness": self.config.tv_weight * total_variation(painted),
            "range": outside.mean(),
            **found,
        }

    def _as_judged(self, picture: Tensor) -> Tensor:
        # Channels last from the start: the judge's first, largest maps would be turned over one by one.
        return shrunk(picture, self.config.finer).contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _seen(self, photo: Tensor) -> _Seen:
        """Return what the judge sees in the photos; when batches in a row show the same, it looks once."""
        if self._described is None or not torch.equal(self._described[0], photo):
            features = self.judge(photo)
            shapes = {layer: features[layer] for layer in CONTENT_LAYERS}
            self._described = photo, _Seen(shapes, {layer: moments(x) for layer, x in features.items()})
        return self._described[1]

    @torch.no_grad()
    def _code(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the vectors of what is asked for: a collage of photo and style, of all the strengths."""
        code, strength = batch["code"].clone(), batch["strength"]
        part = (strength < 1).nonzero().flatten()
        if len(part):
            own = style_vector({layer: moments(x) for layer, x in self.encoder(batch["photo"][part]).items()})
            code[part] = torch.lerp(own, code[part], strength[part, None])
        return code

    @staticmethod
    def _style(found: Tensor, photo: Moments, batch: Mapping[str, Tensor], layer: str) -> Tensor:
        """Return how far the painting is from what was asked for; 1 is as far as the photo from the whole style."""
        strength = batch["strength"]
        style = Moments(torch.ones_like(strength), batch[f"{layer}.mean"], batch[f"{layer}.second"])
        asked = between(photo, style, strength)
        painted = moments(found)
        return (
            _share(sliced_distance, painted, asked, photo, style, style.second.diagonal(dim1=-2, dim2=-1).sum(-1))
            + _share(_gram_distance, painted, asked, photo, style, style.second.square().sum((-2, -1)))
        ) / 2


class _Seen(NamedTuple):
    """What is to be known of photos: their features where shapes are compared, and the moments of every layer."""

    shapes: Mapping[str, Tensor]
    moments: Mapping[str, Moments]


def _share(
    distance: Callable[[Moments, Moments], Tensor],
    found: Moments,
    asked: Moments,
    photo: Moments,
    style: Moments,
    size: Tensor,
) -> Tensor:
    """Return the distance of what was found from what was asked for, in units of the photo's from the style."""
    with torch.no_grad():
        reference = distance(photo, style).clamp_min(0) + LEAST_REFERENCE * size
    return (distance(found, asked) / reference + 1e-4).sqrt().mean()


def _gram_distance(found: Moments, target: Moments) -> Tensor:
    """Return the squared distance of the Gram matrices, each divided by its number of places."""
    return (found.second - target.second).square().sum((-2, -1))


def sliced_distance(found: Moments, target: Moments) -> Tensor:
    """Return the squared Wasserstein distances (B,) of two Gaussians, as seen along random directions.

    On average it is what as many orthogonal directions as there are channels would show.
    """
    channels = found.mean.shape[-1]
    drawn = torch.randn(channels, min(channels, DIRECTIONS), device=found.mean.device)
    directions = F.normalize(drawn, dim=0)
    spreads = [_spread(one.covariance, directions) for one in (found, target)]
    seen = (spreads[0] - spreads[1]).square().mean(-1) * channels
    return (found.mean - target.mean).square().sum(-1) + seen


def _spread(covariance: Tensor, directions: Tensor) -> Tensor:
    """Return the deviation (B, D) along each direction (the columns)."""
    along = (directions * (covariance @ directions)).sum(-2)
    return (along.clamp_min(0) + 1e-6).sqrt()


def _weave(painted: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
    """Return the weave where none was asked for: boards and hatching have their lines along the axes by right."""
    woven = weave(painted, batch["photo"].float())
    return woven.where(~batch["may_weave"], 0).mean()


def _unsteadiness(network: nn.Module, batch: Mapping[str, Tensor], modulation: Modulation, painted: Tensor) -> Tensor:
    """Return by how much a painting changes beside moving along when its photo moves by some pixels."""
    if "moved" not in batch:
        return painted.new_zeros(())
    count = len(batch["moved"])
    same = {name: value[:count] for name, value in modulation.items()}
    again = network(batch["moved"], same, batch["moved_grain"]).float()
    height, width = painted.shape[2:]
    down, right = batch["motion"].tolist()
    rows, columns = slice(STRANGE, height - STRANGE), slice(STRANGE, width - STRANGE)
    carried = painted[:count].roll((-down, -right), (2, 3))  # what comes round the edge lies within STRANGE
    difference: Tensor = (carried - again)[..., rows, columns]
    return difference.abs().mean()


def between(photo: Moments, style: Moments, strength: Tensor) -> Moments:
    """Return the moments of a collage that takes ``strength`` (B,) of its places from the style."""
    mean = torch.lerp(photo.mean, style.mean, strength[:, None])
    return Moments(style.weight, mean, torch.lerp(photo.second, style.second, strength[:, None, None]))
