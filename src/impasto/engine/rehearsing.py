"""Rehearsals: before the fast network paints a picture, it tries it small, and mends how it carries the style out.

What a style makes of the network, a scale and a shift for every channel, is predicted from its vector for all photos
alike, and a prediction misses. By how much is easily seen: what was painted has a vector too, and it should be the
style's. So a few steps downhill move scales and shifts until it nearly is; the weights stay as they are, and what is
found is painted with in one pass at any size. Since the style is asked for by its vector alone, all of its arithmetic
holds: styles of the gallery, mixtures, a part of the strength.

A trial is small, a seventh of the places. What it cannot see, since everything finer is missing in it, is the
difference of its vector from that of the whole picture, which is measured now and then and added: the correction with
which coarse grids know of fine ones (Brandt, "Multi-level adaptive solutions to boundary-value problems", 1977).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.images import resize
from impasto.losses import normalized_content_loss
from impasto.losses.numerics import widened
from impasto.models.encoder import WIDTHS
from impasto.models.fast import CODE_LAYERS, STRIDE, described

__all__ = ["Paint", "See", "rehearsed"]

Paint = Callable[[Tensor, Tensor], Tensor]
"""Paints a picture with these corrections of the network's scales and shifts."""
See = Callable[[Tensor], Mapping[str, Tensor]]
"""Gives the encoder's features of a picture, by layer."""

TRIED_SIDE, LEAST_SIDE = 288, 96  # pixels of the long and of the short side, where the picture has as many
FINER = 1.5  # paintings are looked at so many times smaller than they are painted, as when it was learnt
SHAPES = ("relu3_1", "relu4_1")
CONTENT_WEIGHT = 0.28  # as in training
LEAST_REFERENCE = 0.02  # of the style's own size: a photo that is near its style already is not pushed to perfection
COMPARED_EVERY = 6  # trials
RATES = 0.15, 0.03  # of the first trial, and that which it falls to
MOMENTA, LEAST_SLOPE = (0.5, 0.9), 1e-4  # what has next to no slope does not move


def rehearsed(paint: Paint, see: See, picture: Tensor, code: Tensor, corrections: Tensor, trials: int) -> Tensor:
    """Return ``corrections`` (1, N) after so many trials of the ``picture`` in the style of ``code``."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        rehearsal = _Rehearsal(paint, see, picture.clone(), code.clone())  # inference's own cannot be learnt from
        walk = _Walk(corrections.clone())
        for trial in range(trials):
            if trial % COMPARED_EVERY == 0:
                rehearsal.compare(walk.place)
            walk.step(rehearsal.slope(walk.place), _between(*RATES, trial / trials))
    found = walk.place.detach()
    return found if bool(torch.isfinite(found).all()) else corrections


def _between(first: float, last: float, share: float) -> float:
    return first + (last - first) * share


class _Walk:
    """Adam (Kingma & Ba 2015) over one row of numbers; PyTorch's own takes a second to load."""

    def __init__(self, start: Tensor) -> None:
        self.place = start.requires_grad_()
        self._mean, self._square, self._steps = torch.zeros_like(start), torch.zeros_like(start), 0

    def step(self, slope: Tensor, rate: float) -> None:
        self._steps += 1
        moments = []
        for kept, seen, memory in zip((self._mean, self._square), (slope, slope.square()), MOMENTA, strict=True):
            kept.lerp_(seen, 1 - memory)
            moments.append(kept / (1 - memory**self._steps))
        step = rate * moments[0] / (moments[1].sqrt() + LEAST_SLOPE)
        self.place = (self.place.detach() - step).requires_grad_()


class _Rehearsal:
    """One picture in one style, tried small."""

    def __init__(self, paint: Paint, see: See, picture: Tensor, code: Tensor) -> None:
        self._paint, self._see = paint, see
        self._whole, self._small = picture, resize(picture, _tried_size((picture.shape[-2], picture.shape[-1])))
        self._missing: Tensor | float = 0.0  # from the vector of the small painting to that of the whole
        self._target = described(code)
        with torch.no_grad():
            seen = self._looked_at(self._small)
            self._shapes = {layer: seen[layer] for layer in SHAPES}
            own = _vector(self._looked_at(self._whole))
        size = _by_layer(torch.cat([torch.zeros_like(own).chunk(2, 1)[0], code.chunk(2, 1)[1]], 1))
        self._reference = _by_layer((own - self._target).square()) + LEAST_REFERENCE * size

    @torch.no_grad()
    def compare(self, corrections: Tensor) -> None:
        """Measure what the small picture cannot see."""
        vectors = [_vector(self._looked_at(self._paint(one, corrections))) for one in (self._whole, self._small)]
        self._missing = vectors[0] - vectors[1]

    def slope(self, corrections: Tensor) -> Tensor:
        """Return the slope of what is wrong with the small painting, over the corrections."""
        painted = self._paint(self._small, corrections).float()
        seen = self._looked_at(painted)
        missed = _by_layer((_vector(seen) + self._missing - self._target).square())
        style = (missed / self._reference + 1e-4).sqrt().mean()
        shapes = [normalized_content_loss(seen[layer], self._shapes[layer]) for layer in SHAPES]
        outside = (F.relu(painted - 1) + F.relu(-painted)).mean()
        wrong = style + CONTENT_WEIGHT * torch.stack(shapes).mean() / 2 + outside
        (slope,) = torch.autograd.grad(wrong, corrections)
        return slope

    def _looked_at(self, picture: Tensor) -> Mapping[str, Tensor]:
        size = [max(1, round(side / FINER)) for side in picture.shape[-2:]]
        return self._see(F.interpolate(picture.float(), size=size, mode="bilinear", antialias=True))


def _tried_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of the trials, multiples of STRIDE: no larger than the picture, and no sliver of it."""
    scale = min(1.0, max(TRIED_SIDE / max(size), LEAST_SIDE / min(size)))
    height, width = (max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in size)
    return height, width


def _vector(features: Mapping[str, Tensor]) -> Tensor:
    """Return the means and deviations (1, CODE_LENGTH) of all layers."""
    wide = [widened(features[layer]) for layer in CODE_LAYERS]
    means, squares = [x.mean((2, 3)) for x in wide], [x.square().mean((2, 3)) for x in wide]
    return described(torch.cat([*means, *squares], 1))


def _by_layer(values: Tensor) -> Tensor:
    """Return the sums (1, layers) of what belongs to a layer: its half of the means and of the deviations."""
    means, deviations = values.chunk(2, 1)
    parts = torch.split(means + deviations, [WIDTHS[layer[4:]] for layer in CODE_LAYERS], 1)
    return torch.cat([part.sum(1, keepdim=True) for part in parts], 1)
