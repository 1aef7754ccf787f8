"""The per-style networks as their own tools define them, written down plainly, and checkpoints in their forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

State = dict[str, Tensor]


def pytorch_state(width: int = 8, blocks: int = 2, *, seed: int = 1) -> State:
    """Return a checkpoint of PyTorch's fast_neural_style, narrower, with random weights that paint something."""
    generator = torch.Generator().manual_seed(seed)
    one, two, four = width, 2 * width, 4 * width
    shapes = {"conv1": (one, 3, 9), "conv2": (two, one, 3), "conv3": (four, two, 3)}
    shapes |= {f"res{n}.conv{half}": (four, four, 3) for n in range(1, blocks + 1) for half in (1, 2)}
    shapes |= {"deconv1": (two, four, 3), "deconv2": (one, two, 3), "deconv3": (3, one, 9)}
    state: State = {}
    for name, (out, into, kernel) in shapes.items():
        state[f"{name}.conv2d.weight"] = torch.randn(out, into, kernel, kernel, generator=generator) * 0.1
        state[f"{name}.conv2d.bias"] = torch.randn(out, generator=generator)
    for norm, conv in norms(blocks):
        channels = shapes[conv][0]
        state[f"{norm}.weight"] = 1 + 0.3 * torch.randn(channels, generator=generator)
        state[f"{norm}.bias"] = 0.3 * torch.randn(channels, generator=generator)
    state["deconv3.conv2d.bias"] += 120
    state["deconv3.conv2d.weight"] *= 20
    return state


def norms(blocks: int) -> Iterator[tuple[str, str]]:
    """Yield each normalisation with the convolution before it."""
    yield from (("in1", "conv1"), ("in2", "conv2"), ("in3", "conv3"))
    yield from ((f"res{n}.in{half}", f"res{n}.conv{half}") for n in range(1, blocks + 1) for half in (1, 2))
    yield from (("in4", "deconv1"), ("in5", "deconv2"))


def pytorch_forward(state: State, photo: Tensor, blocks: int = 2) -> Tensor:
    """Paint as PyTorch's example does, which takes and gives 0 to 255."""

    def layer(x: Tensor, conv: str, norm: str = "", stride: int = 1) -> Tensor:
        weight = state[f"{conv}.conv2d.weight"]
        x = F.conv2d(F.pad(x, (weight.shape[-1] // 2,) * 4, "reflect"), weight, state[f"{conv}.conv2d.bias"], stride)
        return F.instance_norm(x, weight=state[f"{norm}.weight"], bias=state[f"{norm}.bias"]) if norm else x

    x = F.relu(layer(photo * 255, "conv1", "in1"))
    x = F.relu(layer(x, "conv2", "in2", 2))
    x = F.relu(layer(x, "conv3", "in3", 2))
    for n in range(1, blocks + 1):
        y = F.relu(layer(x, f"res{n}.conv1", f"res{n}.in1"))
        x = x + layer(y, f"res{n}.conv2", f"res{n}.in2")
    x = F.relu(layer(F.interpolate(x, scale_factor=2), "deconv1", "in4"))
    x = F.relu(layer(F.interpolate(x, scale_factor=2), "deconv2", "in5"))
    return layer(x, "deconv3") / 255


def ncnn_bytes(state: State) -> bytes:
    """Return the same network as ncnn's float16 file: marked kernels, bias, scale and shift, in order."""
    found = b""
    pairs = [*((conv, norm) for norm, conv in norms(5)), ("deconv3", "")]
    for conv, norm in pairs:
        found += b"\x47\x6b\x30\x01" + state[f"{conv}.conv2d.weight"].numpy().astype("<f2").tobytes()
        found += b"\0" * (-len(found) % 4)
        found += state[f"{conv}.conv2d.bias"].numpy().astype("<f4").tobytes()
        if norm:
            found += state[f"{norm}.weight"].numpy().astype("<f4").tobytes()
            found += state[f"{norm}.bias"].numpy().astype("<f4").tobytes()
    return found


def lengstrom_variables(width: int = 8, *, seed: int = 2) -> dict[str, np.ndarray]:
    """Return the variables of lengstrom's network, narrower, in the order in which it makes them."""
    generator = np.random.default_rng(seed)
    one, two, four = width, 2 * width, 4 * width
    shapes = [(9, 9, 3, one), (3, 3, one, two), (3, 3, two, four), *[(3, 3, four, four)] * 10]
    shapes += [(3, 3, two, four), (3, 3, one, two), (9, 9, one, 3)]  # the two transposed ones: out before in
    found: list[np.ndarray] = []
    for number, shape in enumerate(shapes):
        channels = shape[2] if number in (13, 14) else shape[3]
        found += [
            generator.normal(0, 0.1, shape),
            generator.normal(0, 0.3, channels),
            1 + generator.normal(0, 0.3, channels),
        ]
    names = ["Variable", *(f"Variable_{number}" for number in range(1, len(found)))]
    return {name: value.astype(np.float32) for name, value in zip(names, found, strict=True)}


def lengstrom_forward(variables: dict[str, np.ndarray], photo: Tensor) -> Tensor:
    """Paint as lengstrom's network does, with TensorFlow's SAME padding, on a photo with sides of whole fours."""
    values = iter(torch.from_numpy(value) for value in variables.values())

    def normalized(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
        variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        return (x - mean) / (variance + 1e-3).sqrt() * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)

    def layer(x: Tensor, stride: int = 1) -> Tensor:
        kernels = next(values).permute(3, 2, 0, 1)
        total = kernels.shape[-1] - stride
        x = F.pad(x, (total // 2, total - total // 2) * 2)
        return normalized(F.conv2d(x, kernels, stride=stride), next(values), next(values))

    def doubled(x: Tensor) -> Tensor:
        kernels = next(values).permute(3, 2, 0, 1)  # as conv_transpose2d wants them: in, out
        grown = F.conv_transpose2d(x, kernels, stride=2)[..., : 2 * x.shape[2], : 2 * x.shape[3]]
        return F.relu(normalized(grown, next(values), next(values)))

    x = F.relu(layer(photo * 255))
    x = F.relu(layer(F.relu(layer(x, 2)), 2))
    for _ in range(5):
        y = F.relu(layer(x))
        x = x + layer(y)
    return (torch.tanh(layer(doubled(doubled(x)))) * 150 + 255 / 2) / 255


def save_pickle(state: State, path: Path) -> Path:
    torch.save(state, path)
    return path
