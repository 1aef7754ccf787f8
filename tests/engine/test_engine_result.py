"""A result writes itself, with all that belongs to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from impasto.errors import OutputError
from impasto.images import Metadata, Picture, read, read_recipe


def test_it_saves_what_it_holds(paint: Any, tmp_path: Path) -> None:
    result = paint(steps=1)
    path = result.save(tmp_path / "out.png")
    assert path == tmp_path / "out.png"
    assert (read(path).pixels - result.image).abs().max() <= 0.5 / 255 + 1e-6
    assert read_recipe(path) == result.recipe.to_json()
    assert read_recipe(result.save(tmp_path / "bare.png", keep_recipe=False)) is None


def test_bits_and_quality_reach_the_file(paint: Any, tmp_path: Path) -> None:
    result = paint(steps=1)
    deep = read(result.save(tmp_path / "deep.png", bits=16))
    assert deep.bits == 16
    assert (deep.pixels - result.image).abs().max() <= 0.5 / 65535 + 1e-6
    small, large = (result.save(tmp_path / f"q{quality}.jpg", quality=quality) for quality in (20, 95))
    assert small.stat().st_size < large.stat().st_size


def test_the_photos_metadata_and_transparency_come_along_or_not(paint: Any, photo: Any, tmp_path: Path) -> None:
    alpha = torch.ones(1, 1, 40, 56)
    alpha[..., :5] = 0
    content = Picture(photo, alpha=alpha, metadata=Metadata(dpi=(300.0, 300.0)))
    result = paint(content, steps=1)
    kept, stripped = (read(result.save(tmp_path / f"{keep}.png", keep_metadata=keep)) for keep in (True, False))
    assert kept.metadata.dpi == pytest.approx((300, 300), rel=1e-3)
    assert stripped.metadata.dpi is None
    for picture in (kept, stripped):
        assert picture.alpha is not None
        assert torch.equal(picture.alpha, alpha)


def test_it_can_be_told_not_to_overwrite(paint: Any, tmp_path: Path) -> None:
    result = paint(steps=1)
    path = result.save(tmp_path / "out.png")
    result.save(path)
    with pytest.raises(OutputError, match="exists already"):
        result.save(path, overwrite=False)
