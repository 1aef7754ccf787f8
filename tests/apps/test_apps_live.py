"""``impasto live``, with a file as the camera: the page, the stream, and what is said."""

from __future__ import annotations

import io
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2", reason="films need the extra film")

from impasto.apps.live import LivePage
from impasto.engine import film
from impasto.engine.film import LiveFrame
from impasto.errors import OutputError


def frame(number: int = 1) -> LiveFrame:
    pixels = np.full((20, 30, 3), 40 * number, np.uint8)
    return LiveFrame(pixels, number, skipped=2, rate=12.5, latency=0.08)


def fetched(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read()


def test_the_page_shows_the_newest_frame_and_its_facts():
    with LivePage(0) as page:
        assert b"Impasto live" in fetched(page.address)
        page.show(frame())
        assert json.loads(fetched(page.address + "facts")) == {"rate": 12.5, "latency": 80, "skipped": 2}
        with urllib.request.urlopen(page.address + "stream", timeout=5) as stream:
            assert stream.readline() == b"--frame\r\n"
            assert stream.readline() == b"Content-Type: image/jpeg\r\n"
            length = int(stream.readline().split(b":")[1])
            stream.readline()
            picture = Image.open(io.BytesIO(stream.read(length)))
            assert picture.size == (30, 20)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(page.address + "etc/passwd")
    assert not [thread for thread in threading.enumerate() if thread.name == "page"]


def test_the_page_is_for_this_computer_alone():
    with LivePage(0) as page:
        assert page.address.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OutputError, match=f"port {port} is taken"):
            LivePage(port)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """Three painted frames in place of a camera; records what was asked for."""
    asked: list[tuple[Any, dict[str, Any]]] = []

    def live(source: Any, styles: Any, config: Any, **options: Any) -> Iterator[LiveFrame]:
        asked.append((source, {**options, "styles": styles, "config": config}))
        return (frame(number) for number in (1, 2, 3))

    monkeypatch.setattr(film, "live", live)
    return asked


def test_it_says_how_many_and_how_late(impasto: Any, studio: Path, camera: list[Any]):
    flags = ("--no-browser", "--port", "0", "--method", "optimize")
    assert impasto("live", "ink.png", "--source", "clip.mp4", *flags, "--json", "--quiet") == 0
    assert json.loads(impasto.out) == {"frames": 3, "left_out": 2, "rate": 12.5, "latency": 0.08}
    assert impasto("live", "ink.png", "--longest", "300", *flags) == 0
    assert "3 frames painted: 12.5 frames a second · 80 ms late · 2 left out" in impasto.err
    (file, of_file), (number, of_camera) = camera
    assert (file, number) == ("clip.mp4", "0")
    assert (of_file["mirror"], of_camera["mirror"]) == (False, True), "only a camera is a mirror"
    assert of_camera["size"] == 300


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_cannot_be_is_refused(impasto: Any, studio: Path, port: str):
    assert impasto("live", "ink.png", "--port", port, "--no-browser", "--method", "optimize") == 2
    assert f"--port is {port}; allowed is a whole number, 0 to 65535." in impasto.sentence


def test_a_time_that_is_none_is_refused(impasto: Any, studio: Path):
    assert impasto("live", "ink.png", "--seconds", "0", "--no-browser", "--method", "optimize") == 2
    assert "--seconds is 0; allowed is a number above 0" in impasto.sentence


def test_a_model_that_has_learnt_its_style_needs_no_other(impasto: Any, studio: Path, camera: list[Any]):
    assert impasto("live", "--no-browser", "--port", "0", "--method", "optimize", "--quiet") == 0
    assert camera[0][1]["styles"] == []


@pytest.mark.parametrize("longest", ["0", "-5"])
def test_a_picture_of_no_size_is_refused(impasto: Any, studio: Path, longest: str):
    assert impasto("live", "ink.png", "--longest", longest, "--no-browser", "--method", "optimize") == 2
    assert f"--longest is {longest}; allowed is a whole number of pixels, 16 or more." in impasto.sentence


def test_frames_are_as_large_as_asked_whatever_a_preset_says(impasto: Any, studio: Path, camera: list[Any]):
    flags = ("--no-browser", "--port", "0", "--method", "optimize", "--preset", "print", "--longest", "256")
    assert impasto("live", "ink.png", *flags, "--quiet") == 0
    assert camera[0][1]["config"].size is None
