"""What Lightning is told to learn: one step, its optimizer and schedule, and the running average that follows."""

from __future__ import annotations

import copy
import math
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import Tensor

from impasto.config import FitOptions
from impasto.training.averaging import follow
from impasto.training.batches import Batches
from impasto.training.fitting import Lesson
from impasto.training.gradients import GradientGuard
from impasto.training.muon import Muon

__all__ = ["Learner", "learning_rate_at", "validate"]

WARM_UP = 0.02  # share of the steps over which the learning rate rises


class Learner(lightning.LightningModule):
    """The network, its running average, and one step of learning."""

    def __init__(self, lesson: Lesson, config: FitOptions) -> None:
        super().__init__()
        self.lesson, self.config = lesson, config
        self.network = lesson.network
        self.average = copy.deepcopy(lesson.network).requires_grad_(requires_grad=False)
        self.losses: dict[str, float] = {}
        self._guard = GradientGuard(lesson.largest_gradient)

    def train_dataloader(self) -> Batches:
        """Return the batches from the next step on; what was prepared ahead before a kill is prepared again."""
        trainer = self.trainer
        start = trainer.global_step * trainer.world_size + trainer.global_rank
        workers = 1 if self.device.type == "cpu" else 4
        return Batches(self.lesson.batch, start, trainer.world_size, workers)

    def configure_optimizers(self) -> Any:
        """Return the optimizer and the schedule of its learning rate, which depends on the step alone."""
        weights, rate = self.network.parameters(), self.config.learning_rate
        optimizer = (
            Muon(weights, rate)
            if self.config.optimizer == "muon"
            else torch.optim.Adam(weights, lr=rate, betas=(0.9, 0.99))
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_at(step, self.config.steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_fit_start(self) -> None:
        """Bring the helpers to where the network went."""
        for helper in self.lesson.helpers:
            helper.to(self.device)

    def training_step(self, batch: Any, _: int) -> Tensor:
        """Return the loss of one batch; what is random in it depends on the step alone."""
        torch.manual_seed(self._seed_at(self.trainer.global_step))
        terms = self.lesson.terms(self.network, batch)
        total = torch.stack([term.float() for term in terms.values()]).sum()
        values = torch.stack([*terms.values(), total]).detach().float().tolist()  # one wait for the device, not many
        self.losses = dict(zip((*terms, "total"), values, strict=True))
        return total

    def configure_gradient_clipping(self, optimizer: Any, *_: Any, **__: Any) -> None:
        """Clip the gradient; one that is not finite is passed over, and several in a row end the training."""
        if not self._guard.is_sound(self.network.parameters(), self.trainer.global_step + 1):
            optimizer.zero_grad(set_to_none=True)

    def _seed_at(self, step: int) -> int:
        return (self.config.seed + 1_000_003 * step + 7_919 * self.trainer.global_rank) % 2**63

    def follow(self, step: int) -> None:
        """Let the average follow a step."""
        follow(self.average, self.network, step, self.config.averaging)


def learning_rate_at(step: int, steps: int) -> float:
    """Return the share of the learning rate: rises over the first steps, then falls along a cosine to 0."""
    warm = max(1.0, WARM_UP * steps)
    if step < warm:
        return (step + 1) / (warm + 1)
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (step - warm) / max(1.0, steps - warm)))


@torch.no_grad()
def validate(trainer: lightning.Trainer, learner: Learner) -> dict[str, float]:
    """Return the mean of every term over what was kept out.

    Every process measures all of it: it is little, and then all of them stop at the same step without asking.
    """
    torch.manual_seed(learner.config.seed)  # what is random in the terms is the same at every validation
    sums: dict[str, float] = {}
    for batch in learner.lesson.kept_out:
        with trainer.precision_plugin.val_step_context():
            terms = learner.lesson.terms(learner.average, trainer.strategy.batch_to_device(batch))
        for name, value in terms.items():
            sums[name] = sums.get(name, 0.0) + float(value)
    means = {name: value / len(learner.lesson.kept_out) for name, value in sums.items()}
    return {**means, "total": sum(means.values())}
