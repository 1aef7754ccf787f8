"""What the tests of the engine share: two small pictures drawn by code, and a network that needs no training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto.images import brushwork, harbour, write

Paint = Callable[..., Any]


@pytest.fixture(autouse=True)
def _network(tiny_backbone: Path) -> None:
    """Every test here looks through the untrained network, unless it says otherwise."""


@pytest.fixture(scope="session")
def photo() -> Tensor:
    return harbour((40, 56))


@pytest.fixture(scope="session")
def painting() -> Tensor:
    return brushwork((48, 48))


@pytest.fixture(scope="session")
def other_painting(painting: Tensor) -> Tensor:
    """Another style: other colors and strokes the other way."""
    return (1 - painting).flip(1).transpose(2, 3).contiguous()


@pytest.fixture
def paint(photo: Tensor, painting: Tensor) -> Paint:
    """Paint the photo in the style of the painting in a few steps; any argument can be replaced."""
    from impasto import engine

    def run(content: Any = photo, style: Any = painting, **options: Any) -> Any:
        on_step = options.pop("on_step", lambda _: None)
        return engine.stylize(content, style, "optimize", on_step=on_step, **{"steps": 10, **options})

    return run


@pytest.fixture
def files(tmp_path: Path, photo: Tensor, painting: Tensor, other_painting: Tensor) -> Path:
    """A folder with photo.png, painting.png and other.png."""
    for name, pixels in (("photo", photo), ("painting", painting), ("other", other_painting)):
        write(pixels, tmp_path / f"{name}.png")
    return tmp_path


@pytest.fixture(scope="session")
def vgg_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the beginning of a VGG, seeded: enough for relu1_1 and relu2_1."""
    from safetensors.torch import save_file

    generator, c_in, state = torch.Generator().manual_seed(9), 3, {}
    for number, c_out in (("1_1", 64), ("1_2", 64), ("2_1", 128)):
        gain = 0.02 if number == "1_1" else (2 / (9 * c_in)) ** 0.5  # the first takes values of 0 to 255
        state[f"conv{number}.weight"] = torch.randn(c_out, c_in, 3, 3, generator=generator) * gain
        state[f"conv{number}.bias"] = torch.randn(c_out, generator=generator) * 0.1
        c_in = c_out
    path = tmp_path_factory.mktemp("vgg") / "narrow.safetensors"
    save_file(state, path)
    return path
