"""Huge pictures: what is painted by bands from disk to disk is what is painted in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from impasto.config import Fast
from impasto.engine import Ingredient, Step, huge
from impasto.engine.huge import is_huge, paint_file
from impasto.engine.inputs import Style
from impasto.engine.onepass import Enlarging, OnePass
from impasto.errors import InputError, OutputError
from impasto.images import Metadata, brushwork, harbour, read, read_recipe, write


class LocalPainter:
    """Sharpens, normalises by the look of the whole, adds a pattern that lies still: all that tiles may spoil."""

    name, needs_style, margin, stride = "local", True, 5, 4

    def weights(self) -> list[Ingredient]:
        return [Ingredient("local", "")]

    def code(self, style: Style) -> Tensor:
        return style.pictures[0].pixels.mean((2, 3)) if style.vector is None else style.vector

    def look(self, picture: Tensor, code: Tensor) -> Mapping[str, tuple[Tensor, Tensor]]:
        return {"all": (picture.mean((2, 3), keepdim=True), picture.std((2, 3), keepdim=True))}

    def paint(self, picture: Tensor, code: Tensor, seen: Any, at: tuple[int, int] = (0, 0)) -> Tensor:
        mean, deviation = (seen or self.look(picture, code))["all"]
        near = F.avg_pool2d(F.pad(picture, (5, 5, 5, 5), mode="replicate"), 11, 1)
        rows, columns = (torch.arange(side) + start for side, start in zip(picture.shape[-2:], at, strict=True))
        pattern = torch.sin(rows / 3.0)[:, None] * torch.cos(columns / 5.0)
        pooled = F.avg_pool2d(picture, 4, ceil_mode=True).repeat_interleave(4, 2).repeat_interleave(4, 3)
        blocks = pooled[:, :, : picture.shape[-2], : picture.shape[-1]]  # the grid of a network with a stride
        normal = (2 * picture - near + 0.3 * blocks - mean) / (8 * deviation)
        return (0.5 + normal + 0.05 * pattern + 0.2 * (code[:, :, None, None] - 0.5)).clamp(0, 1)


class LocalModel(LocalPainter):
    """The same with its style in the weights."""

    needs_style = False


def both(
    tmp_path: Path,
    photo: Tensor,
    *,
    suffix: str = "png",
    enlarging: Enlarging = "repaint",
    painter: LocalPainter | None = None,
    styles: list[Style] | None = None,
    **options: Any,
) -> float:
    """Paint in memory and by bands; return the largest difference of the files' pixels."""
    tmp_path.mkdir(exist_ok=True)
    source = tmp_path / f"photo.{suffix}"
    write(photo, source, overwrite=True)
    method = OnePass(Fast(**options), painter or LocalPainter(), enlarging=enlarging)
    paintings = [brushwork((24, 32)), brushwork((24, 32)).flip(1)][
        : 2 if "style_weights" in options or len(options.get("mask", ())) == 2 else 1
    ]
    styles = paintings if styles is None else styles
    method(source, styles).save(tmp_path / f"memory.{suffix}", overwrite=True)
    done = paint_file(method, source, styles, tmp_path / f"bands.{suffix}", overwrite=True)
    expected, found = read(tmp_path / f"memory.{suffix}"), read(tmp_path / f"bands.{suffix}")
    assert found.size == expected.size == done.size
    assert read_recipe(tmp_path / f"bands.{suffix}") == read_recipe(tmp_path / f"memory.{suffix}")
    assert sorted(path.name for path in tmp_path.glob(".*")) == []
    return float(((expected.pixels - found.pixels) * 255).round().abs().max())  # files hold whole levels


@pytest.fixture(scope="session")
def scene() -> Tensor:
    return harbour((230, 170))


@pytest.fixture(scope="session")
def masks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("masks")
    ramp = torch.linspace(0, 1, 20).expand(1, 3, 10, 20)
    write(ramp, folder / "right.png")
    write(0.7 * ramp.flip(3), folder / "left.png")
    return folder / "left.png", folder / "right.png"


