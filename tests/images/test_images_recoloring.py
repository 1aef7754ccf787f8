"""Keeping colors, matching colors, taking only colors."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impasto.images import keep_color, luminance, match_color, rgb_to_lab, rgb_to_yiq, transfer_color_only


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    colors = x[0].reshape(3, -1).double()
    return colors.mean(dim=1), torch.cov(colors)


@pytest.fixture
def muted() -> Tensor:
    """Colors in the middle of the range, so that nothing is clipped."""
    mix = torch.tensor([[0.10, 0.02, 0.01], [0.03, 0.06, 0.02], [0.00, 0.01, 0.05]])
    return (0.5 + torch.einsum("ij,bjhw->bihw", mix, torch.randn(1, 3, 40, 50).clamp(-3, 3))).clamp(0, 1)


@pytest.fixture
def warm() -> Tensor:
    spread = torch.tensor([0.06, 0.08, 0.04]).reshape(1, 3, 1, 1)
    return torch.tensor([0.6, 0.5, 0.4]).reshape(1, 3, 1, 1) + spread * torch.randn(1, 3, 30, 30).clamp(-3, 3)


@pytest.mark.parametrize("how", ["covariance", "cholesky"])
def test_mean_and_covariance_match(muted: Tensor, warm: Tensor, how: str) -> None:
    found_mean, found_covariance = moments(match_color(muted, warm, how))
    mean, covariance = moments(warm)
    torch.testing.assert_close(found_mean, mean, atol=2e-3, rtol=0)
    torch.testing.assert_close(found_covariance, covariance, atol=5e-4, rtol=0)


def test_histograms_match(muted: Tensor, warm: Tensor) -> None:
    found = match_color(muted, warm, "histogram")
    shares = torch.linspace(0.02, 0.98, 20)
    for channel in range(3):
        ours, theirs = (torch.quantile(x[0, channel].flatten(), shares) for x in (found, warm))
        torch.testing.assert_close(ours, theirs, atol=0.01, rtol=0)


@pytest.mark.parametrize("how", ["covariance", "histogram"])
def test_a_picture_matched_to_itself_stays(muted: Tensor, how: str) -> None:
    off = (match_color(muted, muted, how) - muted).abs()
    assert off.quantile(0.99) < 4e-3
    assert off.max() < 0.05  # the few rarest colors of a small picture lie far apart


@pytest.mark.parametrize("how", ["covariance", "cholesky", "histogram"])
@pytest.mark.parametrize("kind", ["grey", "black", "white", "one pixel"])
def test_poor_pictures_are_no_danger(muted: Tensor, how: str, kind: str) -> None:
    poor = {
        "grey": torch.rand(1, 1, 20, 20).expand(1, 3, 20, 20),
        "black": torch.zeros(1, 3, 8, 8),
        "white": torch.ones(1, 3, 8, 8),
        "one pixel": torch.full((1, 3, 1, 1), 0.3),
    }[kind]
    for source, target in ((poor, muted), (muted, poor), (poor, poor)):
        found = match_color(source, target, how)
        assert found.shape == source.shape
        assert torch.isfinite(found).all()
        assert 0 <= found.min() <= found.max() <= 1


def test_a_grey_picture_stays_free_of_colored_noise(muted: Tensor) -> None:
    grey = torch.rand(1, 1, 30, 30).expand(1, 3, 30, 30) + 0.002 * torch.randn(1, 3, 30, 30)
    found = match_color(grey.clamp(0, 1), muted)
    chroma = rgb_to_yiq(found)[:, 1:]
    grain = (chroma - torch.nn.functional.avg_pool2d(chroma, 3, 1, 1)).std()
    assert grain < 0.03


@pytest.mark.parametrize("how", ["luminance", "lab"])
def test_light_of_the_result_and_color_of_the_photo(muted: Tensor, warm: Tensor, how: str) -> None:
    result = torch.nn.functional.interpolate(warm, size=(40, 50), mode="bilinear")
    kept = keep_color(result, muted, how)
    if how == "luminance":
        torch.testing.assert_close(luminance(kept), luminance(result), atol=1e-4, rtol=0)
        torch.testing.assert_close(rgb_to_yiq(kept)[:, 1:], rgb_to_yiq(muted)[:, 1:], atol=1e-4, rtol=0)
    else:
        torch.testing.assert_close(rgb_to_lab(kept)[:, :1], rgb_to_lab(result)[:, :1], atol=0.05, rtol=0)
        off = (rgb_to_lab(kept)[:, 1:] - rgb_to_lab(muted)[:, 1:]).abs()
        assert off.median() < 0.05


@pytest.mark.parametrize("how", ["luminance", "lab"])
def test_vivid_colors_stay_in_gamut_and_keep_their_light(how: str) -> None:
    result, photo = torch.rand(1, 3, 16, 16), (torch.rand(1, 3, 8, 8) > 0.5).float()
    kept = keep_color(result, photo, how)
    assert 0 <= kept.min() <= kept.max() <= 1
    if how == "luminance":
        torch.testing.assert_close(luminance(kept), luminance(result), atol=1e-4, rtol=0)
    else:
        torch.testing.assert_close(rgb_to_lab(kept)[:, :1], rgb_to_lab(result)[:, :1], atol=0.2, rtol=0)


def test_only_the_palette_is_taken(muted: Tensor, warm: Tensor) -> None:
    found = transfer_color_only(muted, warm)
    wanted, had = (rgb_to_lab(x).mean(dim=(2, 3))[0] for x in (warm, muted))
    got = rgb_to_lab(found).mean(dim=(2, 3))[0]
    torch.testing.assert_close(got[1:], wanted[1:], atol=1.0, rtol=0)  # the colors of the style
    assert abs(got[0] - (had[0] + wanted[0]) / 2) < 1.0  # light half way
    # texture stays: light and dark are where they were
    ours, theirs = (luminance(x).flatten() for x in (found, muted))
    assert torch.corrcoef(torch.stack([ours, theirs]))[0, 1] > 0.9


def test_taking_a_photos_own_palette_changes_nothing(muted: Tensor) -> None:
    torch.testing.assert_close(transfer_color_only(muted, muted), muted, atol=0.01, rtol=0)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_blank_style_or_photo_is_no_danger(muted: Tensor, level: float) -> None:
    blank = torch.full((1, 3, 8, 8), level)
    for photo, style in ((muted, blank), (blank, muted), (blank, blank)):
        found = transfer_color_only(photo, style)
        assert torch.isfinite(found).all()
        assert 0 <= found.min() <= found.max() <= 1
