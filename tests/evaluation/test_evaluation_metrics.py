"""Numbers that say how two pictures differ."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d

from impasto.errors import InputError, OptionError
from impasto.evaluation import (
    color_difference,
    color_distance,
    content_distance,
    gradient_energy,
    psnr,
    ssim,
    style_distance,
)
from impasto.images import lab_to_rgb, resize
from impasto.losses import mix, moments


def smooth(batch: int = 1, height: int = 40, width: int = 52) -> torch.Tensor:
    return avg_pool2d(torch.rand(batch, 3, height + 8, width + 8), 9, stride=1)


def test_ssim_and_psnr_agree_with_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    a = smooth(2)
    b = (a + 0.05 * torch.randn_like(a)).clamp(0, 1)
    for index in range(2):
        x, y = a[index].double().numpy(), b[index].double().numpy()
        expected = metrics.structural_similarity(
            x, y, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1
        )
        assert float(ssim(a, b)[index]) == pytest.approx(expected, abs=1e-9)
        assert float(psnr(a, b)[index]) == pytest.approx(metrics.peak_signal_noise_ratio(x, y, data_range=1), abs=1e-6)


def test_ssim_and_psnr_agree_with_torchmetrics() -> None:
    theirs = pytest.importorskip("torchmetrics.functional.image")
    a = smooth(2).double()
    b = (a + 0.05 * torch.randn_like(a)).clamp(0, 1)
    _, everywhere = theirs.structural_similarity_index_measure(
        a, b, sigma=1.5, data_range=1.0, reduction="none", return_full_image=True
    )
    inside = everywhere[..., 5:-5, 5:-5]  # it mirrors the border, where the window does not lie in the picture
    torch.testing.assert_close(ssim(a, b), inside.mean((1, 2, 3)), atol=1e-6, rtol=0)
    expected = theirs.peak_signal_noise_ratio(a, b, data_range=1.0, reduction="none", dim=(1, 2, 3))
    torch.testing.assert_close(psnr(a, b), expected, atol=1e-5, rtol=0)


def test_the_difference_of_colors_agrees_with_scikit_image() -> None:
    color = pytest.importorskip("skimage.color")
    a, b = smooth(2), torch.rand(2, 3, 40, 52)
    labs = (color.rgb2lab(pictures.double().numpy(), channel_axis=1) for pictures in (a, b))
    expected = color.deltaE_cie76(*labs, channel_axis=1).mean((1, 2))
    assert color_difference(a, b).tolist() == pytest.approx(expected, rel=1e-3)


def test_the_distance_of_colors_agrees_with_sorted_projections() -> None:
    color = pytest.importorskip("skimage.color")
    a, b = smooth(1, 24, 24), torch.rand(1, 3, 24, 24)
    x, y = (color.rgb2lab(one[0].double().numpy(), channel_axis=0).reshape(3, -1) for one in (a, b))
    drawn = np.random.default_rng(0).normal(size=(4000, 3))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    expected = math.sqrt(3 * np.mean((np.sort(drawn @ x, axis=1) - np.sort(drawn @ y, axis=1)) ** 2))
    assert float(color_distance(a, b)) == pytest.approx(expected, rel=0.05)  # theirs are drawn, ours are even


def test_equal_pictures_are_equal() -> None:
    a = smooth()
    assert float(ssim(a, a)) == pytest.approx(1)
    assert float(psnr(a, a)) == math.inf
    assert float(color_difference(a, a)) == 0
    assert float(color_distance(a, a)) == pytest.approx(0, abs=1e-4)


def test_known_values() -> None:
    a = torch.full((1, 3, 6, 6), 0.5)
    assert float(psnr(a, a + 0.1)) == pytest.approx(20, abs=1e-4)
    c1 = 0.01**2  # without any variance only the brightness term is left
    expected = (2 * 0.5 * 0.6 + c1) / (0.5**2 + 0.6**2 + c1)
    assert float(ssim(a, a + 0.1)) == pytest.approx(expected, abs=1e-6)
    stripes = torch.arange(6).remainder(2).float().expand(1, 3, 6, 6)
    assert float(gradient_energy(stripes)) == pytest.approx(1, abs=1e-5)
    assert float(gradient_energy(a)) == 0
    assert float(gradient_energy(torch.rand(1, 3, 1, 1))) == 0


def test_a_shift_of_all_colors_is_that_far_away_in_delta_e() -> None:
    lab = torch.tensor([50.0, 5.0, -5.0]).view(1, 3, 1, 1) + torch.randn(1, 3, 20, 20)
    for shift in ((5.0, 0.0, 0.0), (0.0, 4.0, 3.0)):
        moved = lab + torch.tensor(shift).view(1, 3, 1, 1)
        assert float(color_difference(lab_to_rgb(lab), lab_to_rgb(moved))) == pytest.approx(5, abs=0.05)
        assert float(color_distance(lab_to_rgb(lab), lab_to_rgb(moved))) == pytest.approx(5, rel=0.05)


def test_the_distance_of_colors_sees_neither_place_nor_size() -> None:
    a = smooth(1, 24, 24)
    mixed = a.flatten(2)[:, :, torch.randperm(24 * 24)].view_as(a)
    assert float(color_distance(a, mixed)) == pytest.approx(0, abs=1e-3)
    assert float(color_distance(a, a.repeat_interleave(2, 3))) == pytest.approx(0, abs=1e-3)
    assert float(color_difference(a, mixed)) > 1


def test_blur_takes_energy_away() -> None:
    a = torch.rand(1, 3, 32, 32)
    assert float(gradient_energy(resize(resize(a, (16, 16)), (32, 32)))) < 0.5 * float(gradient_energy(a))


def test_style_is_0_at_the_goal_and_1_at_the_photo() -> None:
    photo, style = ({"relu1_1": torch.rand(1, 8, 12, 12), "relu2_1": torch.rand(1, 6, 6, 6) ** k} for k in (1, 3))
    assert style_distance(style, style, photo) == pytest.approx(0, abs=0.02)
    assert style_distance(photo, style, photo) == pytest.approx(1, abs=1e-4)
    between = {layer: mix([moments(photo[layer]), moments(style[layer])], [1, 3]) for layer in style}
    assert 0.02 < style_distance(between, style, photo) < 0.98
    assert style_distance({k: moments(v) for k, v in photo.items()}, style, photo) == pytest.approx(1, abs=1e-4)


def test_content_is_0_for_the_same_shapes_and_1_for_others() -> None:
    photo = {"relu4_1": torch.rand(1, 16, 24, 24)}
    assert content_distance(photo, photo) == pytest.approx(0, abs=1e-6)
    assert content_distance({"relu4_1": 3 * photo["relu4_1"] + 1}, photo) == pytest.approx(0, abs=1e-3)
    assert content_distance({"relu4_1": torch.rand(1, 16, 24, 24)}, photo) == pytest.approx(1, abs=0.05)


def test_what_cannot_be_measured_is_said() -> None:
    with pytest.raises(InputError, match="resize one of them"):
        ssim(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 9))
    with pytest.raises(OptionError, match="relu1_1"):
        style_distance({"relu1_1": torch.rand(1, 2, 4, 4)}, {"relu1_1": torch.rand(1, 2, 4, 4)}, {})
