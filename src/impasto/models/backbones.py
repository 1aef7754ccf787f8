"""Networks to look through, by name: the embedded encoder, VGG-19, VGG-16, or a file with the weights of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from impasto.errors import OptionError, did_you_mean
from impasto.models.encoder import WEIGHTS_FILE, WIDTHS, embedded_encoder
from impasto.models.layouts import read_vgg
from impasto.models.vgg import VGG, Padding, Pooling, layer_names, vgg16, vgg19, vgg_from_file
from impasto.weights import OnProgress, choose, file_sha256

__all__ = [
    "BACKBONES",
    "backbone_downloads",
    "backbone_layers",
    "backbone_title",
    "cell_of",
    "check_pooling",
    "load_backbone",
    "reach",
    "weights_hash",
]

BACKBONES = ("embedded", "vgg19", "vgg16")
THROUGH_HEADS = ("relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Layers of the embedded encoder that are estimates of VGG-19's; relu1_1 is near enough as it is, and largest."""


def backbone_layers(name: str) -> tuple[str, ...]:
    """Return the layers a backbone has, shallowest first; for a file, those its weights suffice for."""
    if name == "embedded":
        return tuple(f"relu{number}" for number in WIDTHS)
    if name in ("vgg19", "vgg16"):
        return layer_names(int(name[3:]))
    held = read_vgg(_weights_path(name))
    names = layer_names(held.depth or 19)
    missing = next((layer for layer in names if layer.startswith("conv") and layer[4:] not in held.convolutions), None)
    return names if missing is None else names[: names.index(missing)]


def load_backbone(
    name: str,
    layers: Sequence[str],
    *,
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    on_progress: OnProgress | None = None,
) -> nn.Module:
    """Return the frozen network called ``name``, or the one whose weights are in the file of that path."""
    if name == "embedded":
        check_pooling(name, pooling)
        return embedded_encoder(layers, through_heads=THROUGH_HEADS)
    if name == "vgg19":
        return vgg19(layers, pooling=pooling, padding=padding, on_progress=on_progress)
    if name == "vgg16":
        return vgg16(layers, pooling=pooling, padding=padding, on_progress=on_progress)
    return vgg_from_file(_weights_path(name), layers, pooling=pooling, padding=padding)


def check_pooling(name: str, pooling: Pooling) -> None:
    """Refuse a pooling that the backbone cannot do."""
    if name == "embedded" and pooling != "max":
        raise OptionError(f"pooling is {pooling!r}, but the embedded encoder has only max; leave it out, or use a VGG.")


def backbone_title(name: str) -> str:
    """Return how recipes name a backbone: never by its folder."""
    return name if name in BACKBONES else Path(name).name


def backbone_downloads(name: str) -> list[str]:
    """Return the files that would be fetched first, with their sizes."""
    if name not in ("vgg19", "vgg16"):
        return []
    entry, here = choose(name)
    return [] if here else [f"{entry.file} ({entry.size_text})"]


def weights_hash(name: str, network: nn.Module) -> str:
    """Return the SHA-256 of the weights that a network was loaded from."""
    if isinstance(network, VGG):
        return network.metadata.get("sha256", "")
    return file_sha256(Path(str(WEIGHTS_FILE))) if name == "embedded" else ""


def cell_of(layer: str) -> int:
    """Return how many pixels of the picture, along a side, one position of a layer stands for."""
    return int(2 ** (int(layer[4]) - (0 if layer.startswith("pool") else 1)))


def reach(layers: Sequence[str]) -> int:
    """Return how many pixels away a pixel can matter to a feature of these layers, rounded up to whole cells.

    Every 3x3 convolution reaches one cell of its scale further, every pooling one cell of the scale before. As many
    convolutions are counted per scale as VGG-19 has at most.
    """
    deepest = max(int(layer[4]) for layer in layers)
    convolutions = (2, 2, 4, 4, 4)
    pixels = sum(((count + 1) << scale) for scale, count in enumerate(convolutions[:deepest]))
    cell = max(cell_of(layer) for layer in layers)
    return -(-pixels // cell) * cell


def _weights_path(name: str) -> Path:
    path = Path(name)
    if path.is_file():
        return path
    hint = did_you_mean(name, BACKBONES)
    raise OptionError(f"backbone {name!r} is neither {', '.join(BACKBONES)} nor a file of weights{hint}.")
