"""Faults that are there are found, and those that are not are not."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Tensor

from impasto.errors import InputError
from impasto.evaluation import Finding, lint
from impasto.images import resize


@pytest.fixture(scope="module")
def photo() -> Tensor:
    """Hills at all scales, the spectrum of a natural picture, with a little grain."""
    return scenery(7)


def scenery(seed: int, height: int = 192, width: int = 224) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    picture = torch.zeros(1, 3, height, width)
    for level in range(2, 8):
        rough = torch.rand(1, 3, 2**level, 2**level, generator=generator) - 0.5
        picture += rough_to(rough, (height, width)) * 2.0**-level * 6
    picture += 0.004 * torch.randn(picture.shape, generator=generator)
    return (picture + 0.5).clamp(0.02, 0.98)


def rough_to(rough: Tensor, size: tuple[int, int]) -> Tensor:
    return resize(rough + 0.5, size) - 0.5


def waves(like: Tensor, period: float, *, down: bool = False, across: bool = False) -> Tensor:
    """A lattice of amplitude 1."""
    y = torch.arange(like.shape[2]).view(1, 1, -1, 1) * (2 * math.pi / period)
    x = torch.arange(like.shape[3]).view(1, 1, 1, -1) * (2 * math.pi / period)
    return (torch.cos(y) if down else 1) * (torch.cos(x) if across else torch.ones_like(like[:, :1]))


def names(picture: Tensor, *references: Tensor) -> list[str]:
    return [finding.name for finding in lint(picture, *references) if finding.severity >= 0.15]


def the(name: str, picture: Tensor, *references: Tensor) -> Finding:
    return next(finding for finding in lint(picture, *references) if finding.name == name)


def test_clean_pictures_are_clean(photo: Tensor) -> None:
    for seed in range(4):
        picture = scenery(seed)
        assert names(picture) == []
        assert names(picture, photo, scenery(9)) == []
        assert names(picture, picture, photo) == []


@pytest.mark.parametrize("period", [2, 3, 4, 5, 8, 16])
def test_a_checkerboard_is_found_and_its_period_told(photo: Tensor, period: int) -> None:
    grid = (photo + 0.03 * waves(photo, period, down=True, across=True)).clamp(0, 1)
    assert "grid" in names(grid, photo)
    assert "grid" in names(grid)
    across, down = re.findall(r"[\d.]+", the("grid", grid, photo).where)
    assert float(across) == pytest.approx(period, rel=0.1)
    assert float(down) == pytest.approx(period, rel=0.1)


def test_the_direction_of_stripes_is_told(photo: Tensor) -> None:
    assert (
        the("grid", (photo + 0.03 * waves(photo, 4, across=True)).clamp(0, 1)).where == "upright stripes every 4 pixels"
    )
    assert the("grid", (photo + 0.03 * waves(photo, 8, down=True)).clamp(0, 1)).where == "level stripes every 8 pixels"


def test_a_grid_whose_sign_changes_from_place_to_place_is_found(photo: Tensor) -> None:
    sign = (rough_to(torch.rand(1, 1, 6, 6) - 0.5, tuple(photo.shape[2:])) > 0).float() * 2 - 1
    assert "grid" in names((photo + 0.04 * sign * waves(photo, 2, down=True, across=True)).clamp(0, 1), photo)


def test_a_grid_gets_worse_with_its_strength_and_is_excused_by_the_style(photo: Tensor) -> None:
    grids = [(photo + a * waves(photo, 4, across=True)).clamp(0, 1) for a in (0.008, 0.016, 0.032)]
    severities = [the("grid", grid, photo).severity for grid in grids]
    assert severities == sorted(severities)
    assert severities[0] < severities[-1]
    canvas = (scenery(3) + 0.03 * waves(photo, 4, across=True)).clamp(0, 1)
    assert "grid" not in names(grids[1], photo, canvas)


def test_a_band_along_the_border_is_found_and_a_gradient_is_not(photo: Tensor) -> None:
    for depth in (1, 4, 10):
        band = photo.clone()
        band[..., -depth:, :] *= 0.6
        finding = the("border", band, photo)
        assert "bottom" in finding.where
        assert finding.severity > 0.15
    framed = photo.clone()
    framed[..., :4] += 0.15
    framed[..., -4:] += 0.15
    assert "border" in names(framed.clamp(0, 1))
    assert "border" not in names(framed.clamp(0, 1), framed.clamp(0, 1))
    vignette = photo * torch.linspace(0.5, 1, photo.shape[3])
    assert "border" not in names(vignette, photo)


@pytest.mark.parametrize("level", [False, True])
def test_a_seam_is_found_and_placed(photo: Tensor, level: bool) -> None:
    tiles = photo.mT.clone() if level else photo.clone()
    tiles[..., 100:] = tiles[..., 100:].roll(20, 2)
    tiles = tiles.mT.contiguous() if level else tiles
    finding = the("seam", tiles, photo)
    assert finding.severity > 0.15
    assert finding.where == ("level line at y = 100" if level else "upright line at x = 100")
    assert "seam" not in names(tiles, tiles)


def test_ruled_lines_of_the_painting_are_no_seams(photo: Tensor) -> None:
    ruled = photo.clone()
    ruled[..., 90:, :] *= 0.8  # a line across, which the photo has not
    style = scenery(9)
    assert "seam" in names(ruled, photo, style)
    style[..., 40:, :] *= 0.6  # elsewhere, and plainer
    assert "seam" not in names(ruled, photo, style)


def test_a_slanting_edge_is_no_seam(photo: Tensor) -> None:
    y, x = torch.arange(photo.shape[2]).view(-1, 1), torch.arange(photo.shape[3])
    assert "seam" not in names((photo + 0.3 * (x > 90 + 0.1 * y)).clamp(0, 1))


def test_broken_numbers_come_first_and_are_placed(photo: Tensor) -> None:
    broken = photo.clone()
    broken[0, 1, 5, 9], broken[0, 0, 7, 7] = torch.nan, torch.inf
    worst = lint(broken, photo)[0]
    assert (worst.name, worst.severity) == ("not-finite", 1.0)
    assert worst.where == "2 pixels, the first at x = 9, y = 5"
    assert "not-finite" not in names(photo)


def test_burnt_tones_are_found_unless_the_photo_has_them(photo: Tensor) -> None:
    burnt = (photo * 2).clamp(0, 1)
    assert "highlights" in the("clipping", burnt, photo).where
    drowned = (photo * 2 - 1).clamp(0, 1)
    assert "shadows" in the("clipping", drowned, photo).where
    assert "clipping" not in names(burnt, burnt)


def test_fog_is_found_and_a_foggy_photo_excuses_it(photo: Tensor) -> None:
    fog = 0.5 + 0.25 * (photo - 0.5)
    assert "fog" in names(fog, photo, scenery(1))
    assert the("fog", fog, photo).severity < the("fog", 0.5 + 0.1 * (photo - 0.5), photo).severity
    assert "fog" not in names(fog, fog, photo)
    assert "fog" in names(torch.full_like(photo, 0.5))
    assert "fog" not in names(0.5 + 0.8 * (photo - 0.5), photo)


def test_speckle_is_found_and_strokes_are_not(photo: Tensor) -> None:
    speckled = (photo + 0.08 * torch.randn_like(photo)).clamp(0, 1)
    assert "noise" in names(speckled, photo)
    assert "noise" in names(speckled)
    assert "noise" not in names(speckled, photo, speckled)
    strokes = (photo + 0.2 * waves(photo, 23, across=True).sign()).clamp(0, 1)
    assert "noise" not in names(strokes, photo)


def test_findings_are_ordered_and_say_what_to_do(photo: Tensor) -> None:
    ruined = (photo + 0.1 * torch.randn_like(photo) + 0.02 * waves(photo, 4, across=True)).clamp(0, 1)
    findings = lint(ruined, photo)
    assert len(findings) >= 2
    severities = [finding.severity for finding in findings]
    assert severities == sorted(severities, reverse=True)
    assert all(0 < finding.severity <= 1 and finding.where and finding.advice for finding in findings)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (17, 17), (33, 47), (48, 48)])
def test_small_pictures_are_looked_at_as_far_as_possible(size: tuple[int, int]) -> None:
    assert isinstance(lint(torch.rand(1, 3, *size), torch.rand(1, 3, *size)), list)


def test_nothing_is_changed_and_wrong_shapes_are_said(photo: Tensor) -> None:
    before = photo.clone()
    lint(photo, photo, photo)
    assert torch.equal(photo, before)
    with pytest.raises(InputError, match=r"The style has the shape \(3, 4, 4\)"):
        lint(photo, None, torch.rand(3, 4, 4))
