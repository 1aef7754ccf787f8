"""Animations and sequences of pictures: in, out, and into each other."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from impasto.engine.film import is_clip, open_clip, stylize_video
from impasto.errors import InputError, OutputError
from impasto.images import read, write

DURATIONS = [40, 90, 120, 40, 200, 70]


@pytest.fixture
def pictures(pan: Any) -> list[Image.Image]:
    return [Image.fromarray((frame[:64, :96] * 255 + 0.5).astype(np.uint8)) for frame in pan.frames[:6]]


def animated(path: Path, pictures: list[Image.Image], **options: Any) -> Path:
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=DURATIONS, **options)
    return path


def numbered(folder: Path, pictures: list[Image.Image], name: str = "frame{}.png") -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures, 8):
        picture.save(folder / name.format(number))
    return folder


@pytest.mark.parametrize("ending", [".gif", ".webp", ".apng"])
def test_an_animation_keeps_its_durations_and_its_loop(
    ending: str, tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any
):
    clip = animated(tmp_path / f"clip{ending}", pictures, loop=3)
    stylize_video(clip, ink, tmp_path / f"out{ending}", method)
    with Image.open(tmp_path / f"out{ending}") as result:
        assert result.n_frames == 6
        assert result.size == (96, 64)
        assert result.info["loop"] == 3
    found = [frame.duration for frame in open_clip(tmp_path / f"out{ending}").frames()]
    assert found == DURATIONS


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_a_film_as_a_gif_keeps_its_speed(rate: int, tmp_path: Path, write_film: Any, pan: Any, method: Any, ink: Any):
    frames = [frame[:64, :96] for frame in pan.frames]
    clip = write_film(frames, times=range(len(frames)), time_base=Fraction(1, rate))
    stylize_video(clip, ink, tmp_path / "out.gif", method)
    durations = [frame.duration for frame in open_clip(tmp_path / "out.gif").frames()]
    assert sum(durations) == pytest.approx(1000 * (len(frames) - 1) / rate + 40, abs=10)  # the last stays for 40
    assert min(durations) >= 20  # browsers show what is shorter several times as long
    assert len(durations) == len(frames) if rate < 50 else len(durations) > len(frames) / 2


@pytest.mark.parametrize("size", [(10, 10), (6, 60), (60, 5), (1, 1)])
def test_tiny_animations_are_painted(size: tuple[int, int], tmp_path: Path, pan: Any, method: Any, ink: Any):
    pictures = [Image.fromarray((frame[: size[1], : size[0]] * 255 + 0.5).astype(np.uint8)) for frame in pan.frames[:6]]
    stylize_video(animated(tmp_path / "clip.webp", pictures, lossless=True), ink, tmp_path / "out", method)
    assert len(list((tmp_path / "out").iterdir())) == 6


def test_an_animation_that_plays_once_plays_once(tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any):
    stylize_video(animated(tmp_path / "clip.gif", pictures), ink, tmp_path / "out.gif", method)
    with Image.open(tmp_path / "out.gif") as result:
        assert "loop" not in result.info
    stylize_video(tmp_path / "clip.gif", ink, tmp_path / "out.webp", method)
    with Image.open(tmp_path / "out.webp") as result:
        assert result.info["loop"] == 1


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_transparency_stays(ending: str, tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any):
    for number, picture in enumerate(pictures):
        mask = np.full((64, 96), 255, np.uint8)
        mask[:, : 10 + 5 * number] = 0
        picture.putalpha(Image.fromarray(mask))
    clip = animated(tmp_path / f"clip{ending}", pictures, lossless=True, disposal=2)
    stylize_video(clip, ink, tmp_path / f"out{ending}", method)
    before, after = (list(open_clip(tmp_path / f"{name}{ending}").frames()) for name in ("clip", "out"))
    for one, other in zip(before, after, strict=True):
        assert one.alpha is not None
        assert other.alpha is not None
        assert np.abs(one.alpha.astype(int) - other.alpha).max() <= 1


def test_a_transparent_animation_becomes_a_smaller_film_on_white(
    tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any
):
    for picture in pictures:
        picture.putalpha(0)
    clip = animated(tmp_path / "clip.webp", pictures, lossless=True)
    stylize_video(clip, ink, tmp_path / "out.mp4", method.like(replace(method.config, size=48), method.painter))
    for frame in open_clip(tmp_path / "out.mp4").frames():
        assert frame.pixels.shape[1] == 48
        assert frame.pixels.min() > 240


def test_a_gif_does_not_flicker_where_nothing_moves(tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any):
    still = [pictures[0].copy() for _ in range(3)]
    for number, picture in enumerate(still):
        picture.paste(pictures[1].crop((0, 0, 8, 8)), (80, 4 * number))
    stylize_video(animated(tmp_path / "clip.gif", still), ink, tmp_path / "out.gif", method)
    first, *others = [frame.pixels[:, :40] for frame in open_clip(tmp_path / "out.gif").frames()]
    for other in others:
        assert np.mean(first != other) < 0.002


def test_an_animation_becomes_a_film(tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any):
    report = stylize_video(animated(tmp_path / "clip.webp", pictures), ink, tmp_path / "out.mp4", method)
    assert report.film_seconds == pytest.approx(sum(DURATIONS) / 1000)
    film = open_clip(tmp_path / "out.mp4")
    assert [frame.duration * film.time_base for frame in film.frames()] == [Fraction(ms, 1000) for ms in DURATIONS]


def test_a_folder_of_frames_is_painted_in_the_order_of_their_numbers(
    tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any
):
    clip = numbered(tmp_path / "frames", pictures)  # 8, 9, 10: by letters 10 would come first
    report = stylize_video(clip, ink, tmp_path / "out.mp4", method, fps=12.5)
    assert report.film_seconds == pytest.approx(6 / 12.5)
    for given, frame in zip(pictures, open_clip(clip).frames(), strict=True):
        assert np.array_equal(frame.pixels, np.asarray(given))


def test_frames_become_frames_by_the_same_names(tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any):
    clip = numbered(tmp_path / "frames", pictures)
    stylize_video(clip, ink, tmp_path / "painted", method)
    assert [file.name for file in sorted((tmp_path / "painted").iterdir())] == sorted(
        f"frame{number}.png" for number in range(8, 14)
    )
    stylize_video(clip / "frame%d.png", ink, tmp_path / "numbered-%04d.jpg", method)
    assert sorted(file.name for file in tmp_path.glob("numbered-*")) == [
        f"numbered-{number:04d}.jpg" for number in range(8, 14)
    ]


def test_deep_frames_stay_deep(tmp_path: Path, pan: Any, method: Any, ink: Any):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(2):
        pixels = np.ascontiguousarray(pan.frames[number][:64, :96].transpose(2, 0, 1)[None])
        write(torch.from_numpy(pixels), folder / f"{number}.png", bits=16)
    stylize_video(folder, ink, tmp_path / "painted", method)
    assert read(tmp_path / "painted" / "0.png").bits == 16


def test_a_star_stands_for_many(tmp_path: Path, pictures: list[Image.Image]):
    clip = numbered(tmp_path / "frames", pictures)
    (clip / "notes.txt").write_text("no picture")
    assert open_clip(clip / "frame*.png").frame_count == 6
    assert open_clip(clip / "frame%02d.png").frame_count == 6
    assert open_clip(clip).frame_count == 6


def test_frames_of_different_sizes_are_refused(tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any):
    clip = numbered(tmp_path / "frames", [*pictures[:2], pictures[2].resize((48, 32))])
    with pytest.raises(InputError, match=r"frame10\.png has 48x32 px, but frame8\.png has 96x64"):
        stylize_video(clip, ink, tmp_path / "out.mp4", method)


def test_results_never_fall_among_the_frames(tmp_path: Path, pictures: list[Image.Image], method: Any, ink: Any):
    clip = numbered(tmp_path / "frames", pictures)
    with pytest.raises(OutputError, match="among the frames"):
        stylize_video(clip, ink, clip / "painted-%d.png", method)


def test_what_is_a_clip(tmp_path: Path, pictures: list[Image.Image]):
    pictures[0].save(tmp_path / "still.gif")
    assert not is_clip(tmp_path / "still.gif")
    assert not is_clip(numbered(tmp_path / "frames", pictures))
    assert is_clip(animated(tmp_path / "clip.gif", pictures))
    assert is_clip(tmp_path / "clip.mov")
    assert is_clip(tmp_path / "frames" / "frame%d.png")
    with pytest.raises(InputError, match="is a single picture"):
        open_clip(tmp_path / "still.gif")
    with pytest.raises(InputError, match="holds no frames"):
        open_clip(tmp_path / "frames" / "none*.png")
