"""Looking a picture over for the faults that painting by networks is prone to."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from impasto.errors import InputError
from impasto.evaluation.edges import find_border, find_seams
from impasto.evaluation.faults import find_broken, find_clipping, find_fog, find_noise
from impasto.evaluation.findings import Finding
from impasto.evaluation.lattices import find_grid

__all__ = ["Finding", "lint"]


def lint(picture: Tensor, photo: Tensor | None = None, style: Tensor | Sequence[Tensor] | None = None) -> list[Finding]:
    """Return the faults of a picture (1, 3, H, W), the worst first; an empty list is a clean picture.

    Looked for are broken numbers, grids and checkerboards, bands along the border, seams, clipped and lost
    tones, and noise. What ``photo`` or ``style`` (or one of several) have as well is no fault: give them, and the
    verdict gets surer. Pictures below about 50 pixels are too small for most of it.
    """
    styles = [] if style is None else [style] if isinstance(style, Tensor) else list(style)
    for name, one in (("picture", picture), ("photo", photo), *(("style", one) for one in styles)):
        if one is not None and (one.ndim != 4 or one.shape[:2] != (1, 3) or not one.numel()):
            raise InputError(f"The {name} has the shape {tuple(one.shape)}; allowed is (1, 3, height, width).")
    broken = find_broken(picture)
    x = _plain(picture)
    like, liked = None if photo is None else _plain(photo), [_plain(one) for one in styles]
    references = [*([] if like is None else [like]), *liked]
    found = [
        *broken,
        *find_grid(x, references),
        *find_border(x, like),
        *find_seams(x, like, liked),
        *find_clipping(x, references),
        *find_fog(x, references),
        *find_noise(x, references),
    ]
    return sorted(found, key=lambda finding: finding.severity, reverse=True)


def _plain(picture: Tensor) -> Tensor:
    return picture.detach().to("cpu").float().nan_to_num(0.5, posinf=1, neginf=0).clamp(0, 1)
