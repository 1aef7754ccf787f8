"""The two libraries that films need, brought in on first use."""

from __future__ import annotations

from typing import Any

from impasto.errors import MissingExtraError

__all__ = ["opencv", "pyav"]


def opencv() -> Any:
    """Return OpenCV, which finds motion and carries pictures along it."""
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("Following motion in a film", "film") from error
    return cv2


def pyav() -> Any:
    """Return PyAV, which reads and writes films."""
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("Reading and writing films", "film") from error
    return av
