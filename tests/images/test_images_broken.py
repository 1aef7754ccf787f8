"""Broken files, every kind of damage in every format: one sentence each, or valid pixels, nothing else."""

from __future__ import annotations

import os
import random
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.images import Picture, read, read_recipe, write

SUFFIXES = ["jpg", "png", "webp", "tif", "bmp", "gif", "avif", "heic"]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("healthy")
    pixels = torch.rand(1, 3, 40, 56, generator=torch.Generator().manual_seed(5))
    files = {}
    for suffix in SUFFIXES:
        write(pixels, folder / f"a.{suffix}")
        files[suffix] = (folder / f"a.{suffix}").read_bytes()
    write(pixels, folder / "deep.png", bits=16)
    write(pixels, folder / "deep.tif", bits=16)
    files["png16"], files["tif16"] = (folder / "deep.png").read_bytes(), (folder / "deep.tif").read_bytes()
    return files


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)]


def scrambled(data: bytes, start: float = 0.6) -> bytes:
    """Keep the header, and put noise where the pixels are."""
    first = int(len(data) * start)
    noise = random.Random(3).randbytes(len(data) - first - 20)
    return data[:first] + noise + data[-20:]


def flipped(data: bytes) -> bytes:
    """Flip bits here and there behind the header."""
    damaged = bytearray(data)
    chance = random.Random(4)
    for _ in range(30):
        damaged[chance.randrange(min(200, len(data) // 2), len(data))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def zipped(_: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "not a picture")
    return file.getvalue()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "one byte": cut(0.0001),
    "cut in the magic": lambda data: data[:5],
    "cut in the header": lambda data: data[:30],
    "cut at a tenth": cut(0.1),
    "cut in the middle": cut(0.5),
    "cut near the end": cut(0.9),
    "text": lambda _: b"This is not a picture,\nbut a letter to a friend.\n",
    "web page": lambda _: b"<!DOCTYPE html><html><body>404 not found</body></html>",
    "random bytes": lambda data: random.Random(1).randbytes(len(data)),
    "zeros": lambda data: bytes(len(data)),
    "zip archive": zipped,
    "noise after the magic": lambda data: data[:12] + random.Random(2).randbytes(len(data)),
    "noise for pixels": scrambled,
    "flipped bits": flipped,
    "header twice": lambda data: data[:200] + data,
}


def assert_explained_or_valid(path: Path, max_pixels: int | None = None) -> str | None:
    """Read; return the message, or None when the pixels could be read after all."""
    try:
        picture = read(path, max_pixels=max_pixels)
    except InputError as error:
        message = str(error)
        assert "\n" not in message
        assert path.name in message
        assert message.endswith(".")
        assert ";" in message  # after what is wrong comes what to do
        return message
    assert isinstance(picture, Picture)
    assert torch.isfinite(picture.pixels).all()
    assert 0 <= picture.pixels.min() <= picture.pixels.max() <= 1
    assert picture.pixels.shape[:2] == (1, 3)
    return None


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("suffix", [*SUFFIXES, "png16", "tif16"])
def test_damaged_files(tmp_path: Path, healthy: dict[str, bytes], suffix: str, damage: str) -> None:
    path = tmp_path / f"broken.{suffix.removesuffix('16')}"
    path.write_bytes(DAMAGES[damage](healthy[suffix]))
    message = assert_explained_or_valid(path)
    if not damage.startswith(("noise for", "flipped", "cut near", "header twice")):
        assert message is not None


@pytest.mark.parametrize("content", SUFFIXES)
@pytest.mark.parametrize("claimed", SUFFIXES)
def test_mislabelled_files_are_read_by_content(
    tmp_path: Path, healthy: dict[str, bytes], content: str, claimed: str
) -> None:
    path = tmp_path / f"mislabelled.{claimed}"
    path.write_bytes(healthy[content])
    assert read(path).size == (40, 56)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"Dear Sir or Madam,\n" * 10, "is a text file, whatever its name says"),
        ("Grüße aus Köln, ça va?\n".encode() * 300, "is a text file"),
        (b"  <html><head>", "is a web page"),
        (b'<?xml version="1.0"?><svg xmlns="x"></svg>', "is an SVG drawing"),
        (b"%PDF-1.7 and so on", "is a PDF document"),
        (zipped(b""), "is a zip archive"),
        (b"\0\0\0\x18ftypisom" + bytes(40), "is a film"),
        (b"\x89PNG\r\n\x1a\n", "begins like a PNG file but is damaged"),
        (bytes(range(256)), "is not a picture"),
    ],
)
def test_the_message_says_what_the_file_is(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(data)
    assert told in (assert_explained_or_valid(path) or "")


def test_a_missing_file_and_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "harbour.jpg").touch()
    with pytest.raises(InputError, match=r"harbor.jpg does not exist \(did you mean 'harbour.jpg'\?\)"):
        read(tmp_path / "harbor.jpg")
    with pytest.raises(InputError, match="does not exist;"):
        read(tmp_path / "nowhere" / "at-all.png")


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 300 + ".png", ""])
def test_impossible_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        read(f"{tmp_path}/{name}")
    assert "\n" not in str(caught.value)


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"two\?lines.png") as caught:
        read(tmp_path / "two\nlines.png")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="not a regular file"):
        read(tmp_path / "pipe.png")


def test_folders_and_raw_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read(tmp_path)
    (tmp_path / "photo.NEF").write_bytes(b"II*\0")
    with pytest.raises(InputError, match="raw file; develop it"):
        read(tmp_path / "photo.NEF")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path, healthy: dict[str, bytes]) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(healthy["png"])
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        read(path)


def test_permission_and_memory_errors_are_told_apart(
    tmp_path: Path, healthy: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(healthy["png"])
    for error, told in (
        (PermissionError(), "may not be read"),
        (MemoryError(), "more memory"),
        (SyntaxError(), "damaged"),
    ):

        def fail(*_: object, error: BaseException = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("impasto.images.opening.Image.open", fail)
        with pytest.raises(InputError, match=told):
            read(path)


def test_recipes_of_broken_files(tmp_path: Path, healthy: dict[str, bytes]) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(healthy[suffix][:40])
        with pytest.raises(InputError):
            read_recipe(path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("scratch") / "any.bin"


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    suffix=st.sampled_from([*SUFFIXES, "png16", "tif16"]),
    seed=st.integers(0, 2**32),
    flips=st.integers(1, 12),
)
def test_any_flipped_bytes(scratch: Path, healthy: dict[str, bytes], suffix: str, seed: int, flips: int) -> None:
    data = np.frombuffer(healthy[suffix], np.uint8).copy()
    chance = np.random.default_rng(seed)
    places = chance.integers(0, len(data), flips)
    data[places] = chance.integers(0, 256, flips)
    scratch.write_bytes(data.tobytes())
    assert_explained_or_valid(scratch, max_pixels=1_000_000)  # a flipped size must not take the test's memory
