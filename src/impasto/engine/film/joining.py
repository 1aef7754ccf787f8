"""Putting the pieces of a film together again, with the sound of the clip as it was: not a bit of it is touched."""

from __future__ import annotations

import contextlib
import heapq
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.engine.film.extras import pyav
from impasto.errors import OutputError

__all__ = ["Window", "can_hold_sound", "join"]

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
_NOT_TRUE_ANY_MORE = {"major_brand", "minor_version", "compatible_brands", "encoder"}


@dataclass(frozen=True)
class Window:
    """The part of a clip that is shown, in seconds of the clip; the whole where nothing is said."""

    begin: Fraction = Fraction(0)
    end: Fraction | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.begin == 0 and self.end is None

    def holds(self, time: Fraction) -> bool:
        """Whether a moment is in it."""
        return self.is_whole or (self.begin <= time and (self.end is None or time < self.end))


def can_hold_sound(ending: str, clip: Path) -> str:
    """Return an empty string if films of this ending can hold the clip's sound as it is, or else what it is."""
    av = pyav()
    with av.open(str(clip)) as source, av.open(io.BytesIO(), "w", format=_CONTAINERS[ending]) as trial:
        for stream in source.streams.audio:
            try:
                trial.add_stream_from_template(stream)
            except ValueError:
                return str(stream.codec_context.name)
        if not source.streams.audio:
            return ""
        try:
            trial.start_encoding()
        except (av.FFmpegError, ValueError):
            return str(source.streams.audio[0].codec_context.name)
    return ""


def join(
    pieces: Sequence[Path],
    out: Path,
    ending: str,
    *,
    last_duration: int,
    time_base: Fraction,
    clip: Path | None = None,
    window: Window | None = None,
    sound: bool = True,
    comment: str | None = None,
    keep_metadata: bool = True,
) -> None:
    """Write the pieces in a row to ``out``, with the sound, subtitles, chapters and description of ``clip``.

    Without ``keep_metadata`` neither chapters nor anything else that the clip says about itself comes along.
    """
    av = pyav()
    window = window or Window()
    try:
        with contextlib.ExitStack() as opened:
            source = opened.enter_context(av.open(str(clip))) if clip is not None else None
            options = _exact_times(source, time_base) if _CONTAINERS[ending] in ("mp4", "mov") else {}
            film = opened.enter_context(av.open(str(out), "w", format=_CONTAINERS[ending], options=options))
            film.metadata.update(_description(source if keep_metadata else None, comment))
            packets = [_film_packets(film, pieces, time_base, last_duration)]
            if source is not None:
                packets.append(_other_packets(film, source, window, sound=sound, keep_metadata=keep_metadata))
                if keep_metadata and window.is_whole and hasattr(film, "set_chapters"):
                    film.set_chapters(source.chapters())
            for _, packet in heapq.merge(*packets, key=lambda pair: pair[0]):
                film.mux(packet)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise OutputError(f"the film could not be written ({error}); choose another ending or folder.") from error


def _exact_times(source: Any, time_base: Fraction) -> dict[str, str]:
    """Return the options with which MP4 keeps all times: its own unit is a millisecond otherwise."""
    units = [
        time_base.denominator,
        *(stream.time_base.denominator for stream in (source.streams.audio if source else ())),
    ]
    common = math.lcm(*units)
    return {
        "movflags": "+faststart",
        "video_track_timescale": str(time_base.denominator),
        "movie_timescale": str(common if common < 2**31 else units[-1]),
    }


def _description(source: Any, comment: str | None) -> dict[str, str]:
    """Return what the clip says about itself and still holds, and the recipe as its comment."""
    told = {} if source is None else source.metadata
    kept = {name: text for name, text in told.items() if name.lower() not in _NOT_TRUE_ANY_MORE}
    return kept if comment is None else {**kept, "comment": comment}


def _film_packets(
    film: Any, pieces: Sequence[Path], time_base: Fraction, last_duration: int
) -> Iterator[tuple[Fraction, Any]]:
    with pyav().open(str(pieces[0])) as first:
        stream = film.add_stream_from_template(first.streams.video[0])
    stream.time_base = time_base
    if stream.codec_context.name == "hevc":
        stream.codec_context.codec_tag = "hvc1"  # what Apple's players look for
    return _in_a_row(stream, pieces, last_duration * time_base)


def _in_a_row(stream: Any, pieces: Sequence[Path], last_duration: Fraction) -> Iterator[tuple[Fraction, Any]]:
    """Yield every packet with its time; each lasts until the next."""
    before = None
    for piece in pieces:
        with pyav().open(str(piece)) as container:
            for packet in container.demux(container.streams.video[0]):
                if not packet.size:
                    continue
                if before is not None:
                    before.duration = packet.pts - before.pts
                    yield _moment(before), _given_to(before, stream)
                before = packet
    if before is not None:
        before.duration = round(last_duration / before.time_base)
        yield _moment(before), _given_to(before, stream)


def _other_packets(
    film: Any, source: Any, window: Window, *, sound: bool, keep_metadata: bool
) -> Iterator[tuple[Fraction, Any]]:
    """Yield the packets of the clip's sound and subtitles, as they are; only their times begin with the window's."""
    copies: dict[int, Any] = {}
    for stream in [*(source.streams.audio if sound else ()), *source.streams.subtitles]:
        try:
            copy = film.add_stream_from_template(stream)
        except ValueError:
            continue  # subtitles of a kind that this container does not know; sound was asked before
        if keep_metadata:
            copy.metadata.update(stream.metadata)
        copies[stream.index] = copy
    if not copies:
        return iter(())
    return _copied(source, copies, window)


def _copied(source: Any, copies: dict[int, Any], window: Window) -> Iterator[tuple[Fraction, Any]]:
    for packet in source.demux(*(source.streams[index] for index in copies)):
        if not packet.size or not window.holds(_moment(packet)):
            continue
        back = round(window.begin / packet.time_base)
        for name in ("pts", "dts"):
            if back and getattr(packet, name) is not None:
                setattr(packet, name, getattr(packet, name) - back)
        yield _moment(packet), _given_to(packet, copies[packet.stream_index])


def _moment(packet: Any) -> Fraction:
    time = packet.dts if packet.dts is not None else packet.pts
    return Fraction(time or 0) * Fraction(packet.time_base)


def _given_to(packet: Any, stream: Any) -> Any:
    packet.stream = stream
    return packet
