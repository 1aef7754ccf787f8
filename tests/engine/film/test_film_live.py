"""Painting live, with a file that is played as if it were a camera."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.engine.film import live
from impasto.errors import InputError, OptionError


@pytest.fixture
def clip(write_film: Any, pan: Any) -> Path:
    return write_film([np.ascontiguousarray(frame[:64, :96]) for frame in pan.frames[:12]])


def test_a_quick_painter_paints_every_frame_at_the_speed_of_the_source(clip: Path, method: Any, ink: Any):
    list(live(clip, ink, method, size=96))  # the first call loads what the second is measured with
    started = time.monotonic()
    frames = list(live(clip, ink, method, size=96))
    took = time.monotonic() - started
    assert 0.4 < took < 1.5  # twelve frames at 25 a second
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[-1].number + frames[-1].skipped == 12
    assert 5 < frames[-1].rate < 40
    assert 0 < frames[-1].latency < 0.5
    assert frames[0].pixels.shape == (64, 96, 3)
    assert frames[0].pixels.dtype == np.uint8


def test_a_slow_painter_skips_frames_instead_of_falling_behind(clip: Path, method: Any, painter: Any, ink: Any):
    paint = painter.paint

    def slowly(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.12)
        return paint(*arguments, **options)

    painter.paint = slowly
    frames = list(live(clip, ink, method, size=96))
    assert len(frames) < 8
    assert frames[-1].skipped >= 4
    assert frames[-1].latency < 0.4


def test_frames_are_made_smaller_and_mirrored(clip: Path, method: Any, ink: Any):
    straight = next(iter(live(clip, ink, method, size=48, steadiness=0)))
    mirrored = next(iter(live(clip, ink, method, size=48, steadiness=0, mirror=True)))
    assert straight.pixels.shape == mirrored.pixels.shape == (32, 48, 3)
    alike = np.corrcoef(straight.pixels.ravel(), mirrored.pixels[:, ::-1].ravel())[0, 1]
    assert alike > np.corrcoef(straight.pixels.ravel(), mirrored.pixels.ravel())[0, 1]


def test_a_missing_camera_and_a_missing_file_are_refused(method: Any, ink: Any, tmp_path: Path):
    with pytest.raises(InputError, match="no camera 47 here"):
        live(47, ink, method)
    with pytest.raises(InputError, match="does not exist"):
        live(tmp_path / "none.mp4", ink, method)
    with pytest.raises(OptionError, match="steadiness is 200"):
        live(tmp_path / "none.mp4", ink, method, steadiness=200)
