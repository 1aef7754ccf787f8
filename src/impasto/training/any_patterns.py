"""Patterns that a network paints because of how it is built, and that no painter would: lattices and weaves."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["lattice", "weave"]

WINDOW = 32  # painted pixels, in which directions are told apart
THREADS = range(3, 13, 2)  # threads per window: a weave repeats every eleven painted pixels or sooner
PLAIN = 0.02  # deviation within a window up to which a photo is plain there
ALONG, ASLANT = 14, (28, 62)  # degrees from the rows


def lattice(painted: Tensor, period: int) -> Tensor:
    """Return how strong a pattern repeats every ``period`` pixels, as its deviation."""
    batch, channels, height, width = painted.shape
    mean = painted
    for reach in ((period // 2, 0), (0, period // 2)):  # along columns, then along rows
        size = tuple(2 * side + 1 for side in reach)
        mean = F.avg_pool2d(mean, size, stride=1, padding=reach, count_include_pad=False)
    cells = (painted - mean).reshape(batch, channels, height // period, period, width // period, period)
    pattern = cells.mean((2, 4))  # (B, C, period, period)
    return (pattern.var((2, 3)) + 1e-6).sqrt().mean()


def weave(painted: Tensor, photo: Tensor) -> Tensor:
    """Return (B,) by how much more fine stripes run along rows and columns than aslant, where the photo is plain.

    What a lattice is to a single period, a weave is to many: it follows the axes of the network's kernels, and no
    painting's. Stripes that the photo has itself are its own.
    """
    plain = 1 / (1 + _windows(photo.mean(1, keepdim=True)).var((-2, -1)) / PLAIN**2)  # (B, N)
    found, own = (_straightness(picture, plain) for picture in (painted, photo))
    return F.relu(found - own.clamp_min(0)).mean(1)


def _straightness(picture: Tensor, weight: Tensor) -> Tensor:
    """Return how much higher the waves along the axes are than those aslant: (B, axes times bands)."""
    hann = torch.hann_window(WINDOW, device=picture.device)
    hann = hann[:, None] * hann
    windows = _windows(picture)
    windows = windows - windows.mean((-2, -1), keepdim=True)
    power = torch.fft.rfft2(windows * hann).abs().square() * (2 / hann.sum()) ** 2
    power = (power * weight[..., None, None]).mean(1)  # (B, WINDOW, WINDOW / 2 + 1)
    found = []
    for across, down, aslant in _bands(picture.device):
        waves = [(power[:, places].mean(-1) + 1e-9).sqrt() for places in (across, down, aslant)]
        found += [waves[0] - waves[2], waves[1] - waves[2]]
    return torch.stack(found, -1)


def _windows(picture: Tensor) -> Tensor:
    """Return the grey windows (B, N, WINDOW, WINDOW), which overlap by half."""
    step = WINDOW // 2
    return picture.mean(1).unfold(1, WINDOW, step).unfold(2, WINDOW, step).flatten(1, 2)


def _bands(device: torch.device) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return for each band of frequencies the places of waves across, down and aslant in the spectrum of a window."""
    down = torch.fft.fftfreq(WINDOW, 1 / WINDOW, device=device)[:, None].abs()
    across = torch.fft.rfftfreq(WINDOW, 1 / WINDOW, device=device)
    angle, threads = torch.rad2deg(torch.atan2(down, across)), torch.hypot(down, across)
    directions = angle <= ALONG, angle >= 90 - ALONG, (angle >= ASLANT[0]) & (angle <= ASLANT[1])
    bands = [(threads >= first) & (threads < first + THREADS.step) for first in THREADS]
    return [(band & directions[0], band & directions[1], band & directions[2]) for band in bands]
