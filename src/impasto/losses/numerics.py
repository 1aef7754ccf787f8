"""Arithmetic that stays finite: square roots with a usable slope at zero, division by an empty sum.

The losses meet flat pictures, dead channels and empty masks every day; none of these may become a NaN.
"""

from __future__ import annotations

import contextlib

import torch
from torch import Tensor

__all__ = ["full_precision", "safe_divide", "safe_sqrt", "square_root", "symmetric", "widened"]


def widened(values: Tensor) -> Tensor:
    """Return half-precision values as float32; float32 and float64 stay as they are."""
    return values if values.dtype in (torch.float32, torch.float64) else values.float()


def full_precision(values: Tensor) -> contextlib.AbstractContextManager[object]:
    """Return a context without autocast, which would narrow the sums; the network outside may use it."""
    kind = values.device.type
    known = torch.amp.is_autocast_available(kind)
    return torch.autocast(kind, enabled=False) if known else contextlib.nullcontext()


def safe_divide(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Divide, with 0 (and no slope) where the denominator is not above 0."""
    some = denominator > 0
    return torch.where(some, numerator / torch.where(some, denominator, 1), 0)


def safe_sqrt(values: Tensor, floor: Tensor | float = 0.0) -> Tensor:
    """Square root, with 0 (and slope 0) where a value is not above ``floor``."""
    some = values > floor
    return torch.where(some, torch.where(some, values, 1).sqrt(), 0)


def symmetric(matrix: Tensor) -> Tensor:
    """Return a symmetric matrix in float64 on a device that can decompose it."""
    # MPS has neither float64 nor eigh; the matrices are small, so the trip to the CPU is cheap.
    matrix = matrix.cpu() if matrix.device.type == "mps" else matrix
    return ((matrix + matrix.mT) / 2).double()


def decomposable(matrix: Tensor) -> Tensor:
    """Return matrices (..., C, C) with zeros for those that hold a NaN or an infinity, which ``eigh`` refuses to take.

    Whoever decomposes them has to see to it that the result is NaN nevertheless.
    """
    return torch.where(matrix.isfinite().all(-1).all(-1)[..., None, None], matrix, 0)


def square_root(matrix: Tensor) -> Tensor:
    """Return the symmetric square root R of positive semi-definite matrices S (..., C, C), so that R R = S.

    The slope of ``torch.linalg.eigh``'s vectors is infinite where eigenvalues coincide, though the root
    itself is smooth there. So the slope is written down directly: from S = R R follows dS = dR R + R dR,
    which in the eigenvectors' basis is dR_ij = dS_ij / (r_i + r_j). Only first derivatives are right.
    """
    S = symmetric(matrix)
    with torch.no_grad():
        sound = decomposable(S)
        eigenvalues, V = torch.linalg.eigh(sound)
        r = safe_sqrt(eigenvalues)  # (..., C)
        root: Tensor = (V * r.unsqueeze(-2)) @ V.mT + (S - sound)  # NaN in, NaN out
        slope = safe_divide(torch.ones((), dtype=S.dtype, device=S.device), r.unsqueeze(-1) + r.unsqueeze(-2))
    if not S.requires_grad:
        return root
    dS = S - S.detach()  # zero in value; carries the slope
    dR: Tensor = V @ ((V.mT @ dS @ V) * slope) @ V.mT
    return root + dR
