"""Train the U-Net on pairs: a photo, and the same photo in an artist's manner.

The pixels are the base (mean squared error); beside it stand a content term and a style term as in Johnson et al.,
"Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (ECCV 2016), read by the embedded encoder or by
published networks (``teacher``), and total variation. Squared error alone paints the mean of all strokes that would be
possible, which is a blur; the Gram matrices bring the strokes back. Departure: every term is divided by its value for
the untouched photo, so that a weight means the same for every set of pairs.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.config import PairedTraining
from impasto.device import pick_device, pick_precision
from impasto.errors import OptionError
from impasto.images import read
from impasto.losses import Moments, content_loss, gram_loss, moments, over_layers, relative, total_variation
from impasto.models.trained import load_model, save_model
from impasto.models.unet import UNet
from impasto.training.checking_pairs import Check, check_pairs
from impasto.training.crops import PairCrops, sheet_of
from impasto.training.fitting import FitStep, Fitted, Lesson, OnFitStep, fit, silent
from impasto.training.pairs import Pair, Split, find_pairs
from impasto.training.runs import LAST, begin_run, without_files
from impasto.training.splitting import SPLIT_FILE, read_split, split_pairs, write_split
from impasto.training.teachers import judge_of

__all__ = ["MODEL", "PairTerms", "divided", "train_paired"]

log = logging.getLogger(__name__)
MODEL = "model.safetensors"
ABLATION = "ablation"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1")
CONTENT_LAYERS = ("relu2_1", "relu3_1")
FLAT = 1e-3  # what every reference has at least: a photo that is its own painting has no distance to divide by


def train_paired(
    config: PairedTraining, run: Path, *, on_step: OnFitStep = silent, check: Check | None = None
) -> Fitted:
    """Train in the folder ``run``, going on from its last checkpoint; ``run/model.safetensors`` is the model.

    ``check`` is what :func:`impasto.training.checking_pairs.check_pairs` found, for who has it already.
    """
    begin_run(run, config)
    check = check or check_pairs(find_pairs(config))
    sides = divided(config, run, check)
    fitted = fit(lesson_of(config, run, sides), run, config, on_step=on_step)
    if config.ablation and fitted.stopped != "interrupted" and not train_ablation(config, run, sides, on_step=on_step):
        return dataclasses.replace(fitted, stopped="interrupted")
    return fitted


def divided(config: PairedTraining, run: Path, check: Check) -> dict[Split, list[Pair]]:
    """Return the pairs of each side of the split, which is written down when a run begins and then stays."""
    for problem in check.of_kind("leak"):
        log.warning("%s", problem.sentence)
    file = run / SPLIT_FILE
    if not ((run / LAST).exists() and file.exists()):
        chosen = split_pairs(
            check.pairs,
            check.groups,
            validation_share=config.validation_share,
            test_share=config.test_share,
            seed=config.seed,
        )
        write_split(file, chosen)
    chosen = read_split(file)
    sides: dict[Split, list[Pair]] = {"train": [], "validation": [], "test": []}
    for pair in check.pairs:
        if pair.name in chosen:  # what came later belongs to no side of a run that had begun
            sides[chosen[pair.name]].append(pair)
    for split in ("train", "validation"):
        if not sides[split]:
            raise OptionError(f"none of the pairs that {run} was begun with for {split} are there; bring them back.")
    return sides


def lesson_of(config: PairedTraining, run: Path, sides: Mapping[Split, Sequence[Pair]]) -> Lesson:
    """Return what is learnt from the pairs."""
    precision = pick_precision(config.precision, pick_device(config.device))
    judge = judge_of(config.teacher, sorted({*STYLE_LAYERS, *CONTENT_LAYERS}), precision)
    training = PairCrops(sides["train"], config)
    validation = PairCrops(sides["validation"], config, is_still=True)
    samples = validation.wholes(3)
    return Lesson(
        network=_network(config),
        terms=PairTerms(judge, config),
        batch=training.batch,
        kept_out=[validation.batch(number) for number in range(validation.batches)],
        export=lambda network: export(network, run / MODEL, config, training.side),
        sheet=lambda network: sheet_of(network, samples),
        helpers=(judge,),
    )


def export(network: nn.Module, path: Path, config: PairedTraining, base: int) -> None:
    """Write the network as the file that ``impasto.load`` takes; ``base`` is the long side of what it learnt from."""
    shape = {name: getattr(config, name) for name in ("width", "depth", "blocks", "decoder")}
    about = {
        "name": config.pairs.resolve().stem,
        "base": base,
        "source": "trained on pairs with impasto train paired",
        "licence": "that of the pairs",
        "trained_with": without_files(config),
    }
    save_model(path, network, "unet", shape, about, half=True)


class PairTerms:
    """The loss of a batch of pairs by term, each 1 for the untouched photo, times its weight."""

    def __init__(self, encoder: nn.Module, config: PairedTraining) -> None:
        self.encoder, self.config = encoder, config
        self.style = None if config.style is None else _style_of(encoder, config.style)

    def __call__(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Paint the photos of ``batch`` and say what is wrong with the result."""
        photo, target = batch
        painted = network(photo).float()
        terms = {"mse": self.config.mse_weight * _error(painted, target, photo)}
        if self.config.content_weight or self.config.style_weight:
            terms |= self._perceptual(painted, target, photo)
        if self.config.tv_weight:
            terms["tv"] = self.config.tv_weight * relative(total_variation(painted), total_variation(photo), FLAT**2)
        return terms

    def _perceptual(self, painted: Tensor, target: Tensor, photo: Tensor) -> dict[str, Tensor]:
        found = self.encoder(painted)
        with torch.no_grad():
            wanted, untouched = self.encoder(target), self.encoder(photo)
        terms = {}
        if self.config.content_weight:
            goals = {layer: (wanted[layer], untouched[layer]) for layer in CONTENT_LAYERS}
            terms["content"] = self.config.content_weight * over_layers(_apart, found, goals)
        if self.config.style_weight:
            style = {layer: self._style_at(layer, wanted) for layer in STYLE_LAYERS}
            aims = {layer: (style[layer], moments(untouched[layer])) for layer in STYLE_LAYERS}
            seen = {layer: moments(found[layer]) for layer in STYLE_LAYERS}
            terms["style"] = self.config.style_weight * over_layers(_styles_apart, seen, aims)
        return terms

    def _style_at(self, layer: str, wanted: Mapping[str, Tensor]) -> Moments:
        if self.style is None:
            return moments(wanted[layer])
        return Moments(*(part.to(wanted[layer].device) for part in self.style[layer]))


