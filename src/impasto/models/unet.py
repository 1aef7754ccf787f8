"""A U-Net that turns photos into paintings, learnt from pairs of both.

Ronneberger, Fischer & Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (MICCAI 2015): the
picture is halved a few times and doubled as often, and what was seen at each size is handed across. Departures, each
with its reason:

- The network paints only the change, which is added to the photo: an untrained one gives the photo back, and detail
  need not be learnt.
- Instance normalisation (Ulyanov et al., arXiv 1607.08022) on the way down, through
  :class:`~impasto.models.normalizing.Reading`, so that any size can be painted in tiles; the map at full size is left
  as it is, since it alone knows how bright the photo was. There is none in the depth and on the way up: it divides by
  what a single place can make large, and networks learn to grow such places, which are seen as glowing drops in skies
  (Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020).
- Doubling repeats pixels and convolves afterwards (Odena, Dumoulin & Olah, "Deconvolution and Checkerboard Artifacts",
  Distill 2016): what is flat stays flat. Transposed convolution is offered as well.
- Residual blocks (He et al., CVPR 2016) where the map is smallest: there they are cheap, and see farthest.
- Borders are reflected, and any size is brought to the grid by reflection and cut back.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import Decoder
from impasto.models.encoder import PaddedConvolution
from impasto.models.normalizing import Reading, Statistics, statistics_of

__all__ = ["UNet"]


class UNet(nn.Module):
    """Paint pictures (B, 3, H, W) of any size in the manner of the pairs it was trained on.

    ``width`` is that of the maps at full size; each halving, ``depth`` times, doubles it.
    """

    def __init__(self, *, width: int = 16, depth: int = 3, blocks: int = 2, decoder: Decoder = "resize") -> None:
        super().__init__()
        self.width, self.depth, self.blocks, self.decoder = width, depth, blocks, decoder
        widths = [width * 2**level for level in range(depth + 1)]
        self.entrance = PaddedConvolution(3, width, 3)
        self.downs = nn.ModuleList(
            Down(f"down{level}", thin, wide) for level, (thin, wide) in enumerate(itertools.pairwise(widths))
        )
        self.deep = nn.ModuleList(Block(widths[-1]) for _ in range(blocks))
        self.ups = nn.ModuleList(Up(widths[level + 1], widths[level], decoder) for level in reversed(range(depth)))
        self.exit = PaddedConvolution(width, 3, 3)
        nn.init.zeros_(self.exit.weight)  # the first picture is the photo
        nn.init.zeros_(self.exit.bias)  # type: ignore[arg-type]

    @property
    def stride(self) -> int:
        """Sides are brought to multiples of this; tiles begin at them."""
        return 1 << self.depth

    @property
    def margin(self) -> int:
        """Pixels of surroundings that decide a pixel, the statistics aside."""
        halvings = [1 << level for level in range(self.depth)]  # of a map, in pixels of the photo
        across = sum(3 * cell for cell in halvings) + 2 * self.blocks * self.stride  # two convolutions a level
        back = sum(3 * cell for cell in halvings)  # one convolution a level, and which pixel a repeated one came from
        return 2 + across + back

    def look(self, photo: Tensor, strength: Tensor | None = None) -> Statistics:
        """Return the statistics of a whole photo, or of its thumbnail, for painting its tiles."""
        return statistics_of(self, photo, strength)

    def forward(
        self,
        photo: Tensor,
        strength: Tensor | None = None,
        reading: Reading | None = None,
        at: tuple[int, int] = (0, 0),
    ) -> Tensor:
        """Return the painting (B, 3, H, W), not yet clamped to [0, 1].

        ``strength`` is (B, 1), from 0 (the photo) to 1, and full where it is left out. Where in the picture a tile
        begins (``at``) makes no difference to this network.
        """
        del at
        reading = reading or Reading()
        height, width = photo.shape[-2:]
        x = F.relu(self.entrance(_on_grid(photo, self.stride) - 0.5))
        seen = [x]
        for down in self.downs:
            seen.append(down(seen[-1], reading))
        x = seen.pop()
        for block in self.deep:
            x = block(x)
        for up in self.ups:
            x = up(x, seen.pop())
        change: Tensor = self.exit(x)[..., :height, :width].to(photo.dtype)
        return photo + (change if strength is None else strength[..., None, None] * change)


class Norm(nn.Module):
    """Instance normalisation with a scale and a shift that are learnt."""

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.name = name
        self.scale = nn.Parameter(torch.ones(1, width, 1, 1))
        self.shift = nn.Parameter(torch.zeros(1, width, 1, 1))

    def forward(self, x: Tensor, reading: Reading) -> Tensor:
        """Return ``x`` (B, C, H, W), normalised."""
        return reading.normalize(self.name, x, self.scale, self.shift)


class Layer(nn.Module):
    """A convolution and its norm."""

    def __init__(self, name: str, width_in: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv = PaddedConvolution(width_in, width, 3, stride=stride, bias=False)  # the norm's shift is the bias
        self.norm = Norm(name, width)

    def forward(self, x: Tensor, reading: Reading) -> Tensor:
        """Return the normalised map."""
        normal: Tensor = self.norm(self.conv(x), reading)
        return normal


class Down(nn.Module):
    """Halve a map, and look at it once more."""

    def __init__(self, name: str, width_in: int, width: int) -> None:
        super().__init__()
        self.halve = Layer(f"{name}.halve", width_in, width, stride=2)
        self.look = Layer(f"{name}.look", width, width)

    def forward(self, x: Tensor, reading: Reading) -> Tensor:
        """Return a map of half the size."""
        return F.relu(self.look(F.relu(self.halve(x, reading)), reading))


class Block(nn.Module):
    """Two convolutions, added to their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = PaddedConvolution(width, width, 3)
        self.second = PaddedConvolution(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same size."""
        found: Tensor = self.second(F.relu(self.first(x)))
        return x + found


class Up(nn.Module):
    """Double a map and join it with what was seen at that size on the way down."""

    def __init__(self, width_in: int, width: int, decoder: Decoder) -> None:
        super().__init__()
        # With 4 pixels for a step of 2 every pixel gets the same number of contributions, though not the same weights.
        enlarge = nn.ConvTranspose2d(width_in, width, 4, stride=2, padding=1)
        self.enlarge = enlarge if decoder == "transpose" else Repeat(width_in, width)
        self.join = PaddedConvolution(2 * width, width, 3)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return a map of the size of ``seen``."""
        return F.relu(self.join(torch.cat([self.enlarge(x), seen], 1)))


class Repeat(nn.Module):
    """Make a map thinner, then repeat every pixel: the convolution that follows smooths it."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.thin = nn.Conv2d(width_in, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of twice the size."""
        return F.interpolate(self.thin(x), scale_factor=2.0, mode="nearest")


def _on_grid(picture: Tensor, stride: int) -> Tensor:
    """Reflect a picture at its far edges until its sides are multiples of ``stride``."""
    for side in (2, 3):
        while missing := -picture.shape[side] % stride:
            length = picture.shape[side]
            mirrored = picture.flip(side)
            rest = mirrored.narrow(side, 1, min(missing, length - 1)) if length > 1 else mirrored
            picture = torch.cat([picture, rest], side)
    return picture
