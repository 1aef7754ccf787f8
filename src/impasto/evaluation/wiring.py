"""Which convolutions a network has and how they are wired, read from one real pass through it.

Nothing is told about the network beforehand. Every convolution notes what came out of it; the graph that PyTorch keeps
for gradients then says from which earlier convolutions each input came: through rectifiers, norms, sums, whatever.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from impasto.errors import InputError
from impasto.models.frozen import FrozenConvolution

__all__ = ["Stage", "wiring"]

_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d, FrozenConvolution)


@dataclass(frozen=True)
class Stage:
    """One convolution: what it gives, and which earlier ones it takes."""

    name: str
    channels: int
    level: int  # how often the picture has been halved: 0 is full size
    sources: tuple[int, ...]  # positions in the list, nearest last; empty: it takes the picture


def wiring(network: nn.Module, run: Callable[[Tensor], object], *, side: int = 64) -> list[Stage]:
    """Return the convolutions in the order in which ``run``, given a picture (1, 3, side, side), comes by them."""
    seen: list[tuple[str, Tensor, Any, Any]] = []

    def note(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda _, given, made: seen.append((name, made, given[0].grad_fn, made.grad_fn))

    convolutions = [(name, one) for name, one in network.named_modules() if isinstance(one, _CONVOLUTIONS)]
    handles = [one.register_forward_hook(note(name)) for name, one in convolutions]
    try:
        with torch.enable_grad():
            run(torch.full((1, 3, side, side), 0.5, requires_grad=True))
    finally:
        for handle in handles:
            handle.remove()
    if not seen:
        raise InputError("There is no convolution in this network, so there is nothing to draw.")
    places = {made: number for number, (_, _, _, made) in enumerate(seen)}
    return [
        Stage(name, made.shape[1], round(math.log2(side / made.shape[-1])), _origins(given, places))
        for name, made, given, _ in seen
    ]


def _origins(start: Any, places: dict[Any, int]) -> tuple[int, ...]:
    """Follow the graph back from an input to the nearest convolutions behind it."""
    found, todo, done = set(), [start], set()
    while todo:
        node = todo.pop()
        if node is None or node in done:
            continue
        done.add(node)
        if node in places:
            found.add(places[node])
        else:
            todo.extend(before for before, _ in node.next_functions)
    return tuple(sorted(found))
