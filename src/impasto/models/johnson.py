"""The per-style network that the well-known tools share, as PyTorch's examples and as lengstrom wrote it.

Johnson, Alahi & Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (ECCV 2016), with the
instance normalisation of Ulyanov et al. (arXiv 1607.08022). Both tools kept the layers (two halvings, five residual
blocks, two doublings) and differ in the rest. ``pytorch`` mirrors at the border, doubles by repeating pixels before a
convolution, and ends with a convolution; ``lengstrom`` has a black border and transposed convolutions, and ends with a
normalisation and tanh.

Departures: the picture is RGB in [0, 1] on both sides (the importer folds the tools' own ranges into the weights); a
bias before a normalisation is left out, because the normalisation takes it away; and a side that is no multiple of
four is first continued by mirroring.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import OptionError
from impasto.models.extending import mirrored, whole_cells
from impasto.models.normalizing import Reading, Statistics, statistics_of
from impasto.models.padding import convolved

__all__ = ["Johnson", "Tool"]

Tool = Literal["pytorch", "lengstrom"]

STRIDE = 4  # pixels that one position of the deepest maps stands for
TANH_RANGE = 150 / 255  # of lengstrom's ending, around the middle grey


class Normalized(nn.Module):
    """A convolution, and the normalisation after it with a scale and a shift for each channel."""

    def __init__(self, name: str, shape: tuple[int, int, int], tool: Tool, *, stride: int = 1) -> None:
        super().__init__()
        width_in, width, kernel = shape
        self.name, self.tool, self.stride = name, tool, stride
        self.weight = nn.Parameter(torch.empty(width, width_in, kernel, kernel))
        self.scale = nn.Parameter(torch.empty(width))
        self.shift = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor, reading: Reading) -> Tensor:
        """Return the normalised map; a rectifier is up to the caller."""
        x = bordered(x, self.weight.shape[-1], self.stride, self.tool)
        x = convolved(x, self.weight, stride=self.stride)
        return reading.normalize(self.name, x, self.scale[None, :, None, None], self.shift[None, :, None, None])


class Doubling(nn.Module):
    """Twice the size, normalised and rectified."""

    def __init__(self, name: str, width_in: int, width: int, tool: Tool) -> None:
        super().__init__()
        self.layer = Normalized(name, (width_in, width, 3), tool)

    def forward(self, x: Tensor, reading: Reading) -> Tensor:
        """Return a map of twice the size."""
        if self.layer.tool == "pytorch":
            doubled: Tensor = self.layer(F.interpolate(x, scale_factor=2, mode="nearest"), reading)
            return F.relu(doubled)
        # TensorFlow's SAME cuts the row and the column that lie beyond twice the size.
        layer, grown = self.layer, F.conv_transpose2d(x, self.layer.weight.transpose(0, 1), stride=2)
        scale, shift = layer.scale[None, :, None, None], layer.shift[None, :, None, None]
        return F.relu(reading.normalize(layer.name, grown[..., :-1, :-1], scale, shift))


class Block(nn.Module):
    """Two layers added to their input (He et al., CVPR 2016), as Gross & Wilber arrange them."""

    def __init__(self, name: str, width: int, tool: Tool) -> None:
        super().__init__()
        self.first = Normalized(f"{name}.first", (width, width, 3), tool)
        self.second = Normalized(f"{name}.second", (width, width, 3), tool)

    def forward(self, x: Tensor, reading: Reading) -> Tensor:
        """Return a map of the same size."""
        found: Tensor = self.second(F.relu(self.first(x, reading)), reading)
        return x + found


class Ending(nn.Module):
    """The last convolution, to the three colors."""

    def __init__(self, width: int, tool: Tool) -> None:
        super().__init__()
        self.tool = tool
        self.last: nn.Module
        if tool == "pytorch":
            self.last = nn.Conv2d(width, 3, 9)
        else:
            self.last = Normalized("ending", (width, 3, 9), tool)

    def forward(self, x: Tensor, reading: Reading) -> Tensor:
        """Return the picture, not yet clamped to [0, 1]."""
        if self.tool == "pytorch":
            picture: Tensor = self.last(bordered(x, 9, 1, self.tool))
            return picture
        return torch.tanh(self.last(x, reading)) * TANH_RANGE + 0.5


class Johnson(nn.Module):
    """Paint photos (B, 3, H, W) in the one style of its weights; called like every network in a file of ours."""

    margin = 64  # pixels of surroundings that decide a pixel, see the tests
    stride = STRIDE

    def __init__(self, *, tool: Tool = "pytorch", width: int = 32, blocks: int = 5) -> None:
        super().__init__()
        if tool not in get_args(Tool):
            raise OptionError(f"tool is {tool!r}; allowed are {', '.join(get_args(Tool))}.")
        self.begin = Normalized("begin", (3, width, 9), tool)
        self.halve = Normalized("halve", (width, 2 * width, 3), tool, stride=2)
        self.quarter = Normalized("quarter", (2 * width, 4 * width, 3), tool, stride=2)
        self.blocks = nn.ModuleList(Block(f"blocks.{number}", 4 * width, tool) for number in range(blocks))
        self.to_half = Doubling("to_half", 4 * width, 2 * width, tool)
        self.to_full = Doubling("to_full", 2 * width, width, tool)
        self.ending = Ending(width, tool)

    def look(self, photo: Tensor, strength: Tensor) -> Statistics:
        """Return the statistics of a whole photo, or of its thumbnail, for painting its tiles."""
        return statistics_of(self, photo, strength)

    def forward(
        self, photo: Tensor, strength: Tensor, reading: Reading | None = None, at: tuple[int, int] = (0, 0)
    ) -> Tensor:
        """Return the painting (B, 3, H, W), not yet clamped to [0, 1].

        ``strength`` is (B, 1): the network itself knows only 1, what is below fades into the photo. Where in the
        picture a tile begins (``at``) makes no difference here.
        """
        del at
        reading = reading or Reading()
        height, width = photo.shape[-2:]
        x = F.relu(self.begin(mirrored(photo, whole_cells((height, width), STRIDE, least=2)), reading))
        x = F.relu(self.quarter(F.relu(self.halve(x, reading)), reading))
        for block in self.blocks:
            x = block(x, reading)
        x = self.to_full(self.to_half(x, reading), reading)
        painted = self.ending(x, reading)[..., :height, :width]
        return photo.lerp(painted.to(photo.dtype), strength[..., None, None].to(photo.dtype))


def bordered(x: Tensor, kernel: int, stride: int, tool: Tool) -> Tensor:
    """Return a map with the border that a convolution of this kernel wants around it."""
    if tool == "pytorch":
        return F.pad(x, (kernel // 2,) * 4, mode="reflect")
    before = (kernel - stride) // 2  # TensorFlow's SAME on sides that the stride divides: more at the end than before
    after = kernel - stride - before
    return F.pad(x, (before, after, before, after))
