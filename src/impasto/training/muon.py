"""Muon: gradient steps whose directions count alike, beside Adam for what is no matrix.

A network that paints or sees is mostly matrices, and their gradients are dominated by few directions; Adam, which
looks at every number alone, follows these and learns the rest late. Muon (Jordan et al., "Muon: An optimizer for hidden
layers in neural networks", 2024) steps along the nearest matrix whose directions are all as long. Departures:

- A 3x3 kernel is one matrix from all that it sees (inputs and places) to its outputs.
- Steps are scaled to the size that Adam's have (Liu et al., "Muon is scalable for LLM training", arXiv 2502.16982), so
  one learning rate serves both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Muon", "orthogonal"]

STEPS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan et al.: quick near zero, where most of the directions are
ADAM_SIZE = 0.2  # root mean square of what Adam's step usually is, in units of the learning rate
LEAST_SIDE = 64  # of a matrix: in thinner ones, which are the first layers, Adam is at its goal sooner


class Muon(torch.optim.Optimizer):
    """Take steps of Muon for kernels and matrices, of Adam for everything else."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, *, momentum: float = 0.95) -> None:
        learning = [one for one in parameters if one.requires_grad]
        matrices = [one for one in learning if is_matrix(one)]
        others = [one for one in learning if not is_matrix(one)]
        groups = [
            {"params": params, "orthogonal": kind} for params, kind in ((matrices, True), (others, False)) if params
        ]
        super().__init__(groups, {"lr": lr, "momentum": momentum, "betas": (0.9, 0.99)})

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of everything."""
        for group in self.param_groups:
            group["lr"] = rate

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            one_step = self._muon if group["orthogonal"] else self._adam
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.sub_(one_step(parameter, parameter.grad, group), alpha=group["lr"])
        return loss

    def _muon(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        state = self.state[parameter]
        momentum: Tensor = state.setdefault("momentum", torch.zeros_like(gradient))
        momentum.lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(momentum, group["momentum"])  # Nesterov's
        matrix = ahead.flatten(1)
        return orthogonal(matrix).mul(ADAM_SIZE * math.sqrt(max(matrix.shape))).view_as(parameter)

    def _adam(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        state = self.state[parameter]
        first, second = (state.setdefault(name, torch.zeros_like(gradient)) for name in ("first", "second"))
        state["steps"] = state.get("steps", 0) + 1
        slow, slower = group["betas"]
        first.lerp_(gradient, 1 - slow)
        second.lerp_(gradient.square(), 1 - slower)
        deviation = (second / (1 - slower ** state["steps"])).sqrt_().add_(1e-8)
        return torch.div(first, deviation * (1 - slow ** state["steps"]))


def is_matrix(parameter: Tensor) -> bool:
    """Whether a parameter is a matrix, or kernels, with directions enough to be worth Muon's step."""
    return parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) >= LEAST_SIDE


def orthogonal(matrix: Tensor) -> Tensor:
    """Return about the nearest matrix whose directions are all of length 1 (Newton and Schulz's iteration)."""
    a, b, c = QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = (matrix.T if tall else matrix).bfloat16()
    x = x / (torch.linalg.vector_norm(x) + 1e-7)
    for _ in range(STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    found = x.T if tall else x
    return found.to(matrix.dtype)
