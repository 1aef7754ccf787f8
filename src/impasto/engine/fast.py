"""The method ``fast``: any style in one pass, with the network that comes with Impasto."""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.config import Fast
from impasto.device import pick_device, pick_precision
from impasto.engine.inputs import Style
from impasto.engine.onepass import BASE_SIDE, OnePass
from impasto.engine.recipe import Ingredient
from impasto.engine.rehearsing import rehearsed
from impasto.engine.vectors import style_vector
from impasto.images import fit_long_side, resize
from impasto.losses import Moments, combine, moments
from impasto.models.encoder import embedded_encoder
from impasto.models.fast import CODE_LAYERS, STRIDE, WEIGHTS_FILE, FastNetwork, embedded_fast
from impasto.models.grain import grain_under
from impasto.models.normalizing import Reading, Statistics
from impasto.weights import file_sha256

__all__ = ["FastPainter", "fast_stylizer", "vector_of"]

PAINTED_SIDE = 768
"""Long side at which it paints: half as large again as paintings are looked at, as it learnt to (``finer``)."""


def fast_stylizer(config: Fast) -> OnePass:
    """Return the method ready to paint."""
    device = pick_device(config.device)
    painter = FastPainter(device, pick_precision("auto", device), config.seed, config.rehearsals)
    return OnePass(config, painter, base=PAINTED_SIDE, made_by=fast_stylizer)


class FastPainter:
    """The fast network as a painter."""

    name = "fast"
    needs_style = True
    has_grain = True
    margin = 96
    stride = STRIDE

    def __init__(self, device: torch.device, precision: torch.dtype, seed: int = 0, rehearsals: int = 0) -> None:
        self.device, self.precision, self.seed, self.rehearsals = device, precision, seed, rehearsals
        self.network = _network(device, precision)

    def weights(self) -> list[Ingredient]:
        """Return the network's weights as a recipe names them."""
        return [Ingredient("the fast network", _weights_hash())]

    def code(self, style: Style) -> Tensor:
        """Return a style's vector, looking at its paintings if it is not known yet."""
        return vector_of(style, self.device, self.precision) if style.vector is None else style.vector

    def corrections(self, picture: Tensor, code: Tensor) -> Tensor:
        """Return what rehearsals find of a whole picture in a style, to be put behind its code: (1, N), or (1, 0)."""
        if not self.rehearsals:
            return torch.zeros(1, 0)
        # Elsewhere: Apple's kernels have no way back, and a graphics card adds up otherwise each time.
        if self.device.type != "cpu":
            processor = torch.device("cpu")
            there = FastPainter(processor, pick_precision("auto", processor), self.seed, self.rehearsals)
            return there.corrections(picture, code)
        grains = functools.cache(self.grain)  # asked for anew in every trial

        def paint(tried: Tensor, corrections: Tensor) -> Tensor:
            noise = grains((tried.shape[-2], tried.shape[-1]))
            return self._painted(tried, torch.cat([known, corrections], 1), Reading(), noise)

        known, encoder = code.clone(), _encoder(self.device, self.precision)
        return rehearsed(paint, encoder, picture, known, torch.zeros(1, self.network.corrections), self.rehearsals)

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        """Return the statistics of every layer for the whole picture."""
        reading = Reading()
        self._paint(picture, code, reading, (0, 0), None)
        return reading.found

    def paint(
        self,
        picture: Tensor,
        code: Tensor,
        seen: Statistics | None,
        at: tuple[int, int] = (0, 0),
        *,
        noise: Tensor | None = None,
        reading: Reading | None = None,
    ) -> Tensor:
        """Paint a part of a picture; ``noise`` replaces the field that lies over the picture (a film moves it).

        A ``reading`` of the caller's goes before ``seen``.
        """
        return self._paint(picture, code, reading or Reading(seen), at, noise)

    def grain(self, size: tuple[int, int], at: tuple[int, int] = (0, 0)) -> Tensor:
        """Return the noise that a part of this size grows its strokes from."""
        return grain_under(size, seed=self.seed, at=at)

    def _paint(
        self, picture: Tensor, code: Tensor, reading: Reading, at: tuple[int, int], noise: Tensor | None
    ) -> Tensor:
        noise = self.grain((picture.shape[-2], picture.shape[-1]), at) if noise is None else noise
        return self._painted(picture, code, reading, noise).cpu()

    def _painted(self, picture: Tensor, code: Tensor, reading: Reading, noise: Tensor) -> Tensor:
        height, width = picture.shape[-2:]
        padded = F.pad(picture, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate").to(self.device)
        modulation = self.network.modulation(code.to(self.device))
        painted: Tensor = self.network(padded, modulation, noise.to(self.device), reading)
        return painted[..., :height, :width]


def vector_of(style: Style, device: torch.device, precision: torch.dtype) -> Tensor:
    """Return the vector of a style given by its paintings."""
    encoder = _encoder(device, precision)
    seen: list[dict[str, Moments]] = []
    with torch.inference_mode():
        for painting in style.pictures:
            pixels = resize(painting.pixels, fit_long_side(painting.size, BASE_SIDE)).to(device)
            seen.append({layer: moments(x) for layer, x in encoder(pixels).items()})
        together = {layer: combine([one[layer] for one in seen]) for layer in CODE_LAYERS}
        return style_vector(together).cpu()


@functools.cache
def _weights_hash() -> str:
    """Read the file once: a folder asks for it with every picture."""
    return file_sha256(WEIGHTS_FILE)


@functools.cache
@torch.inference_mode(mode=False)  # what is made in inference could not be rehearsed with
def _network(device: torch.device, precision: torch.dtype) -> FastNetwork:
    network = embedded_fast().in_precision(precision)
    return network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@functools.cache
@torch.inference_mode(mode=False)
def _encoder(device: torch.device, precision: torch.dtype) -> nn.Module:
    encoder = embedded_encoder(CODE_LAYERS).to(device=device, dtype=precision)
    return encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
