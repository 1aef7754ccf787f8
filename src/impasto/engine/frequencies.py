"""Which part of a slope to follow first: the coarse one.

The slope of a perceptual loss is mostly fine grain, while what a picture lacks is mostly coarse: natural pictures have
an amplitude that falls with the frequency (Field 1987, "Relations between the statistics of natural images and the
response properties of cortical cells"). Walking in pixels scaled like that is much quicker; Mordvintsev et al. 2018,
"Differentiable Image Parameterizations" (Distill), do it by painting in the Fourier domain. Departures: here it is a
preconditioner, so that pixels stay pixels and can be held in [0, 1]; and cosines instead of complex waves, which would
wrap around and let the left edge color the right one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["CoarseFirst"]

CORNER = 0.02  # cycles a pixel, above which the amplitude falls


class CoarseFirst:
    """Weakens frequencies f of pictures (1, C, H, W) by 1 / (1 + f / CORNER); a symmetric, positive map."""

    def __init__(self, like: Tensor) -> None:
        height, width = like.shape[-2:]
        self._rows, self._columns = _Cosines(height, -2, like.device), _Cosines(width, -1, like.device)
        vertical, horizontal = self._rows.frequencies[:, None], self._columns.frequencies[None]
        self._gain = 1 / (1 + (vertical.square() + horizontal.square()).sqrt() / CORNER)  # (H, W)

    def __call__(self, x: Tensor) -> Tensor:
        """Return ``x`` with its fine parts weakened."""
        waves = self._rows.analyse(self._columns.analyse(x))
        return self._rows.synthesise(self._columns.synthesise(waves * self._gain))


class _Cosines:
    """The cosine transform DCT-II along a dimension, by a real Fourier transform of the same length.

    Makhoul 1980, "A fast cosine transform in one and two dimensions". Not normalised: one direction undoes the other.
    """

    def __init__(self, length: int, dim: int, device: torch.device) -> None:
        self.length, self.dim = length, dim
        order = torch.arange(length, device=device)
        self.frequencies = order / (2 * length)  # cycles a pixel
        self._order = torch.cat([order[::2], order[1::2].flip(0)])  # 0 2 4 … 5 3 1
        self._back = self._order.argsort()
        angles = -math.pi * self.frequencies[: length // 2 + 1]
        self._turn = torch.polar(torch.ones_like(angles), angles).view(-1, *[1] * (-1 - dim))

    def analyse(self, x: Tensor) -> Tensor:
        """Return how much of each cosine is in ``x``."""
        half = torch.fft.rfft(x.index_select(self.dim, self._order), dim=self.dim) * self._turn
        upper = -half.imag.narrow(self.dim, 1, (self.length - 1) // 2).flip(self.dim)
        return torch.cat([half.real, upper], self.dim)

    def synthesise(self, waves: Tensor) -> Tensor:
        """Undo :meth:`analyse`."""
        lower = waves.narrow(self.dim, 0, self.length // 2 + 1)
        upper = waves.narrow(self.dim, self.length - self.length // 2, self.length // 2).flip(self.dim)
        mirrored = torch.cat([torch.zeros_like(waves.narrow(self.dim, 0, 1)), upper], self.dim)
        half = torch.complex(lower, -mirrored) * self._turn.conj()
        x: Tensor = torch.fft.irfft(half, n=self.length, dim=self.dim)
        return x.index_select(self.dim, self._back)
