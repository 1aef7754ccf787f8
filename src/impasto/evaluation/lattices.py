"""Finding grids: the checkerboards and lattices that networks paint, told from the textures of pictures.

A lattice is a sharp line in the spectrum that stands alone in both directions; edges, canvas and hatching are
ridges and hills. The spectrum is averaged over overlapping blocks (Welch 1967, "The Use of Fast Fourier Transform
for the Estimation of Power Spectra"), so that a lattice whose sign or phase changes from place to place, as a
checkerboard of upsampling does (Odena et al. 2016, "Deconvolution and Checkerboard Artifacts"), is not averaged
away.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from impasto.evaluation.findings import Finding, graded
from impasto.images import luminance

__all__ = ["Peak", "find_grid", "lattice_peaks"]

_LONGEST_PERIOD = 32
_FLOOR = 1e-8  # power per pixel of what 8 bits cannot show
_NEIGHBOURS = (3, 4, 5)  # bins to each side: beyond the three that a line takes under Hann's window
_STANDS_OUT = 1.1  # natural logarithm of how many times a line exceeds its surroundings to be one


class Peak(NamedTuple):
    """The strongest lattice of a picture."""

    amplitude: float  # in luminance, 0 to 1
    down: float  # cycles per pixel
    across: float


def find_grid(picture: Tensor, references: list[Tensor]) -> list[Finding]:
    """Return at most one finding: a lattice that none of the references has."""
    peak = lattice_peaks(picture, references)
    severity = 0.0 if peak is None else graded(peak.amplitude, 0.002, 0.02)
    if peak is None or not severity:
        return []
    advice = "Paint with more steps or another seed; of a trained network, choose another, or a later training."
    return [Finding("grid", severity, _described(peak), advice)]


def lattice_peaks(picture: Tensor, references: list[Tensor]) -> Peak | None:
    """Return the strongest line of (1, 3, H, W)'s spectrum that stands out more than in any reference."""
    block = _block_for(picture)
    if block is None:
        return None
    log = _spectrum(picture, block)
    excess = _standing_out(log)
    for reference in references:
        if (_block_for(reference) or 0) >= block:
            excess = excess - _standing_out(_spectrum(reference, block)).clamp(min=0)
    amplitude = _amplitude(log, block) * (excess > _STANDS_OUT) * _in_range(block)
    best = int(amplitude.argmax())
    if not amplitude.flatten()[best] > 0:
        return None
    row, column = divmod(best, block)
    frequency = torch.fft.fftfreq(block)
    return Peak(float(amplitude.flatten()[best]), float(frequency[row].abs()), float(frequency[column].abs()))


def _block_for(picture: Tensor) -> int | None:
    """Return the side of the blocks: enough of them to tell a line from chance, or None if there cannot be."""
    side = min(picture.shape[-2:])
    return next((block for block in (128, 64, 32) if 3 * block <= side or block == 32 <= side), None)


def _spectrum(picture: Tensor, block: int) -> Tensor:
    """Return the mean log power of overlapping blocks, (block, block), in the order of ``torch.fft.fft2``.

    The logarithm is averaged, not the power: a grid is all over the picture, a brick wall in a part of it.
    """
    light = luminance(picture)[0, 0]
    window = torch.hann_window(block)
    blocks = light.unfold(0, block, block // 2).unfold(1, block, block // 2).flatten(0, 1)
    total = torch.zeros(block, block)
    for some in torch.split(blocks, 32):
        centered = some - some.mean((1, 2), keepdim=True)
        power = torch.fft.fft2(centered * window[:, None] * window).abs().square()
        total += (power + _FLOOR * block**2).log().sum(0)
    return total / len(blocks)


def _standing_out(log: Tensor) -> Tensor:
    """Return how far log power lies above its neighbours', in that direction where it does so least."""
    return torch.minimum(log - _surroundings(log, 0), log - _surroundings(log, 1))


def _surroundings(log: Tensor, dim: int) -> Tensor:
    """Return the mean of the medians of both sides, so that the slope of the spectrum does not count."""
    sides = [torch.stack([log.roll(sign * step, dim) for step in _NEIGHBOURS]) for sign in (1, -1)]
    return (sides[0].median(0).values + sides[1].median(0).values) / 2


def _amplitude(log: Tensor, block: int) -> Tensor:
    """Return the amplitude of the sine wave that would add this much power to that of the surroundings."""
    around = torch.maximum(_surroundings(log, 0), _surroundings(log, 1))
    return 2 * (log.exp() - around.exp()).clamp(min=0).sqrt() / torch.hann_window(block).sum() ** 2


def _in_range(block: int) -> Tensor:
    frequency = torch.fft.fftfreq(block).abs()
    return torch.maximum(frequency[:, None], frequency) >= 1 / min(_LONGEST_PERIOD, block // 4)


def _described(peak: Peak) -> str:
    periods = [f"{1 / f:.3g}" for f in (peak.across, peak.down) if f]
    if not peak.down:
        return f"upright stripes every {periods[0]} pixels"
    if not peak.across:
        return f"level stripes every {periods[0]} pixels"
    return f"a checkerboard every {periods[0]} x {periods[1]} pixels"
