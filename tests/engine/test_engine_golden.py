"""Small pictures painted with the weights that come with Impasto, compared with stored ones.

They say when a change alters what users get. Where it should, look at the new pictures and store them:
``pytest --bless tests/engine/test_engine_golden.py``. Photo and painting are drawn by code, so they belong to us.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from impasto import engine
from impasto.engine.recipe import Recipe
from impasto.images import brushwork, harbour, read, read_recipe
from impasto.models import encoder

GOLDEN = Path(__file__).parent / "golden"
PAINTINGS: dict[str, dict[str, Any]] = {
    "defaults": {"steps": 8},  # L-BFGS makes so much of a last digit that twelve would differ between one core and two
    "adam-keep-color": {"steps": 24, "optimizer": "adam", "keep_color": True},
    "fast": {"method": "fast", "seed": 1},
}
NEAR = 6 / 255  # processors differ in their last digits, and many steps in a row make more of that
SHARE_NEAR = 0.99


@pytest.fixture(autouse=True)
def _network() -> None:
    """Look through the network that comes with the package."""
    if not Path(str(encoder.WEIGHTS_FILE)).is_file():
        pytest.skip("the embedded encoder's weights are not in this checkout yet")


def paint(method: str = "optimize", **options: Any) -> engine.Result:
    size = (64, 64)
    options |= {"scales": 2, "precision": "float32"} if method == "optimize" else {}
    return engine.stylize(harbour(size), brushwork(size), method, device="cpu", **options)


@pytest.mark.parametrize("name", PAINTINGS)
def test_the_picture_is_the_stored_one(name: str, request: pytest.FixtureRequest) -> None:
    stored = GOLDEN / f"{name}.png"
    result = paint(**PAINTINGS[name])
    if request.config.getoption("--bless"):
        GOLDEN.mkdir(exist_ok=True)
        result.save(stored)
    if not stored.is_file():
        pytest.skip(f"no {stored.name} is stored yet (store one with pytest --bless)")
    near = ((read(stored).pixels - result.image).abs() <= NEAR).float().mean()
    assert near >= SHARE_NEAR, f"{1 - near:.1%} of {stored.name} came out otherwise; {_weights_changed(stored, result)}"


def _weights_changed(stored: Path, result: engine.Result) -> str:
    text = read_recipe(stored)
    same = text is not None and list(Recipe.from_json(text).weights) == list(result.recipe.weights)
    return "with the same weights" if same else "the weights are others than when it was stored"


@pytest.mark.parametrize("name", PAINTINGS)
def test_what_is_stored_is_a_painting_of_the_photo(name: str) -> None:
    """Neither the photo again nor noise, so that nothing senseless is blessed."""
    stored, photo = GOLDEN / f"{name}.png", harbour((64, 64))
    if not stored.is_file():
        pytest.skip(f"no {stored.name} is stored yet (store one with pytest --bless)")
    pixels = read(stored).pixels
    likeness = torch.corrcoef(torch.stack([pixels.mean(1).flatten(), photo.mean(1).flatten()]))[0, 1]
    assert (pixels - photo).abs().mean() > 0.02
    assert likeness > 0.3
