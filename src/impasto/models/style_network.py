"""A network that has learnt one style: a photo goes in, a painting comes out, in one pass.

Johnson, Alahi & Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution" (ECCV 2016), with the
instance normalisation of Ulyanov et al. (arXiv 1607.08022) and the resize-convolution of Odena et al.,
"Deconvolution and Checkerboard Artifacts" (Distill 2016). Departures, each with its reason:

- Most of the work is done at an eighth and a quarter of the photo's size, with skip connections: strokes are large, and
  a processor is quick on small maps.
- The last step back to full size is a pixel shuffle, which is quick, followed by a binomial blur, whose response is
  zero at the shuffle's lattice: what is constant stays constant. The steps before it enlarge smoothly: after bilinear
  enlargement alone, slopes are steeper at every other pixel, and rectifiers make a lattice of that.
- A strength from 0 to 1 moves every normalisation's scale and shift, as the conditions of Dumoulin et al., "A Learned
  Representation for Artistic Style" (ICLR 2017) do, and fades into the photo; so strength needs no second training.
- Smooth noise is one more input, so that a flat sky does not become a wallpaper.
- Statistics go through :class:`~impasto.models.normalizing.Reading`, so that any size can be painted in tiles.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.models.encoder import PaddedConvolution
from impasto.models.grain import BLOCK, OCTAVES, grain_under
from impasto.models.normalizing import Reading, Statistics, statistics_of
from impasto.models.padding import pad_by_one

__all__ = ["StyleNetwork"]

CELL = BLOCK  # pixels that one position of the deepest map stands for
SEED = 0  # of the grain: a model paints the same strokes everywhere


class StyleNorm(nn.Module):
    """Normalise one layer, then give it the scale and shift that the style wants at this strength."""

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.name = name
        self.full = nn.Parameter(torch.stack([torch.ones(width), torch.zeros(width)]))  # at strength 1
        self.less = nn.Parameter(torch.zeros(2, width))  # how they change towards strength 0

    def forward(self, x: Tensor, strength: Tensor, reading: Reading) -> Tensor:
        """Return ``x`` (B, C, H, W) in the style's statistics; ``strength`` is (B, 1)."""
        scale, shift = (self.full + (1 - strength)[..., None] * self.less)[..., None, None].unbind(1)
        return reading.normalize(self.name, x, scale, shift)


class Layer(nn.Module):
    """A convolution and its norm."""

    def __init__(self, name: str, width_in: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv = PaddedConvolution(width_in, width, 3, stride=stride, bias=False)  # the norm's shift is the bias
        self.norm = StyleNorm(name, width)

    def forward(self, x: Tensor, strength: Tensor, reading: Reading) -> Tensor:
        """Return the normalised map; a rectifier is up to the caller."""
        normal: Tensor = self.norm(self.conv(x), strength, reading)
        return normal


class Block(nn.Module):
    """Two layers added to their input (He et al., CVPR 2016)."""

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.first = Layer(f"{name}.first", width, width)
        self.second = Layer(f"{name}.second", width, width)

    def forward(self, x: Tensor, strength: Tensor, reading: Reading) -> Tensor:
        """Return a map of the same size."""
        found: Tensor = self.second(F.relu(self.first(x, strength, reading)), strength, reading)
        return x + found


class Enlarging(nn.Module):
    """Twice the size, smoothly enough that no layer after it can tell the new pixels from each other.

    Of white noise, enlarged bilinearly, every other step from pixel to pixel has four times the variance; blurred
    before and after, 1.08 times.
    """

    def __init__(self, name: str, width_in: int, width: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(width_in, width, 1, bias=False)  # while the map is small
        self.layer = Layer(name, width, width)

    def forward(self, x: Tensor, strength: Tensor, reading: Reading) -> Tensor:
        """Return a map of twice the size, normalised; a rectifier is up to the caller."""
        smooth = blurred(self.narrow(x))
        doubled = F.interpolate(smooth, scale_factor=2, mode="bilinear", align_corners=False)
        found: Tensor = self.layer(blurred(doubled), strength, reading)
        return found


class StyleNetwork(nn.Module):
    """Paint photos (B, 3, H, W) in the one style of its weights.

    ``width`` is that of the maps at half size; a quarter has twice, an eighth four times as many channels.
    """

    kind = "style"
    margin = 96  # pixels of surroundings that decide a pixel, see the tests
    stride = CELL

    def __init__(self, *, width: int = 16, blocks: int = 2) -> None:
        super().__init__()
        self.config = {"width": width, "blocks": blocks}
        half, quarter, eighth = width, 2 * width, 4 * width
        self.entrance = PaddedConvolution(12, half, 3)
        self.to_quarter = Layer("to_quarter", half, quarter, stride=2)
        self.to_eighth = Layer("to_eighth", quarter, eighth, stride=2)
        self.add_grain = nn.Conv2d(OCTAVES, quarter, 1, bias=False)
        self.deep = nn.ModuleList(Block(f"deep.{number}", eighth) for number in range(blocks))
        self.from_eighth = Enlarging("from_eighth", eighth, quarter)
        self.middle = Block("middle", quarter)
        self.from_quarter = Enlarging("from_quarter", quarter, half)
        self.exit = PaddedConvolution(half, 12, 3)

    def look(self, photo: Tensor, strength: Tensor) -> Statistics:
        """Return the statistics of a whole photo, or of its thumbnail, for painting its tiles."""
        return statistics_of(self, photo, strength)

    def grain(self, size: tuple[int, int], at: tuple[int, int] = (0, 0)) -> Tensor:
        """Return the noise (1, OCTAVES, h, w) of a part of a picture, sizes and places in pixels."""
        return grain_under(size, seed=SEED, at=at)

    def forward(
        self,
        photo: Tensor,
        strength: Tensor,
        reading: Reading | None = None,
        at: tuple[int, int] = (0, 0),
        noise: Tensor | None = None,
    ) -> Tensor:
        """Return the painting (B, 3, H, W), not yet clamped to [0, 1].

        ``strength`` is (B, 1), from 0 (the photo) to 1. ``at`` is where in the picture a tile begins, in multiples of
        ``stride``; ``noise`` replaces the grain of that place.
        """
        reading = reading or Reading()
        height, width = photo.shape[-2:]
        whole = F.pad(photo, (0, -width % CELL, 0, -height % CELL), mode="replicate")
        noise = self.grain((height, width), at) if noise is None else noise
        half = F.relu(self.entrance(F.pixel_unshuffle(whole - 0.5, 2)))
        quarter = F.relu(self.to_quarter(half, strength, reading) + self.add_grain(noise.to(half)))
        eighth = F.relu(self.to_eighth(quarter, strength, reading))
        for block in self.deep:
            eighth = block(eighth, strength, reading)
        quarter = quarter + self.from_eighth(eighth, strength, reading)
        quarter = self.middle(F.relu(quarter), strength, reading)
        half = half + self.from_quarter(quarter, strength, reading)
        painted = blurred(F.pixel_shuffle(self.exit(F.relu(half)).float(), 2)) + 0.5
        return photo.lerp(painted[..., :height, :width], strength[..., None, None])


def blurred(x: Tensor) -> Tensor:
    """Blur by (1, 2, 1) / 4 both ways, which wipes out any pattern of period two, to the very border."""
    x = pad_by_one(x)
    x = (x[..., 1:, :] + x[..., :-1, :]) / 2
    x = (x[..., 1:, :] + x[..., :-1, :]) / 2
    x = (x[..., 1:] + x[..., :-1]) / 2
    return (x[..., 1:] + x[..., :-1]) / 2
