"""Finding what is wrong with the values of a picture: broken numbers, lost tones, fog and speckle."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from impasto.evaluation.findings import Finding, graded
from impasto.images import luminance, rgb_to_lab

__all__ = ["clipped_share", "find_broken", "find_clipping", "find_fog", "find_noise", "noise_level", "tonal_range"]

_USUAL_RANGE = 35.0  # less is rare among paintings and photographs
_BLOCK = 16  # pixels: the grain of a picture is measured in blocks of this size


def find_broken(picture: Tensor) -> list[Finding]:
    """Return a finding if there are values that are no numbers, or infinite."""
    broken = ~torch.isfinite(picture).all(dim=1)[0]  # (H, W)
    count = int(broken.sum())
    if not count:
        return []
    row, column = (int(place) for place in broken.nonzero()[0])
    where = f"{count} pixels, the first at x = {column}, y = {row}"
    return [Finding("not-finite", 1.0, where, "Please report this; another precision or seed may avoid it.")]


def find_clipping(picture: Tensor, references: list[Tensor]) -> list[Finding]:
    """Return the ends of the scale at which many more pixels lie than in any reference."""
    found = []
    for end, name in ((1, "highlights"), (0, "shadows")):
        share = clipped_share(picture, end)
        usual = max((clipped_share(reference, end) for reference in references), default=0.0)
        severity = graded(share - usual, 0.03, 0.3)
        if severity:
            where = f"{name}, {share:.0%} of the pixels"
            found.append(Finding("clipping", severity, where, "Lower the strength or the learning rate."))
    return found


def find_fog(picture: Tensor, references: list[Tensor]) -> list[Finding]:
    """Return a finding if the picture's tones are much closer together than in any reference."""
    usual = min(map(tonal_range, references), default=_USUAL_RANGE)
    kept = tonal_range(picture) / max(usual, 1e-6)
    severity = graded(-kept, -0.8, -0.25) if usual > 5 else 0.0
    if not severity:
        return []
    advice = "Raise the strength or the steps where there is more to raise, or take a style with more contrast."
    return [Finding("fog", severity, f"everywhere, {kept:.0%} of the tones that could be expected", advice)]


def find_noise(picture: Tensor, references: list[Tensor]) -> list[Finding]:
    """Return a finding if there is more grain in the calm places than in those of any reference."""
    level = noise_level(picture)
    usual = max((noise_level(reference) for reference in references), default=0.01)
    severity = graded(level - usual, 0.01, 0.08)
    if not severity:
        return []
    where = f"everywhere, about {255 * level:.0f} of 255 levels"
    return [Finding("noise", severity, where, "Raise tv_weight or the steps, or start from the photo.")]


def clipped_share(picture: Tensor, end: float) -> float:
    """Return the share of pixels with a channel at this end of the scale, in flat places of 3 x 3 pixels.

    A single bright dot has lost nothing; a patch without any tone in it has.
    """
    at_end = ((picture - end).abs() < 0.75 / 255).any(dim=1, keepdim=True).float()
    if min(picture.shape[-2:]) < 3:
        return float(at_end.mean())
    return float((avg_pool2d(at_end, 3, stride=1) > 0.99).float().mean())


def tonal_range(picture: Tensor) -> float:
    """Return how far apart a picture's colors are: from the 5th to the 95th percentile, diagonally in CIELAB."""
    lab = rgb_to_lab(picture.clamp(0, 1)).flatten(2)[0].sort(dim=1).values  # (3, N)
    last = lab.shape[1] - 1
    spread = lab[:, math.ceil(0.95 * last)] - lab[:, math.floor(0.05 * last)]
    return float(spread.square().sum().sqrt())


def noise_level(picture: Tensor) -> float:
    """Return the standard deviation of the grain in a picture's calm places.

    Immerkær 1996, "Fast Noise Variance Estimation": the mean absolute answer of the difference of two
    Laplacians, which straight edges and gradients do not excite. Departure: not of the whole picture, but of
    that block of which a quarter are calmer, since strokes are no noise.
    """
    light = luminance(picture)
    if min(light.shape[-2:]) < _BLOCK + 2:
        return 0.0
    mask = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]).view(1, 1, 3, 3)
    answer = conv2d(light, mask).abs() * math.sqrt(math.pi / 2) / 6
    blocks = avg_pool2d(answer, _BLOCK).flatten().sort().values
    return float(blocks[len(blocks) // 4])
