"""Learn one style: ``impasto train style PAINTING --photos DIR -o mona.safetensors``.

Johnson, Alahi & Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (ECCV 2016). Departures:

- The objective is that of :mod:`impasto.training.style_targets`, in units that this style gives.
- Photos are painted at the size at which the model will paint them, and judged at the size at which people look.
- A share of the batches asks for a part of the style, another is painted like a part of a large picture, and some
  crops are almost empty (:mod:`impasto.training.style_photos`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import StyleTraining
from impasto.device import pick_device, pick_precision
from impasto.engine.fast import PAINTED_SIDE
from impasto.engine.layers import STYLE_LAYERS
from impasto.engine.onepass import BASE_SIDE
from impasto.engine.trained import base_of
from impasto.engine.vectors import style_vector
from impasto.errors import OptionError
from impasto.images import read
from impasto.models.fast import embedded_fast
from impasto.models.fast_style import FastStyle
from impasto.models.normalizing import Reading
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import load_model, read_about, save_model
from impasto.training.fitting import Fitted, Lesson, OnFitStep, fit, silent
from impasto.training.pictures import pictures_in, scaled, shrunk
from impasto.training.runs import without_files
from impasto.training.style_photos import StylePhotos
from impasto.training.style_targets import (
    CONTENT_LAYERS,
    StyleGoal,
    style_goal,
    style_moments,
    style_terms,
)
from impasto.training.teachers import judge_of

__all__ = ["run_folder", "style_lesson", "train_style"]

UNIT_BATCHES, VALIDATION_BATCHES = 4, 4
CELL_SIDE = 320
CROP_CELL = 16  # half as many pixels again are whole cells of the fast network, too
KINDS_OF_ONE_STYLE = (StyleNetwork.kind, FastStyle.kind)


def train_style(config: StyleTraining, output: Path, *, on_step: OnFitStep = silent) -> Fitted:
    """Learn a style and write the model to ``output``; the run's checkpoints and samples stand in a folder beside it.

    Given again, the same call goes on where the last one ended.
    """
    _check(config, output)
    return fit(style_lesson(config, output), run_folder(output), config, on_step=on_step)


def run_folder(output: Path) -> Path:
    """Return the folder of checkpoints, curves and samples that belongs to a model."""
    return output.with_suffix(".run")


def style_lesson(config: StyleTraining, output: Path) -> Lesson:
    """Return what is learnt: the network, its loss, its batches, and how the model is written."""
    precision = pick_precision(config.precision, pick_device(config.device))
    judge = judge_of(config.teacher, list(dict.fromkeys((*STYLE_LAYERS, *CONTENT_LAYERS))), precision)
    base = _base(config)
    photos, finer = StylePhotos.of(config, base), base / BASE_SIDE
    paintings = [scaled(read(path).pixels, config.style_side) for path in _paintings(config)]
    samples = photos.samples()
    first = [shrunk(photos.batch(number)["photo"], finer) for number in range(UNIT_BATCHES)]
    goal = style_goal(judge, paintings, first)
    return Lesson(
        network=_network(config, paintings),
        terms=_Terms(judge, goal, config, finer),
        batch=photos.batch,
        kept_out=[photos.validation(number) for number in range(VALIDATION_BATCHES)],
        export=lambda network: _export(network, output, config, base),
        sheet=_Sheet(paintings[0], samples) if samples else None,
        helpers=(judge,),
    )


class _Terms:
    """The loss of a batch, by term."""

    def __init__(self, judge: nn.Module, goal: StyleGoal, config: StyleTraining, finer: float) -> None:
        self._judge, self._goal, self._config = judge, goal, config
        self._finer = finer  # how many times finer than it is judged a photo is painted
        self._device = torch.device("cpu")  # where the goal is

    def __call__(self, network: nn.Module, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        photo, strength = batch["photo"], batch["strength"]
        asked = photo.new_full((len(photo), 1), strength)
        reading = None
        if batch["thumbnail"]:
            thumbnail = F.interpolate(photo, scale_factor=0.5, mode="area")
            reading = Reading(network.look(thumbnail, asked))  # type: ignore[operator]
        painted = network(photo, asked, reading, batch["at"]).float()
        if photo.device != self._device:
            self._goal, self._device = self._goal.to(photo.device), photo.device
        photo, painted = (shrunk(picture, self._finer) for picture in (photo, painted))
        return style_terms(self._judge, photo, painted, self._goal, self._config, strength)


@dataclass(frozen=True)
class _Sheet:
    """Draws photos that were kept out, painted with half and with full strength, beside the style."""

    painting: Tensor
    photos: Sequence[Tensor]

    def __call__(self, network: nn.Module) -> Tensor:
        rows = []
        for photo in self.photos:
            painted = [self._painted(network, photo, strength) for strength in (0.5, 1.0)]
            rows.append(torch.cat([_on_white(one) for one in (self.painting, photo, *painted)], 3))
        return torch.cat(rows, 2)

    @staticmethod
    def _painted(network: nn.Module, photo: Tensor, strength: float) -> Tensor:
        photo = photo.to(next(network.parameters()).device)
        painted: Tensor = network(photo, photo.new_full((1, 1), strength))
        return painted.float().clamp(0, 1).cpu()


def _on_white(picture: Tensor) -> Tensor:
    """Bring a picture's long side to that of a sheet's cell, and fill the cell."""
    small = scaled(picture, CELL_SIDE)
    below, right = CELL_SIDE - small.shape[-2], CELL_SIDE - small.shape[-1]
    return F.pad(small, (right // 2, right - right // 2, below // 2, below - below // 2), value=1.0)


def _check(config: StyleTraining, output: Path) -> None:
    """Refuse before anything is made."""
    if output.suffix != ".safetensors":
        raise OptionError(f"{output} was given for the model; its name must end in .safetensors.")
    if not output.parent.is_dir():
        raise OptionError(f"{output.parent} is no folder; make it first, or choose another place with -o.")
    if config.crop % CROP_CELL:
        raise OptionError(f"crop is {config.crop}; allowed are multiples of {CROP_CELL}.")


def _paintings(config: StyleTraining) -> list[Path]:
    return pictures_in(config.style) if config.style.is_dir() else [config.style]


def _base(config: StyleTraining) -> int:
    """Return the long side at which the network paints: that of what it begins as."""
    if config.from_weights is None:
        return BASE_SIDE
    return PAINTED_SIDE if config.from_weights == "fast" else base_of(read_about(Path(config.from_weights)))


def _network(config: StyleTraining, paintings: Sequence[Tensor]) -> nn.Module:
    """Return what is trained: a new network, or one that can paint already."""
    torch.manual_seed(config.seed)
    network: nn.Module
    if config.from_weights is None:
        network = StyleNetwork(width=config.width)
    elif config.from_weights == "fast":
        network = _from_fast(paintings)
    else:
        network = _trained_before(Path(config.from_weights))
    return network.train().requires_grad_().to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _from_fast(paintings: Sequence[Tensor]) -> nn.Module:
    """Return the fast network with what it predicts for this style frozen into plain weights."""
    encoder = judge_of((), STYLE_LAYERS, torch.float32)  # its vectors, whoever judges
    return FastStyle.of(embedded_fast(), style_vector(style_moments(encoder, paintings)))


def _trained_before(path: Path) -> nn.Module:
    network, about = load_model(path)
    if about["kind"] not in KINDS_OF_ONE_STYLE:
        raise OptionError(
            f"{path.name} holds a network of kind {about['kind']!r}; to start from are models of `impasto train style`."
        )
    return network


def _export(network: nn.Module, output: Path, config: StyleTraining, base: int) -> None:
    """Write the model with what it was trained with."""
    assert isinstance(network, StyleNetwork | FastStyle)
    about = {
        "source": "impasto train style",
        "licence": "as you choose, within the rights of the painting and the photos",
        "style": config.style.name,
        "base": base,
        "trained_with": without_files(config),
    }
    save_model(output, network, network.kind, network.config, about, half=True)
