"""What can run here and now, what each method needs, and how to get it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from impasto.config import METHODS, Adain, Magenta, Optimize
from impasto.engine.published import downloads_of, networks_of, path_of_weights
from impasto.engine.readiness import readiness
from impasto.weights import published


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A computer that has every library and none of the published weights."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)


def test_every_method_is_told_of() -> None:
    assert [one.method for one in readiness()] == list(METHODS)
    assert all(one.paper and one.learnt for one in readiness())


def test_what_comes_with_the_package_is_ready() -> None:
    states = {one.method: one.state for one in readiness(["fast", "optimize"])}
    assert states == {"fast": "ready", "optimize": "ready"}


def test_what_would_be_fetched_is_named_with_size_and_licence() -> None:
    (magenta,) = readiness(["magenta"])
    assert (magenta.is_ready, magenta.state) == (True, "ready, after a download")
    assert magenta.downloads[0] == "magenta-prediction (3 MB, Apache-2.0 (Google))"


def test_a_missing_extra_comes_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    magenta, hub = readiness(["magenta", "magenta-hub"])
    assert (magenta.is_ready, magenta.state, magenta.downloads) == (False, "not yet", ())
    assert magenta.missing == ("install its extra: pip install 'impasto[magenta]'",)
    assert "impasto[tensorflow]" in hub.missing[0]


def test_magentas_paper_and_data_are_named() -> None:
    for one in readiness(["magenta", "magenta-hub"]):
        assert "BMVC 2017, arXiv 1705.06830" in one.paper
        assert all(fact in one.learnt for fact in ("ImageNet", "COCO", "80,000 paintings", "256 px"))


def test_what_only_the_user_can_give_is_said() -> None:
    (trained,) = readiness(["trained"])
    assert trained.state == "ready, with a file of yours"
    assert "impasto import" in str(trained.yours)


def test_only_what_is_not_given_is_fetched() -> None:
    assert networks_of(Adain()) == ["adain-encoder", "adain-decoder"]
    assert networks_of(Adain(encoder="mine.npz")) == ["adain-decoder"]
    assert networks_of(Magenta()) == ["magenta-prediction", "magenta-transfer"]
    assert networks_of(Optimize(backbone="vgg19")) == ["vgg19"]
    assert networks_of(Optimize()) == []
    assert downloads_of(Adain(encoder="mine.npz")) == ["decoder.pth (14 MB)"]


def test_a_path_is_taken_as_it_is() -> None:
    assert path_of_weights("adain-encoder", "mine.npz") == Path("mine.npz")


@pytest.mark.parametrize("network", ["magenta-prediction", "magenta-transfer", "adain-encoder", "adain-decoder"])
def test_published_networks_are_told_by_their_sha256(network: str) -> None:
    entry = published(network)
    assert entry.digest is not None
    assert entry.digest.kind == "sha256"
    assert entry.size
    assert all(url.startswith("https://") for url in entry.urls)


@pytest.mark.kit
def test_the_kits_files_are_found_by_their_content(kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(kit / "reference"))
    assert [one.state for one in readiness(["adain", "magenta"])] == ["ready", "ready"]
    assert path_of_weights("adain-decoder").name == "adain_decoder_8bit.npz"
    assert path_of_weights("magenta-transfer").name == "transfer.tflite"
