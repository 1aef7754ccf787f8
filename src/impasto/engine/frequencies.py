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
        self._rows, self._columns = _Cosines(height, like.device), _Cosines(width, like.device)
        vertical, horizontal = self._rows.frequencies[:, None], self._columns.frequencies[None]
        self._gain = 1 / (1 + (vertical.square() + horizontal.square()).sqrt() / CORNER)  # (H, W)

    def __call__(self, x: Tensor) -> Tensor:
        """Return ``x`` with its fine parts weakened."""
        waves = self._rows.analyse(self._columns.analyse(x).mT).mT
        return self._rows.synthesise(self._columns.synthesise(waves * self._gain).mT).mT.contiguous()


class _Cosines:
    """The cosine transform DCT-II along the last dimension, by a Fourier transform of the same length.

    Makhoul 1980, "A fast cosine transform in one and two dimensions". Not normalised: one direction undoes the other.
    """

    def __init__(self, length: int, device: torch.device) -> None:
        k = torch.arange(length, device=device)
        self.frequencies = k / (2 * length)  # cycles a pixel
        self._turn = torch.polar(torch.ones_like(self.frequencies), -math.pi * k / (2 * length))
        order = torch.arange(length, device=device)
        self._order = torch.cat([order[::2], order[1::2].flip(0)])  # 0 2 4 … 5 3 1
        self._back = self._order.argsort()

    def analyse(self, x: Tensor) -> Tensor:
        """Return how much of each cosine is in ``x``."""
        waves: Tensor = (torch.fft.fft(x[..., self._order]) * self._turn).real
        return waves

    def synthesise(self, waves: Tensor) -> Tensor:
        """Undo :meth:`analyse`."""
        mirrored = torch.cat([torch.zeros_like(waves[..., :1]), waves[..., 1:].flip(-1)], dim=-1)
        spectrum = torch.complex(waves, -mirrored) * self._turn.conj()
        x: Tensor = torch.fft.ifft(spectrum).real[..., self._back]
        return x
