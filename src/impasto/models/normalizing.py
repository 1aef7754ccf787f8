"""Instance normalisation whose statistics can be read beforehand from a whole, smaller picture.

Ulyanov, Vedaldi & Lempitsky, "Instance Normalization" (arXiv 1607.08022), brings every channel of a picture to mean 0
and deviation 1. That makes each pixel depend on the whole picture, and so a tile painted alone would not fit its
neighbours. Here the whole picture is read once, at any size that memory allows (a thumbnail will do); the numbers found
there are then given back for each tile: Chen et al., "Towards Ultra-Resolution Neural Style Transfer via Thumbnail
Instance Normalization" (AAAI 2022).

The scale and shift that always follow are part of it, because one function with its own backward pass does both in a
fifth of the time that PyTorch's separate steps take on channels-last pictures in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["Reading", "Statistics", "statistics_of"]

Statistics: TypeAlias = Mapping[str, tuple[Tensor, Tensor]]
"""Mean and deviation, each (B, C, 1, 1), of every normalised layer by name."""

LEAST_VARIANCE = 1e-4
_HALF = (torch.bfloat16, torch.float16)


class Reading:
    """One pass through a network: normalises with given statistics, or with the picture's own and remembers those.

    With ``following`` it goes by given ones moved that share towards the picture's own, and remembers what it went by.
    What a layer sees depends on how those before it were normalised, so that cannot be done afterwards.
    """

    def __init__(self, given: Statistics | None = None, *, following: float = 0.0) -> None:
        self.given, self.following = given, following
        self.found: dict[str, tuple[Tensor, Tensor]] = {}

    def normalize(self, name: str, x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None) -> Tensor:
        """Return ``x`` (B, C, H, W) at mean 0 and deviation 1 by the statistics of layer ``name``, scaled and shifted.

        ``scale`` and ``shift`` are (B or 1, C, 1, 1), 1 and 0 where they are left out.
        """
        if self.given is None and x.dtype in _HALF and scale is not None and shift is not None:
            return self._measured_and_normal(name, x, scale, shift)
        mean, deviation = self._statistics(name, x)
        scale = torch.ones_like(mean) if scale is None else scale
        shift = torch.zeros_like(mean) if shift is None else shift
        normal: Tensor = _Normalize.apply(x, mean, deviation, scale, shift, self.given is None)  # type: ignore[no-untyped-call]
        return normal

    def _statistics(self, name: str, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.given is None:
            self.found[name] = _measured(x)
            return self.found[name]
        if not self.following:
            return self.given[name]
        mean, deviation = (
            torch.lerp(before, own, self.following) for before, own in zip(self.given[name], _measured(x), strict=True)
        )
        self.found[name] = mean, deviation
        return self.found[name]

    def _measured_and_normal(self, name: str, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        normal: Tensor
        normal, mean, deviation = _NormalizeAtOnce.apply(x, scale, shift)  # type: ignore[no-untyped-call]
        self.found[name] = mean, deviation
        return normal


@torch.no_grad()
def statistics_of(network: Callable[..., Tensor], photo: Tensor, strength: Tensor | None) -> Statistics:
    """Return what a network's normalisations see in a whole photo, or in its thumbnail, for painting its tiles."""
    reading = Reading()
    network(photo, strength, reading)
    return reading.found


