"""Films, from file to file: times, sound, colors, pieces, and going on after an interruption."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.config import Fast, Optimize
from impasto.engine.film import FilmStep, joining, open_clip, stylize_video, stylizing
from impasto.engine.film.frames import as_float
from impasto.engine.film.motion import Watcher, reduced
from impasto.engine.film.painters import film_painter
from impasto.engine.film.planning import plan_film
from impasto.engine.film.steadying import Steadier
from impasto.engine.onepass import OnePass
from impasto.engine.optimize import Optimizer
from impasto.errors import ImpastoError, InputError, MissingExtraError, OptionError, OutputError
from impasto.images import Picture, write
from impasto.images.arrays import from_plane, to_plane


@pytest.fixture
def frames(pan: Any) -> list[Any]:
    return [np.ascontiguousarray(frame[:64, :96]) for frame in pan.frames[:12]]


@pytest.fixture
def clip(write_film: Any, frames: Any) -> Path:
    """Twelve frames with sound."""
    return write_film(frames, sound="aac")


def packets(path: Path) -> list[tuple[Fraction, bytes]]:
    """Return the packets of the sound, each with its time in seconds."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in container.demux(stream) if packet.size]


def seen(path: Path) -> list[Any]:
    return [frame.pixels for frame in open_clip(path).frames()]


def times(path: Path) -> list[tuple[Fraction, Fraction]]:
    """Return when each frame appears and how long it stays, in seconds."""
    clip = open_clip(path)
    return [(frame.time * clip.time_base, frame.duration * clip.time_base) for frame in clip.frames()]


