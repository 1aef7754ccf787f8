"""Train the fast network: any photo, any painting, one pass.

Johnson, Alahi & Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (ECCV 2016) trained a
network with the losses of painting by optimisation; Huang & Belongie (ICCV 2017) did so for any style. Departures:

- Beside Gram matrices, which see what is strong, styles are compared as Gaussians along random directions (Bonneel et
  al., "Sliced and Radon Wasserstein Barycenters of Measures", 2015), where faint features count as they do for the eye.
- A small network that judges can be deceived: a picture is learnt that pleases it and nobody else. So the published
  networks judge where their files are given (``teacher``), and the embedded encoder only describes the styles.
- Every term is in units of the pair: a distance of 1 is the photo as it is.
- Some samples ask for a part of the style only, down to none: the target is then a collage of photo and style, so the
  strength dial and the picture that is its own style are learnt and not hoped for.
- Pictures are painted half as large again as they are judged and shown (``finer``): finer strokes, and no grid.
- Beside the paintings stand altered copies of them (``variants``): what is asked for later is often stranger than what
  a museum holds, and a network that learnt from paintings alone paints it only half. And some styles are photos told
  anew in a technique (``retold``), whose patterns fill places where a photo has nothing.
- Some photos are blank or a gradient, since skies are where such networks fail.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from impasto.config import AnyTraining
from impasto.errors import OptionError
from impasto.models.fast import CODE_LAYERS, STRIDE, FastNetwork, embedded_fast
from impasto.models.reading import write_tensors
from impasto.training.any_source import Source
from impasto.training.any_targets import OnDescribed
from impasto.training.any_terms import Terms
from impasto.training.fitting import Fitted, Lesson, OnFitStep, fit, silent
from impasto.training.pictures import pictures_in
from impasto.training.runs import begin_run
from impasto.training.teachers import judge_of

__all__ = ["MODEL", "any_style_lesson", "train_any"]

MODEL = "fast.safetensors"
VALIDATION_BATCHES = 12


def train_any(
    config: AnyTraining, run: Path, *, on_step: OnFitStep = silent, on_described: OnDescribed = lambda _done, _all: None
) -> Fitted:
    """Train in the folder ``run``, going on from its last checkpoint; ``run / MODEL`` is the network.

    First every painting is looked at, which is told to ``on_described`` (done, of how many).
    """
    if config.crop % STRIDE or (config.crop / config.finer) % STRIDE:
        raise OptionError(
            f"crop is {config.crop} and finer {config.finer:g}; crop, and crop / finer, must be multiples of {STRIDE}."
        )
    begin_run(run, config)  # before the paintings, which take a while
    return fit(any_style_lesson(config, run, on_described), run, config, on_step=on_step)


def any_style_lesson(config: AnyTraining, run: Path, on_described: OnDescribed) -> Lesson:
    """Return what the fast network learns from folders of photos and paintings."""
    for folder in (config.photos, config.paintings):
        pictures_in(folder, kept_out=True)  # that there are too few is said before all are looked at
    encoder = judge_of((), CODE_LAYERS, torch.bfloat16)
    judge = judge_of(config.teacher, CODE_LAYERS, torch.bfloat16) if config.teacher else encoder
    learnt, kept_out = (Source.of(config, judge, encoder, on_described, kept_out=out) for out in (False, True))
    network = _network(config, learnt.targets.codes)
    return Lesson(
        network=network,
        terms=Terms(judge, encoder, config),
        batch=learnt.batch,
        kept_out=[kept_out.batch(number) for number in range(VALIDATION_BATCHES)],
        export=lambda average: export(average, run / MODEL),
        sheet=kept_out.sheet,
        helpers=(encoder, judge),
    )


def export(network: nn.Module, path: Path) -> None:
    """Write the network in half precision, as it is shipped."""
    tensors = {name: value.detach().cpu().half() for name, value in network.state_dict().items()}
    write_tensors(path, tensors, {})


def _network(config: AnyTraining, codes: Tensor) -> FastNetwork:
    torch.manual_seed(config.seed)
    network = FastNetwork()
    if config.from_weights is None:
        network.predictor.measure(codes)
    else:
        network.load_state_dict(embedded_fast(weights=config.from_weights).state_dict())
    return network
