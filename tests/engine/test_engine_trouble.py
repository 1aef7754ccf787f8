"""When something comes between: Ctrl-C, memory that does not suffice, numbers that are none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from impasto.engine import painting, preparing
from impasto.errors import ImpastoError, OptionError
from impasto.models import load_backbone

OPTIMIZERS = ("lbfgs", "adam")


def interrupt_at(scale: int, step: int) -> Callable[[Any], None]:
    def on_step(told: Any) -> None:
        if (told.scale, told.step) == (scale, step):
            raise KeyboardInterrupt

    return on_step


class Wrapped(nn.Module):
    """The network with something done to what it is given or gives."""

    def __init__(self, inner: nn.Module, change: Callable[[Tensor, dict[str, Tensor]], dict[str, Tensor]]) -> None:
        super().__init__()
        self.inner, self.change = inner, change

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return self.change(image, self.inner(image))


@pytest.fixture
def look_through(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make the engine use the network with this change."""

    def use(change: Callable[[Tensor, dict[str, Tensor]], dict[str, Tensor]]) -> None:
        monkeypatch.setattr(
            preparing, "load_backbone", lambda name, layers, **options: Wrapped(load_backbone(name, layers), change)
        )

    return use


# --- Ctrl-C ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("scale", "step"), [(1, 1), (1, 5), (2, 1), (2, 3)])
def test_ctrl_c_keeps_the_picture(paint: Any, photo: Tensor, optimizer: str, scale: int, step: int) -> None:
    result = paint(scales=2, steps=12, optimizer=optimizer, on_step=interrupt_at(scale, step), patience=0)
    assert result.stopped == "interrupted"
    assert result.recipe.stopped == {"scale": scale - 1, "step": step}
    assert result.image.shape == photo.shape
    assert result.image.isfinite().all()
    assert "total" in result.losses


def test_what_is_kept_is_the_best_so_far(paint: Any, photo: Tensor) -> None:
    seen: list[Tensor] = []

    def on_step(told: Any) -> None:
        seen.append(told.picture())
        interrupt_at(1, 6)(told)

    result = paint(scales=1, steps=20, on_step=on_step)
    assert torch.equal(result.image, seen[-1])
    assert (result.image - photo).abs().mean() > 0.01


def test_ctrl_c_between_two_scales_keeps_what_is_painted(
    paint: Any, photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, made = preparing.Objective, []

    def objective(*inputs: Any, **options: Any) -> Any:
        made.append(1)
        if len(made) == 2:
            raise KeyboardInterrupt
        return real(*inputs, **options)

    monkeypatch.setattr(preparing, "Objective", objective)
    result = paint(scales=2, steps=12)
    assert result.stopped == "interrupted"
    assert result.recipe.stopped == {"scale": 1, "step": 0}
    assert (result.image - photo).abs().mean() > 0.01


def test_ctrl_c_before_anything_is_painted_just_ends(paint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def objective(*inputs: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(preparing, "Objective", objective)
    with pytest.raises(KeyboardInterrupt):
        paint()


def test_a_fault_of_the_callback_is_the_callers(paint: Any) -> None:
    def on_step(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        paint(on_step=on_step)


# --- numbers that are none ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("where", ["features", "slope"])
def test_nan_on_the_way_never_reaches_the_picture(
    paint: Any, photo: Tensor, look_through: Any, optimizer: str, where: str
) -> None:
    calls = 0

    def spoil(_: Tensor, features: dict[str, Tensor]) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        if calls < 8:
            return features
        if where == "features":
            return {name: value * math.nan for name, value in features.items()}
        for value in features.values():
            if value.requires_grad:
                value.register_hook(lambda slope: slope * math.nan)
        return features

    look_through(spoil)
    result = paint(steps=16, optimizer=optimizer)
    assert result.image.isfinite().all()
    assert (result.image - photo).abs().mean() > 0.005, "the sound steps should not be lost"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nothing_but_nan_is_refused_in_one_sentence(paint: Any, look_through: Any, optimizer: str) -> None:
    look_through(lambda _, features: {name: value * math.nan for name, value in features.items()})
    with pytest.raises(ImpastoError, match="no finite values"):
        paint(optimizer=optimizer)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_picture_that_the_network_does_not_see_is_refused_or_left_alone(
    paint: Any, photo: Tensor, look_through: Any, optimizer: str
) -> None:
    look_through(lambda _, features: {name: value * 0 for name, value in features.items()})
    assert paint(optimizer=optimizer, tv_weight=0).image.isfinite().all()


# --- memory ------------------------------------------------------------------------------------------------------


def too_small_for(pixels: int) -> Callable[[Tensor, dict[str, Tensor]], dict[str, Tensor]]:
    def change(image: Tensor, features: dict[str, Tensor]) -> dict[str, Tensor]:
        if image.shape[-1] * image.shape[-2] > pixels:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return features

    return change


SHALLOW = {"style_layers": ("relu1_1", "relu2_1"), "content_layers": ("relu2_1",), "precision": "float32"}


def test_memory_that_runs_out_is_answered_with_smaller_tiles(paint: Any, photo: Tensor, look_through: Any) -> None:
    look_through(too_small_for(96 * 96))
    told: list[Any] = []
    large = torch.nn.functional.interpolate(photo, size=(128, 180), mode="bicubic").clamp(0, 1)
    tiled = paint(large, steps=4, scales=2, on_step=told.append, **SHALLOW)
    notes = [step.note for step in told if step.note]
    assert len(notes) == 1
    assert "tiles of 90 px" in notes[0]
    look_through(lambda _, features: features)
    whole = paint(large, steps=4, scales=2, **SHALLOW)
    torch.testing.assert_close(tiled.image, whole.image, atol=0.01, rtol=0)


def test_memory_that_never_suffices_is_one_sentence(
    paint: Any, look_through: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_through(too_small_for(0))
    with pytest.raises(OptionError, match=r"56x40 px needs more memory.*choose a smaller size"):
        paint()
    with pytest.raises(OptionError, match="sliced cannot be tiled"):
        paint(style_term="sliced")


def test_other_faults_are_not_taken_for_lack_of_memory(paint: Any, look_through: Any) -> None:
    def broken(*_: Any) -> dict[str, Tensor]:
        raise RuntimeError("a shape is wrong")

    look_through(broken)
    with pytest.raises(RuntimeError, match="a shape is wrong"):
        paint()


@pytest.mark.parametrize(
    ("fault", "is_memory"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("no"), False),
    ],
)
def test_what_lack_of_memory_looks_like(fault: BaseException, is_memory: bool) -> None:
    assert painting.is_out_of_memory(fault) is is_memory


def test_a_tile_asked_for_changes_next_to_nothing(paint: Any, photo: Tensor) -> None:
    large = torch.nn.functional.interpolate(photo, size=(40, 150), mode="bicubic").clamp(0, 1)
    whole, tiled = (paint(large, steps=4, scales=1, tile=tile, **SHALLOW).image for tile in (None, 64))
    torch.testing.assert_close(tiled, whole, atol=0.01, rtol=0)
