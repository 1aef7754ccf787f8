"""Color spaces, as differentiable functions of ``(B, 3, H, W)`` tensors.

YIQ is that of the NTSC standard (on sRGB values, as is the custom in style transfer); CIELAB is CIE 15:2018
with the white point D65, reached through linear light as IEC 61966-2-1 defines sRGB.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["lab_to_rgb", "luminance", "pulled_into_gamut", "rgb_to_lab", "rgb_to_yiq", "yiq_to_rgb"]

_RGB_TO_YIQ = ((0.299, 0.587, 0.114), (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))
_RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_DELTA = 6 / 29  # where CIELAB's cube root gives way to a straight line


def luminance(rgb: Tensor) -> Tensor:
    """Return the Y of YIQ, ``(B, 1, H, W)``."""
    return rgb_to_yiq(rgb)[:, :1]


def rgb_to_yiq(rgb: Tensor) -> Tensor:
    """Return luminance Y in [0, 1] and the color differences I (within ±0.596) and Q (within ±0.523)."""
    return _mixed(rgb, torch.tensor(_RGB_TO_YIQ, dtype=torch.float64))


def yiq_to_rgb(yiq: Tensor) -> Tensor:
    """Return sRGB values, which may lie outside [0, 1]."""
    return _mixed(yiq, torch.linalg.inv(torch.tensor(_RGB_TO_YIQ, dtype=torch.float64)))


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Return L in [0, 100] and a, b (within about ±110)."""
    xyz = _mixed(_linear(rgb), _xyz_matrix())  # relative to the white point, so white is (1, 1, 1)
    x, y, z = _lab_curve(xyz).unbind(dim=1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Return sRGB values; colors that no screen can show lose saturation, at the same luminance."""
    lightness, a, b = lab.unbind(dim=1)
    y = (lightness.clamp(0, 100) + 16) / 116
    xyz = _lab_curve_inverse(torch.stack([y + a / 500, y, y - b / 200], dim=1))
    linear = _mixed(xyz, torch.linalg.inv(_xyz_matrix()))
    return _encoded(pulled_into_gamut(linear, xyz[:, 1:2]))


def pulled_into_gamut(rgb: Tensor, grey: Tensor) -> Tensor:
    """Move colors straight towards their greys ``(B, 1, H, W)``, only as far as [0, 1] demands."""
    offset = rgb - grey
    room = torch.where(offset > 0, 1 - grey, grey).clamp(min=0)
    share = torch.where(offset.abs() > room, room / offset.abs().clamp(min=1e-8), 1.0)
    return (grey + offset * share.amin(dim=1, keepdim=True)).clamp(0, 1)


def _mixed(x: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("ij,bjhw->bihw", matrix.to(x), x)


def _xyz_matrix() -> Tensor:
    matrix = torch.tensor(_RGB_TO_XYZ, dtype=torch.float64)
    return matrix / matrix.sum(dim=1, keepdim=True)


def _linear(rgb: Tensor) -> Tensor:
    # the clamp keeps the unused branch of `where` from giving infinite gradients
    power = ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(rgb <= 0.04045, rgb / 12.92, power)


def _encoded(linear: Tensor) -> Tensor:
    power = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, power)


def _lab_curve(t: Tensor) -> Tensor:
    root = t.clamp(min=_DELTA**3) ** (1 / 3)
    return torch.where(t > _DELTA**3, root, t / (3 * _DELTA**2) + 4 / 29)


def _lab_curve_inverse(f: Tensor) -> Tensor:
    return torch.where(f > _DELTA, f**3, 3 * _DELTA**2 * (f - 4 / 29))
