"""``impasto stylize`` for films: which are meant, what is said, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("av", reason="films need the extra film")
pytest.importorskip("cv2", reason="films need the extra film")

from impasto.apps import film
from impasto.apps.film import is_film, show_frames
from impasto.engine.film import FilmStep, open_clip, stylizing

TINY = ("--method", "optimize", "--size", "32", "--steps", "1", "--device", "cpu")


@pytest.fixture
def clip(studio: Path, tiny_backbone: Path) -> Path:
    """A film of four frames: the harbour, moving."""
    import av

    harbour = np.asarray(Image.open(studio / "harbour.jpg").convert("RGB"))
    with av.open(str(studio / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        for number in range(4):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(harbour[:32, number : number + 48]), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return studio / "clip.mp4"


def test_a_film_is_painted_and_named(impasto: Any, clip: Path):
    assert impasto("stylize", clip.name, "ink.png", *TINY) == 0
    assert impasto.out.strip() == "clip-ink.mp4"
    assert "flicker" in impasto.err
    made = open_clip("clip-ink.mp4")
    assert len(list(made.frames())) == 4
    assert made.size == (22, 32)


def test_machines_get_json(impasto: Any, clip: Path):
    assert impasto("stylize", clip.name, "ink.png", "-o", "out.gif", "--preview", "0.2s", "--json", *TINY) == 0
    (facts,) = json.loads(impasto.out)["results"]
    assert (facts["output"], facts["frames"], facts["sound"]) == ("out.gif", 2, "none")
    assert set(facts["flicker"]) == {"film", "frame_by_frame", "clip"}


def test_a_dry_run_says_what_would_be_done(impasto: Any, clip: Path):
    assert impasto("stylize", clip.name, "ink.png", "--dry-run", *TINY) == 0
    assert "about 4 frames, 32×22 px" in impasto.out
    assert not Path("clip-ink.mp4").exists()


def interrupted_at(frame: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C come when so many frames are painted, and only once."""

    @contextmanager
    def shown(*, quiet: bool) -> Iterator[Any]:
        def tell(step: FilmStep) -> None:
            if step.frame == frame:
                monkeypatch.undo()
                raise KeyboardInterrupt

        yield tell

    monkeypatch.setattr(film, "show_frames", shown)


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["as before", "anew"])
@pytest.mark.parametrize("frame", [2, 4], ids=["before a piece is done", "after one"])
def test_frames_in_a_folder_go_on_after_ctrl_c(
    impasto: Any, clip: Path, monkeypatch: pytest.MonkeyPatch, frame: int, force: tuple[str, ...]
):
    command = ("stylize", clip.name, "ink.png", "-o", "painted", "--steadiness", "0", *TINY)
    with monkeypatch.context() as short:
        short.setattr(stylizing, "FRAMES_A_PIECE", 3)
        interrupted_at(frame, short)
        assert impasto(*command) == 130
    assert impasto(*command, *force) == 0
    assert impasto.out.strip() == "painted"
    assert sorted(path.name for path in Path("painted").iterdir()) == [f"{number:06d}.png" for number in range(1, 5)]


def test_a_film_that_replaces_another_goes_on_after_ctrl_c(impasto: Any, clip: Path, monkeypatch: pytest.MonkeyPatch):
    command = ("stylize", clip.name, "ink.png", "-o", "out.mp4", "--force", *TINY)
    Path("out.mp4").write_bytes(b"an earlier one")
    with monkeypatch.context() as short:
        short.setattr(stylizing, "FRAMES_A_PIECE", 2)
        interrupted_at(4, short)
        assert impasto(*command) == 130
    assert "2 frames are kept" in impasto.err
    assert impasto(*command) == 0
    assert "going on after frame 2" in impasto.err
    assert len(list(open_clip("out.mp4").frames())) == 4
    assert not list(Path().glob(".out*"))


def test_frames_go_to_a_folder_that_is_there(impasto: Any, clip: Path):
    assert impasto("stylize", clip.name, "ink.png", "-o", "frame-%02d.png", *TINY) == 0
    Path("there").mkdir()
    assert impasto("stylize", "frame-%02d.png", "ink.png", "-o", "there", *TINY) == 0
    assert sorted(path.name for path in Path("there").iterdir()) == [
        f"frame-{number:02d}.png" for number in range(1, 5)
    ]


def test_frames_are_overwritten_only_by_force(impasto: Any, clip: Path):
    assert impasto("stylize", clip.name, "ink.png", "-o", "frame-%02d.png", *TINY) == 0
    assert impasto("stylize", clip.name, "ink.png", "-o", "frame-%02d.png", *TINY) == 2
    assert "exists already" in impasto.err
    assert impasto("stylize", clip.name, "ink.png", "-o", "frame-%02d.png", "--force", *TINY) == 0


