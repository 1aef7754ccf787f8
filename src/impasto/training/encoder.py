"""Distil VGG-19 into the embedded encoder.

Each step shows the student a few crops that the teachers have described and asks its heads for the same features and
the same statistics of them: style losses read means, deviations and Gram matrices, so matching features alone is not
enough (a small error in every pixel adds up in a Gram matrix). Teachers are far slower than the student; so a described
batch goes into a pool and is learnt from several times, as replay does in reinforcement learning.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import EncoderTraining
from impasto.device import pick_device, pick_precision
from impasto.errors import OptionError
from impasto.models.encoder import HEAD_WIDTHS, WIDTHS, Encoder
from impasto.models.reading import read_tensors, write_tensors
from impasto.training.averaging import follow
from impasto.training.gradients import GradientGuard
from impasto.training.muon import Muon
from impasto.training.pictures import crops, disturb, pictures_in
from impasto.training.runs import LAST, begin_run, read_checkpoint, without_files, write_checkpoint
from impasto.training.teachers import Teacher, load_teacher

__all__ = ["TrainingStep", "export_encoder", "train_encoder"]

SEMANTIC_LAYER, SEMANTIC_WIDTH = "relu4_2", 256  # SqueezeNet's fire5 is learnt from here, while training only
LAYER_WEIGHTS = {"relu1_1": 2.0, "relu2_1": 8.0, "relu3_1": 2.0, "relu4_1": 2.0, "relu5_1": 2.0, "fire5": 0.3}
STATISTICS_WEIGHT = 0.04
STATISTICS_SHARE = 4  # of so many crops one is compared in its statistics
LARGEST_GRADIENT = 1.0
WINDOW = 48  # features are compared in the middle of a crop, at most this wide: early layers are large and easy


@dataclass(frozen=True)
class TrainingStep:
    """What a training tells its callback."""

    step: int
    steps: int
    seconds: float
    explained: dict[str, float]  # share of each layer's variance that the student explains, running average


class Student(nn.Module):
    """The encoder together with what only its training needs."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder((*HEAD_WIDTHS, SEMANTIC_LAYER))
        self.semantic_head = nn.Conv2d(WIDTHS[SEMANTIC_LAYER[4:]], SEMANTIC_WIDTH, 1)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Return the student's estimate of every teacher's features."""
        features = {layer: _middle(x) for layer, x in self.encoder(image).items()}
        return {**self.encoder.as_vgg(features), "fire5": F.relu(self.semantic_head(features[SEMANTIC_LAYER]))}


def train_encoder(
    config: EncoderTraining,
    run: Path,
    *,
    on_step: Callable[[TrainingStep], None] = lambda _: None,
    teachers: list[Teacher] | None = None,
) -> Path:
    """Train in the folder ``run``, going on from its last checkpoint, and return the path of the weights."""
    device = pick_device(config.device)
    begin_run(run, config)
    if teachers is None:
        if not config.teacher:
            raise OptionError("no teacher was given; name at least one file of weights with --teacher.")
        teachers = [load_teacher(path, _precision(device)).to(device) for path in config.teacher]
    _check_taught(teachers, device)
    state = _State(config, run / LAST, device)
    described = _described_batches(config, teachers, device, seed=config.seed + state.step)
    explained: dict[str, float] = {}
    start = time.monotonic()
    try:
        while state.step < config.steps:
            images, targets = next(described)
            errors = state.learn(images, targets)
            for layer, error in errors.items():
                explained[layer] = 0.98 * explained.get(layer, 1 - error) + 0.02 * (1 - error)
            if state.step % config.checkpoint_every == 0:
                state.save()
            on_step(TrainingStep(state.step, config.steps, time.monotonic() - start, dict(explained)))
    finally:
        state.save()
    return export_encoder(state.average.encoder, run / "encoder.safetensors", config)


class _State:
    """Everything that a checkpoint holds."""

    def __init__(self, config: EncoderTraining, path: Path, device: torch.device) -> None:
        torch.manual_seed(config.seed)
        self.config, self.path, self.step = config, path, 0
        self.student = Student().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if config.from_weights is not None:
            tensors, _ = read_tensors(config.from_weights)
            self.student.encoder.load_state_dict({name: value.float() for name, value in tensors.items()})
        self.average = copy.deepcopy(self.student).requires_grad_(requires_grad=False)
        self.optimizer = Muon(self.student.parameters(), config.learning_rate)
        self._guard = GradientGuard(LARGEST_GRADIENT)
        if path.exists():
            self._load()

    def learn(self, images: Tensor, targets: Mapping[str, Tensor]) -> dict[str, float]:
        """Take one step; return each layer's relative error."""
        self.optimizer.set_rate(_learning_rate(self.config, self.step))
        with torch.autocast(images.device.type, torch.bfloat16, enabled=_precision(images.device) == torch.bfloat16):
            found = self.student(images)
        errors = {layer: _relative_error(found[layer], target) for layer, target in targets.items()}
        some = slice(-(-len(images) // STATISTICS_SHARE))  # Gram matrices are as large as maps
        statistics = [_statistics_error(found[layer][some], targets[layer][some]) for layer in HEAD_WIDTHS]
        loss = sum((LAYER_WEIGHTS[layer] * error for layer, error in errors.items()), images.new_zeros(()))
        loss = loss + STATISTICS_WEIGHT * torch.stack(statistics).sum()
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.step += 1
        if self._guard.is_sound(self.student.parameters(), self.step):
            self.optimizer.step()
            follow(self.average, self.student, self.step, self.config.averaging)
        return {layer: float(error.detach()) for layer, error in errors.items()}

    def save(self) -> None:
        """Write the checkpoint."""
        parts = {"student": self.student, "average": self.average, "optimizer": self.optimizer}
        write_checkpoint(self.path, {"step": self.step, **{name: part.state_dict() for name, part in parts.items()}})

    def _load(self) -> None:
        saved = read_checkpoint(self.path)
        self.step = saved["step"]
        self.student.load_state_dict(saved["student"])
        self.average.load_state_dict(saved["average"])
        self.optimizer.load_state_dict(saved["optimizer"])


def _precision(device: torch.device) -> torch.dtype:
    """Return bfloat16, which halves the time on a CPU too, but not where a GPU would have to imitate it."""
    return torch.bfloat16 if device.type == "cpu" else pick_precision("auto", device)


def _learning_rate(config: EncoderTraining, step: int) -> float:
    """Warm up, stay level, and fall to zero over the last share of the steps (so more steps can be added later)."""
    warm = (step + 1) / 100
    fall = (1 - step / config.steps) / config.decay
    return config.learning_rate * max(0.0, min(1.0, warm, fall))


def _middle(features: Tensor) -> Tensor:
    """Cut out the middle; by padding with less than nothing, whose gradient keeps the layout of memory."""
    bottom, right = (max(0, side - WINDOW) for side in features.shape[2:])
    return F.pad(features, (-(right // 2), right // 2 - right, -(bottom // 2), bottom // 2 - bottom))


def _relative_error(found: Tensor, target: Tensor) -> Tensor:
    """Return the squared error as a share of the target's variance (1 - it is the variance explained).

    Differences are taken in the features' own precision and added up in float32: maps are large, and memory is slow.
    """
    off: Tensor = torch.linalg.vector_norm(found - target.to(found.dtype), dtype=torch.float32)
    return off.square() / (target.numel() * target.float().var().clamp_min(1e-6))


def _statistics_error(found: Tensor, target: Tensor) -> Tensor:
    """Return the relative gaps of means, deviations and Gram matrices, as style losses will see them."""
    (mean, deviation, gram), (mean_t, deviation_t, gram_t) = _statistics(found), _statistics(target)
    return _gap(mean, mean_t) + _gap(deviation, deviation_t) + _gap(gram, gram_t)


def _gap(found: Tensor, target: Tensor) -> Tensor:
    size: Tensor = torch.linalg.vector_norm(target.flatten(1), dim=1).clamp_min(1e-6)
    off: Tensor = torch.linalg.vector_norm((found - target).flatten(1), dim=1)
    return (off / size).mean()


def _statistics(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return means, deviations and Gram matrices; half precision halves the time, and rounds far below the gaps.

    All by products of matrices whose rows are places, so that gradients lie in memory as the maps do.
    """
    places = features.permute(0, 2, 3, 1).flatten(1, 2)  # (B, H·W, C)
    mean = (places.new_full((1, 1, places.shape[1]), 1 / places.shape[1]) @ places).float()[:, 0]
    gram = (places.transpose(1, 2) @ places).float() / places.shape[1]
    square = gram.diagonal(dim1=1, dim2=2)
    return mean, (square - mean.square()).clamp_min(1e-6).sqrt(), gram


def _described_batches(
    config: EncoderTraining, teachers: list[Teacher], device: torch.device, *, seed: int
) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
    """Yield (images, features by layer) for ever, each batch about ``config.reuse`` times."""
    rng = random.Random(seed)  # noqa: S311 - it chooses crops, not keys
    folders = [folder for folder in (config.photos, config.paintings, config.stylized) if folder is not None]
    sources = [pictures_in(folder, kept_out=False) for folder in folders]
    fresh = crops(sources, (2.0, 1.5, 1.0)[: len(sources)], size=config.crop, count=config.batch, rng=rng)
    pool: list[tuple[Tensor, dict[str, Tensor]]] = []
    while True:
        if len(pool) < max(1, config.pool // 4) or rng.random() < 1 / config.reuse:
            images = disturb(next(fresh), rng).to(device)
            described = images, _describe(images, teachers)
            if len(pool) < config.pool:
                pool.append(described)
            else:
                pool[rng.randrange(len(pool))] = described
        yield rng.choice(pool)


def _check_taught(teachers: list[Teacher], device: torch.device) -> None:
    """Refuse teachers that leave a head of the student untaught."""
    missing = HEAD_WIDTHS.keys() - _describe(torch.zeros(1, 3, 64, 64, device=device), teachers).keys()
    if missing:
        raise OptionError(
            f"no teacher shows {', '.join(sorted(missing))}; name one more file of weights with --teacher."
        )


@torch.no_grad()
def _describe(images: Tensor, teachers: list[Teacher]) -> dict[str, Tensor]:
    """Ask every teacher; a map of another size than the student's (SqueezeNet rounds otherwise) is fitted to it."""
    found: dict[str, Tensor] = {}
    for teacher in teachers:
        found.update(teacher(images.to(_precision(images.device))))
    if "fire5" in found:
        side = images.shape[2] // 8
        found["fire5"] = F.interpolate(found["fire5"], size=(side, side), mode="bilinear", align_corners=False)
    return {layer: _middle(x).contiguous(memory_format=torch.channels_last) for layer, x in found.items()}


def export_encoder(encoder: Encoder, path: Path, config: EncoderTraining) -> Path:
    """Write the weights as float16 safetensors with the training's config inside."""
    tensors = {name: value.detach().half() for name, value in encoder.state_dict().items()}
    write_tensors(path, tensors, {"trained_with": json.dumps(without_files(config))})
    return path
