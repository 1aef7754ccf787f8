"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent

# The same examples every time, however slow the machine.
hypothesis.settings.register_profile("house", derandomize=True, deadline=None)
hypothesis.settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="store the golden pictures as they come out now")


@pytest.fixture(scope="session")
def kit() -> Path:
    """The development kit of pictures and published weights; tests that need it skip where it is missing."""
    folder = Path(os.environ.get("IMPASTO_KIT", REPOSITORY.parent / "shared" / "kit"))
    if not (folder / "MANIFEST.csv").is_file():
        pytest.skip("the development kit is not here (set IMPASTO_KIT to its folder)")
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium, driven by playwright; tests that need a browser skip where either is missing."""
    pytest.importorskip("playwright", reason="playwright is not installed (it comes with the group dev)")
    found = os.environ.get("IMPASTO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("there is no Chromium here (on Debian: apt-get install chromium; or set IMPASTO_CHROMIUM)")
    return found


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small pictures are painted faster, and alike everywhere, without threads waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what Impasto remembers of files out of the user's cache; tests about caches name their own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_CACHE", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Start every test from the same random state."""
    torch.manual_seed(0)


def _narrow(patch: pytest.MonkeyPatch) -> None:
    """Give the embedded encoder's deep layers fewer channels: the same code, half the time.

    Its first layers are wider instead: of few random kernels too many would see nothing.
    """
    from impasto.models import encoder

    widths = {name: min(width, 64) for name, width in encoder.WIDTHS.items()}
    patch.setattr(encoder, "WIDTHS", {**widths, "1_1": 24, "1_2": 32})


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for the narrowed encoder with seeded random weights that keep activations alive."""
    from safetensors.torch import save_file

    from impasto.models.encoder import Encoder

    generator = torch.Generator().manual_seed(7)
    with pytest.MonkeyPatch.context() as patch:
        _narrow(patch)
        shapes = {name: value.shape for name, value in Encoder().state_dict().items()}
    state = {}
    for name, shape in shapes.items():
        fan_in = shape[1:].numel() if len(shape) == 4 else 400
        state[name] = (torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5).half()
    path = tmp_path_factory.mktemp("weights") / "encoder.safetensors"
    save_file(state, path)
    return path


def _know_true_encoder() -> None:
    from impasto.engine import fast

    for precision in (torch.float32, torch.bfloat16):
        fast._encoder(torch.device("cpu"), precision)  # each is loaded once


@pytest.fixture
def tiny_backbone(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let "embedded" be a network that needs no trained weights: narrower, with seeded random numbers.

    The fast method keeps the true one, whose vectors it has learnt to paint by.
    """
    from impasto.models import backbones, encoder

    _know_true_encoder()
    _narrow(monkeypatch)
    for module in (encoder, backbones):
        monkeypatch.setattr(module, "WEIGHTS_FILE", tiny_weights)
    return tiny_weights
