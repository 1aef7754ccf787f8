"""A lesson that is learnt in a second: turn a picture into its negative."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.config import FitOptions
from impasto.training.fitting import Lesson

Terms = Callable[[nn.Module, Any], dict[str, Tensor]]


def pair(number: int) -> tuple[Tensor, Tensor]:
    """The batch of this number."""
    drawn = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(number))
    return drawn, 1 - drawn


def error(network: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
    """A loss with something random in it, as many have."""
    photo, wanted = batch
    found = network(photo)
    direction = torch.randn_like(found)
    return {"mse": (found - wanted).square().mean(), "along": ((found - wanted) * direction).mean().square()}


def negative(run: Path, *, terms: Terms = error, **changes: Any) -> Lesson:
    """The lesson, with the exported weights in ``run/weights.pt``."""
    torch.manual_seed(3)
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1))

    def export(average: nn.Module) -> None:
        torch.save(average.state_dict(), run / "weights.pt")

    facts = {"network": network, "terms": terms, "batch": pair, "kept_out": [pair(10**6)], "export": export}
    return Lesson(**{**facts, **changes})


def short(**changes: Any) -> FitOptions:
    """Options of a quick, exact run."""
    facts = {"steps": 12, "batch": 2, "validate_every": 4, "precision": "float32", "device": "cpu"}
    return FitOptions(**{**facts, **changes})
