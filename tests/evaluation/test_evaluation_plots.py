"""Loss curves."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from impasto.errors import InputError, MissingExtraError, OutputError
from impasto.evaluation import plot_losses
from impasto.images import read

LOSSES = {"total": [1 / (1 + n) for n in range(30)], "style": [0.5 / (1 + n) for n in range(30)]}


def test_importing_evaluation_imports_neither_matplotlib_nor_av() -> None:
    code = "import impasto.evaluation, sys; sys.exit(any(name in sys.modules for name in ('matplotlib', 'av')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_the_line_that_installs_it_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[plots\]"):
        plot_losses(LOSSES, tmp_path / "losses.png")
    assert not list(tmp_path.iterdir())


def test_a_plot_is_drawn_without_touching_pyplot(tmp_path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    before, loaded = dict(matplotlib.rcParams), "matplotlib.pyplot" in sys.modules
    plot_losses(LOSSES, tmp_path / "losses.png", boundaries={0: "128 px", 20: "256 px"}, title="a $b")
    assert ("matplotlib.pyplot" in sys.modules) == loaded
    assert dict(matplotlib.rcParams) == before
    pixels = read(tmp_path / "losses.png").pixels
    assert pixels.shape[3] > 1000
    assert float(pixels.min()) < 0.3  # something dark was drawn
    assert [path.name for path in tmp_path.iterdir()] == ["losses.png"]


def test_gaps_and_boundaries_are_in_the_drawing(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    plot_losses({"content_loss": [1, 0, math.nan, math.inf, 2], "none": []}, tmp_path / "l.svg", boundaries={2: "x"})
    assert (tmp_path / "l.svg").read_text().startswith("<?xml")


def test_what_cannot_be_plotted_is_said(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="at least one value"):
        plot_losses({"total": []}, tmp_path / "losses.png")
    with pytest.raises(OutputError, match=r"\.png, \.svg, \.pdf"):
        plot_losses(LOSSES, tmp_path / "losses.txt")
    with pytest.raises(OutputError, match="folder that exists"):
        plot_losses(LOSSES, tmp_path / "nowhere" / "losses.png")
    assert not list(tmp_path.iterdir())


def test_a_plot_that_fails_leaves_the_old_one(tmp_path, monkeypatch) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    def fail(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    (tmp_path / "losses.png").write_bytes(b"old")
    with pytest.raises(OutputError, match="No space left"):
        plot_losses(LOSSES, tmp_path / "losses.png")
    assert (tmp_path / "losses.png").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
