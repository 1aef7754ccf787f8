"""Encoding painted frames, a piece of the film at a time.

Each piece is a file of its own that can be decoded alone, so a film that is interrupted keeps what is done. Pieces are
in the NUT container, which holds every codec and keeps times exactly as they are. No frame is predicted from a later
one: pieces can then be put in a row without touching a packet.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from impasto.engine.film.colors import RGB, ColorTags, from_rgb
from impasto.engine.film.extras import pyav
from impasto.engine.film.frames import Clip, Pixels
from impasto.errors import OutputError

__all__ = ["Encoding", "Piece", "encoding_for"]

_USUAL_RATE = Fraction(25)


@dataclass(frozen=True)
class Encoding:
    """How a film is encoded: everything that all its pieces have in common."""

    codec: str
    pixel_format: str
    size: tuple[int, int]  # (height, width)
    time_base: Fraction
    rate: Fraction
    tags: ColorTags
    pixel_shape: Fraction
    options: dict[str, str] = field(default_factory=dict)

    @property
    def bits(self) -> int:
        """How many bits a painted frame is handed over in: 8 or 16."""
        return 16 if self.pixel_format.endswith("10le") else 8


def encoding_for(out: Path, clip: Clip, size: tuple[int, int], compression: int) -> Encoding:
    """Return how a clip is encoded into the kind of film that the ending of ``out`` names."""
    deep = getattr(clip, "bits", 8) > 8
    codec, pixel_format, options = _codec(out.suffix.lower(), deep=deep, compression=compression)
    tags = getattr(clip, "tags", None) or ColorTags(1, 1, 1)  # pictures: sRGB is shown as BT.709 everywhere
    if tags.matrix == RGB:  # the clip had no matrix, but what is written has
        tags = replace(tags, matrix=tags.matrix_for(size[0]))
    return Encoding(
        codec=codec,
        pixel_format=pixel_format,
        size=size,
        time_base=clip.time_base,
        rate=clip.rate or _USUAL_RATE,
        tags=tags,
        pixel_shape=getattr(clip, "pixel_shape", Fraction(1)),
        options=options,
    )


def _codec(ending: str, *, deep: bool, compression: int) -> tuple[str, str, dict[str, str]]:
    """Return a codec that plays everywhere, its pixel format and its options."""
    available = pyav().codecs_available
    pixel_format = "yuv420p10le" if deep else "yuv420p"
    quality = str(compression)
    if ending == ".webm":
        wanted = [("libvpx-vp9", {"crf": quality, "b": "0", "cpu-used": "4", "row-mt": "1", "lag-in-frames": "0"})]
    else:
        x264 = ("libx264", {"crf": quality, "preset": "veryfast", "bf": "0"})  # half the time of "faster"
        x265 = ("libx265", {"crf": quality, "preset": "faster", "x265-params": "bframes=0:log-level=error"})
        wanted = [x265, x264] if deep else [x264, ("mpeg4", {"qscale": str(2 + compression // 6), "bf": "0"})]
    for codec, options in wanted:
        if codec in available:
            return codec, pixel_format, options
    names = " or ".join(codec for codec, _ in wanted)
    raise OutputError(f"this PyAV cannot encode {ending} films (it lacks {names}); choose another ending.")


class Piece:
    """A piece of a film while it is written; close it when it is whole."""

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self._encoding = encoding
        self._container = pyav().open(str(path), "w", format="nut")
        stream = self._container.add_stream(encoding.codec, rate=encoding.rate, options=dict(encoding.options))
        stream.height, stream.width = encoding.size
        stream.pix_fmt = encoding.pixel_format
        stream.time_base = stream.codec_context.time_base = encoding.time_base
        stream.codec_context.sample_aspect_ratio = encoding.pixel_shape
        encoding.tags.applied_to(stream.codec_context)
        self._stream = stream

    def add(self, pixels: Pixels, time: int) -> None:
        """Append a frame (H, W, 3), which appears at ``time`` in units of the encoding's time base."""
        frame = from_rgb(pixels, self._encoding.pixel_format, self._encoding.tags)
        frame.pts, frame.time_base = time, self._encoding.time_base
        self._container.mux(self._stream.encode(frame))

    def close(self, *, is_whole: bool = True) -> None:
        """Finish the file; a piece that is not whole is only let go."""
        if is_whole:
            self._container.mux(self._stream.encode(None))
        self._container.close()
