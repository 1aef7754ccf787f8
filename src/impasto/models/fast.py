"""The fast network: any style in one pass.

A style is a vector, the means and mean squares of the encoder's features of a painting; a small perceptron turns it
into a scale and a shift for every channel of the network (Huang & Belongie, "Arbitrary Style Transfer in Real-time with
Adaptive Instance Normalization", ICCV 2017; Ghiasi et al., "Exploring the Structure of a Real-time, Arbitrary Neural
Artistic Stylization Network", BMVC 2017). What is different here, and why:

- Most of the work is done at an eighth of the size, and pixels enter and leave by rearrangement: speed.
- Before the last rearrangement the frequencies are taken out at which a lattice of two or four pixels would stand, and
  all other enlargements are smooth: flat features give a flat picture, and textured ones no grid.
- A field of noise fixed to the picture comes in with the photo, so strokes have something to grow from in a flat sky.
- All that depends on the whole picture are the normalisations' statistics, and those can be given (see
  :mod:`impasto.models.normalizing`): any size can be painted tile by tile.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import WeightsError
from impasto.models.encoder import HEAD_WIDTHS, WIDTHS, PaddedConvolution
from impasto.models.grain import BLOCK, OCTAVES
from impasto.models.normalizing import Reading
from impasto.models.padding import convolved, pad_by_one
from impasto.models.reading import read_tensors

__all__ = [
    "CODE_LAYERS",
    "CODE_LENGTH",
    "STRIDE",
    "FastNetwork",
    "Modulation",
    "described",
    "embedded_fast",
    "smoothed",
]

CODE_LAYERS = tuple(HEAD_WIDTHS)
CODE_LENGTH = 2 * sum(WIDTHS[layer[4:]] for layer in CODE_LAYERS)
STRIDE = BLOCK
"""Sides must be multiples of this."""

Modulation: TypeAlias = Mapping[str, Tensor]
"""What a style makes of the network: for each layer (B, 2, C), a scale and a shift; and how much grain (B, OCTAVES)."""

WEIGHTS_FILE = Path(str(resources.files("impasto.models"))) / "data" / "fast.safetensors"
ENTRANCE, TRUNK, EXIT = 64, 144, 32
BLOCKS = 4


class FastNetwork(nn.Module):
    """Paint a picture (B, 3, H, W) in the manner of a style vector (B, CODE_LENGTH)."""

    def __init__(self) -> None:
        super().__init__()
        trunk = {f"block{block}{half}": (TRUNK, TRUNK) for block in range(BLOCKS) for half in "ab"}
        shapes = {
            "entrance": (48 + OCTAVES, ENTRANCE),
            "down": (ENTRANCE, TRUNK),
            **trunk,
            "up": (TRUNK, ENTRANCE),
            "strokes": (ENTRANCE, ENTRANCE),
            "exit": (ENTRANCE, 4 * EXIT),
        }
        self.convs = nn.ModuleDict(
            {name: PaddedConvolution(*shape, 3, stride=2 if name == "down" else 1) for name, shape in shapes.items()}
        )
        self.photo = PaddedConvolution(12, EXIT, 3)
        self.pixels = PaddedConvolution(EXIT, 12, 3)
        self.widths = {name: width for name, (_, width) in shapes.items()} | {"exit": EXIT}
        self.predictor = StylePredictor(self.widths)

    def in_precision(self, precision: torch.dtype) -> FastNetwork:
        """Bring all but the style's small part to this precision, and return the network."""
        for part in (self.convs, self.photo, self.pixels):
            part.to(precision)
        return self

    @property
    def corrections(self) -> int:
        """How many scales and shifts there are; a code may bring a correction for each of them."""
        return 2 * sum(self.widths.values())

    def modulation(self, code: Tensor) -> Modulation:
        """Return what a style makes of the network; modulations may be mixed like styles.

        Behind the style's own numbers a ``code`` may have ``corrections`` of scales and shifts; grain has none.
        """
        style, corrections = code[:, :CODE_LENGTH], code[:, CODE_LENGTH:]
        made: dict[str, Tensor] = self.predictor(style)
        if corrections.shape[1]:
            parts = torch.split(corrections, [2 * width for width in self.widths.values()], 1)
            made |= {name: made[name] + part.view_as(made[name]) for name, part in zip(self.widths, parts, strict=True)}
        return made

    def forward(self, image: Tensor, modulation: Modulation, noise: Tensor, reading: Reading | None = None) -> Tensor:
        """Return the painted picture; ``noise`` is (B, OCTAVES, H/4, W/4), sides are multiples of STRIDE."""
        reading = reading or Reading()

        def layer(name: str, x: Tensor, beside: Tensor | None = None) -> Tensor:
            return self._layer(name, x, modulation[name], reading, beside)

        image = (image - 0.5).to(self.pixels.weight.dtype)
        grain = (noise * modulation["grain"][..., None, None]).to(image.dtype)
        entrance = F.relu_(layer("entrance", _rearranged(image, 4, grain)))
        x = F.relu_(layer("down", entrance))
        for block in range(BLOCKS):
            x = x + layer(f"block{block}b", F.relu_(layer(f"block{block}a", x)))
        x = F.relu_(layer("up", _doubled(x), entrance))
        x = F.relu_(layer("strokes", x))
        # Enlarged by rearrangement, whose lattice is taken out below; beside that come the photo's own pixels.
        x = F.pixel_shuffle(self.convs["exit"](x), 2).add_(self.photo(_rearranged(image, 2)))
        scale, shift = modulation["exit"][..., None, None].unbind(1)
        x = F.relu_(reading.normalize("exit", x, 1 + scale, shift))
        return 0.5 + F.pixel_shuffle(smoothed(self.pixels(x).float()), 2)

    def _layer(
        self, name: str, x: Tensor, modulation: Tensor, reading: Reading, beside: Tensor | None = None
    ) -> Tensor:
        """Convolve, add what is ``beside``, normalise and modulate."""
        scale, shift = modulation[..., None, None].unbind(1)
        if reading.given is not None and not reading.following and not torch.is_grad_enabled():
            return self._folded(name, x, 1 + scale, shift, reading.given[name], beside)
        x = self.convs[name](x)
        return reading.normalize(name, x if beside is None else x + beside, 1 + scale, shift)

    def _folded(
        self, name: str, x: Tensor, scale: Tensor, shift: Tensor, seen: tuple[Tensor, Tensor], beside: Tensor | None
    ) -> Tensor:
        """Do the same for one picture with all that is known beforehand folded into the weights: no pass for it."""
        conv, (mean, deviation) = self.convs[name], seen
        gain = scale / deviation  # (1, C, 1, 1)
        bias = (gain * (conv.get_parameter("bias").view_as(gain) - mean) + shift).flatten().to(x.dtype)
        kernels = (conv.get_parameter("weight") * gain.view(-1, 1, 1, 1)).to(x.dtype)
        kernels = kernels.contiguous(memory_format=torch.channels_last)
        folded = convolved(pad_by_one(x), kernels, bias, stride=2 if name == "down" else 1)
        return folded if beside is None else torch.addcmul(folded, beside, gain.to(x.dtype))


