"""Painted films hold still: measured along a motion that is known, with a painter that flickers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from impasto.engine.film.flicker import flicker, gradient_energy
from impasto.engine.film.motion import Watcher, reduced
from impasto.engine.film.painters import film_painter
from impasto.engine.film.steadying import Steadier
from impasto.engine.inputs import prepare
from impasto.images import Picture

FIRST = 8  # frames before a film has settled


def as_picture(frame: Any) -> Picture:
    return Picture(torch.from_numpy(frame).permute(2, 0, 1)[None].contiguous())


def painted_alone(method: Any, ink: Any, frames: Any) -> list[Any]:
    return [method(as_picture(frame), ink).image[0].permute(1, 2, 0).numpy() for frame in frames]


def filmed(method: Any, ink: Any, frames: Any, steadiness: float = 1.0) -> list[Any]:
    styles = prepare(as_picture(frames[0]), ink, method.config).styles
    painter, watcher, steadier, shown = film_painter(method, styles), Watcher(), Steadier(steadiness), []
    for frame in frames:
        motion = watcher.see(reduced((frame * 255 + 0.5).astype(np.uint8)))
        painted = painter.paint(as_picture(frame), motion)[0].permute(1, 2, 0).numpy()
        shown.append(steadier.steady(np.ascontiguousarray(painted), motion))
    return shown


def mean_flicker(made: Any, frames: Any) -> float:
    """Return the root-mean-square error along the known motion, as a share of the frames' deviation."""
    found = [
        flicker(frames[number], frames[number - 1], made.flows[number], made.seen[number].astype(np.float32))
        for number in range(FIRST, len(frames))
    ]
    return float(np.mean(found))


@pytest.mark.parametrize("clip", ["pan", "zoom", "passing"])
def test_a_film_holds_still_and_stays_sharp(clip: str, method: Any, ink: Any, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(clip)
    alone = painted_alone(method, ink, made.frames)
    shown = filmed(method, ink, made.frames)
    of_clip, of_alone, of_film = (mean_flicker(made, frames) for frames in (made.frames, alone, shown))
    assert of_alone > 0.05, "the painter must flicker, or this proves nothing"
    assert of_film <= max(1.5 * of_clip, 0.03)
    assert of_film <= 0.7 * of_alone
    energy = [np.mean([gradient_energy(frame) for frame in frames[FIRST:]]) for frames in (shown, alone)]
    assert energy[0] >= 0.9 * energy[1]


def test_the_dial_goes_from_frame_by_frame_to_as_steady_as_can_be(pan: Any, method: Any, ink: Any) -> None:
    found = [mean_flicker(pan, filmed(method, ink, pan.frames[:14], dial)) for dial in (0.0, 0.5, 1.0)]
    assert found[0] > 1.3 * found[1] > 1.3 * found[2]


def test_without_steadiness_every_frame_is_as_painted(pan: Any, method: Any, ink: Any) -> None:
    steadier, motion = Steadier(0.0), Watcher().see(reduced((pan.frames[0] * 255).astype(np.uint8)))
    for frame in pan.frames[:3]:
        assert np.array_equal(steadier.steady(frame, motion), frame)
    assert steadier.state() == {}, "nothing is carried along that is never shown"


def test_nothing_of_a_thing_that_passed_stays_behind(passing: Any, method: Any, ink: Any) -> None:
    """Where the ground was uncovered, the film shows the ground as painted, and nothing of the thing in front."""
    shown = filmed(method, ink, passing.frames)
    alone = painted_alone(method, ink, passing.frames)
    behind = (slice(45, 80), slice(34, 58))  # covered at first, free at the end
    ghost = shown[23][behind].mean((0, 1)) - alone[23][behind].mean((0, 1))
    thing = alone[3][behind].mean((0, 1)) - alone[23][behind].mean((0, 1))
    assert np.abs(thing).max() > 0.05, "thing and ground must differ, or this proves nothing"
    assert np.abs(ghost).max() < 0.2 * np.abs(thing).max()
    detail = [frame[behind] - frame[behind].mean((0, 1)) for frame in (shown[23], alone[23])]
    assert np.corrcoef(detail[0].ravel(), detail[1].ravel())[0, 1] > 0.8


def test_a_steadier_goes_on_from_what_it_remembered(pan: Any) -> None:
    watcher, one, other = Watcher(), Steadier(), Steadier()
    motions = [watcher.see(reduced((frame * 255).astype(np.uint8))) for frame in pan.frames[:12]]
    for frame, motion in zip(pan.frames[:8], motions[:8], strict=True):
        one.steady(frame, motion)
    other.restore(one.state())
    for frame, motion in zip(pan.frames[8:12], motions[8:], strict=True):
        assert np.array_equal(one.steady(frame, motion), other.steady(frame, motion))


def test_flicker_is_nothing_along_the_true_motion_and_much_across_it(pan: Any) -> None:
    seen = pan.seen[1].astype(np.float32)
    assert flicker(pan.frames[1], pan.frames[0], pan.flows[1], seen) < 0.02
    assert flicker(pan.frames[1], pan.frames[0], 0 * pan.flows[1], seen) > 0.1


def waves(shift: tuple[float, float]) -> Any:
    """Return fine waves (64, 96, 3), moved by columns and rows that need not be whole."""
    rows, columns = np.mgrid[0:64, 0:96] + np.array([shift[1], shift[0]])[:, None, None]
    picture = 0.5 + 0.2 * np.cos(2.0 * columns + 0.9 * rows) + 0.2 * np.sin(0.5 * columns - 2.2 * rows)
    return np.repeat(picture[..., None], 3, axis=2).astype(np.float32)


def test_fine_strokes_that_only_move_are_no_flicker_once_they_are_read_exactly() -> None:
    moved = (0.5, 0.25)
    flow = np.broadcast_to(np.array(moved, np.float32), (64, 96, 2))
    inner = np.zeros((64, 96), np.float32)
    inner[16:-16, 16:-16] = 1
    roughly, exactly = (flicker(waves(moved), waves((0, 0)), flow, inner, exact=exact) for exact in (False, True))
    assert roughly > 0.1
    assert exactly < 0.02
