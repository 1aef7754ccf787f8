"""What the environment says about where weights are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from impasto.weights import cache_folder, fetched_folder, is_offline, search_folders


def test_the_cache_is_where_it_is_told_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "there"))
    assert cache_folder() == tmp_path / "there"
    assert fetched_folder().parent == cache_folder()
    assert not cache_folder().exists(), "asking makes no folder"


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "base/impasto"),
        ("win32", "LOCALAPPDATA", "base/impasto"),
        ("darwin", "UNUSED", "home/Library/Caches/impasto"),
        ("linux", "UNUSED", "home/.cache/impasto"),
    ],
)
def test_each_platform_has_its_place(
    platform: str, variable: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("IMPASTO_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv(variable, str(tmp_path / "base"))
    assert cache_folder() == tmp_path / expected


def test_own_folders_are_searched_in_order_and_empty_names_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = [str(tmp_path / "a"), "", " ", str(tmp_path / "b")]
    monkeypatch.setenv("IMPASTO_WEIGHTS", os.pathsep.join(named))
    assert search_folders() == [tmp_path / "a", tmp_path / "b", fetched_folder()]


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("yes", True), ("", False), ("0", False), ("No", False)])
def test_offline_is_a_switch(value: str, offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", value)
    assert is_offline() is offline
