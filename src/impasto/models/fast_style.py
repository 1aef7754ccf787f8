"""The fast network with one style for good: what it predicts for a painting becomes weights, and these can learn on.

A network for every style has to keep its modulation general; with one style to paint it may bend everything towards
that. Since it begins where the fast network is, a short training suffices.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.models.fast import STRIDE, FastNetwork
from impasto.models.grain import OCTAVES, grain_under
from impasto.models.normalizing import Reading, Statistics, statistics_of

__all__ = ["FastStyle"]

SEED = 0  # of the grain: a model paints the same strokes everywhere


class FastStyle(nn.Module):
    """Paint photos (B, 3, H, W) in the one style of its weights; called like ``StyleNetwork``."""

    kind = "fast-style"
    margin = 128
    stride = STRIDE

    def __init__(self) -> None:
        super().__init__()
        self.network = FastNetwork()
        del self.network.predictor  # its work is done
        shapes: dict[str, tuple[int, ...]] = {name: (2, width) for name, width in self.network.widths.items()}
        shapes["grain"] = (OCTAVES,)
        self.full = nn.ParameterDict({name: nn.Parameter(torch.zeros(shape)) for name, shape in shapes.items()})
        self.less = nn.ParameterDict({name: nn.Parameter(torch.zeros(shape)) for name, shape in shapes.items()})

    @classmethod
    def of(cls, fast: FastNetwork, code: Tensor) -> FastStyle:
        """Return the network that paints as ``fast`` does with the style vector ``code`` (1, CODE_LENGTH)."""
        made = cls()
        kept = {name: value for name, value in fast.state_dict().items() if not name.startswith("predictor.")}
        made.network.load_state_dict(kept)
        with torch.no_grad():
            for name, value in fast.modulation(code).items():
                made.full[name].copy_(value[0])
        return made

    @property
    def config(self) -> dict[str, int]:
        """What builds its like."""
        return {}

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
        """Return the painting (B, 3, H, W), not yet clamped; ``strength`` is (B, 1), from 0 (the photo) to 1.

        ``at`` is where in the picture a tile begins; ``noise`` replaces the grain of that place.
        """
        height, width = photo.shape[-2:]
        whole = F.pad(photo, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate")
        noise = (self.grain((height, width), at) if noise is None else noise).to(photo)
        noise = noise.expand(len(photo), -1, -1, -1)
        painted = self.network(whole, self._modulation(strength), noise, reading)
        return photo.lerp(painted[..., :height, :width].to(photo.dtype), strength[..., None, None])

    def _modulation(self, strength: Tensor) -> dict[str, Tensor]:
        missing = 1 - strength[:, 0]
        return {name: full + missing.view(-1, *[1] * full.ndim) * self.less[name] for name, full in self.full.items()}
