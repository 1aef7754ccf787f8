"""Painting by optimisation: the picture itself is what is learnt.

Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks" (CVPR 2016). Departures, each because
it gives a better picture sooner: coarse to fine instead of one size (Gatys et al., "Controlling Perceptual Factors in
Neural Style Transfer", CVPR 2017), terms in units the pair itself gives, means and deviations beside the Gram matrices,
and shapes compared by correlation instead of squared error.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from impasto import losses
from impasto.config import Optimize, from_dict
from impasto.device import available_memory, pick_device, pick_precision, prefer_big_pages
from impasto.engine.finishing import finished, with_detail
from impasto.engine.inputs import Given, One, Style, Work, prepare
from impasto.engine.layers import content_layers, style_layers
from impasto.engine.memory import LEAST_TILE, choose_tile, peak_bytes
from impasto.engine.objective import Objective, Target, style_target
from impasto.engine.planning import Plan, estimate_seconds, plan_scales, plan_steps, result_size
from impasto.engine.progress import OnStep, Step, silent
from impasto.engine.recipe import Ingredient, Recipe, deciding_options, versions
from impasto.engine.result import Result, Stop
from impasto.engine.walking import Walk, make_walk
from impasto.errors import ImpastoError, OptionError
from impasto.images import fit_long_side, luminance, match_color, read, resize, transfer_color_only
from impasto.models.backbones import (
    backbone_downloads,
    backbone_layers,
    backbone_title,
    check_pooling,
    load_backbone,
    weights_hash,
)

__all__ = ["Checkpoint", "Optimizer"]

LEAST_STYLE_SIDE = 16


@dataclass(frozen=True)
class Checkpoint:
    """Where an interrupted work stood."""

    image: Tensor
    scale: int
    step: int


class Optimizer:
    """The method ``optimize``; call it with a photo and a style."""

    def __init__(self, config: Optimize) -> None:
        self.config = config
        self.device = pick_device(config.device)
        self.precision = pick_precision(config.precision, self.device)
        check_pooling(config.backbone, config.pooling)
        available = backbone_layers(config.backbone)
        self.style_layers = style_layers(config.style_layers, available)
        self.content_layers = content_layers(config.content_layers, available)

    def __call__(
        self,
        content: One,
        style: Given,
        *,
        on_step: OnStep = silent,
        resume_from: Checkpoint | None = None,
        **changes: Any,
    ) -> Result:
        """Paint ``content`` in the manner of ``style``; options in ``changes`` hold for this call only."""
        if changes:
            changed = Optimizer(from_dict(Optimize, {**vars(self.config), **changes}))
            return changed(content, style, on_step=on_step, resume_from=resume_from)
        work = prepare(content, style, self.config)
        check_combination(work, self.config)
        return Painting(self, work, on_step).result(resume_from)

    def plan(self, content: One, style: Given) -> Plan:
        """Say what a call would do, without doing it."""
        work = prepare(content, style, self.config)
        check_combination(work, self.config)
        size = result_size(work.photo.size, self.config)
        scales = plan_scales(size, self.config.scales)
        steps = plan_steps(self.config.steps, len(scales))
        if not needs_painting(self.config):
            scales, steps = [], []
        free = available_memory(self.device)
        tile = choose_tile(size, self.config, self.precision, free)
        return Plan(
            method="optimize",
            size=work.photo.size if self.config.finish == "full" else size,
            scales=scales,
            steps=steps,
            device=str(self.device),
            precision=str(self.precision).removeprefix("torch."),
            tile=tile,
            peak_bytes=peak_bytes(size, self.config, self.precision, tile),
            available_bytes=free,
            seconds=estimate_seconds(self.config, self.device, self.precision, scales, steps),
            downloads=backbone_downloads(self.config.backbone) if scales else [],
        )

    def load_network(self) -> nn.Module:
        """Return the network to look through, where and how this method computes."""
        network = load_backbone(
            self.config.backbone,
            [*self.style_layers, *(layer for layer in self.content_layers if layer not in self.style_layers)],
            pooling=self.config.pooling,
            padding=self.config.padding,
        )
        network.to(device=self.device, dtype=self.precision)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def weights_of(self, network: nn.Module) -> list[Ingredient]:
        """Return the weights of a network that this method loaded, as a recipe names them."""
        name = self.config.backbone
        return [Ingredient(backbone_title(name), weights_hash(name, network))]


def needs_painting(config: Optimize) -> bool:
    """Say whether the result is more than the photo itself, or than the photo in other colors."""
    return config.strength > 0 and not config.color_only


def check_combination(work: Work, config: Optimize) -> None:
    """Refuse what cannot be combined, and what cannot be read."""
    if config.init == "fast":
        raise OptionError(
            "init is 'fast', but there is no method fast here yet; start from photo, style, noise or grey."
        )
    if "init" in work.extras:
        read(config.init)
    if config.style_term != "sliced":
        return
    if config.tile is not None:
        raise OptionError("style_term sliced looks at the whole picture at once and cannot be tiled; leave tile out.")
    if len(work.styles) > 1 and not work.masks:
        raise OptionError(
            "style_term sliced cannot mix styles; give one style, a mask for each, or another style_term."
        )


class Painting:
    """One call of the method: everything that changes while a picture is painted."""

    def __init__(self, method: Optimizer, work: Work, on_step: OnStep) -> None:
        self.method, self.config, self.work, self.on_step = method, method.config, work, on_step
        self.size = result_size(work.photo.size, self.config)
        self.final_size = work.photo.size if self.config.finish == "full" else self.size
        self.scales = plan_scales(self.size, self.config.scales)
        self.steps = plan_steps(self.config.steps, len(self.scales))
        self.losses: dict[str, list[float]] = {}
        self.seconds_per_pixel: list[float] = []  # of the steps so far, for the time left
        self.note: str | None = None
        self.stopped: Stop = "finished"
        self.stopped_at: dict[str, int] | None = None
        self.weights: list[Ingredient] = []
        self.started = time.monotonic()

    def result(self, resume_from: Checkpoint | None) -> Result:
        """Paint, and tell how it was done."""
        prefer_big_pages()
        if self.config.strength == 0:
            image = resize(self.work.photo.pixels, self.final_size)
        else:
            image = self._recolored() if self.config.color_only else self._painted(resume_from)
            if self.config.finish == "full":
                image = with_detail(image, self.work.photo.pixels)
            image = finished(image, self.work, self.config)
        alpha = self.work.photo.alpha
        return Result(
            image=image,
            losses=self.losses,
            config=self.config,
            seconds=time.monotonic() - self.started,
            recipe=self._recipe(),
            alpha=None if alpha is None else resize(alpha, (image.shape[-2], image.shape[-1])),
            metadata=self.work.photo.metadata,
            stopped=self.stopped,
        )

    def _recolored(self) -> Tensor:
        """Give the photo the colors of each style, as much as that style applies; its texture stays."""
        photo = resize(self.work.photo.pixels, self.size)
        each = torch.cat([transfer_color_only(photo, style.pictures[0].pixels) for style in self.work.styles])
        if self.work.masks:
            weights, alone = self.work.regions(self.size)
            shares = (weights / (1 - alone).clamp_min(1e-6)).transpose(0, 1)  # (N, 1, H, W); finishing leaves alone
        else:
            shares = torch.tensor(self.work.shares).view(-1, 1, 1, 1)
        return photo.lerp((shares * each).sum(0, keepdim=True), self.config.strength / 100)

    def _painted(self, resume_from: Checkpoint | None) -> Tensor:
        network = self.method.load_network()
        self.weights = self.method.weights_of(network)
        at = resume_from or Checkpoint(self._beginning(), 0, 0)
        image, walk = self._as_seen(at.image), None
        for scale in range(at.scale, len(self.scales)):
            done = at.step if scale == at.scale else 0
            try:
                image, walk = self._paint_scale(network, scale, image, walk, done)
            except KeyboardInterrupt:  # while the scale was prepared
                if walk is None and resume_from is None:
                    raise  # nothing is painted yet, so there is nothing to keep
                self._interrupt(scale, done)
            if self.stopped == "interrupted":
                break
        self._check_sound()
        return resize(image, self.size)

    def _interrupt(self, scale: int, done: int) -> None:
        self.stopped, self.stopped_at = "interrupted", {"scale": scale, "step": done}

    def _check_sound(self) -> None:
        """Refuse to hand out a picture of which the network could say nothing."""
        totals = self.losses.get("total", [])
        if totals and not any(math.isfinite(total) for total in totals):
            raise ImpastoError(
                f"the network {backbone_title(self.config.backbone)} gave no finite values for this picture; "
                "try precision float32, or another backbone."
            )

    def _paint_scale(
        self, network: nn.Module, scale: int, image: Tensor, before: Walk | None, done: int
    ) -> tuple[Tensor, Walk | None]:
        """Paint one scale; when memory runs out, begin it again with smaller tiles."""
        tile = choose_tile(self.scales[scale], self.config, self.method.precision, available_memory(self.method.device))
        while True:
            try:
                return self._walk_scale(network, scale, image, before, done, tile)
            except (MemoryError, RuntimeError) as fault:
                if not is_out_of_memory(fault):
                    raise
                if self.config.style_term == "sliced" or (tile is not None and tile <= LEAST_TILE):
                    raise OptionError(self._too_large(scale)) from fault
                tile = max(LEAST_TILE, (tile or max(self.scales[scale])) // 2)
                self.note = f"memory ran out; going on in tiles of {tile} px"

    def _too_large(self, scale: int) -> str:
        height, width = self.scales[scale]
        tiles = "and style_term sliced cannot be tiled" if self.config.style_term == "sliced" else "even in small tiles"
        return f"painting at {width}x{height} px needs more memory than there is, {tiles}; choose a smaller size."

    def _walk_scale(
        self, network: nn.Module, scale: int, image: Tensor, before: Walk | None, done: int, tile: int | None
    ) -> tuple[Tensor, Walk | None]:
        objective = self._objective(network, self.scales[scale], tile)
        start = resize(image.clamp(0, 1), self.scales[scale]).to(self.method.device)
        walk = make_walk(self.config, start, objective.backward, self.steps[scale] - done, before=before)
        patience = Patience(self.config.patience)
        try:
            for step in range(done, self.steps[scale]):
                began = time.monotonic()
                values = walk.step()
                done = step + 1
                self._tell(walk, scale, step, values, time.monotonic() - began)
                if patience.is_over(values["total"]):
                    self.stopped = "converged" if scale == len(self.scales) - 1 else self.stopped
                    break
        except KeyboardInterrupt:
            self._interrupt(scale, done)
        return walk.picture().cpu(), walk

    def _objective(self, network: nn.Module, size: tuple[int, int], tile: int | None) -> Objective:
        config, device = self.config, self.method.device
        photo = self._as_seen(resize(self.work.photo.pixels, size))
        targets = [self._target(network, style, size, tile) for style in self.work.styles]
        regions = None
        if self.work.has_regions:
            regions = self.work.regions(size)[0].to(device)
        if not self.work.masks:
            targets = [mixed(targets, self.work.shares)]
        return Objective(
            network,
            photo.to(device),
            targets,
            regions,
            config=config,
            style_layers=self.method.style_layers,
            content_layers=self.method.content_layers,
            tile=tile,
        )

    def _target(self, network: nn.Module, style: Style, size: tuple[int, int], tile: int | None) -> Target:
        long_side = max(LEAST_STYLE_SIDE, round(max(size) * self.config.stroke))
        pictures = [resize(one.pixels, fit_long_side(one.size, long_side)) for one in style.pictures]
        if self.config.keep_color and self.config.color_match == "covariance":
            pictures = [match_color(one, self.work.photo.pixels) for one in pictures]
        seen = [self._as_seen(one).to(self.method.device) for one in pictures]
        return style_target(network, seen, self.method.style_layers, self.config.style_term, tile=tile)

    def _as_seen(self, picture: Tensor) -> Tensor:
        """Return a picture without its colors where those are kept out of the painting."""
        if self.config.keep_color and self.config.color_match != "covariance":
            return luminance(picture).expand(-1, 3, -1, -1).contiguous()
        return picture

    def _beginning(self) -> Tensor:
        """Return what the painting starts from, at the smallest scale or larger."""
        init, photo = self.config.init, self.work.photo.pixels
        size = self.scales[0]
        if init == "photo":
            return photo
        if init == "style":
            return resize(self.work.styles[0].pictures[0].pixels, size)
        if init == "noise":
            noise = torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(self.config.seed))
            return (0.5 + 0.15 * noise).clamp(0, 1)
        if init == "grey":
            return torch.full((1, 3, *size), 0.5)
        return read(init).pixels

    def _tell(self, walk: Walk, scale: int, step: int, values: dict[str, float], seconds: float) -> None:
        for name, value in values.items():
            self.losses.setdefault(name, []).append(value)
        area = math.prod(self.scales[scale])
        self.seconds_per_pixel.append(seconds / area)
        note, self.note = self.note, None
        self.on_step(
            Step(
                scale=scale + 1,
                scales=len(self.scales),
                step=step + 1,
                steps=self.steps[scale],
                size=self.scales[scale],
                losses=values,
                elapsed=time.monotonic() - self.started,
                remaining=self._remaining(scale, step + 1),
                picture=lambda: finished(walk.picture().cpu(), self.work, self.config),
                note=note,
            )
        )

    def _remaining(self, scale: int, done: int) -> float:
        """Estimate the seconds left from the recent steps' time per pixel."""
        recent = self.seconds_per_pixel[-10:]
        areas = [math.prod(size) * steps for size, steps in zip(self.scales, self.steps, strict=True)]
        left = sum(areas[scale + 1 :]) + math.prod(self.scales[scale]) * (self.steps[scale] - done)
        return left * sum(recent) / len(recent)

    def _recipe(self) -> Recipe:
        photo, styles = self.work.ingredients()
        return Recipe(
            method="optimize",
            options=deciding_options(self.config) | {"precision": str(self.method.precision).removeprefix("torch.")},
            photo=photo,
            styles=styles,
            extras=self.work.extras,
            weights=self.weights,
            versions=versions(),
            stopped=self.stopped_at,
        )


class Patience:
    """Says when a scale has stopped getting better."""

    LEAST_GAIN = 1e-3  # of the best so far: less than this is not getting better

    def __init__(self, steps: int) -> None:
        self.steps, self.best, self.waited = steps, math.inf, 0

    def is_over(self, total: float) -> bool:
        """Count a step with this loss."""
        better = total < self.best * (1 - self.LEAST_GAIN)
        self.waited = 0 if better else self.waited + 1
        self.best = min(self.best, total)
        return self.steps > 0 and self.waited >= self.steps


def mixed(targets: Sequence[Target], shares: Sequence[float]) -> Target:
    """Return the target between several styles."""
    if len(targets) == 1:
        return targets[0]
    moments = {layer: losses.mix([target.moments[layer] for target in targets], shares) for layer in targets[0].moments}
    return Target(moments, losses.mix([target.colors for target in targets], shares), {})


def is_out_of_memory(fault: BaseException) -> bool:
    """Say whether an error means that memory ran out; torch has a class for it only on some devices."""
    words = str(fault).lower()
    return isinstance(fault, (MemoryError, torch.OutOfMemoryError)) or "alloc" in words or "out of memory" in words
