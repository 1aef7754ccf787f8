"""One judgement of one result: every number there is about it, by name, with what the number means.

:data:`METRICS` says each metric once; tables, reports and the page of the docs are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor, nn

from impasto.engine.layers import STYLE_LAYERS
from impasto.evaluation.findings import Finding
from impasto.evaluation.lint import lint
from impasto.evaluation.metrics import color_distance, content_distance, ssim, style_distance
from impasto.evaluation.perceptual import LPIPS
from impasto.images import fit_long_side, resize
from impasto.losses import Moments, moments
from impasto.models import backbone_layers, load_backbone

__all__ = [
    "CONTENT_LAYERS",
    "METRICS",
    "Judge",
    "Judgement",
    "Metric",
    "judged_size",
    "judging_network",
    "metric",
    "seen_by",
    "shown",
]

SIDE = 512  # pixels: results of all sizes are judged at this long side, all but the faults
CELL = 16  # pixels: sides are multiples of it, so that no network has an odd row to cut off
CONTENT_LAYERS = ("relu3_1", "relu4_1")


@dataclass(frozen=True)
class Metric:
    """One number about a result."""

    name: str  # in files
    title: str  # in tables
    better: Literal["lower", "higher"]
    meaning: str  # one sentence for people
    unit: str = ""
    digits: int = 2


METRICS = (
    Metric("style", "style", "lower", "Distance to the painting's style: 0 the same, 1 as far as the untouched photo."),
    Metric("content", "content", "lower", "How much of the photo's shapes is lost: 0 nothing, 1 all of it."),
    Metric("ssim", "SSIM", "higher", "Structural similarity to the photo: 1 the same, 0 nothing in common."),
    Metric("lpips", "LPIPS", "lower", "How different from the photo it looks: 0 the same, about 0.7 unrelated."),
    Metric(
        "color", "color", "lower", "Distance to the painting's colors, wherever they stand; 2 is just seen.", "ΔE", 1
    ),
    Metric(
        "faults", "faults", "lower", "The worst that the linter sees: 0 nothing, below 0.3 hardly visible, 1 ruined."
    ),
    Metric("seconds", "time", "lower", "How long the picture took, once the method was loaded.", "s", 1),
    Metric(
        "memory", "memory", "lower", "The most the process held meanwhile, Python and the network included.", "MB", 0
    ),
    Metric("gpu_memory", "GPU memory", "lower", "The most that tensors held on the graphics card.", "MB", 0),
)


def metric(name: str) -> Metric:
    """Return the metric of this name."""
    return next(one for one in METRICS if one.name == name)


def shown(name: str, value: float) -> str:
    """Return a value of a metric for people, without its unit."""
    return f"{value:.{metric(name).digits}f}"


@dataclass(frozen=True)
class Judgement:
    """What is to be said of one result."""

    values: Mapping[str, float]
    findings: Sequence[Finding]


class Judge:
    """Knows one photo and one style, and judges any number of results for them.

    The network that looks is a backbone's name or a file of its weights. What a painter was trained or optimised
    through flatters it; for a ruling between such painters take a network that none of them has seen.
    """

    def __init__(self, photo: Tensor, style: Tensor, *, network: nn.Module, perceptual: LPIPS | None = None) -> None:
        self.photo, self.style = photo, style
        self.network, self.perceptual = network, perceptual
        self._small, self._small_style = (_brought(one, judged_size(one)) for one in (photo, style))

    def __call__(self, picture: Tensor) -> Judgement:
        """Judge a result (1, 3, H, W) of any size."""
        findings = lint(picture, self.photo, self.style)
        clean = picture.detach().float().cpu().nan_to_num(0.5, posinf=1, neginf=0).clamp(0, 1)
        small = _brought(clean, judged_size(self.photo))
        features = seen_by(self.network, small)
        shapes = {name: values for name, values in self._photo_features.items() if name in CONTENT_LAYERS}
        values = {
            "style": style_distance(features, self._style_features, self._photo_features),
            "content": content_distance(features, shapes),
            "ssim": float(ssim(small, self._small)),
            "color": float(color_distance(_sampled(small), _sampled(self._small_style))),
            "faults": max((finding.severity for finding in findings), default=0.0),
        }
        if self.perceptual is not None:
            with torch.no_grad():
                values["lpips"] = float(self.perceptual(small, self._small))
        return Judgement(values, findings)

    @cached_property
    def _photo_features(self) -> dict[str, Tensor]:
        return seen_by(self.network, self._small)

    @cached_property
    def _style_features(self) -> dict[str, Moments]:
        return {name: moments(values) for name, values in seen_by(self.network, self._small_style).items()}


def judging_network(name: str = "embedded") -> nn.Module:
    """Return the network that judges: a backbone's name, or a file with the weights of VGG."""
    known = backbone_layers(name)
    return load_backbone(name, [layer for layer in STYLE_LAYERS if layer in known])


def judged_size(picture: Tensor) -> tuple[int, int]:
    """Return the (height, width) at which results for this photo are judged."""
    height, width = fit_long_side((picture.shape[-2], picture.shape[-1]), SIDE)
    return max(CELL, CELL * round(height / CELL)), max(CELL, CELL * round(width / CELL))


def _brought(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return resize(picture.detach().float(), size).clamp(0, 1)


def _sampled(picture: Tensor) -> Tensor:
    """Return every fourth row and column: as many colors as tell how they are spread."""
    return picture[..., ::4, ::4]


@torch.no_grad()
def seen_by(network: nn.Module, picture: Tensor) -> dict[str, Tensor]:
    """Return the features of a picture (1, 3, H, W) by layer, (1, C, h, w) float32 each."""
    found: dict[str, Tensor] = network(picture)
    return {name: values.float() for name, values in found.items()}