@torch.no_grad()  # the backward pass below knows what the statistics depend on
def _measured(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of every channel."""
    if x.dtype in _HALF and len(x) == 1:
        one = torch.ones(x.shape[1], device=x.device)  # in float32, and so is what is found
        _, means, inverses = torch.native_batch_norm(x, one, 0 * one, None, None, True, 0.0, LEAST_VARIANCE)
        return means[None, :, None, None], inverses.reciprocal()[None, :, None, None]
    mean = _mean(x)
    variance = (_mean(x * x) - mean.square()).clamp_min(0) + LEAST_VARIANCE
    return mean, variance.sqrt()


def _mean(x: Tensor) -> Tensor:
    """Return the mean over the positions (B, C, 1, 1), added up with float32's digits at least."""
    rows = x.permute(0, 2, 3, 1).flatten(1, 2)  # a view for channels-last pictures, which sum far quicker so
    wide = torch.promote_types(x.dtype, torch.float32)
    return (rows.sum(1, dtype=wide) / rows.shape[1])[:, :, None, None]


class _Normalize(torch.autograd.Function):
    """(x - mean) / deviation * scale + shift; ``own`` says that mean and deviation are those of x."""

    @staticmethod
    def forward(  # noqa: PLR0917 - torch hands arguments over by position
        ctx: Any, x: Tensor, mean: Tensor, deviation: Tensor, scale: Tensor, shift: Tensor, own: bool
    ) -> Tensor:
        gain = scale / deviation
        ctx.save_for_backward(x, mean, deviation, scale)
        ctx.own, ctx.shared = own, (scale.shape[0], shift.shape[0])
        return torch.addcmul((shift - mean * gain).to(x.dtype), x, gain.to(x.dtype))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None, Tensor, Tensor, None]:
        x, mean, deviation, scale = ctx.saved_tensors
        positions = x.shape[2] * x.shape[3]
        mean_g = _mean(g)
        mean_gn = (_mean(g * x) - mean * mean_g) / deviation  # E[g n] where n is the normalised x
        slope = g * (scale / deviation).to(g.dtype)
        if ctx.own:  # moving a pixel also moves the statistics: what lies along 1 and along n is lost
            along = scale / deviation.square() * mean_gn
            offset = scale / deviation * mean_g - along * mean
            slope = slope - torch.addcmul(offset.to(g.dtype), x, along.to(x.dtype))
        to_scale, to_shift = positions * mean_gn, positions * mean_g
        rows, shifts = ctx.shared
        return slope, None, None, _shared(to_scale, rows), _shared(to_shift, shifts), None


class _NormalizeAtOnce(torch.autograd.Function):
    """The same by a picture's own statistics, in half precision: what PyTorch does for a batch of one, in one pass.

    Also returns mean and deviation, which are not to be learnt from.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        gains, offsets = (one.expand(len(x), -1, -1, -1).flatten(1).float() for one in (scale, shift))
        done = [
            torch.native_batch_norm(one, gain, offset, None, None, True, 0.0, LEAST_VARIANCE)
            for one, gain, offset in zip(torch.split(x, 1), gains, offsets, strict=True)
        ]
        normal, means, inverses = (list(parts) for parts in zip(*done, strict=True))
        ctx.save_for_backward(x, gains, *means, *inverses)
        ctx.shared = scale.shape[0], shift.shape[0]
        mean, deviation = (torch.stack(parts)[:, :, None, None] for parts in (means, inverses))
        deviation = deviation.reciprocal()
        ctx.mark_non_differentiable(mean, deviation)
        return normal[0] if len(x) == 1 else torch.cat(normal), mean, deviation

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, gains, *saved = ctx.saved_tensors
        means, inverses = saved[: len(x)], saved[len(x) :]
        g = g.contiguous(memory_format=torch.channels_last)
        parts = zip(torch.split(g, 1), torch.split(x, 1), gains, means, inverses, strict=True)
        slopes = [
            torch.ops.aten.native_batch_norm_backward(
                one, seen, gain, None, None, mean, inverse, True, LEAST_VARIANCE, [True, True, True]
            )
            for one, seen, gain, mean, inverse in parts
        ]
        to_x, to_gain, to_offset = (list(values) for values in zip(*slopes, strict=True))
        rows, shifts = ctx.shared
        to_scale, to_shift = (torch.stack(values)[:, :, None, None] for values in (to_gain, to_offset))
        return torch.cat(to_x), _shared(to_scale, rows), _shared(to_shift, shifts)


def _shared(gradient: Tensor, rows: int) -> Tensor:
    """Add up over the batch where one value serves all its pictures."""
    return gradient if gradient.shape[0] == rows else gradient.sum(0, keepdim=True)
