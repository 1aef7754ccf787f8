"""``impasto lint``: what it finds beside a picture excuses what the picture has as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from impasto import engine, images, weights


def test_every_painting_of_a_mixture_excuses_what_it_has(studio: Path, impasto: Any) -> None:
    burnt = (images.read("harbour.jpg").pixels * 3).clamp(0, 1)
    images.write(burnt, "burnt.png")
    styles = [engine.Ingredient(name, weights.file_sha256(Path(name))) for name in ("ink.png", "burnt.png")]
    recipe = engine.Recipe(method="model", options={}, photo=engine.Ingredient("gone.jpg", "0"), styles=[styles])
    images.write(burnt, "result.png", recipe=recipe.to_json())
    impasto("lint", "result.png")
    assert "clipping" not in impasto.out
    Path("burnt.png").unlink()
    impasto("lint", "result.png")
    assert "clipping" in impasto.out


def test_neighbours_are_read_through_once(studio: Path, impasto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many results in one folder, none whose originals are elsewhere reads through all the others again."""
    Path("results").mkdir()
    Path("results/film.mp4").write_bytes(b"large")
    recipe = engine.Recipe(method="model", options={}, photo=engine.Ingredient("gone.jpg", "0"), styles=[])
    for number in range(5):
        images.write(images.read("harbour.jpg").pixels, f"results/{number}.png", recipe=recipe.to_json())
    read, original = [], weights.file_sha256

    def counted(path: Path) -> str:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(weights, "file_sha256", counted)
    impasto("lint", *(f"results/{number}.png" for number in range(5)))
    assert len(read) == len(set(read))
    assert {f"{number}.png" for number in range(5)} <= set(read)
    assert "film.mp4" not in read
