"""Measuring a network that learnt from pairs, on pairs that it has never seen.

Three painters stand beside each other: the photo as it is (who does nothing), the network, and the ground truth (what
the teacher made of it). A network is worth its training by how far it comes from the first to the last.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from impasto.engine.layers import STYLE_LAYERS
from impasto.evaluation.judging import CONTENT_LAYERS, judging_network, seen_by
from impasto.evaluation.metrics import content_distance, gradient_energy, psnr, ssim, style_distance
from impasto.evaluation.statistics import Interval, mean_interval
from impasto.losses import Moments, moments

__all__ = ["MEASURES", "PAINTERS", "Judged", "Measure", "PairJudge", "Sample", "intervals", "telling"]

PAINTERS = ("source", "model", "teacher")
LOUDEST = 60.0  # decibels: equal pictures are infinitely near, which no mean survives


@dataclass(frozen=True)
class Measure:
    """One number about a predicted picture."""

    name: str
    title: str
    meaning: str


MEASURES = (
    Measure("ssim", "SSIM", "Structural similarity to the ground truth: 1 the same, 0 unrelated."),
    Measure("psnr", "PSNR", "Nearness to the ground truth in decibels; capped at 60."),
    Measure("style", "style", "Distance to the ground truth's style: 0 the same, 1 as far as the source."),
    Measure("artist", "to the painting", "Distance to the artist's painting: 1 is the source's."),
    Measure("content", "content", "How much of the source's shapes is lost: 0 nothing, 1 all of it."),
    Measure("sharpness", "sharpness", "Edges and detail as a share of the ground truth's: 1 is as much."),
)


@dataclass(frozen=True)
class Sample:
    """One pair that was tested."""

    name: str
    source: Tensor  # (1, 3, H, W) each
    target: Tensor
    predicted: Tensor


@dataclass(frozen=True)
class Judged:
    """What is to be said of one sample: every measure of every painter."""

    name: str
    values: Mapping[str, Mapping[str, float]]  # by painter and measure
    seconds: float
    sample: Sample | None = field(default=None, repr=False)


class PairJudge:
    """Measures samples, by the embedded encoder; ``painting`` is the artist's, where there is one."""

    def __init__(self, painting: Tensor | None = None, network: nn.Module | None = None) -> None:
        self._network = network or judging_network()
        self._artist = None if painting is None else self._styles(self._seen(painting))

    def judge(self, name: str, source: Tensor, target: Tensor, predict: Callable[[Tensor], Tensor]) -> Judged:
        """Let the network paint ``source`` and compare with ``target``."""
        began = time.monotonic()
        predicted = predict(source)
        seconds = time.monotonic() - began
        seen = {
            painter: self._seen(picture) for painter, picture in zip(PAINTERS, (source, predicted, target), strict=True)
        }
        pictures = {"source": source, "model": predicted, "teacher": target}
        values = {painter: self._values(pictures[painter], target, seen, painter) for painter in PAINTERS}
        return Judged(name, values, seconds, Sample(name, source, target, predicted))

    def _values(
        self, picture: Tensor, target: Tensor, seen: Mapping[str, Mapping[str, Tensor]], painter: str
    ) -> dict[str, float]:
        styles = {one: self._styles(features) for one, features in seen.items()}
        found = {
            "ssim": float(ssim(picture, target)),
            "psnr": min(LOUDEST, float(psnr(picture, target))),
            "style": style_distance(styles[painter], styles["teacher"], styles["source"]),
            "content": content_distance(_only(seen[painter]), _only(seen["source"])),
            "sharpness": float(gradient_energy(picture) / gradient_energy(target).clamp_min(1e-9)),
        }
        if self._artist is not None:
            found["artist"] = style_distance(styles[painter], self._artist, styles["source"])
        return found

    def _seen(self, picture: Tensor) -> dict[str, Tensor]:
        return seen_by(self._network, picture)

    @staticmethod
    def _styles(seen: Mapping[str, Tensor]) -> dict[str, Moments]:
        return {layer: moments(seen[layer]) for layer in STYLE_LAYERS}


def _only(seen: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {layer: seen[layer] for layer in CONTENT_LAYERS}


def intervals(judged: Sequence[Judged], painter: str) -> dict[str, Interval]:
    """Return the mean of every measure of one painter, with the bounds of its 95 % interval."""
    names = judged[0].values[painter]
    return {name: mean_interval([one.values[painter][name] for one in judged]) for name in names}


def telling(judged: Iterable[Judged], by: str = "ssim") -> dict[str, Judged]:
    """Return the best, the median and the worst by a measure of the model's that is better high."""
    ranked = sorted(judged, key=lambda one: one.values["model"][by])
    middle = statistics.median_low(range(len(ranked)))
    return {"best": ranked[-1], "median": ranked[middle], "worst": ranked[0]}