@settings(max_examples=8)
@given(
    height=st.integers(70, 230),
    width=st.integers(70, 170),
    tile=st.integers(64, 120),
    stroke=st.sampled_from([3.0, 5.0, 10.0]),
    size=st.sampled_from([None, 150, 331]),
)
def test_by_bands_is_as_in_memory_whatever_the_sizes(
    tmp_path_factory: pytest.TempPathFactory,
    scene: Tensor,
    *,
    height: int,
    width: int,
    tile: int,
    stroke: float,
    size: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("sizes")
    assert both(folder, scene[:, :, :height, :width], tile=tile, stroke=stroke, size=size) <= 1


@pytest.mark.parametrize(
    "options",
    [
        {"strength": 0},
        {"strength": 8},
        {"strength": 60},
        {"keep_color": True},
        {"keep_color": True, "color_match": "lab", "strength": 50},
        {"keep_color": True, "color_match": "covariance"},
        {"color_only": True},
        {"color_only": True, "strength": 40, "style_weights": (1, 3)},
        {"style_weights": (2, 1)},
        {"mask": 2},
        {"mask": 1, "protect": 1},
        {"mask": 2, "color_only": True},
        {"enlarging": "detail"},
        {"enlarging": "plain"},
        {"suffix": "jpg"},
        {"suffix": "tif", "size": 300},
        {"suffix": "webp"},
    ],
    ids=str,
)
def test_every_option_does_the_same_by_bands(
    tmp_path: Path, scene: Tensor, masks: tuple[Path, Path], options: dict[str, Any]
) -> None:
    options = dict(options)
    if "mask" in options:
        options["mask"] = masks[: options["mask"]]
    if "protect" in options:
        options["protect"] = masks[0]
    lossy = options.get("suffix") in ("jpg", "webp")  # where a step in a pixel may become one in a coefficient
    assert both(tmp_path, scene, stroke=8.0, tile=64, **options) <= (6 if lossy else 1)


@pytest.mark.parametrize("options", [{"strength": 40}, {"style_weights": (1, 3)}, {"mask": 2}], ids=str)
def test_colors_of_styles_without_paintings_are_the_same_by_bands(
    tmp_path: Path, scene: Tensor, masks: tuple[Path, Path], options: dict[str, Any]
) -> None:
    options = {**options, "color_only": True, **({"mask": masks} if "mask" in options else {})}
    named = [Style(str(red), vector=torch.tensor([[red, 0.4, 0.5]])) for red in (0.1, 0.9)]
    styles = named if len(options) == 2 and "strength" not in options else named[:1]
    assert both(tmp_path, scene, stroke=8.0, tile=64, styles=styles, **options) <= 1


@pytest.mark.parametrize("options", [{"strength": 40}, {"color_only": True, "strength": 40}], ids=str)
def test_a_model_of_one_style_does_the_same_by_bands(tmp_path: Path, scene: Tensor, options: dict[str, Any]) -> None:
    assert both(tmp_path, scene, stroke=8.0, tile=64, painter=LocalModel(), styles=[], **options) <= 1


def test_what_a_file_says_is_kept(tmp_path: Path, scene: Tensor) -> None:
    alpha = torch.linspace(0, 1, 170).expand(1, 1, 230, 170)
    write(scene, tmp_path / "photo.png", alpha=alpha, metadata=Metadata(dpi=(300.0, 300.0)))
    method = OnePass(Fast(stroke=8.0, tile=64), LocalPainter())
    paint_file(method, tmp_path / "photo.png", brushwork((24, 24)), tmp_path / "out.png", bits=16)
    method(tmp_path / "photo.png", brushwork((24, 24))).save(tmp_path / "memory.png", bits=16)
    found, expected = read(tmp_path / "out.png"), read(tmp_path / "memory.png")
    assert (found.bits, found.metadata) == (16, expected.metadata)
    assert torch.equal(found.alpha, expected.alpha)
    seen = alpha[0, 0, 0] > 0
    torch.testing.assert_close(found.pixels[..., seen], expected.pixels[..., seen], rtol=0, atol=1 / 255)
    paint_file(
        method,
        tmp_path / "photo.png",
        brushwork((24, 24)),
        tmp_path / "bare.png",
        keep_metadata=False,
        keep_recipe=False,
    )
    assert read(tmp_path / "bare.png").metadata.dpi is None
    assert read_recipe(tmp_path / "bare.png") is None


def test_progress_is_told_for_every_row_of_tiles(tmp_path: Path, scene: Tensor) -> None:
    write(scene, tmp_path / "photo.png")
    steps: list[Step] = []
    method = OnePass(Fast(stroke=8.0, tile=64), LocalPainter())
    paint_file(method, tmp_path / "photo.png", brushwork((24, 24)), tmp_path / "out.png", on_step=steps.append)
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert steps[0].steps == len(steps) > 3
    assert (steps[-1].remaining, steps[-1].size) == (0, (230, 170))
    assert steps[0].picture().shape == (1, 3, 64, 47)


def test_a_refusal_or_ctrl_c_leaves_nothing(tmp_path: Path, scene: Tensor) -> None:
    write(scene, tmp_path / "photo.png")
    (tmp_path / "there.png").write_bytes(b"precious")
    method = OnePass(Fast(stroke=8.0, tile=64), LocalPainter())
    before = sorted(tmp_path.iterdir())

    def stop(_: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paint_file(method, tmp_path / "photo.png", brushwork((24, 24)), tmp_path / "out.png", on_step=stop)
    with pytest.raises(OutputError, match="exists already"):
        paint_file(method, tmp_path / "photo.png", brushwork((24, 24)), tmp_path / "there.png")
    with pytest.raises(InputError, match="does not exist"):
        paint_file(method, tmp_path / "none.png", brushwork((24, 24)), tmp_path / "out.png")
    assert sorted(tmp_path.iterdir()) == before


def test_huge_is_what_photo_or_result_make_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huge, "HUGE", 10_000)
    write(harbour((90, 100)), tmp_path / "photo.png")
    assert not is_huge(tmp_path / "photo.png", None)
    assert is_huge(tmp_path / "photo.png", 120)
    write(harbour((110, 100)), tmp_path / "large.png")
    assert is_huge(tmp_path / "large.png", 20)
