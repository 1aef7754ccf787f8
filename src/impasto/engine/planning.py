"""What a work will cost before it begins: sizes, steps, memory, time, downloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from impasto.config import Optimize
from impasto.images import fit_long_side

__all__ = ["Plan", "estimate_seconds", "plan_scales", "plan_steps", "result_size", "style_size"]

# Seconds for one step on a megapixel, on two cores with bfloat16; measured with benchmarks/optimize.py.
SECONDS_PER_MEGAPIXEL = {"embedded": 1.4, "vgg": 3.5}
FLOAT32_FACTOR = 2.0

DEFAULT_LONG_SIDE = 1024
SMALLEST_SCALE = 128
LEAST_STYLE_SIDE = 16
FALLOFF = 0.6  # steps of a scale as a share of the scale before it: most of the steps belong to the small ones


@dataclass(frozen=True)
class Plan:
    """The answer to "what would this do?", made without doing it."""

    method: str
    size: tuple[int, int]  # (height, width) of the result
    scales: Sequence[tuple[int, int]]
    steps: Sequence[int]  # at each scale
    device: str
    precision: str
    tile: int | None  # pixels, None for the whole picture at once
    peak_bytes: int  # estimated
    available_bytes: int
    seconds: float | None  # estimated; None where it was not measured on such a device
    downloads: Sequence[str] = ()  # what will be fetched first

    def describe(self) -> str:
        """Return the plan as lines for people."""
        scales = " → ".join(
            f"{width}×{height} ({steps} steps)" for (height, width), steps in zip(self.scales, self.steps, strict=True)
        )
        memory = f"about {_megabytes(self.peak_bytes)} of {_megabytes(self.available_bytes)} free"
        lines = [
            f"method     {self.method}",
            f"result     {self.size[1]} × {self.size[0]} px",
            f"scales     {scales or 'one pass'}",
            f"computes   on {self.device} in {self.precision}" + (f", in tiles of {self.tile} px" if self.tile else ""),
            f"memory     {memory}",
            f"time       {self._time()}",
            f"downloads  {', '.join(self.downloads) or 'nothing'}",
        ]
        return "\n".join(lines)

    def _time(self) -> str:
        if self.seconds is not None:
            return f"about {self.seconds:.0f} s"
        return "not known on this device" if self.scales else "not estimated: one pass is quick"


def result_size(photo: tuple[int, int], config: Optimize) -> tuple[int, int]:
    """Return the (height, width) to paint at."""
    return fit_long_side(photo, config.size or min(max(photo), DEFAULT_LONG_SIDE))


def style_size(painting: tuple[int, int], size: tuple[int, int], config: Optimize) -> tuple[int, int]:
    """Return the (height, width) at which a painting of that size is imitated when painting at ``size``."""
    return fit_long_side(painting, max(LEAST_STYLE_SIDE, round(max(size) * config.stroke)))


def plan_scales(size: tuple[int, int], count: int | None) -> list[tuple[int, int]]:
    """Return the sizes to paint at, each twice the one before, ending with ``size``."""
    longest = max(size)
    sides = [longest]
    while len(sides) < (count or 99):
        half = -(-sides[0] // 2)
        if half < (SMALLEST_SCALE if count is None else 2):
            break
        sides.insert(0, half)
    return [fit_long_side(size, side) for side in sides[:-1]] + [size]


def plan_steps(total: int, scales: int) -> list[int]:
    """Share the steps among the scales, at least one each."""
    shares = [FALLOFF**scale for scale in range(scales)]
    return [max(1, round(total * share / sum(shares))) for share in shares]


def estimate_seconds(
    config: Optimize,
    device: torch.device,
    precision: torch.dtype,
    scales: Sequence[tuple[int, int]],
    steps: Sequence[int],
) -> float | None:
    """Estimate how long painting takes; None on devices that no one has measured."""
    if device.type != "cpu":
        return None
    megapixels = sum(height * width * count / 1e6 for (height, width), count in zip(scales, steps, strict=True))
    rate = SECONDS_PER_MEGAPIXEL["embedded" if config.backbone == "embedded" else "vgg"]
    cores = max(1, torch.get_num_threads()) / 2
    return 2 + megapixels * rate * (1 if precision == torch.bfloat16 else FLOAT32_FACTOR) / cores


def _megabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
