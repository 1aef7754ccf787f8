"""Films of a picture coming into being."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from impasto.errors import MissingExtraError, OptionError, OutputError
from impasto.evaluation import Timelapse
from impasto.evaluation.timelapse import timeline


def fade(share: float, size: tuple[int, int] = (24, 32)) -> Tensor:
    """From red to blue."""
    return torch.tensor([1 - share, 0.2, share]).view(1, 3, 1, 1).expand(1, 3, *size)


def filmed(path: Path, count: int = 6, **options) -> Path:
    with Timelapse(path, **options) as film:
        for index in range(count):
            film.add(fade(index / max(1, count - 1), (12, 16) if index < count // 2 else (24, 32)))
    return path


def frames_of(path: Path) -> list[tuple[int, tuple[int, int, int]]]:
    """Milliseconds and middle pixel of each frame of a GIF or WebP."""
    with Image.open(path) as film:
        frames = []
        for index in range(film.n_frames):
            film.seek(index)
            film.load()
            frames.append((film.info["duration"], film.convert("RGB").getpixel((film.width // 2, film.height // 2))))
    return frames


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_animations_show_every_picture_and_hold_the_ends(tmp_path, suffix) -> None:
    path = filmed(tmp_path / f"film{suffix}", size=(48, 64), fps=20)
    frames = frames_of(path)
    assert len(frames) == 6
    assert [milliseconds for milliseconds, _ in frames] == [800, 50, 50, 50, 50, 2050]
    assert frames[0][1] == pytest.approx((255, 51, 0), abs=16)
    assert frames[-1][1] == pytest.approx((0, 51, 255), abs=16)
    with Image.open(path) as film:
        assert film.size == (64, 48)
        assert film.info["loop"] == 0
    assert list(tmp_path.iterdir()) == [path]


def test_mp4_shows_every_picture_at_an_even_size(tmp_path) -> None:
    av = pytest.importorskip("av")
    path = filmed(tmp_path / "film.mp4", size=(47, 65), fps=20)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert float(stream.average_rate) == 20
    assert frames[0].shape == (48, 64, 3)
    assert len(frames) == 15 + 6 + 40
    assert frames[0][20, 20].tolist() == pytest.approx([255, 51, 0], abs=24)
    assert frames[-1][20, 20].tolist() == pytest.approx([0, 51, 255], abs=24)
    assert list(tmp_path.iterdir()) == [path]


def test_the_length_can_be_asked_for(tmp_path) -> None:
    for count in (3, 50):
        path = filmed(tmp_path / f"{count}.gif", count, size=(8, 8), fps=10, seconds=1.5)
        assert sum(duration for duration, _ in frames_of(path)) == pytest.approx(750 + 1500 + 2000, abs=60)


def test_the_timeline_begins_with_the_first_and_ends_with_the_last() -> None:
    assert timeline(3, 4) == [0, 0, 0, 0, 1, 2, *[2] * 8]
    assert timeline(1, 4) == [0] * 12
    assert timeline(100, 10, 1.0)[8:18] == [0, 11, 22, 33, 44, 55, 66, 77, 88, 99]
    bounded = timeline(1000, 24, most=10)
    assert len(set(bounded)) == 10
    assert (bounded[0], bounded[-1], bounded == sorted(bounded)) == (0, 999, True)
    assert set(timeline(50, 1, most=2)) == {0, 49}


def test_the_size_follows_the_first_picture(tmp_path) -> None:
    with Timelapse(tmp_path / "film.gif") as film:
        film.add(fade(0, (20, 40)))
        film.add(fade(1, (41, 80)))
    with Image.open(tmp_path / "film.gif") as written:
        assert written.size == (480, 240)


def test_a_single_picture_and_none_at_all(tmp_path) -> None:
    assert filmed(tmp_path / "one.gif", 1).is_file()
    assert filmed(tmp_path / "one.webp", 1).is_file()
    assert not filmed(tmp_path / "none.gif", 0).exists()


def test_a_block_that_fails_leaves_nothing_and_keeps_the_old_film(tmp_path) -> None:
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")
    film = Timelapse(path)

    def paint() -> None:
        with film:
            film.add(fade(0))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        paint()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ValueError, match="closed"):
        film.add(fade(0))


def test_an_encoder_that_fails_leaves_nothing(tmp_path, monkeypatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    film = Timelapse(tmp_path / "film.gif")
    film.add(fade(0))
    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(OutputError, match="No space left"):
        film.close()
    assert not list(tmp_path.iterdir())
    film.close()  # again, without harm


def test_everything_is_checked_at_the_start(tmp_path, monkeypatch) -> None:
    with pytest.raises(OutputError, match=r"\.mp4, \.gif, \.webp"):
        Timelapse(tmp_path / "film.avi")
    with pytest.raises(OutputError, match="folder that exists"):
        Timelapse(tmp_path / "nowhere" / "film.gif")
    with pytest.raises(OptionError, match="fps is 0"):
        Timelapse(tmp_path / "film.gif", fps=0)
    with pytest.raises(OptionError, match="seconds is -1"):
        Timelapse(tmp_path / "film.gif", seconds=-1)
    with pytest.raises(OptionError, match="size is"):
        Timelapse(tmp_path / "film.gif", size=(0, 4))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[film\]"):
        Timelapse(tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())


def test_still_pixels_stay_still_in_a_gif(tmp_path) -> None:
    """One palette and a fixed dither: where nothing changes, nothing flickers."""
    still = torch.rand(1, 3, 32, 32)
    with Timelapse(tmp_path / "film.gif", size=(32, 32)) as film:
        for index in range(4):
            picture = still.clone()
            picture[..., 24:] = index / 4
            film.add(picture)
    with Image.open(tmp_path / "film.gif") as written:
        seen = []
        for index in range(4):
            written.seek(index)
            seen.append(written.convert("RGB").crop((0, 0, 16, 32)).tobytes())
    assert len(set(seen)) == 1
