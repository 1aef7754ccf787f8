"""What the tests of films share: clips whose motion is known, and a painter that flickers as networks do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from impasto.config import Fast
from impasto.engine.film import made
from impasto.engine.inputs import Style
from impasto.engine.onepass import OnePass
from impasto.engine.recipe import Ingredient
from impasto.images import brushwork
from impasto.models.normalizing import Reading

pytest.importorskip("av", reason="films need the extra film")
pytest.importorskip("cv2", reason="films need the extra film")

Plane = NDArray[np.float32]

SIZE = (128, 192)


@pytest.fixture(scope="session")
def scene() -> Plane:
    return made.scene(SIZE)


@pytest.fixture(scope="session")
def pan(scene: Plane) -> made.MadeClip:
    """Everything moves by 2.25 pixels to the left and 0.75 up in every frame."""
    return made.pan(scene, SIZE, 24)


@pytest.fixture(scope="session")
def zoom(scene: Plane) -> made.MadeClip:
    """The camera comes nearer, by one per cent in every frame."""
    return made.zoom(scene, SIZE, 24)


@pytest.fixture(scope="session")
def passing(scene: Plane) -> made.MadeClip:
    """A disc passes over a background that stands still, 2.5 pixels to the right and 0.5 down in every frame."""
    return made.passing(scene, SIZE, 24)


class FlickeringPainter:
    """Paints with strokes that partly grow from noise, partly stand on the screen: as networks with strides do."""

    name = "flickering"
    needs_style = True
    has_grain = True
    margin, stride = 8, 8
    device, precision = torch.device("cpu"), torch.float32

    def __init__(self, trouble: float = 1.0) -> None:
        self.trouble, self.looks = trouble, 0

    def weights(self) -> list[Ingredient]:
        return [Ingredient("flickering", "0" * 64)]

    def code(self, style: Style) -> Tensor:
        return style.pictures[0].pixels.mean((2, 3))

    def look(self, picture: Tensor, code: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        self.looks += 1
        return {"all": (picture.mean((2, 3), keepdim=True), picture.std((2, 3), keepdim=True))}

    def grain(self, size: tuple[int, int], at: tuple[int, int] = (0, 0)) -> Tensor:
        height, width = (-(-side // 8) * 2 for side in size)
        rows = torch.arange(at[0] // 4, at[0] // 4 + height)[:, None]
        columns = torch.arange(at[1] // 4, at[1] // 4 + width)
        mixed = (rows * 7919 + columns * 104729 + 13) * 2654435761 % 2**31
        return ((mixed ^ (mixed >> 13)) % 4096).float()[None, None] / 2048 - 1

    def paint(
        self,
        picture: Tensor,
        code: Tensor,
        seen: Any,
        at: tuple[int, int] = (0, 0),
        *,
        noise: Tensor | None = None,
        reading: Reading | None = None,
    ) -> Tensor:
        reading = reading or Reading(seen or self.look(picture, code))
        mean, deviation = reading.given["all"]
        if reading.following:
            own = self.look(picture, code)["all"]
            mean, deviation = (
                torch.lerp(*both, reading.following) for both in zip((mean, deviation), own, strict=True)
            )
            reading.found["all"] = mean, deviation
        noise = self.grain(tuple(picture.shape[-2:]), at) if noise is None else noise
        height, width = picture.shape[-2:]
        strokes = F.interpolate(noise, scale_factor=4, mode="bilinear")[..., :height, :width]
        blocks = F.interpolate(F.avg_pool2d(picture, 8, ceil_mode=True), scale_factor=8)[..., :height, :width]
        plain = 0.6 * F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False) + 0.4 * blocks
        painted = (plain - mean) / deviation.clamp_min(0.05) * 0.2 + code[..., None, None].mean()
        return (painted + 0.1 * self.trouble * strokes).clamp(0, 1)


@pytest.fixture
def painter() -> FlickeringPainter:
    return FlickeringPainter()


@pytest.fixture
def method(painter: FlickeringPainter) -> OnePass:
    """A method that paints in one pass, at the size of the tests' frames."""
    return OnePass(Fast(device="cpu"), painter, base=SIZE[1])


@pytest.fixture(scope="session")
def ink() -> Tensor:
    return brushwork((48, 48))


Write = Callable[..., Path]


@pytest.fixture
def write_film(tmp_path: Path) -> Write:
    """Write frames (H, W, 3) as a film, and return its path."""

    def write(
        frames: Sequence[Plane],
        name: str = "clip.mp4",
        *,
        times: Sequence[int] | None = None,
        time_base: Fraction = Fraction(1, 25),
        sound: str | None = None,
        turned: int = 0,
        tags: tuple[int, int, int, int] | None = None,
        pixel_format: str = "yuv420p",
        codec: str = "libx264",
        **options: str,
    ) -> Path:
        return _written(
            tmp_path / name,
            frames,
            times if times is not None else list(range(len(frames))),
            time_base,
            sound=sound,
            turned=turned,
            tags=tags,
            pixel_format=pixel_format,
            codec=codec,
            options=options or {"crf": "4", "preset": "ultrafast"},
        )

    return write


def _written(
    path: Path,
    frames: Sequence[Plane],
    times: Sequence[int],
    time_base: Fraction,
    *,
    sound: str | None,
    turned: int,
    tags: tuple[int, int, int, int] | None,
    pixel_format: str,
    codec: str,
    options: dict[str, str],
) -> Path:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.time_base = stream.codec_context.time_base = time_base
        if turned:
            stream.set_display_rotation(turned)
        if tags is not None:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags
        voice = container.add_stream(sound, rate=44100) if sound else None
        for frame, time in zip(frames, times, strict=True):
            picture = av.VideoFrame.from_ndarray((np.clip(frame, 0, 1) * 255 + 0.5).astype(np.uint8), "rgb24")
            picture = picture.reformat(format=pixel_format, dst_color_range=2 if tags and tags[3] == 2 else 1)
            picture.pts, picture.time_base = time, time_base
            container.mux(stream.encode(picture))
        if voice is not None:
            _sing(container, voice, seconds=float((times[-1] + 1) * time_base))
        container.mux(stream.encode(None))
    return path


def _sing(container: Any, voice: Any, seconds: float) -> None:
    import av

    for start in range(0, int(44100 * seconds), 1024):
        wave = (8000 * np.sin(np.arange(start, start + 1024) / 17)).astype(np.int16)
        tone = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], "s16", "stereo")
        tone.sample_rate, tone.pts, tone.time_base = 44100, start, Fraction(1, 44100)
        container.mux(voice.encode(tone))
    container.mux(voice.encode(None))
