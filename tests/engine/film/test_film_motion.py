"""What moved: the camera to a few hundredths of a pixel, things that pass, what was hidden, and new shots."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from impasto.engine.film import layers
from impasto.engine.film.camera import Camera, find_camera
from impasto.engine.film.fields import carried, enlarged
from impasto.engine.film.layers import Layer
from impasto.engine.film.motion import Motion, Watcher, reduced


def levels(frame: Any) -> Any:
    return (frame * 255 + 0.5).astype(np.uint8)


def watched(frames: Any) -> list[Motion]:
    watcher = Watcher()
    return [watcher.see(reduced(levels(frame))) for frame in frames]


def moved(flow: Any) -> Motion:
    """Return a motion that is known everywhere."""
    everywhere = np.ones(flow.shape[:2], np.float32)
    return Motion(flow, everywhere, everywhere, 0.0)


@pytest.mark.parametrize("clip", ["pan", "zoom"])
def test_the_motion_of_the_camera_is_found_exactly(clip: str, request: pytest.FixtureRequest):
    made = request.getfixturevalue(clip)
    motion = watched(made.frames[:3])[2]
    off = np.hypot(*np.moveaxis(motion.flow - made.flows[2], -1, 0))
    assert off.mean() < 0.06
    assert motion.valid.mean() > 0.95
    assert not motion.is_cut


def test_a_still_clip_stands_perfectly_still(pan: Any):
    noisy = [
        np.clip(pan.frames[0] + 0.004 * np.random.default_rng(seed).standard_normal(pan.frames[0].shape), 0, 1)
        for seed in range(2)
    ]
    motion = watched([frame.astype(np.float32) for frame in noisy])[1]
    assert not motion.flow.any()
    assert motion.valid.min() > 0.99


def test_a_thing_that_passes_moves_and_its_ground_does_not(passing: Any):
    motion = watched(passing.frames[9:11])[1]
    inside = np.hypot(np.arange(192) - 55, np.arange(128)[:, None] - 65) < 18
    outside = np.hypot(np.arange(192) - 55, np.arange(128)[:, None] - 65) > 40
    assert np.allclose(motion.flow[inside].mean(0), (-2.5, -0.5), atol=0.1)
    assert not motion.flow[outside].any()


def test_what_was_hidden_is_not_believed(passing: Any):
    motion = watched(passing.frames[9:11])[1]
    x, y = 55.0, 65.0  # of the disc, now
    away = np.hypot(np.arange(192) - x, np.arange(128)[:, None] - y) - 24
    before = np.hypot(np.arange(192) - x + 2.5, np.arange(128)[:, None] - y + 0.5) - 24
    uncovered = (before < -1) & (away > 1)
    assert uncovered.sum() > 10
    assert motion.valid[uncovered].mean() < 0.25
    assert motion.valid[away > 30].min() > 0.95


def test_a_new_shot_is_noticed_and_a_fast_pan_is_none(pan: Any):
    other = np.ascontiguousarray(1 - pan.frames[0][::-1, ::-1])
    motions = watched([pan.frames[0], pan.frames[3], other])  # by almost seven pixels at once
    assert [motion.is_cut for motion in motions] == [True, False, True]


def test_the_camera_is_fitted_in_spite_of_things_that_move():
    flow = Camera((60, 90), np.array([1.0, 0.4, 0, -0.5, 0, 0.3, 0, 0])).flow()
    true = flow.copy()
    flow[20:40, 30:60] = 7, 7
    random = np.random.default_rng(0).random((60, 90)).astype(np.float32)
    import cv2

    before = cv2.GaussianBlur(random, (0, 0), 3) * 2000
    now = carried(before, true, cubic=True)
    found = find_camera(flow, now, before, np.ones((60, 90), bool)).flow()
    assert np.abs(found - true)[5:-5, 5:-5].max() < 0.1


@pytest.fixture(params=["fine", "finer"])
def fineness(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep frames as large ones are kept, or as small ones are."""
    monkeypatch.setattr(layers, "_SMALL", 0 if request.param == "fine" else 10**9)


@pytest.mark.usefixtures("fineness")
def test_a_layer_that_is_carried_far_is_not_blurred(pan: Any):
    import cv2

    layer = Layer(pan.frames[0], (64, 96))
    still = np.zeros((64, 96, 2), np.float32)
    for _ in range(40):  # to and fro, by a third of a pixel
        for way in (1, -1):
            layer.follow(moved(still + np.float32(way / 6)))
    picture, known = layer.picture()
    assert np.abs(picture - pan.frames[0])[:, 2:-2].max() < 0.02
    assert cv2.Laplacian(picture, -1).std() == pytest.approx(cv2.Laplacian(pan.frames[0], -1).std(), rel=0.02)
    assert known.mean() > 0.95


@pytest.mark.parametrize(("period", "kept"), [(2, 0.2), (3, 0.98), (4, 0.98)])
def test_a_layer_leaves_out_most_of_what_turns_from_pixel_to_pixel_and_nothing_else(period: int, kept: float):
    across = np.cos(2 * np.pi * np.arange(96) / period)
    stripes = np.broadcast_to((0.5 + 0.4 * across)[None, :, None], (64, 96, 3)).astype(np.float32)
    shown, _ = Layer(stripes, (64, 96)).picture()
    found = (shown - 0.5)[32, 24:72, 0].std() / (stripes - 0.5)[32, 24:72, 0].std()
    assert found == pytest.approx(kept, abs=0.06)


def test_a_layer_knows_what_it_never_saw():
    layer = Layer(np.full((16, 32, 3), 0.5, np.float32), (16, 32))
    flow = np.zeros((16, 32, 2), np.float32)
    flow[..., 0] = 4  # what is seen now was four pixels to the right: the last four columns are new
    layer.follow(moved(flow))
    _, known = layer.picture()
    assert known[:, :28].min() == 1
    assert known[:, 28:].max() == 0


@pytest.mark.usefixtures("fineness")
def test_a_layer_goes_on_from_what_was_remembered(pan: Any):
    layer = Layer(pan.frames[0], (64, 96))
    layer.follow(moved(np.full((64, 96, 2), 0.3, np.float32)))
    again = Layer.from_state("one", layer.state("one"))
    for one, other in zip(layer.picture(), again.picture(), strict=True):
        assert np.array_equal(one, other)


def test_only_where_a_thing_left_bare_ground_nothing_is_carried(passing: Any):
    motion = watched(passing.frames[:6])[5]
    flow = passing.flows[5]
    thing = flow[..., 0] < 0  # it moves to the right, so the ground to its left was hidden
    columns = np.arange(thing.shape[1])
    behind = (columns < columns[thing.any(0)].min() + 2) & (columns > columns[thing.any(0)].min() - 3)
    rows = np.flatnonzero(thing.any(1))
    middle = slice(rows[len(rows) // 2] - 4, rows[len(rows) // 2] + 4)
    assert motion.carry[middle, behind].min() < 0.3
    before = columns > columns[thing.any(0)].max() - 4
    assert motion.carry[middle, before].min() > 0.8
    assert motion.valid[middle, before].min() < 0.7, "the rim is believed anyway, and this proves nothing"


def test_maps_keep_their_size(pan: Any):
    assert enlarged(np.ones((5, 7), np.float32), (10, 14)).shape == (10, 14)
    assert reduced(levels(np.ones((900, 1500, 3), np.float32))).shape == (360, 600)
    assert reduced(levels(np.ones((360, 640, 3), np.float32))).shape == (256, 455)
    assert reduced(levels(pan.frames[0])).shape == (128, 192), "small frames are not made smaller"
