"""Learn one style: ``impasto train style PAINTING --photos DIR -o mona.safetensors``.

Johnson, Alahi & Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (ECCV 2016). Departures:

- The objective is that of :mod:`impasto.training.style_targets`, in units that this style gives.
- A share of the batches asks for a part of the style only, so that one model has every strength.
- A share of the batches is painted with the statistics of their thumbnails, as large pictures will be.
- Some crops are almost empty, since skies are where such networks fail.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import StyleTraining
from impasto.device import pick_device, pick_precision
from impasto.engine.vectors import style_vector
from impasto.errors import InputError, OptionError
from impasto.images import fit_long_side, read, resize
from impasto.models.fast import embedded_fast
from impasto.models.fast_style import FastStyle
from impasto.models.normalizing import Reading
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import load_model, save_model
from impasto.training.fitting import Fitted, Lesson, OnFitStep, fit, silent
from impasto.training.pictures import crops, is_kept_out, pictures_in
from impasto.training.runs import without_files
from impasto.training.style_targets import (
    CONTENT_LAYERS,
    STYLE_LAYERS,
    StyleGoal,
    style_goal,
    style_moments,
    style_terms,
)
from impasto.training.teachers import judge_of

__all__ = ["run_folder", "style_lesson", "train_style"]

log = logging.getLogger(__name__)

FULL_STRENGTH = 0.75  # share of the batches that ask for the whole style
THUMBNAILS = 0.25  # share of the batches painted with the statistics of a thumbnail
EMPTY = 0.06  # share of the crops that are nearly empty
UNIT_BATCHES, VALIDATION_BATCHES = 4, 4
SHEET_PHOTOS, PAINTED_SIDE, CELL_SIDE = 3, 512, 320
KINDS_OF_ONE_STYLE = (StyleNetwork.kind, FastStyle.kind)
LAST_PLACES = 2**12  # where in a picture a crop pretends to lie, in cells


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
    photos = _Photos.of(config)
    paintings = [_fitted(read(path).pixels, config.style_side) for path in _paintings(config)]
    samples = photos.samples()
    first = [photos.batch(number)["photo"] for number in range(UNIT_BATCHES)]
    goal = style_goal(judge, paintings, first)
    return Lesson(
        network=_network(config, paintings),
        terms=_Terms(judge, goal, config),
        batch=photos.batch,
        kept_out=[photos.validation(number) for number in range(VALIDATION_BATCHES)],
        export=lambda network: _export(network, output, config),
        sheet=_Sheet(paintings[0], samples) if samples else None,
        helpers=(judge,),
    )


class _Terms:
    """The loss of a batch, by term."""

    def __init__(self, judge: nn.Module, goal: StyleGoal, config: StyleTraining) -> None:
        self._judge, self._goal, self._config = judge, goal, config
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
        return style_terms(self._judge, photo, painted, self._goal, self._config, strength)


@dataclass(frozen=True)
class _Photos:
    """Photographs to draw batches from; some are kept for validation."""

    config: StyleTraining
    learnt: Sequence[Path]
    kept_out: Sequence[Path]

    @classmethod
    def of(cls, config: StyleTraining) -> _Photos:
        """Find the photos; where the usual sixteenth to keep out is empty, the first is kept out."""
        found = pictures_in(config.photos)
        if len(found) < 2:
            raise InputError(
                f"{config.photos.name} holds one picture only; a training needs two or more, of which one is kept out."
            )
        kept_out = [path for path in found if is_kept_out(path)]
        learnt = [path for path in found if not is_kept_out(path)]
        return cls(config, learnt, kept_out) if kept_out and learnt else cls(config, found[1:], found[:1])

    def batch(self, number: int) -> dict[str, Any]:
        """Return the batch of this number, always the same."""
        rng = random.Random(f"{self.config.seed} {number}")  # noqa: S311 - it chooses crops, not keys
        return {
            "photo": _with_empty(self._crops(self.learnt, rng), rng),
            "strength": 1.0 if rng.random() < FULL_STRENGTH else rng.random(),
            "thumbnail": rng.random() < THUMBNAILS,
            "at": (8 * rng.randrange(LAST_PLACES), 8 * rng.randrange(LAST_PLACES)),
        }

    def validation(self, number: int) -> dict[str, Any]:
        """Return a batch of what was kept out, asked for the whole style."""
        rng = random.Random(f"validation {number}")  # noqa: S311
        return {"photo": self._crops(self.kept_out, rng), "strength": 1.0, "thumbnail": False, "at": (0, 0)}

    def samples(self) -> list[Tensor]:
        """Return a few whole photos of what was kept out; damaged ones are passed over."""
        found: list[Tensor] = []
        for path in self.kept_out:
            try:
                found.append(_fitted(read(path).pixels, PAINTED_SIDE))
            except InputError as fault:
                log.warning("%s is passed over (%s)", path.name, fault)
            if len(found) == SHEET_PHOTOS:
                break
        return found

    def _crops(self, paths: Sequence[Path], rng: random.Random) -> Tensor:
        return next(crops([paths], [1.0], size=self.config.crop, count=self.config.batch, rng=rng))


def _with_empty(photos: Tensor, rng: random.Random) -> Tensor:
    """Turn a few crops into what is left of them at two by two pixels: a sky at any time of day."""
    size = (photos.shape[-2], photos.shape[-1])
    for row in range(len(photos)):
        if rng.random() < EMPTY:
            four = F.adaptive_avg_pool2d(photos[row : row + 1], 2)
            photos[row : row + 1] = F.interpolate(four, size=size, mode="bilinear", align_corners=True)
    return photos


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


def _fitted(picture: Tensor, side: int) -> Tensor:
    return resize(picture, fit_long_side((picture.shape[-2], picture.shape[-1]), side))


def _on_white(picture: Tensor) -> Tensor:
    """Bring a picture's long side to that of a sheet's cell, and fill the cell."""
    small = _fitted(picture, CELL_SIDE)
    below, right = CELL_SIDE - small.shape[-2], CELL_SIDE - small.shape[-1]
    return F.pad(small, (right // 2, right - right // 2, below // 2, below - below // 2), value=1.0)


def _check(config: StyleTraining, output: Path) -> None:
    """Refuse before anything is made."""
    if output.suffix != ".safetensors":
        raise OptionError(f"{output} was given for the model; its name must end in .safetensors.")
    if not output.parent.is_dir():
        raise OptionError(f"{output.parent} is no folder; make it first, or choose another place with -o.")
    if config.crop % 8:
        raise OptionError(f"crop is {config.crop}; allowed are multiples of 8.")


def _paintings(config: StyleTraining) -> list[Path]:
    return pictures_in(config.style) if config.style.is_dir() else [config.style]


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


def _export(network: nn.Module, output: Path, config: StyleTraining) -> None:
    """Write the model with what it was trained with."""
    assert isinstance(network, StyleNetwork | FastStyle)
    about = {
        "source": "impasto train style",
        "licence": "as you choose, within the rights of the painting and the photos",
        "style": config.style.name,
        "trained_with": without_files(config),
    }
    save_model(output, network, network.kind, network.config, about, half=True)
