"""The pictures drawn by code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from impasto import images
from impasto.images import brushwork, engraving, harbour, mosaic, resize, rgb_to_lab

samples = pytest.mark.parametrize("draw", [harbour, brushwork, mosaic, engraving])


@samples
@pytest.mark.parametrize("size", [(1, 1), (40, 1), (48, 64)])
def test_any_size(draw: Callable[[tuple[int, int]], Tensor], size: tuple[int, int]) -> None:
    picture = draw(size)
    assert picture.shape == (1, 3, *size)
    assert picture.dtype == torch.float32
    assert 0 <= picture.min() <= picture.max() <= 1


@samples
def test_same_every_time(draw: Callable[[tuple[int, int]], Tensor]) -> None:
    assert torch.equal(draw((40, 60)), draw((40, 60)))


@samples
def test_same_scene_at_every_size(draw: Callable[[tuple[int, int]], Tensor]) -> None:
    small, large = draw((80, 120)), draw((160, 240))
    low, high = (resize(x, (20, 30)).flatten() for x in (small, large))
    assert torch.corrcoef(torch.stack([low, high]))[0, 1] > 0.9


@pytest.mark.parametrize("draw", [harbour, brushwork, mosaic])
def test_rich_in_light_and_color(draw: Callable[[tuple[int, int]], Tensor]) -> None:
    lab = rgb_to_lab(draw((96, 128)))
    assert lab[:, 0].std() > 15
    assert lab[:, 2].min() < -25  # blue
    assert lab[:, 2].max() > 40  # and gold


def test_the_engraving_is_ink_on_paper() -> None:
    drawing = engraving((192, 256))
    lab = rgb_to_lab(drawing)
    assert lab[:, 1:].abs().max() < 20  # hardly any color
    dark, light = (float((lab[:, 0] < 25).float().mean()), float((lab[:, 0] > 80).float().mean()))
    assert dark > 0.15
    assert light > 0.2


def test_the_public_names_exist() -> None:
    assert sorted(images.__all__) == images.__all__
    assert all(hasattr(images, name) for name in images.__all__)


def test_the_example_on_the_docs_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "images.md").read_text(encoding="utf-8")
    example = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)[0]
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(example, "docs/images.md", "exec"), names)
    assert images.read_recipe("small.png") == '{"made": "by hand"}'
    assert images.read("small.png").bits == 16
