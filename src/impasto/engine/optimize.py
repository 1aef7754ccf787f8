"""Painting by optimisation: the picture itself is what is learnt.

Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks" (CVPR 2016). Departures, each because
it gives a better picture sooner: coarse to fine instead of one size (Gatys et al., "Controlling Perceptual Factors in
Neural Style Transfer", CVPR 2017), terms in units the pair itself gives, styles compared as Gaussians instead of by
their Gram matrices, and shapes compared by correlation instead of squared error.

Here is what a caller sees; :mod:`impasto.engine.preparing` holds what a painting starts from,
:mod:`impasto.engine.painting` the painting itself.
"""

from __future__ import annotations

import time
from typing import Any

from torch import Tensor

from impasto.config import Optimize, from_dict
from impasto.device import available_memory, prefer_big_pages
from impasto.engine.exemplars import with_exemplars
from impasto.engine.finishing import finished, recolored, with_detail
from impasto.engine.inputs import Given, One, Work, prepare
from impasto.engine.memory import peak_bytes
from impasto.engine.painting import Checkpoint, Painting
from impasto.engine.planning import Plan, estimate_seconds, plan_scales, plan_steps, result_size
from impasto.engine.preparing import Setup, check_combination, largest_style
from impasto.engine.progress import OnStep, silent
from impasto.engine.recipe import Ingredient, Recipe, deciding_options, versions
from impasto.engine.result import Result
from impasto.engine.terms import style_term_of
from impasto.images import resize
from impasto.models.backbones import backbone_downloads

__all__ = ["Optimizer"]


class Optimizer:
    """The method ``optimize``; call it with a photo and a style."""

    def __init__(self, config: Optimize) -> None:
        self.config, self.setup = config, Setup.of(config)

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
        prefer_big_pages()
        work = self._work(content, style)
        started = time.monotonic()
        work = with_exemplars(work, self.config)
        painting = Painting(self.setup, work, result_size(work.photo.size, self.config), on_step)
        image = self._image(work, painting, resume_from)
        alpha = work.photo.alpha
        return Result(
            image=image,
            losses=painting.losses,
            config=self.config,
            seconds=time.monotonic() - started,
            recipe=self._recipe(work, painting, resume_from),
            alpha=None if alpha is None else resize(alpha, (image.shape[-2], image.shape[-1])),
            metadata=work.photo.metadata,
            stopped=painting.stopped,
        )

    def plan(self, content: One, style: Given) -> Plan:
        """Say what a call would do, without doing it."""
        work, setup, config = self._work(content, style), self.setup, self.config
        size = result_size(work.photo.size, config)
        scales = plan_scales(size, config.scales) if needs_painting(config) else []
        steps = plan_steps(config.steps, len(scales))
        tile = setup.tile_for(work, size)
        return Plan(
            method="optimize",
            size=work.photo.size if config.finish == "full" else size,
            scales=scales,
            steps=steps,
            device=str(setup.device),
            precision=self._precision,
            tile=tile,
            peak_bytes=peak_bytes(size, config, setup.precision, tile, style=largest_style(work, size, config)),
            available_bytes=available_memory(setup.device),
            seconds=estimate_seconds(config, setup.device, setup.precision, scales, steps),
            downloads=backbone_downloads(config.backbone) if scales else [],
        )

    def weights(self) -> list[Ingredient]:
        """Return the weights that this method paints with."""
        return self.setup.weights_of(self.setup.network())

    @property
    def _precision(self) -> str:
        return str(self.setup.precision).removeprefix("torch.")

    def _work(self, content: One, style: Given) -> Work:
        work = prepare(content, style, self.config)
        check_combination(work, self.config)
        return work

    def _image(self, work: Work, painting: Painting, resume_from: Checkpoint | None) -> Tensor:
        config, photo = self.config, work.photo
        if config.strength == 0:
            return resize(photo.pixels, photo.size if config.finish == "full" else painting.size)
        image = painting.paint(resume_from) if needs_painting(config) else recolored(work, painting.size, config)
        if config.finish == "full":
            image = with_detail(image, photo.pixels)
        return finished(image, work, config)

    def _recipe(self, work: Work, painting: Painting, resume_from: Checkpoint | None) -> Recipe:
        photo, styles = work.ingredients()
        found: dict[str, Any] = {"precision": self._precision, "style_term": style_term_of(self.config)}  # not `auto`
        if painting.tile is not None:  # exact but for rounding, and rounding decides the last digits
            found["tile"] = painting.tile
        return Recipe(
            method="optimize",
            options=deciding_options(self.config) | found,
            photo=photo,
            styles=styles,
            extras=work.extras,
            weights=painting.weights,
            versions=versions(),
            stopped=painting.stopped_at,
            resumed=resume_from.places if resume_from else [],
        )


def needs_painting(config: Optimize) -> bool:
    """Say whether the result is more than the photo itself, or than the photo in other colors."""
    return config.strength > 0 and not config.color_only