UNEVEN = [0, 3000, 9000, 12003, 15003, 18000, 24000, 25500, 30000, 33000, 36000, 42000]


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_times_and_sound_are_kept_bit_for_bit(
    ending: str, tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    clip = write_film(frames, times=UNEVEN, time_base=Fraction(1, 90000), sound="aac")
    report = stylize_video(clip, ink, tmp_path / f"out{ending}", method)
    assert (report.frames, report.sound, report.size) == (12, "kept", (64, 96))
    assert times(report.path) == times(clip)
    assert packets(report.path) == packets(clip)
    assert not list(tmp_path.glob(".*")), "the workshop is gone"


def test_a_matroska_film_keeps_every_bit_of_the_sound(
    tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    clip = write_film(frames, "clip.mkv", sound="flac")
    report = stylize_video(clip, ink, tmp_path / "out.mkv", method)
    assert packets(report.path) == packets(clip)
    assert [moment for moment, _ in times(report.path)] == [moment for moment, _ in times(clip)]


def test_frames_are_really_painted(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    clip = write_film(frames)
    stylize_video(clip, ink, tmp_path / "out.mp4", method, compression=0)
    before, after = seen(clip), seen(tmp_path / "out.mp4")
    assert min(np.abs(one.astype(int) - other).mean() for one, other in zip(before, after, strict=True)) > 10
    alone = method(np_picture(before[0]), ink).image[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(after[0] - alone).mean() < 4  # the first frame is as painted; colors are stored at half the size


def np_picture(pixels: Any) -> Any:
    import torch

    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


@pytest.mark.parametrize("tags", [(1, 1, 1, 1), (9, 14, 9, 1), (5, 6, 5, 2)])
def test_color_tags_are_kept(tags: Any, tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    clip = write_film(frames[:3], tags=tags)
    stylize_video(clip, ink, tmp_path / "out.mp4", method)
    assert open_clip(tmp_path / "out.mp4").tags == open_clip(clip).tags
    found = open_clip(clip).tags
    assert (found.primaries, found.transfer, found.matrix, 1 + found.is_full_range) == tags


def test_a_clip_of_rgb_gets_the_tags_that_its_painting_needs(
    tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    clip = write_film(frames[:3], "clip.mkv", codec="libx264rgb", pixel_format="rgb24", tags=(1, 1, 0, 2))
    assert open_clip(clip).tags.matrix == 0
    stylize_video(clip, ink, tmp_path / "out.mp4", method, compression=0)
    assert open_clip(tmp_path / "out.mp4").tags.matrix == 5  # so small a film is taken for BT.601


def test_interlaced_films_keep_their_times(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    options = {"x264-params": "tff=1", "flags": "+ildct+ilme"}
    clip = write_film(frames, sound="aac", **options)
    assert any(frame.interlaced_frame for frame in decoded(clip))
    assert [moment for moment, _ in times(clip)] == [Fraction(number, 25) for number in range(12)]
    assert {duration for _, duration in times(clip)} == {Fraction(1, 25)}
    report = stylize_video(clip, ink, tmp_path / "out.mp4", method)
    assert times(report.path) == times(clip)
    later = [
        frame.time for frame in open_clip(clip).frames(after=5 * round(Fraction(1, 25) / open_clip(clip).time_base))
    ]
    assert len(later) == 6


def decoded(path: Path) -> list[Any]:
    import av

    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_a_film_of_packets_alone_is_read_on_from_any_frame(write_film: Any, pan: Any):
    """MPEG's streams know of no key frames: what is seeked is a place in the file."""
    clip = open_clip(write_film([frame[:64, :96] for frame in pan.frames], "clip.ts", g="12"))
    known = [frame.time for frame in clip.frames()]
    for number in (0, 5, 11, 12, 20):
        assert [frame.time for frame in clip.frames(after=known[number])] == known[number + 1 :]


def test_a_turned_film_comes_out_upright(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    clip = write_film(frames[:4], turned=90)  # counter-clockwise
    report = stylize_video(clip, ink, tmp_path / "out.mp4", method)
    assert report.size == (96, 64)
    upright = np.rot90(frames[0])
    assert np.abs(seen(clip)[0] / 255 - upright).mean() < 0.03
    brightness = [np.asarray(picture, float).mean(-1) for picture in (upright, seen(report.path)[0])]
    assert np.corrcoef(brightness[0].ravel(), brightness[1].ravel())[0, 1] > 0.5


def test_deep_films_stay_deep(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    import av

    clip = write_film(frames[:3], pixel_format="yuv420p10le")
    stylize_video(clip, ink, tmp_path / "out.mkv", method)
    with av.open(str(tmp_path / "out.mkv")) as film:
        assert film.streams.video[0].codec_context.pix_fmt == "yuv420p10le"


def test_the_film_tells_how_it_was_made(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    import av

    report = stylize_video(write_film(frames[:3]), ink, tmp_path / "out.mp4", method, steadiness=50)
    with av.open(str(tmp_path / "out.mp4")) as film:
        recipe = json.loads(film.metadata["comment"])
    assert recipe == json.loads(json.dumps(report.recipe))
    assert recipe["film"]["steadiness"] == 50
    assert recipe["photo"]["name"] == "clip.mp4"
    assert str(tmp_path) not in json.dumps(recipe)
    stylize_video(write_film(frames[:3]), ink, tmp_path / "plain.mp4", method, keep_recipe=False)
    with av.open(str(tmp_path / "plain.mp4")) as film:
        assert "comment" not in film.metadata


def test_what_a_clip_says_of_itself_is_kept_or_left_out(
    tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    import av

    told = {"title": "Holiday", "artist": "Ada"}
    with av.open(str(write_film(frames[:3]))) as plain, av.open(str(tmp_path / "told.mkv"), "w") as clip:
        clip.metadata.update(told)
        stream = clip.add_stream_from_template(plain.streams.video[0])
        for packet in plain.demux(plain.streams.video[0]):
            if packet.size:
                packet.stream = stream
                clip.mux(packet)
    for name, keep in (("kept.mkv", True), ("left.mkv", False)):
        stylize_video(tmp_path / "told.mkv", ink, tmp_path / name, method, keep_metadata=keep)
        with av.open(str(tmp_path / name)) as film:
            found = {key.lower(): text for key, text in film.metadata.items()}
        assert {key: found.get(key) for key in told} == (told if keep else dict.fromkeys(told))
        assert "comment" in found


def test_a_preview_is_a_piece_with_its_sound(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    clip = write_film(frames, sound="aac")
    report = stylize_video(clip, ink, tmp_path / "out.mp4", method, start="0.16s", preview=0.2)
    assert report.frames == 5
    assert times(report.path) == [(Fraction(number, 25), Fraction(1, 25)) for number in range(5)]
    begin = Fraction(4, 25)
    kept = [(moment - begin, bits) for moment, bits in packets(clip) if begin <= moment < begin + Fraction(1, 5)]
    found = packets(report.path)
    assert [bits for _, bits in found] == [bits for _, bits in kept]
    assert max(abs(one[0] - other[0]) for one, other in zip(found, kept, strict=True)) < Fraction(1, 44100)


def test_sound_can_be_left_out(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    report = stylize_video(write_film(frames[:2], sound="aac"), ink, tmp_path / "out.mp4", method, sound=False)
    assert report.sound == "left out"
    assert not open_clip(report.path).has_sound


def test_a_cut_begins_anew(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    other = [np.ascontiguousarray(1 - frame[::-1]) for frame in frames[:6]]
    clip = write_film([*frames[:6], *other])
    report = stylize_video(clip, ink, tmp_path / "out.mp4", method, compression=0)
    assert report.cuts == pytest.approx([6 / 25])
    alone = method(np_picture(seen(clip)[6]), ink).image[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(seen(report.path)[6] - alone).mean() < 6


def test_the_report_says_how_much_flickers(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    clip = write_film(frames)
    steady = stylize_video(clip, ink, tmp_path / "steady.mp4", method)
    alone = stylize_video(clip, ink, tmp_path / "alone.mp4", method, steadiness=0)
    assert steady.flicker < 0.6 * steady.flicker_painted
    assert alone.flicker == pytest.approx(alone.flicker_painted)
    assert f"flicker    {steady.flicker:.3f}" in steady.describe()


def test_progress_tells_frames_and_time(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    steps: list[FilmStep] = []
    stylize_video(write_film(frames[:5]), ink, tmp_path / "out.mp4", method, on_step=steps.append)
    assert [(step.frame, step.frames) for step in steps] == [(number, 5) for number in range(1, 6)]
    assert steps[-1].seconds == pytest.approx(0.2)
    assert steps[-1].remaining == 0
    assert steps[2].remaining > 0
    assert steps[0].picture().shape == (1, 3, 64, 96)


def step_by_step(clip: Path, ink: Any, out: Path, method: Any) -> list[Any]:
    """Make the folder ``out`` by watching, painting and steadying, nothing of it ahead; return its frames."""
    plan = plan_film(clip, ink, out, method)
    out.mkdir()
    painter, watcher, steadier = film_painter(plan.stylizer, plan.styles), Watcher(), Steadier()
    for frame in plan.clip.frames():
        motion = watcher.see(reduced(frame.pixels))
        picture = Picture(from_plane(as_float(frame.pixels)))
        shown = steadier.steady(to_plane(painter.paint(picture, motion)), motion)
        painter.show(shown)
        write(from_plane(shown), out / f"{frame.number:04d}.png")
    return seen(out)


@pytest.mark.parametrize("name", ["in one pass", "optimize"])
def test_a_film_is_what_its_steps_give_one_after_the_other(
    name: str, tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    clip, config = write_film(frames[:4]), Optimize(steps=2, device="cpu") if name == "optimize" else method
    expected = step_by_step(clip, ink, tmp_path / "expected", config)
    report = stylize_video(clip, ink, tmp_path / "out", config)
    assert all(np.array_equal(*pair) for pair in zip(seen(report.path), expected, strict=True))


class Stop(Exception):
    """Ends a film in the middle, as a crash does."""


def stopping_after(count: int) -> Any:
    def on_step(step: FilmStep) -> None:
        if step.frame == count:
            raise Stop

    return on_step


@pytest.mark.parametrize("name", ["out.mp4", "out.gif", "frames"])
def test_a_film_goes_on_as_if_nothing_had_happened(
    name: str, tmp_path: Path, clip: Path, method: Any, ink: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stylizing, "FRAMES_A_PIECE", 3)
    stylize_video(clip, ink, tmp_path / f"whole-{name}", method)
    for count in (5, 11):
        with pytest.raises(Stop):
            stylize_video(clip, ink, tmp_path / name, method, on_step=stopping_after(count))
    painted: list[int] = []
    report = stylize_video(clip, ink, tmp_path / name, method, on_step=lambda step: painted.append(step.frame))
    assert painted == [10, 11, 12]
    assert report.frames == 12
    one, other = tmp_path / f"whole-{name}", tmp_path / name
    assert all(np.array_equal(*pair) for pair in zip(seen(one), seen(other), strict=True))
    assert one.is_dir() or one.read_bytes() == other.read_bytes()


def test_a_film_painted_by_optimisation_goes_on_from_what_was_shown_last(
    tmp_path: Path, write_film: Any, ink: Any, frames: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stylizing, "FRAMES_A_PIECE", 2)
    clip, method = write_film(frames[:4]), Optimize(steps=2, device="cpu")
    stylize_video(clip, ink, tmp_path / "whole", method)
    with pytest.raises(Stop):
        stylize_video(clip, ink, tmp_path / "out", method, on_step=stopping_after(3))
    stylize_video(clip, ink, tmp_path / "out", method)
    assert all(np.array_equal(*pair) for pair in zip(seen(tmp_path / "whole"), seen(tmp_path / "out"), strict=True))


def test_ctrl_c_keeps_what_is_done(
    tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stylizing, "FRAMES_A_PIECE", 3)

    def on_step(step: FilmStep) -> None:
        if step.frame == 8:
            raise KeyboardInterrupt

    report = stylize_video(write_film(frames), ink, tmp_path / "out.mp4", method, on_step=on_step)
    assert (report.stopped, report.frames) == ("interrupted", 6)
    assert not (tmp_path / "out.mp4").exists()
    notes: list[str | None] = []
    stylize_video(
        tmp_path / "clip.mp4", ink, tmp_path / "out.mp4", method, on_step=lambda step: notes.append(step.note)
    )
    assert notes[0] == "going on after frame 6"


def test_ctrl_c_within_a_frame_makes_no_frame_of_it(
    tmp_path: Path, write_film: Any, ink: Any, frames: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stylizing, "FRAMES_A_PIECE", 1)
    clip, method = write_film(frames[:3]), Optimize(steps=2, device="cpu")
    stylize_video(clip, ink, tmp_path / "whole", method)
    with monkeypatch.context() as interrupted:
        results = itertools.chain(["finished"], itertools.repeat("interrupted"))
        as_it_is = Optimizer.__call__
        interrupted.setattr(
            Optimizer, "__call__", lambda *a, **k: dataclasses.replace(as_it_is(*a, **k), stopped=next(results))
        )
        report = stylize_video(clip, ink, tmp_path / "out", method)
    assert (report.stopped, report.frames) == ("interrupted", 1)
    stylize_video(clip, ink, tmp_path / "out", method)
    assert all(np.array_equal(*pair) for pair in zip(seen(tmp_path / "whole"), seen(tmp_path / "out"), strict=True))


def test_names_of_any_encoding_are_painted(tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any):
    clip = write_film(frames[:2]).rename(tmp_path / os.fsdecode(b"caf\xe9.mp4"))
    stylize_video(clip, ink, tmp_path / "out.mp4", method)
    assert len(seen(tmp_path / "out.mp4")) == 2


def test_another_order_is_refused_by_name_unless_begun_anew(
    tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stylizing, "FRAMES_A_PIECE", 2)
    clip = write_film(frames[:4])
    with pytest.raises(Stop):
        stylize_video(clip, ink, tmp_path / "out.mp4", method, on_step=stopping_after(3))
    with pytest.raises(OutputError, match="steadiness was 100 and is 40 now"):
        stylize_video(clip, ink, tmp_path / "out.mp4", method, steadiness=40)
    assert stylize_video(clip, ink, tmp_path / "out.mp4", method, steadiness=40, restart=True).frames == 4


@pytest.mark.parametrize("name", ["out.mp4", "frames"])
def test_another_order_is_taken_while_no_piece_is_done(
    name: str, tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    clip = write_film(frames[:4])
    with pytest.raises(Stop):
        stylize_video(clip, ink, tmp_path / name, method, on_step=stopping_after(2))
    assert stylize_video(clip, ink, tmp_path / name, method, steadiness=40).frames == 4
    assert not list(tmp_path.glob(".*"))


def test_a_film_without_frames_is_refused_and_leaves_nothing(
    tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    clip = write_film(frames[:4])
    with pytest.raises(InputError, match="no frames after 9 s"):
        stylize_video(clip, ink, tmp_path / "out.mp4", method, start=9)
    assert list(tmp_path.iterdir()) == [clip]


def test_a_film_that_cannot_be_joined_lets_go_of_the_clip(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch):
    opened: list[Any] = []

    def full(source: Any, comment: Any) -> dict[str, str]:
        opened.append(source)
        raise OSError("no space left")

    monkeypatch.setattr(joining, "_description", full)
    with pytest.raises(OutputError, match="no space left"):
        joining.join([], tmp_path / "out.mp4", ".mp4", last_duration=1, time_base=Fraction(1, 25), clip=clip)
    with pytest.raises(AssertionError, match="not open"):
        opened[0].seek(0)


def refused(kind: type[ImpastoError], words: str, *arguments: Any, **options: Any) -> None:
    with pytest.raises(kind, match=words) as caught:
        stylize_video(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_is_refused_before_the_slow_part(
    tmp_path: Path, write_film: Any, method: Any, ink: Any, frames: Any
):
    clip, out = write_film(frames[:3], sound="aac"), tmp_path / "out.mp4"
    (tmp_path / "no.mp4").write_bytes(b"nothing that moves" * 50)
    refused(InputError, "clip.mp3 does not exist.*did you mean 'clip.mp4'", tmp_path / "clip.mp3", ink, out, method)
    refused(InputError, "no.mp4 cannot be read as a film", tmp_path / "no.mp4", ink, out, method)
    refused(OutputError, r"ending .mp5.*did you mean '.mp4'", clip, ink, tmp_path / "out.mp5", method)
    refused(
        OutputError, "out.jpg has the ending .jpg of a picture; end it in .mp4", clip, ink, tmp_path / "out.jpg", method
    )
    refused(OutputError, "folder .* does not exist", clip, ink, tmp_path / "none" / "out.mp4", method)
    refused(OutputError, "is the clip to start from", clip, ink, clip, method)
    refused(OutputError, "has aac sound, which .webm films cannot hold", clip, ink, tmp_path / "out.webm", method)
    refused(OptionError, "steadiness is 101; allowed is a number, 0 to 100", clip, ink, out, method, steadiness=101)
    refused(OptionError, "preview is 'soon'; allowed is a time", clip, ink, out, method, preview="soon")
    refused(OptionError, "size cannot be changed in a method that is loaded", clip, ink, out, method, size=64)
    refused(OptionError, "fps is for sequences", clip, ink, out, method, fps=30)
    refused(InputError, "no frames after 9 s", clip, ink, out, method, start=9)
    assert not out.exists()


def test_a_missing_extra_says_how_to_get_it(tmp_path: Path, ink: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[film\]'"):
        stylize_video(tmp_path / "clip.mp4", ink, tmp_path / "out.mp4")


def test_a_film_is_named_after_clip_and_style(
    tmp_path: Path, write_film: Any, painter: Any, frames: Any, ink: Any, monkeypatch: pytest.MonkeyPatch
):

    monkeypatch.chdir(tmp_path)
    write(ink, tmp_path / "ink.png")
    report = stylize_video(write_film(frames[:2]), "ink.png", config=OnePass(Fast(device="cpu"), painter))
    assert report.path == Path("clip-ink.mp4")
    assert report.path.exists()


_WORK = """
import sys
sys.path.insert(0, {tests!r})
from conftest import FlickeringPainter
from impasto.config import Fast
from impasto.engine.film import stylize_video, stylizing
from impasto.engine.onepass import OnePass
from impasto.engine.optimize import Optimizer
stylizing.FRAMES_A_PIECE = 3
method = OnePass(Fast(device="cpu"), FlickeringPainter(), base=192)
stylize_video("clip.mp4", "ink.png", "out.mp4", method, on_step=lambda step: print(step.frame, flush=True))
"""


@pytest.mark.long
@pytest.mark.parametrize("after", [2, 7])
def test_a_killed_film_goes_on(
    after: int, tmp_path: Path, clip: Path, method: Any, ink: Any, monkeypatch: pytest.MonkeyPatch
):

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stylizing, "FRAMES_A_PIECE", 3)
    write(ink, tmp_path / "ink.png")
    work = [sys.executable, "-c", _WORK.format(tests=str(Path(__file__).parent))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(work, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < after:
            pass
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "out.mp4").exists()
    stylize_video("clip.mp4", "ink.png", "out.mp4", method)
    stylize_video("clip.mp4", "ink.png", "whole.mp4", method)
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
