"""Finding seams and borders: lines that run straight through a picture because of how it was made.

A drawn edge wanders and ends; a seam between tiles and a halo along the border run along a whole row or column
of pixels. So the line is cut into parts, and what almost all parts agree upon counts. The photo's own horizon
or window frame, where it stands at the same place, excuses a line; ruled lines of the painting excuse those as
plain as they are, wherever they came to stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import max_pool1d, pad

from impasto.evaluation.findings import Finding, graded
from impasto.images import resize

__all__ = ["border_steps", "find_border", "find_seams", "seam_steps"]

_SMALLEST = 48  # pixels: below, a line is too short to tell
_PARTS = 8  # of a line
_NEAR = 12  # columns to each side that a seam must stand out from
_DEEPEST = 24  # pixels of border
_AGAINST_SEAMS = (
    "If it was painted in tiles, paint without --tile, or with a larger one; if not, another --seed helps where a "
    "method draws by chance."
)


class _View(NamedTuple):
    """The picture, turned so that the lines looked for are upright and their side is the left one."""

    side: str
    picture: Tensor  # (C, H, W)
    photo: Tensor | None


def find_seams(picture: Tensor, photo: Tensor | None, styles: Sequence[Tensor] = ()) -> list[Finding]:
    """Return the most visible seam of each direction, if there is one."""
    found, ruled = [], _ruled_lines(styles)
    for view in _views(picture, photo)[::2]:
        steps = seam_steps(view.picture)
        if view.photo is not None:
            steps = steps - _widened(seam_steps(view.photo))
        margin = _deepest(view.picture)  # what lies further out is the border's
        inner = steps[margin : len(steps) - margin]
        severity = graded(float(inner.max()) - ruled.get(view.side, 0.0), 0.006, 0.06)
        if severity:
            place = margin + int(inner.argmax()) + 1
            line = f"upright line at x = {place}" if view.side == "left" else f"level line at y = {place}"
            found.append(Finding("seam", severity, line, _AGAINST_SEAMS))
    return found


def _ruled_lines(styles: Sequence[Tensor]) -> dict[str, float]:
    """Return how plain the plainest straight lines of paintings are, upright ones as "left" and level ones as "top"."""
    ruled: dict[str, float] = {}
    for view in (view for style in styles for view in _views(style, None)[::2]):
        ruled[view.side] = max(ruled.get(view.side, 0.0), float(seam_steps(view.picture).max()))
    return ruled


def find_border(picture: Tensor, photo: Tensor | None) -> list[Finding]:
    """Return the most visible band along a side, if there is one.

    Without a photo to excuse what is drawn there, only a band along two sides or more is reported.
    """
    excess: dict[str, tuple[float, int]] = {}
    for view in _views(picture, photo):
        steps = border_steps(view.picture)
        if view.photo is not None:
            steps = steps - border_steps(view.photo).clamp(min=0).amax()
        excess[view.side] = float(steps.max()), int(steps.argmax()) + 1
    ranked = sorted(excess, key=lambda side: excess[side][0], reverse=True)
    if not ranked:
        return []
    side = ranked[0 if photo is not None else 1]
    size, depth = excess[side]
    severity = graded(size, 0.04, 0.2)
    advice = "Choose another padding (replicate or reflect), or paint a little larger and cut the edge off."
    return [Finding("border", severity, f"{depth} pixels along the {side}", advice)] if severity else []


def seam_steps(x: Tensor) -> Tensor:
    """Return for each pair of neighbouring columns of (C, H, W) how much more they differ than others nearby.

    Counted is by how much the mean step exceeds the third-largest of the neighbourhood (a lattice steps again
    and again, a soft edge twice or more), in the third-weakest part of the line. The result is (W - 1,).
    """
    step = x.diff(dim=2).abs().mean(0)  # (H, W - 1)
    parts = torch.stack([part.mean(0) for part in step.tensor_split(_PARTS)])  # (parts, W - 1)
    around = pad(parts, (_NEAR, _NEAR)).unfold(1, 2 * _NEAR + 1, 1)
    return (parts - around.topk(3, dim=2).values[..., 2]).sort(dim=0).values[2]


def border_steps(x: Tensor) -> Tensor:
    """Return for each depth how far a band along the left of (C, H, W) differs from what lies beside it.

    The band's mean color against as much beside it; less what the next pair differs by, so that a gradient does
    not count.
    """
    depths = range(1, _deepest(x) + 1)
    bands = [x[:, :, : 3 * depth].reshape(*x.shape[:2], 3, depth).mean(3) for depth in depths]  # (C, H, 3) each
    steps = torch.stack([_common(band.diff(dim=2)) for band in bands])  # (depths, 2)
    return steps[:, 0] - 1.5 * steps[:, 1]


def _common(steps: Tensor) -> Tensor:
    """Return how far all parts of a line but one step the same way at least, (W,) of (C, H, W)."""
    parts = [part.median(dim=1).values for part in steps.tensor_split(_PARTS, dim=1)]
    ranked = torch.stack(parts).sort(dim=0).values  # (parts, C, W)
    return torch.maximum(ranked[1], -ranked[-2]).clamp(min=0).amax(0)


def _views(picture: Tensor, photo: Tensor | None) -> list[_View]:
    """Return the views of the left, right, top and bottom; none of a picture that is too small."""
    height, width = picture.shape[-2:]
    if min(height, width) < _SMALLEST:
        return []
    x, p = picture[0], None if photo is None else resize(photo, (height, width))[0]
    return [
        _View("left", x, p),
        _View("right", x.flip(2), None if p is None else p.flip(2)),
        _View("top", x.mT, None if p is None else p.mT),
        _View("bottom", x.mT.flip(2), None if p is None else p.mT.flip(2)),
    ]


def _deepest(x: Tensor) -> int:
    """Return how deep a band along the border may be."""
    return max(2, min(_DEEPEST, x.shape[2] // 16))


def _widened(steps: Tensor) -> Tensor:
    """Return the largest step within three columns: painting moves edges a little."""
    return max_pool1d(steps[None, None], 7, stride=1, padding=3)[0, 0].clamp(min=0)
