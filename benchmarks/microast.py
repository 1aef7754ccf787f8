"""MicroAST, rebuilt from its published weights to be measured beside our own.

Wang et al., "MicroAST: Towards Super-Fast Ultra-Resolution Arbitrary Style Transfer" (AAAI 2023): two small encoders, a
modulator that turns the style's features into signals, and a decoder that is steered by them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["MicroAST"]

Signals: TypeAlias = list[tuple[Tensor, Tensor]]
Style: TypeAlias = tuple[list[Tensor], Signals]
FILES = ("content_encoder", "style_encoder", "modulator", "decoder")


class Convolution(nn.Module):
    """A convolution behind reflected borders."""

    def __init__(self, before: int, after: int, side: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.margin = side // 2
        self.conv_layer = nn.Conv2d(before, after, side, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """Return the filtered map."""
        return self.conv_layer(F.pad(x, (self.margin,) * 4, mode="reflect"))


class Residual(nn.Module):
    """Two convolutions beside the identity, each of them steered where signals are given."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = Convolution(width, width, 3), Convolution(width, width, 3)

    def forward(self, x: Tensor, signals: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Return the map, steered by a weight and a bias (1, C, 1, 1) each."""
        if signals is None:
            return x + self.conv2(F.relu(self.conv1(x)))
        weight, bias = signals
        y = F.relu(weight * self.conv1(x) + bias * x)
        return x + weight * self.conv2(y) + bias * y


class Encoder(nn.Module):
    """Features at a quarter of the size, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.enc1 = nn.Sequential(
            Convolution(3, 16, 9), nn.ReLU(),
            Convolution(16, 32, 3, 2, groups=16), nn.ReLU(), Convolution(32, 32, 1), nn.ReLU(),
            Convolution(32, 64, 3, 2, groups=32), nn.ReLU(), Convolution(64, 64, 1), nn.ReLU(),
            Residual(64),
        )  # fmt: skip
        self.enc2 = nn.Sequential(Residual(64))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features of both depths."""
        first = self.enc1(x)
        return [first, self.enc2(first)]


class Modulator(nn.Module):
    """From the style's features to the signals that steer the decoder."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("weight1", "bias1", "weight2", "bias2"):
            setattr(self, name, nn.Sequential(Convolution(64, 64, 3, groups=64), nn.AdaptiveAvgPool2d(1)))

    def forward(self, features: list[Tensor]) -> Signals:
        """Return a weight and a bias for each depth."""
        first, second = features
        return [(self.weight1(first), self.bias1(first)), (self.weight2(second), self.bias2(second))]


class Decoder(nn.Module):
    """From steered features to a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.dec1, self.dec2 = Residual(64), Residual(64)
        self.dec3 = nn.Sequential(
            nn.Upsample(scale_factor=2), Convolution(64, 32, 3, groups=32), nn.ReLU(),
            Convolution(32, 32, 1), nn.ReLU(),
            nn.Upsample(scale_factor=2), Convolution(32, 16, 3, groups=16), nn.ReLU(),
            Convolution(16, 16, 1), nn.ReLU(),
            Convolution(16, 3, 9),
        )  # fmt: skip

    def forward(self, content: list[Tensor], style: Style) -> Tensor:
        """Return the painted picture."""
        features, signals = style
        x = self.dec1(with_statistics_of(content[1], features[1]), signals[1])
        return self.dec3(self.dec2(with_statistics_of(x, features[0]), signals[0]))


class MicroAST(nn.Module):
    """The four networks together; the style is described once and used for any picture."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.content_encoder, self.style_encoder = Encoder(), Encoder()
        self.modulator, self.decoder = Modulator(), Decoder()
        for name in FILES:
            (found,) = folder.glob(f"{name}_iter_*.pth.tar")
            getattr(self, name).load_state_dict(torch.load(found, map_location="cpu", weights_only=True))
        self.eval().requires_grad_(requires_grad=False)

    def describe(self, style: Tensor) -> Style:
        """Return what the decoder has to know of a style."""
        features = self.style_encoder(style)
        return features, self.modulator(features)

    def forward(self, picture: Tensor, style: Style) -> Tensor:
        """Paint a picture (1, 3, H, W)."""
        return self.decoder(self.content_encoder(picture), style)


def with_statistics_of(content: Tensor, style: Tensor) -> Tensor:
    """Give each channel the mean and deviation that it has in the style (Huang & Belongie, ICCV 2017)."""
    (variance, mean), (variance_s, mean_s) = (torch.var_mean(x, (2, 3), keepdim=True) for x in (content, style))
    return (content - mean) * ((variance_s + 1e-5) / (variance + 1e-5)).sqrt() + mean_s
