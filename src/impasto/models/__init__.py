"""Networks that turn a picture into features by name."""

from impasto.models.backbones import BACKBONES, backbone_layers, load_backbone
from impasto.models.encoder import Encoder, embedded_encoder
from impasto.models.layouts import read_vgg, vgg_from_tensors
from impasto.models.reading import read_tensors, read_weights, write_tensors
from impasto.models.vgg import VGG, layer_names, normalize_activations, vgg16, vgg19, vgg_from_file

__all__ = [
    "BACKBONES",
    "VGG",
    "Encoder",
    "backbone_layers",
    "embedded_encoder",
    "layer_names",
    "load_backbone",
    "normalize_activations",
    "read_tensors",
    "read_vgg",
    "read_weights",
    "vgg16",
    "vgg19",
    "vgg_from_file",
    "vgg_from_tensors",
    "write_tensors",
]
