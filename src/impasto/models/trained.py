"""A painting network in a file of ours: safetensors that say what they hold, whose it is and how to build it.

The tensors are the network's ``state_dict``. The metadata has one entry, ``impasto``: JSON with the file's ``format``,
the network's ``kind``, the ``config`` it is built from, and what is said ``about`` it (``source``, ``licence``, …).
Reading such a file builds one of the kinds below and fills it; nothing in the file is executed.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from impasto.errors import ImpastoError, WeightsError, did_you_mean
from impasto.models.reading import Tensors, read_tensors, write_tensors

__all__ = ["KINDS", "load_model", "read_about", "save_model"]

FORMAT = 1
LARGEST = 4096  # number in a config: a damaged one must not keep us building forever

KINDS: dict[str, str] = {
    "johnson": "impasto.models.johnson:Johnson",
    "style": "impasto.models.style_network:StyleNetwork",
    "fast-style": "impasto.models.fast_style:FastStyle",
    "unet": "impasto.models.unet:UNet",
}
"""What builds each kind of network from its config, as ``module:function``; a new kind is a line here.

It is called on the meta device, so that a file cannot ask for memory: every tensor of the network must be in its
``state_dict``, or be made in ``forward``.
"""


def save_model(
    path: Path,
    network: nn.Module,
    kind: str,
    config: Mapping[str, Any],
    about: Mapping[str, Any],
    *,
    half: bool = False,
) -> None:
    """Write a network whole or not at all; ``KINDS[kind]`` called with ``config`` must build its like.

    ``about`` is JSON for people and must say ``source`` and ``licence``. ``half`` stores float16.
    """
    assert kind in KINDS
    assert {"source", "licence"} <= set(about)
    story = {"format": FORMAT, "kind": kind, "config": dict(config), "about": dict(about)}
    dtype = torch.float16 if half else torch.float32
    tensors = {name: value.detach().cpu().to(dtype) for name, value in network.state_dict().items()}
    write_tensors(path, tensors, {"impasto": json.dumps(story, ensure_ascii=False, sort_keys=True)})


def load_model(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Return the network in a file, ready to paint in float32, and what the file says about it.

    That is what was given as ``about`` when it was saved, with the ``kind`` and the ``config`` beside it.
    """
    tensors, metadata = read_tensors(path)
    about = _told(path, metadata)
    network = _filled(path, _built(path, about), tensors)
    return network.eval().requires_grad_(requires_grad=False), about


def read_about(path: Path) -> dict[str, Any]:
    """Return what a file says about its network, without loading it."""
    first = iter([True])
    _, metadata = read_tensors(path, wanted=lambda _: next(first, False))
    return _told(path, metadata)


def _told(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    if "impasto" not in metadata:
        raise WeightsError(
            f"{path} is not a network that Impasto saved; bring one of another tool in with "
            f"`impasto import {path.name} -o {path.stem}.safetensors`."
        )
    try:
        story = json.loads(metadata["impasto"])
        if story["format"] != FORMAT:
            raise WeightsError(f"{path} was written by another version of Impasto; read it with that one.")
        told = {**story["about"], "kind": str(story["kind"]), "config": dict(story["config"])}
        _check_modest(told["config"])
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise WeightsError(f"{path} does not say what network it holds; it was changed or damaged.") from fault
    if told["kind"] not in KINDS:
        hint = did_you_mean(told["kind"], KINDS)
        raise WeightsError(
            f"{path} holds a network of kind {told['kind']!r}{hint}; this version knows {', '.join(KINDS)}."
        )
    return told


def _built(path: Path, about: Mapping[str, Any]) -> nn.Module:
    module, _, function = KINDS[about["kind"]].partition(":")
    build: Callable[..., nn.Module] = getattr(importlib.import_module(module), function)
    try:
        with torch.device("meta"):  # no numbers are drawn for weights that are put in at once
            return build(**about["config"])
    except (ImpastoError, TypeError, ValueError, ArithmeticError, LookupError, RuntimeError, AssertionError) as fault:
        raise WeightsError(
            f"{path} describes a network of kind {about['kind']!r} that cannot be built; it was changed or damaged."
        ) from fault


def _filled(path: Path, network: nn.Module, tensors: Tensors) -> nn.Module:
    if not all(value.isfinite().all() for value in tensors.values()):
        raise WeightsError(f"{path} holds numbers that are not finite; get it again.")
    try:
        network.load_state_dict({name: value.float() for name, value in tensors.items()}, assign=True)
    except RuntimeError as fault:
        raise WeightsError(f"{path} does not hold the weights that it says; it was changed or damaged.") from fault
    return network


def _check_modest(config: Mapping[str, Any]) -> None:
    if any(isinstance(value, int) and value > LARGEST for value in config.values()):
        raise ValueError("no network has so many of anything")
