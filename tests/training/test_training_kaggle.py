"""Fetching from Kaggle says clearly what is missing; nothing here reaches the network."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paired_pictures import drawn, put

from impasto.errors import InputError, MissingExtraError, OptionError
from impasto.training.kaggle import ART_BY_AI, contents_of, fetch_kaggle

kagglehub = pytest.importorskip("kagglehub", reason="the extra kaggle is not installed")
import requests  # noqa: E402 - it comes with kagglehub


def refusing(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def download(*_: object, **__: object) -> str:
        raise fault

    monkeypatch.setattr(kagglehub, "dataset_download", download)


def answered(status: int) -> Exception:
    from kagglehub.exceptions import KaggleApiHTTPError

    return KaggleApiHTTPError("no", response=SimpleNamespace(status_code=status, url="", headers={}))  # type: ignore[arg-type]


def test_what_was_fetched_is_where_it_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def download(name: str, *, output_dir: str) -> str:
        asked.update(name=name, output_dir=output_dir)
        return output_dir

    monkeypatch.setattr(kagglehub, "dataset_download", download)
    assert fetch_kaggle(ART_BY_AI, tmp_path / "set") == tmp_path / "set"
    assert asked == {"name": ART_BY_AI, "output_dir": str(tmp_path / "set")}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (answered(401), "make a token at kaggle.com"),
        (answered(403), "make a token at kaggle.com"),
        (kagglehub.exceptions.UnauthenticatedError(), "make a token at kaggle.com"),
        (answered(404), "no set"),
        (answered(503), r"it answered 503\. The same command goes on later\.$"),
        (requests.ConnectionError("no route"), "is the network there"),
        (TimeoutError("slow"), "is the network there"),
        (kagglehub.exceptions.DataCorruptionError("bad"), "arrived damaged"),
        (PermissionError(13, "Permission denied"), "another folder with -o"),
    ],
)
def test_every_trouble_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, told: str
) -> None:
    refusing(monkeypatch, fault)
    with pytest.raises(InputError, match=told):
        fetch_kaggle(ART_BY_AI, tmp_path / "set")


def test_a_bug_stays_a_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        fetch_kaggle(ART_BY_AI, tmp_path / "set")


@pytest.mark.parametrize("name", ["art-by-ai", "a/b/c", "/x", ""])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="OWNER/NAME"):
        fetch_kaggle(name, tmp_path)


def test_without_the_extra_its_install_line_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[kaggle\]"):
        fetch_kaggle(ART_BY_AI, tmp_path)


def test_what_arrived_is_described(tmp_path: Path) -> None:
    put(drawn(1), tmp_path / "content" / "a.png")
    (tmp_path / "list.csv").write_text("content,styled\na.png,b.png\n")
    assert contents_of(tmp_path) == ["list.csv: columns content, styled", "content/: 1 pictures"]