class StylePredictor(nn.Module):
    """From a style vector to a scale and a shift for every channel."""

    def __init__(self, widths: Mapping[str, int], width: int = 96) -> None:
        super().__init__()
        # Set from the training's paintings, so that every entry of a vector counts alike.
        self.center = nn.Parameter(torch.zeros(CODE_LENGTH), requires_grad=False)
        self.spread = nn.Parameter(torch.ones(CODE_LENGTH), requires_grad=False)
        self.trunk = nn.Sequential(nn.Linear(CODE_LENGTH, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.heads = nn.ModuleDict({name: nn.Linear(width, 2 * channels) for name, channels in widths.items()})
        self.grain = nn.Linear(width, OCTAVES)
        for head in (*self.heads.values(), self.grain):  # at first every style leaves the network as it is
            for value in head.parameters():
                nn.init.zeros_(value)

    def measure(self, codes: Tensor) -> None:
        """Learn from many styles' vectors (N, CODE_LENGTH) what is usual and what is much."""
        self.center.data.copy_(described(codes).mean(0))
        self.spread.data.copy_(described(codes).std(0, correction=0).clamp_min(1e-3))  # of one alone it is 0

    def forward(self, code: Tensor) -> Modulation:
        """Return the modulation for codes (B, CODE_LENGTH)."""
        hidden = self.trunk((described(code) - self.center) / self.spread)
        predicted: dict[str, Tensor] = {name: head(hidden).unflatten(1, (2, -1)) for name, head in self.heads.items()}
        return {**predicted, "grain": 1 + self.grain(hidden)}


def described(code: Tensor) -> Tensor:
    """Turn means and mean squares, which mix, into means and deviations, which are easier to read."""
    mean, square = code.chunk(2, -1)
    return torch.cat([mean, (square - mean.square()).clamp_min(1e-6).sqrt()], -1)


def _rearranged(image: Tensor, side: int, *beside: Tensor) -> Tensor:
    """Return every ``side`` by ``side`` pixels as one position, and what goes beside them, channels last."""
    cells = F.pixel_unshuffle(image, side)
    cells = torch.cat([cells, *beside], 1) if beside else cells
    return cells.contiguous(memory_format=torch.channels_last)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear")  # repeated pixels would show as squares


def smoothed(x: Tensor) -> Tensor:
    """Take from 12 channels at half the size (B, 12, H, W) what would show as a lattice once they are rearranged.

    First what alternates from place to place, which would be a lattice of four pixels: a filter that is flat but for a
    narrow dip to zero there. Then what alternates from pixel to pixel of those that the channels will be: a filter
    that is flat up to half of the frequencies, whose zero is at two pixels. Both leave flat colors as they are, and as
    much of what is fine as they can: what is taken out here no style can paint.
    """
    taps = x.new_tensor(_DIP)
    channels = x.shape[1]
    row, column = taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1), taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    reach = len(_DIP) // 2
    x = F.pad(x, (reach, reach, reach, reach), mode="replicate")
    x = F.conv2d(F.conv2d(x, row, groups=channels), column, groups=channels)
    smoothing = _rearranged_smoothing().to(x).repeat(channels // 4, 1, 1, 1)
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), smoothing, groups=channels // 4)


# One everywhere but near w = pi, where it is zero: from what comes in is taken what alternates, seen through a triangle
# of places. The triangle is two boxes of six places, so that of a flat color nothing is taken.
_DIP = [float(place == 5) - (-1) ** (place - 5) * (6 - abs(place - 5)) / 36 for place in range(11)]
_SMOOTHING = {-2: -1 / 8, -1: 2 / 8, 0: 6 / 8, 1: 2 / 8, 2: -1 / 8}  # one at w = 0 and at pi / 2, zero at pi


def _rearranged_smoothing() -> Tensor:
    """Return the kernel (4, 4, 3, 3) that does to the four places of a 2x2 cell what ``_SMOOTHING`` does to pixels."""
    line = torch.zeros(2, 2, 3)  # (place after, place before, cell before it, itself, after it)
    for after in range(2):
        for offset, weight in _SMOOTHING.items():
            cell, before = divmod(after + offset, 2)
            line[after, before, cell + 1] += weight
    return torch.einsum("acy,bdx->abcdyx", line, line).reshape(4, 4, 3, 3)


def embedded_fast(*, weights: Path | None = None) -> FastNetwork:
    """Return the network with the weights that come with the package (or those in ``weights``), frozen."""
    with torch.device("meta"):  # no numbers are drawn for weights that are read in a moment
        network = FastNetwork()
    tensors, _ = read_tensors(weights or WEIGHTS_FILE)
    try:
        network.load_state_dict({name: value.float() for name, value in tensors.items()}, assign=True)
    except RuntimeError as fault:
        raise WeightsError(
            "the fast network's weights are not those of this version; install Impasto again."
        ) from fault
    return network.eval().requires_grad_(requires_grad=False)