def _error(painted: Tensor, target: Tensor, photo: Tensor) -> Tensor:
    return (painted - target).square().mean() / ((photo - target).square().mean() + FLAT)


def _apart(found: Tensor, goal: tuple[Tensor, Tensor]) -> Tensor:
    target, photo = goal
    return content_loss(found, target) / (content_loss(photo, target) + FLAT * target.float().square().mean())


def _styles_apart(found: Moments, goal: tuple[Moments, Moments]) -> Tensor:
    target, photo = goal
    size = target.second.square().mean() / 4
    return gram_loss(found, target) / (gram_loss(photo, target) + FLAT * size)


def _network(config: PairedTraining) -> UNet:
    torch.manual_seed(config.seed)
    network = UNet(width=config.width, depth=config.depth, blocks=config.blocks, decoder=config.decoder)
    if config.from_weights is not None:
        saved, about = load_model(config.from_weights)
        try:
            network.load_state_dict(saved.state_dict())
        except RuntimeError as fault:
            shape = ", ".join(f"{name} {value}" for name, value in about["config"].items())
            raise OptionError(
                f"{config.from_weights.name} holds a network of kind {about['kind']} ({shape}); --from-weights takes a "
                "U-Net of the same width, depth, blocks and decoder."
            ) from fault
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _style_of(encoder: nn.Module, path: Path) -> dict[str, Moments]:
    painting = read(path).pixels
    with torch.no_grad():
        features = encoder(painting)
    return {layer: moments(features[layer]) for layer in STYLE_LAYERS}


def train_ablation(
    config: PairedTraining, run: Path, sides: Mapping[Split, Sequence[Pair]], *, on_step: OnFitStep = silent
) -> bool:
    """Train four short runs below ``run/ablation`` that add one term after the other, for the report to compare.

    Returns whether all of them came to their end.
    """
    weights: dict[str, Any] = {"content_weight": 0.0, "style_weight": 0.0, "tv_weight": 0.0}
    steps = [("mse", None), ("content", "content_weight"), ("style", "style_weight"), ("tv", "tv_weight")]
    for number, (name, added) in enumerate(steps, 1):
        if added is not None:
            weights[added] = getattr(config, added)
        short = dataclasses.replace(config, **weights, steps=config.ablation, patience=0, ablation=0)
        folder = run / ABLATION / name
        note = f"ablation {number} of {len(steps)}: {'mse alone' if added is None else f'with {name}'}"
        fitted = fit(lesson_of(short, folder, sides), folder, short, on_step=_noting(note, on_step))
        if fitted.stopped == "interrupted":
            return False
    return True


def _noting(note: str, on_step: OnFitStep) -> OnFitStep:
    """Return ``on_step`` with a note at the first step."""

    def tell(step: FitStep) -> object:
        return on_step(dataclasses.replace(step, note=note) if step.step == 1 else step)

    return tell
