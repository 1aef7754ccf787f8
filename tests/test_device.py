"""Where to compute, with what precision, and how much memory there is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from impasto import device
from impasto.errors import OptionError

CPU = torch.device("cpu")


def pretend(monkeypatch: pytest.MonkeyPatch, *present: str) -> None:
    """Let torch say that it has these accelerators."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in present)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in present)


@pytest.mark.parametrize(
    ("present", "best"), [((), "cpu"), (("mps",), "mps"), (("cuda",), "cuda"), (("cuda", "mps"), "cuda")]
)
def test_auto_is_the_best_there_is(present: tuple[str, ...], best: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, *present)
    assert device.pick_device("auto").type == best
    assert device.pick_device("cpu").type == "cpu"


@pytest.mark.parametrize("wanted", ["cuda", "mps", "tpu"])
def test_what_is_not_there_is_refused_with_what_is(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    with pytest.raises(OptionError, match=f"'{wanted}' is not available here; this machine has cpu"):
        device.pick_device(wanted)


def test_precision_is_what_is_asked_for_or_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for quick, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(device, "_has_bfloat16", lambda _, quick=quick: quick)
        assert device.pick_precision("auto", CPU) == expected
        assert device.pick_precision("float32", CPU) == torch.float32
        assert device.pick_precision("bfloat16", CPU) == torch.bfloat16


def test_a_torch_that_cannot_be_asked_means_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """The questions are private to torch and absent from its older versions."""
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    device._has_bfloat16.cache_clear()
    try:
        assert device.pick_precision("auto", CPU) == torch.float32
    finally:
        device._has_bfloat16.cache_clear()


def test_available_memory_is_a_plausible_number() -> None:
    assert 2**26 < device.available_memory(CPU) < 2**50


GIB = 2**30


def group(folder: Path, most: str, used: int, cached: int = 0) -> Path:
    (folder / "memory.max").write_text(f"{most}\n", "ascii")
    (folder / "memory.current").write_text(f"{used}\n", "ascii")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\nactive_file 7\n", "ascii")
    return folder


@pytest.mark.parametrize(
    ("most", "used", "cached", "expected"),
    [
        ("max", GIB, 0, 8 * GIB),
        (str(4 * GIB), GIB, 0, 3 * GIB),
        (str(4 * GIB), 3 * GIB, 2 * GIB, 3 * GIB),  # files that were read give way at once
        (str(64 * GIB), GIB, 0, 8 * GIB),
        (str(GIB), 2 * GIB, 0, 0),
    ],
)
def test_a_container_may_use_less_than_the_machine_has(
    tmp_path: Path, most: str, used: int, cached: int, expected: int
) -> None:
    assert device._container_limit(8 * GIB, group(tmp_path, most, used, cached)) == expected


@pytest.mark.parametrize("damage", ["no folder", "no limit", "words"])
def test_without_a_readable_limit_there_is_none(tmp_path: Path, damage: str) -> None:
    folder = group(tmp_path, str(GIB), 0)
    if damage == "no folder":
        folder = tmp_path / "nowhere"
    elif damage == "no limit":
        (folder / "memory.max").unlink()
    else:
        (folder / "memory.max").write_text("plenty", "ascii")
    assert device._container_limit(8 * GIB, folder) == 8 * GIB


def test_big_pages_are_asked_for_once_and_never_hurt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THP_MEM_ALLOC_ENABLE", "0")
    device.prefer_big_pages.cache_clear()
    device.prefer_big_pages()
    assert os.environ["THP_MEM_ALLOC_ENABLE"] == "0", "what the user set stays"
    device.prefer_big_pages()
    assert device.prefer_big_pages.cache_info().hits == 1


@pytest.mark.parametrize("platform", ["darwin", "win32", "linux without glibc"])
def test_elsewhere_nothing_is_changed(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform.split(maxsplit=1)[0])

    class NoSuchLibrary:
        def __init__(self, _: None) -> None:
            if platform != "linux without glibc":
                raise AssertionError("no library should be asked")

    monkeypatch.setattr(device.ctypes, "CDLL", NoSuchLibrary)
    monkeypatch.setenv("THP_MEM_ALLOC_ENABLE", "1")
    device.prefer_big_pages.cache_clear()
    device.prefer_big_pages()


def test_importing_it_needs_no_torch() -> None:
    code = "import sys, impasto.device; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
