"""Color spaces: known values, round trips, gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from impasto.images import lab_to_rgb, luminance, rgb_to_lab, rgb_to_yiq, yiq_to_rgb
from impasto.images.color import pulled_into_gamut

unit = st.floats(0, 1, width=32)


def pixel(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).reshape(1, 3, 1, 1)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
        ((0.5, 0.5, 0.5), (53.3890, 0, 0)),
    ],
)
def test_lab_of_known_colors(rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    torch.testing.assert_close(rgb_to_lab(pixel(*rgb)), pixel(*lab), atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("rgb", "yiq"),
    [
        ((1, 1, 1), (1, 0, 0)),
        ((1, 0, 0), (0.299, 0.5957, 0.2115)),
        ((0, 1, 0), (0.587, -0.2745, -0.5226)),
        ((0, 0, 1), (0.114, -0.3213, 0.3111)),
    ],
)
def test_yiq_of_known_colors(rgb: tuple[float, ...], yiq: tuple[float, ...]) -> None:
    torch.testing.assert_close(rgb_to_yiq(pixel(*rgb)), pixel(*yiq), atol=1e-4, rtol=0)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(red=unit, green=unit, blue=unit)
def test_round_trips(red: float, green: float, blue: float) -> None:
    color = pixel(red, green, blue).float()
    torch.testing.assert_close(yiq_to_rgb(rgb_to_yiq(color)), color, atol=1e-5, rtol=0)
    torch.testing.assert_close(lab_to_rgb(rgb_to_lab(color)), color, atol=2e-4, rtol=0)


def test_shapes_and_types() -> None:
    x = torch.rand(2, 3, 4, 5)
    assert luminance(x).shape == (2, 1, 4, 5)
    assert rgb_to_lab(x).dtype == torch.float32
    torch.testing.assert_close(luminance(x), 0.299 * x[:, :1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:])


@pytest.mark.parametrize("convert", [rgb_to_lab, rgb_to_yiq, lambda x: lab_to_rgb(rgb_to_lab(x) * 0.9)])
def test_gradients(convert: Callable[[Tensor], Tensor]) -> None:
    x = (torch.rand(1, 3, 2, 2, dtype=torch.float64) * 0.6 + 0.2).requires_grad_()
    assert torch.autograd.gradcheck(convert, (x,))


@pytest.mark.parametrize("level", [0.0, 0.003, 0.04045, 1.0])
def test_gradients_are_finite_at_the_edges(level: float) -> None:
    x = torch.full((1, 3, 2, 2), level, requires_grad=True)
    lab_to_rgb(rgb_to_lab(x)).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


def test_impossible_colors_keep_their_luminance() -> None:
    lab = torch.tensor([60.0, 120.0, -90.0]).reshape(1, 3, 1, 1)
    rgb = lab_to_rgb(lab)
    assert 0 <= rgb.min() <= rgb.max() <= 1
    torch.testing.assert_close(rgb_to_lab(rgb)[:, 0], lab[:, 0], atol=0.1, rtol=0)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(red=st.floats(-2, 3), green=st.floats(-2, 3), blue=st.floats(-2, 3), grey=unit)
def test_pulling_into_gamut(red: float, green: float, blue: float, grey: float) -> None:
    color, towards = pixel(red, green, blue), torch.full((1, 1, 1, 1), grey, dtype=torch.float64)
    pulled = pulled_into_gamut(color, towards)
    assert 0 <= pulled.min() <= pulled.max() <= 1
    if color.min() >= 0 and color.max() <= 1:
        torch.testing.assert_close(pulled, color)
