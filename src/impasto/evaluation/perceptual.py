"""How different two pictures look, as people judged it: LPIPS, where its weights are on this computer.

Zhang, Isola, Efros, Shechtman & Wang 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric"
(version 0.1). It takes two files, and neither comes with Impasto: torchvision's VGG-16, and the heads (7 kB) that the
authors fitted to it. Other weights of VGG-16 have other features, for which these heads mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from impasto.errors import InputError, OptionError, WeightsError
from impasto.models import read_weights, vgg16
from impasto.weights import locate, published

__all__ = ["LPIPS", "LPIPS_LAYERS", "find_lpips", "lpips", "read_heads"]

LPIPS_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
_NETWORK, _HEADS = "vgg16-torchvision", "lpips-vgg"


def lpips(a: Mapping[str, Tensor], b: Mapping[str, Tensor], heads: Mapping[str, Tensor]) -> Tensor:
    """Return how different two pictures look, (B,), from their features and the heads (C,) of each layer.

    Equation 1 of the paper: at every position features are scaled to length 1, their squared differences weighted by
    the heads, averaged over positions and summed over layers. 0 is the same; between photographs 0.7 is far.
    """
    missing = [layer for layer in heads if layer not in a or layer not in b]
    if missing or not heads:
        wanted = missing[0] if missing else "any layer"
        raise OptionError(f"There are no features of {wanted}; give those of all layers that have heads.")
    return torch.stack([_layer(a[name], b[name], head) for name, head in heads.items()]).sum(0)


class LPIPS(nn.Module):
    """The metric with its network and heads: pictures (B, 3, H, W) in, one number for each of them out.

    Sides that are multiples of 16 give the published numbers; others differ by what the published network cuts off
    when it halves an odd side.
    """

    def __init__(self, network: nn.Module, heads: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.network, self.heads = network, dict(heads)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the distances (B,)."""
        if a.shape != b.shape:
            raise InputError(f"The pictures have the shapes {tuple(a.shape)} and {tuple(b.shape)}; resize one of them.")
        return lpips(self.network(a), self.network(b), self.heads)


def find_lpips() -> LPIPS | None:
    """Return the metric if both of its files are on this computer, else None; nothing is fetched."""
    network, heads = (locate(published(name)) for name in (_NETWORK, _HEADS))
    if network is None or heads is None:
        return None
    return LPIPS(vgg16(LPIPS_LAYERS, weights=network, padding="zeros"), read_heads(heads))


def read_heads(path: Path) -> dict[str, Tensor]:
    """Read the heads of VGG-16, (C,) by layer, from the authors' file."""
    tensors, _ = read_weights(path, purpose="lpips")
    names = {layer: f"lin{number}.model.1.weight" for number, layer in enumerate(LPIPS_LAYERS)}
    if any(name not in tensors for name in names.values()):
        raise WeightsError(f"{path} holds no heads of LPIPS for VGG-16; give vgg.pth of its version 0.1.")
    return {layer: tensors[name].flatten() for layer, name in names.items()}


def _layer(a: Tensor, b: Tensor, head: Tensor) -> Tensor:
    difference = (_of_length_one(a) - _of_length_one(b)).square()  # (B, C, H, W)
    return (difference * head.view(1, -1, 1, 1)).sum(1).mean((1, 2))


def _of_length_one(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
