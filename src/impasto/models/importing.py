"""Networks that other tools trained, brought into the one form of :mod:`impasto.models.trained`.

Three are understood, told apart by what is in the file and not by its name: checkpoints of PyTorch's
``examples/fast_neural_style`` (also the old ones that kept running statistics), the same network in ncnn's file of bare
weights, and the variables of lengstrom's fast-style-transfer as a NumPy archive. Only numbers are read. What a tool
expects of its input (0 to 255) and adds to a variance is folded into the weights, so that nothing has to be remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.errors import WeightsError
from impasto.images.samples import harbour
from impasto.models.johnson import Johnson, Tool
from impasto.models.normalizing import LEAST_VARIANCE
from impasto.models.reading import Tensors, read_tensors

__all__ = ["Imported", "import_network"]

Layer = tuple[Tensor, Tensor, Tensor]  # kernels (O, I, K, K), and a scale and a shift, or a bias and nothing

WIDTHS = (32, 64, 128)  # of ncnn's network, whose file says nothing about its shape
BLOCKS = 5
RANGE = 255  # of the tools' pixels
EPSILON: dict[Tool, float] = {"pytorch": 1e-5, "lengstrom": 1e-3}  # added to every variance


@dataclass(frozen=True)
class Imported:
    """A network of another tool, ready for :func:`impasto.models.trained.save_model`."""

    network: nn.Module
    kind: str
    config: dict[str, Any]
    origin: str  #: which tool's it is, for people


def import_network(path: Path) -> Imported:
    """Read a network of another tool and check that it paints; refuse anything else in one sentence."""
    tool: Tool = "pytorch"
    if _starts_with(path, NCNN_HALF):
        layers, origin = list(_ncnn_layers(path)), "PyTorch's fast_neural_style, by way of ncnn"
    else:
        tool, layers, origin = _from_tensors(read_tensors(path)[0], path)
    network, config = _filled(tool, layers, path)
    _check_that_it_paints(network, path)
    return Imported(network, "johnson", config, origin)


def _from_tensors(tensors: Tensors, path: Path) -> tuple[Tool, list[Layer], str]:
    plain = {name.removeprefix("module."): tensor.float() for name, tensor in tensors.items()}  # DataParallel's prefix
    if {"conv1.conv2d.weight", "deconv3.conv2d.weight"} <= set(plain):
        return "pytorch", list(_pytorch_layers(plain, path)), "PyTorch's fast_neural_style"
    if {"Variable", "Variable_1", "Variable_47"} <= set(plain):
        return "lengstrom", list(_lengstrom_layers(plain, path)), "lengstrom's fast-style-transfer"
    raise WeightsError(
        f"{path} is no network that can be brought in; it takes PyTorch's examples/fast_neural_style, "
        "the same as ncnn's .bin, and lengstrom's variables as .npz."
    )


def _pytorch_layers(tensors: Tensors, path: Path) -> Iterator[Layer]:
    blocks = sorted({int(found[1]) for name in tensors if (found := re.match(r"res(\d+)\.", name))})
    pairs = [("conv1", "in1"), ("conv2", "in2"), ("conv3", "in3")]
    pairs += [(f"res{n}.conv{half}", f"res{n}.in{half}") for n in blocks for half in (1, 2)]
    try:
        for conv, norm in [*pairs, ("deconv1", "in4"), ("deconv2", "in5")]:
            # The oldest named them scale and shift. Running statistics, where there are any, were never used.
            scale = tensors[f"{norm}.{'scale' if f'{norm}.scale' in tensors else 'weight'}"]
            shift = tensors[f"{norm}.{'shift' if f'{norm}.shift' in tensors else 'bias'}"]
            yield tensors[f"{conv}.conv2d.weight"], scale.flatten(), shift.flatten()
        yield tensors["deconv3.conv2d.weight"], tensors["deconv3.conv2d.bias"], torch.empty(0)
    except KeyError as missing:
        raise WeightsError(f"{path} lacks {missing.args[0]}; it was changed or damaged, get it again.") from missing


NCNN_HALF = b"\x47\x6b\x30\x01"  # ncnn's mark (0x01306B47) before kernels in float16


def _ncnn_layers(path: Path) -> Iterator[Layer]:
    """Yield the layers of ncnn's file: mark, kernels in float16, bias, scale and shift of each, one after the other."""
    content = path.read_bytes()
    at = 0

    def take(count: int, kind: str) -> Tensor:
        nonlocal at
        size = count * np.dtype(kind).itemsize
        if at + size > len(content):
            raise WeightsError(f"{path} ends before the network is complete; get it again.")
        found = np.frombuffer(content, kind, count, at).astype(np.float32)
        at += -(-size // 4) * 4  # ncnn fills up to four bytes
        return torch.from_numpy(found)

    for width_in, width, kernel in _ncnn_shapes():
        if content[at : at + 4] != NCNN_HALF:
            raise WeightsError(f"{path} is not a fast_neural_style network of ncnn in float16; give one of those.")
        at += 4
        weight = take(width * width_in * kernel * kernel, "<f2").view(width, width_in, kernel, kernel)
        bias = take(width, "<f4")
        yield (weight, bias, torch.empty(0)) if width == 3 else (weight, take(width, "<f4"), take(width, "<f4"))
    if at != len(content):
        raise WeightsError(f"{path} holds more than a fast_neural_style network of ncnn; give one of those.")


def _ncnn_shapes() -> list[tuple[int, int, int]]:
    first, second, third = WIDTHS
    down = [(3, first, 9), (first, second, 3), (second, third, 3)]
    return [*down, *[(third, third, 3)] * (2 * BLOCKS), (third, second, 3), (second, first, 3), (first, 3, 9)]


def _lengstrom_layers(tensors: Tensors, path: Path) -> Iterator[Layer]:
    """Yield the layers in the order in which the tool made its variables: kernels, shift and scale of each."""
    variables = [tensors[name] for name in ("Variable", *(f"Variable_{number}" for number in range(1, 48)))]
    for number, (weight, shift, scale) in enumerate(
        zip(variables[0::3], variables[1::3], variables[2::3], strict=True)
    ):
        if weight.ndim != 4:
            raise _misshapen(path)
        is_transposed = number in (13, 14)  # the doublings: kernels in HWOI, all others in HWIO
        yield weight.permute(2, 3, 0, 1) if is_transposed else weight.permute(3, 2, 0, 1), scale, shift


def _filled(tool: Tool, layers: Sequence[Layer], path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Return our network with these layers, which are in the order in which they are computed, and its config."""
    if not all(weight.ndim == 4 and weight.numel() for weight, _, _ in layers):
        raise _misshapen(path)
    blocks = (len(layers) - 6) // 2
    config: dict[str, Any] = {"tool": tool, "width": int(layers[0][0].shape[0]), "blocks": blocks}
    names = [f"blocks.{number}.{half}" for number in range(blocks) for half in ("first", "second")]
    names = ["begin", "halve", "quarter", *names, "to_half.layer", "to_full.layer", "ending.last"]
    state: Tensors = {}
    for name, (weight, scale, shift) in zip(names, layers, strict=True):
        state |= {f"{name}.weight": weight * _gain(name, tool, is_normalized=bool(shift.numel()))}
        if shift.numel():
            state |= {f"{name}.scale": scale, f"{name}.shift": shift}
        else:
            state |= {f"{name}.bias": scale / RANGE}
    network = Johnson(**config)
    try:
        network.load_state_dict(state)
    except RuntimeError as fault:
        raise _misshapen(path) from fault
    return network.eval().requires_grad_(requires_grad=False), config


def _misshapen(path: Path) -> WeightsError:
    return WeightsError(f"{path} has layers of other shapes than its tool's network; give one of those.")


def _gain(name: str, tool: Tool, *, is_normalized: bool) -> float:
    """Return the factor that makes kernels fit our ranges.

    Before a normalisation a factor changes nothing but what the tool's epsilon weighs against the variance, so the
    right factor makes the epsilon of ours as large as the tool's.
    """
    if not is_normalized:
        return 1 / RANGE
    fitting = float((LEAST_VARIANCE / EPSILON[tool]) ** 0.5)
    return fitting * RANGE if name == "begin" else fitting


@torch.no_grad()
def _check_that_it_paints(network: nn.Module, path: Path) -> None:
    painted = network(harbour((64, 96)), torch.ones(1, 1))
    if not painted.isfinite().all() or painted.clamp(0, 1).std() < 0.01:
        raise WeightsError(f"{path} was read, but it paints nothing: its numbers are damaged; get it again.")


def _starts_with(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(mark)) == mark
    except OSError as fault:
        raise WeightsError(f"{path} cannot be read ({fault.strerror}); give the file of a network.") from fault
