"""What a work will cost, said before it begins."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from impasto import engine
from impasto.config import Optimize
from impasto.engine.memory import choose_tile, least_tile, peak_bytes
from impasto.engine.planning import estimate_seconds, plan_scales, plan_steps, result_size
from impasto.errors import OptionError

FLOAT32, BFLOAT16 = torch.float32, torch.bfloat16
sides = st.integers(1, 3000)


@given(sides, sides, st.none() | st.integers(1, 12))
def test_scales_double_up_to_the_size(height: int, width: int, count: int | None) -> None:
    scales = plan_scales((height, width), count)
    assert scales[-1] == (height, width)
    assert count is None or len(scales) <= count
    for (h, w), (next_h, next_w) in pairwise(scales):
        assert abs(max(next_h, next_w) - 2 * max(h, w)) <= 1
        assert h <= next_h
        assert w <= next_w
        assert min(h, w) >= 1


@pytest.mark.parametrize("long_side", [1, 100, 127, 255, 300, 512, 1000, 1024])
def test_by_default_painting_begins_small(long_side: int) -> None:
    first = max(plan_scales((long_side // 2 or 1, long_side), None)[0])
    assert first == long_side if long_side < 128 else 128 <= first < 256


def test_a_number_of_scales_is_kept() -> None:
    assert len(plan_scales((512, 512), 1)) == 1
    assert plan_scales((512, 256), 3) == [(128, 64), (256, 128), (512, 256)]


@given(st.integers(1, 5000), st.integers(1, 8))
def test_steps_are_shared_out(total: int, scales: int) -> None:
    steps = plan_steps(total, scales)
    assert len(steps) == scales
    assert min(steps) >= 1
    assert steps == sorted(steps, reverse=True)
    assert abs(sum(steps) - total) <= scales


@pytest.mark.parametrize(
    ("photo", "size", "expected"),
    [
        ((300, 400), None, (300, 400)),
        ((3000, 4000), None, (768, 1024)),
        ((300, 400), 800, (600, 800)),
        ((1, 5000), None, (1, 1024)),
    ],
)
def test_the_results_size(photo: tuple[int, int], size: int | None, expected: tuple[int, int]) -> None:
    assert result_size(photo, Optimize(size=size)) == expected


@pytest.mark.parametrize("backbone", ["embedded", "vgg19"])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_memory_and_time_grow_with_the_size(backbone: str, optimizer: str) -> None:
    config = Optimize(backbone=backbone, optimizer=optimizer)
    sizes = [(side, 2 * side) for side in (1, 64, 300, 1000, 4000)]
    for precision in (FLOAT32, BFLOAT16):
        peaks = [peak_bytes(size, config, precision, None) for size in sizes]
        assert peaks == sorted(set(peaks))
        seconds = [estimate_seconds(config, torch.device("cpu"), precision, [size], [10]) for size in sizes]
        assert seconds == sorted(set(seconds))  # type: ignore[type-var]
    assert peak_bytes(sizes[2], config, FLOAT32, None) > peak_bytes(sizes[2], config, BFLOAT16, None)
    assert peak_bytes(sizes[4], config, BFLOAT16, 512) < peak_bytes(sizes[4], config, BFLOAT16, None)


def test_time_is_not_known_on_other_devices() -> None:
    assert estimate_seconds(Optimize(), torch.device("cuda"), FLOAT32, [(10, 10)], [1]) is None


def test_tiles_are_chosen_only_where_memory_would_not_suffice() -> None:
    size, config = (2000, 3000), Optimize(backbone="vgg19")
    enough = 2 * peak_bytes(size, config, BFLOAT16, None)
    assert choose_tile(size, config, BFLOAT16, enough, least=384) is None
    tiles = [choose_tile(size, config, BFLOAT16, enough // part, least=384) for part in (3, 4, 20)]
    assert all(tile is not None for tile in tiles)
    assert tiles == sorted(tiles, reverse=True)  # type: ignore[type-var]
    assert choose_tile(size, config, BFLOAT16, 0, least=384) == 384
    assert choose_tile(size, Optimize(tile=512), BFLOAT16, enough, least=384) == 512


def test_a_tile_is_never_all_margin(photo: Tensor, painting: Tensor) -> None:
    """What the plan says is what is done, and what the recipe tells."""
    assert least_tile(["relu5_1", "relu1_1"]) > least_tile(["relu2_1"]) > 0
    assert choose_tile((900, 900), Optimize(tile=64), BFLOAT16, 0, least=384) == 384
    plan = engine.plan(photo, painting, "optimize", size=900, tile=64, device="cpu")
    assert plan.tile == least_tile(["relu5_1"])
    assert f"in tiles of {plan.tile} px" in plan.describe()


def test_large_strokes_take_the_memory_of_a_large_style(photo: Tensor, painting: Tensor) -> None:
    """The style is read at the size of its strokes: four times as coarse means sixteen times the pixels."""
    plans = [engine.plan(photo, painting, "optimize", size=512, stroke=stroke, device="cpu") for stroke in (1, 6, 10)]
    peaks = [plan.peak_bytes for plan in plans]
    assert peaks == sorted(set(peaks))
    config, size, style = Optimize(stroke=8), (512, 512), (4096, 4096)
    little = peak_bytes(size, config, BFLOAT16, None) + 10**9
    assert choose_tile(size, config, BFLOAT16, little, least=384) is None
    assert choose_tile(size, config, BFLOAT16, little, least=384, style=style) is not None


def test_a_plan_says_everything_and_does_nothing(photo: Tensor, painting: Tensor, monkeypatch: Any) -> None:
    from impasto.engine import preparing

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a plan must not load a network")

    monkeypatch.setattr(preparing, "load_backbone", never)
    plan = engine.plan(photo, painting, "optimize", size=512, steps=100, precision="float32", device="cpu")
    assert plan.size == (366, 512)
    assert list(plan.scales)[-1] == (366, 512)
    assert len(plan.steps) == len(plan.scales)
    assert (plan.device, plan.precision, plan.downloads) == ("cpu", "float32", [])
    assert plan.seconds
    assert plan.peak_bytes > 0
    assert json.loads(json.dumps(dataclasses.asdict(plan)))["method"] == "optimize"
    text = plan.describe()
    for part in ("512 × 366 px", "cpu", "float32", "nothing", "steps"):
        assert part in text
    same = engine.load("optimize", size=512, steps=100, precision="float32", device="cpu").plan(photo, painting)
    assert dataclasses.replace(same, available_bytes=plan.available_bytes) == plan


def test_a_plan_of_more_takes_more(photo: Tensor, painting: Tensor) -> None:
    plans = [engine.plan(photo, painting, "optimize", size=size, device="cpu") for size in (64, 256, 1024)]
    assert [plan.seconds for plan in plans] == sorted(plan.seconds for plan in plans)  # type: ignore[type-var]
    assert [plan.peak_bytes for plan in plans] == sorted(plan.peak_bytes for plan in plans)


def test_a_plan_names_what_will_be_fetched(photo: Tensor, painting: Tensor) -> None:
    (download,) = engine.plan(photo, painting, "optimize", backbone="vgg19").downloads
    assert "vgg19" in download
    assert "MB" in download
    assert download in engine.plan(photo, painting, "optimize", backbone="vgg19").describe()


def test_what_needs_no_painting_is_planned_so(photo: Tensor, painting: Tensor) -> None:
    for options in ({"strength": 0}, {"color_only": True}):
        plan = engine.plan(photo, painting, "optimize", backbone="vgg19", **options)
        assert not plan.scales
        assert not plan.downloads
        assert "one pass" in plan.describe()


def test_a_plan_refuses_what_painting_would_refuse(photo: Tensor, painting: Tensor) -> None:
    for options in (
        {"style_weights": (1, 2)},
        {"style_term": "sliced", "tile": 64},
        {"init": "nois"},
        {"style_layers": ("relu9_1",)},
        {"backbone": "vgg18"},
        {"pooling": "average"},
    ):
        with pytest.raises(OptionError):
            engine.plan(photo, painting, "optimize", **options)


def test_full_finish_is_planned_at_the_photos_size(photo: Tensor, painting: Tensor) -> None:
    assert engine.plan(photo, painting, "optimize", size=28, finish="full").size == (40, 56)