def test_frames_whose_last_numbers_are_alike_are_counted(impasto: Any, clip: Path):
    assert impasto("stylize", clip.name, "ink.png", "-o", "frame-%02d.png", *TINY) == 0
    Path("there").mkdir()
    for number in range(1, 5):
        Path(f"frame-{number:02d}.png").rename(f"there/render-{number:02d}_v2.png")
    assert impasto("stylize", "there", "ink.png", "-o", "again-%02d.png", "--fps", "25", *TINY) == 0
    assert len(list(Path().glob("again-*.png"))) == 4


def test_two_places_for_a_number_are_refused(impasto: Any, clip: Path):
    assert impasto("stylize", clip.name, "ink.png", "-o", "shot%02d_%04d.png", *TINY) == 2
    assert "one number" in impasto.err
    assert impasto("stylize", "shot%02d_%04d.png", "ink.png", "-o", "out.gif", *TINY) == 2
    assert "more than one place" in impasto.err


@pytest.mark.parametrize("name", ["clip.mp4", "clip.avi", "moving.webp"])
def test_a_film_in_a_folder_is_named_as_it_would_be_here(impasto: Any, clip: Path, studio: Path, name: str):
    Path("films").mkdir()
    with_sound(studio / "clip.avi")
    picture = Image.open(studio / "ink.png").convert("RGB")
    picture.save(studio / "moving.webp", save_all=True, append_images=[picture.rotate(90)])
    named = []
    for output in ((), ("-o", "films")):
        assert impasto("stylize", name, "ink.png", "--dry-run", "--json", *output, *TINY) == 0
        named.append(Path(json.loads(impasto.out)["plans"][0]["output"]))
    assert named[1] == "films" / named[0]
    assert named[0].suffix == {".avi": ".mkv"}.get(Path(name).suffix, Path(name).suffix)


def with_sound(path: Path) -> None:
    """Write a film whose sound MP4 cannot hold as it is."""
    import av

    with av.open(str(path), "w") as container:
        pictures, sound = container.add_stream("mpeg4", rate=10), container.add_stream("pcm_u8", rate=8000)
        pictures.height, pictures.width, pictures.pix_fmt = 32, 48, "yuv420p"
        container.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((32, 48, 3), np.uint8), "rgb24")))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.uint8), format="u8", layout="mono")
        silence.sample_rate = 8000
        container.mux(sound.encode(silence))
        container.mux([*pictures.encode(None), *sound.encode(None)])


def test_what_is_there_is_not_overwritten(impasto: Any, clip: Path):
    Path("out.mp4").write_bytes(b"mine")
    assert impasto("stylize", clip.name, "ink.png", "-o", "out.mp4", *TINY) == 2
    assert "out.mp4 exists already" in impasto.sentence
    assert impasto("stylize", clip.name, "ink.png", "-o", "out.mp4", "--force", "--quiet", *TINY) == 0
    assert impasto.err == ""


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--each"], "--each is for one photo; leave it out for a film"),
        (["--bits", "16"], "--bits is for pictures; leave it out for a film, which has --compression"),
        (["--quality", "80"], "--quality is for pictures"),
        (["--preview", "soon"], "--preview is 'soon'; allowed is a time"),
        (["--steadiness", "500"], "--steadiness is 500; allowed is a number, 0 to 100"),
        (["--workers", "2"], "--workers is for folders"),
        (["-o", "none/out.mp4"], "the folder none does not exist"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(impasto: Any, clip: Path, flags: list[str], words: str):
    assert impasto("stylize", clip.name, "ink.png", *flags, *TINY) == 2
    assert words in impasto.sentence


def test_flags_of_films_are_refused_for_photos(impasto: Any, studio: Path):
    assert impasto("stylize", "harbour.jpg", "ink.png", "--preview", "5s") == 2
    assert "--preview is for films; leave it out for photos" in impasto.sentence


def test_which_are_films(studio: Path):
    folder = studio / "frames"
    folder.mkdir()
    still, moving = studio / "still.gif", studio / "moving.gif"
    picture = Image.open(studio / "ink.png").convert("RGB")
    picture.save(still)
    picture.save(moving, save_all=True, append_images=[picture.rotate(90)])
    assert is_film(Path("clip.mp4"), None, {})
    assert is_film(moving, None, {})
    assert is_film(moving, Path("out.webp"), {})
    assert is_film(folder, Path("out.mp4"), {})
    assert is_film(folder, Path("out"), {"fps": "25"})
    assert not is_film(folder, Path("out"), {})
    assert not is_film(still, None, {})
    assert not is_film(moving, Path("out.jpg"), {})
    assert not is_film(studio / "harbour.jpg", Path("out.png"), {})


def test_who_wants_quiet_is_told_what_they_should_know_and_nothing_else(capsys):
    with show_frames(quiet=True) as tell:
        for note in (None, "the film has no sound"):
            tell(FilmStep(1, 2, 0.1, (4, 4), 1.0, None, lambda: torch.zeros(1, 3, 4, 4), note))
    assert capsys.readouterr().err == "the film has no sound\n"
