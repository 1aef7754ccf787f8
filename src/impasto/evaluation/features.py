"""Seeing what a network sees: its feature maps, and the Gram matrices that style losses compare."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from impasto.errors import InputError, OptionError
from impasto.evaluation import canvas
from impasto.evaluation.colormap import colored
from impasto.losses import Moments, moments

__all__ = ["by_similarity", "feature_sheet", "gram_sheet", "telling_channels"]

_TYPE = 15  # size of the lettering in pixels


def feature_sheet(
    features: Mapping[str, Tensor],
    path: str | os.PathLike[str] | None = None,
    *,
    channels: int = 16,
    cell: int = 168,
    title: str = "",
) -> Tensor:
    """Draw the most telling channels of each layer's features (1, C, H, W); return the sheet (1, 3, H, W).

    Which they are :func:`telling_channels` says. Each map is scaled by itself, from 0 (or its 1st percentile
    where it goes below) to its 99th percentile. With a ``path`` the sheet is also written there, replacing
    what is there.
    """
    _check(features)
    if channels < 1:
        raise OptionError(f"channels is {channels}; allowed is a whole number, 1 or more.")
    layers = [_layer(name, maps, channels, cell) for name, maps in features.items()]
    note = "Channels strong in some places, silent in others, least like each other."
    page = canvas.page(canvas.stacked(layers, gap=2 * _TYPE), title or "Feature maps", 1.6 * _TYPE, note=note)
    return canvas.finished(page, path)


def telling_channels(features: Tensor, count: int) -> list[int]:
    """Return the channels of features (1, C, H, W) that tell most, the most telling first.

    Strong in places and silent elsewhere: a channel's score is its standard deviation times its sparseness
    (Hoyer 2004, "Non-negative Matrix Factorization with Sparseness Constraints", of its distance from its
    median). And unlike each other: they are chosen one by one, each by its score times one minus its greatest
    squared correlation with those chosen before.
    """
    height, width = features.shape[2:]
    maps = adaptive_avg_pool2d(features[0].detach().float(), (min(64, height), min(64, width)))
    x = maps.flatten(1)  # (C, N)
    centered = x - x.mean(1, keepdim=True)
    score = x.std(1, correction=0) * _sparseness((x - x.median(1, keepdim=True).values).abs())
    directions = torch.nn.functional.normalize(centered, dim=1)
    likeness = (directions @ directions.mT).square().clamp(0, 1)
    chosen: list[int] = []
    fresh = torch.ones_like(score)
    while len(chosen) < min(count, len(score)):
        value = score * fresh
        value[chosen] = -1
        chosen.append(int(value.argmax()))
        fresh = torch.minimum(fresh, 1 - likeness[chosen[-1]])
    return chosen


def gram_sheet(
    features: Mapping[str, Tensor | Moments],
    path: str | os.PathLike[str] | None = None,
    *,
    cell: int = 320,
    title: str = "",
) -> Tensor:
    """Draw each layer's Gram matrix as a heat map; return the sheet (1, 3, H, W).

    Drawn is how alike two channels fire, the cosine G_ij / √(G_ii G_jj), so that loud channels do not drown
    the others. Channels are ordered :func:`by_similarity`; silent ones are left out, as the label says. With
    a ``path`` the sheet is also written there, replacing what is there.
    """
    _check(features)
    blocks = [_heat_map(name, layer, cell) for name, layer in features.items()]
    across = len(blocks) if len(blocks) <= 3 else math.ceil(len(blocks) / 2)
    rows = [blocks[start : start + across] for start in range(0, len(blocks), across)]
    body = canvas.table(rows, gap=(2 * _TYPE, round(1.5 * _TYPE)), align=("end", "start"))
    body = canvas.stacked([body, _legend(cell)], gap=round(1.5 * _TYPE))
    note = "How often two channels fire together, alike ones side by side."
    page = canvas.page(body, title or "Gram matrices", 1.6 * _TYPE, note=note)
    return canvas.finished(page, path)


def by_similarity(likeness: Tensor) -> list[int]:
    """Return an order of the rows of a likeness matrix (C, C) in which groups stand together.

    Groups are merged two by two, the most alike first, likeness between groups being the mean over their
    members (average linkage; Sokal & Michener 1958, "A Statistical Method for Evaluating Systematic
    Relationships"). Of the four ways to put two groups beside each other, the one is taken whose touching ends
    are most alike.
    """
    groups = [[row] for row in range(len(likeness))]
    table = likeness.double().clone().fill_diagonal_(-torch.inf)
    for _ in range(len(groups) - 1):
        one, other = divmod(int(table.argmax()), len(groups))
        shares = [len(groups[one]), len(groups[other])]
        merged = (shares[0] * table[one] + shares[1] * table[other]) / sum(shares)
        merged[one] = -torch.inf
        groups[one], groups[other] = _joined(groups[one], groups[other], likeness), []
        table[one], table[:, one] = merged, merged
        table[other], table[:, other] = -torch.inf, -torch.inf
    return max(groups, key=len, default=[])


def _joined(left: list[int], right: list[int], likeness: Tensor) -> list[int]:
    ways = [(x, y) for x in (left, left[::-1]) for y in (right, right[::-1])]
    x, y = max(ways, key=lambda way: float(likeness[way[0][-1], way[1][0]]))
    return x + y


def _check(layers: Mapping[str, Tensor | Moments]) -> None:
    if not layers:
        raise InputError("No features were given to draw; give those of at least one layer.")
    for name, layer in layers.items():
        if isinstance(layer, Tensor) and (layer.ndim != 4 or layer.shape[0] != 1 or not layer.numel()):
            raise InputError(f"{name} has the shape {tuple(layer.shape)}; allowed is (1, C, H, W).")


def _layer(name: str, features: Tensor, count: int, cell: int) -> Image.Image:
    _, total, height, width = features.shape
    chosen = telling_channels(features, count)
    blocks = [_feature_map(features[0, channel], channel, cell) for channel in chosen]
    across = min(8, len(blocks))
    rows = [blocks[start : start + across] for start in range(0, len(blocks), across)]
    head = _heading(name, f"{total} channels of {width} x {height}")
    return canvas.stacked([head, canvas.table(rows, gap=(12, 10), align=("end", "start"))], gap=10)


def _feature_map(values: Tensor, channel: int, cell: int) -> Image.Image:
    x = values.detach().float().cpu().nan_to_num(0)
    # ranks instead of torch.quantile, which refuses more than 16 million values
    ranked = x.flatten().sort().values
    low = min(0.0, float(ranked[int(0.01 * (len(ranked) - 1))]))
    high = max(float(ranked[math.ceil(0.99 * (len(ranked) - 1))]), low + 1e-12)
    if high <= 1e-12 < float(ranked[-1]):  # fires in fewer than one place of a hundred
        high = float(ranked[-1])
    picture = colored((x - low) / (high - low))
    return canvas.captioned(canvas.framed(_enlarged(picture, cell)), f"{channel}", _TYPE * 0.8, width=cell)


def _enlarged(picture: Tensor, cell: int) -> Image.Image:
    """Small maps grow by whole factors with hard edges: the network's own pixels stay to be seen."""
    factor = cell // max(picture.shape[-2:])
    if factor > 1:
        picture = interpolate(picture, scale_factor=factor, mode="nearest")
    return canvas.fitted(picture, cell)


def _heat_map(name: str, layer: Tensor | Moments, cell: int) -> Image.Image:
    gram = (layer if isinstance(layer, Moments) else moments(layer.detach().float())).second[0].detach().cpu()
    energy = gram.diagonal()
    heard = (energy > 1e-6 * energy.max()).nonzero().flatten()
    root = energy[heard].sqrt()
    cosine = gram[heard][:, heard] / (root[:, None] * root[None, :])
    order = by_similarity(cosine)
    picture = colored(cosine[order][:, order] if order else torch.zeros(1, 1))
    silent = len(energy) - len(heard)
    facts = f"{len(energy)} channels" + (f", {silent} silent" if silent else "")
    return canvas.stacked([_heading(name, facts), canvas.framed(_enlarged(picture, cell))], gap=8)


def _heading(name: str, facts: str) -> Image.Image:
    words = [canvas.text(name, 1.2 * _TYPE), canvas.text(facts, _TYPE, color=canvas.SOFT_INK)]
    return canvas.table([words], gap=(0, _TYPE), align=("end", "start"))


def _legend(width: int) -> Image.Image:
    bar = canvas.to_image(colored(torch.linspace(0, 1, width).expand(10, -1)))
    ends = [canvas.text(line, 0.8 * _TYPE, color=canvas.SOFT_INK) for line in ("never", "always")]
    return canvas.table([[ends[0], canvas.framed(bar), ends[1]]], gap=(0, 10), align=("middle", "middle"))


def _sparseness(x: Tensor) -> Tensor:
    """Return Hoyer's sparseness of each row of x >= 0: 0 for a constant, 1 for a single peak."""
    root = math.sqrt(max(2, x.shape[1]))
    flat = x.sum(1) / x.square().sum(1).sqrt().clamp(min=1e-12)
    return ((root - flat) / (root - 1)).clamp(0, 1)
