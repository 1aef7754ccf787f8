"""How steady, how sharp and how quick films are.

    python benchmarks/film.py steady                 # made clips, whose motion is known
    python benchmarks/film.py real --clip FILE       # a clip of yours (or a folder of them), along its estimated motion
    python benchmarks/film.py speed                  # pixels per second, film against still pictures

steady  Three clips are drawn (pan, zoom, a disc passing over a still ground; impasto.engine.film.made), written without
        loss as frames, painted as a film and frame by frame. "flicker" is the root-mean-square error along the known
        motion over the pixels that both frames show, divided by the frame's deviation, mean over the frames after the
        first eight; the former frame is read between its pixels from one four times finer, made by its cosine
        transform, since a cubic reading of fine strokes alone would measure 0.045 to 0.09 of a rigid shift. "sharpness"
        is the gradient energy as a share of frame by frame. Goals: flicker at most the larger of 1.5 times the clip's
        and 0.03, and at most 0.7 times frame by frame; sharpness at least 0.9. "as mp4" is the same film, compressed at
        the default and read back.
real    The same for any film, along flow estimated at full size by OpenCV's DIS at its "medium" setting, which the
        film itself does not use; only where both directions of it agree.
speed   Frames are painted as still pictures with the method loaded, and as a film from MP4 to MP4 with everything
        (reading, motion, painting, steadying, writing), at three sizes. Goal: 0.7 of the still pictures' pixels a
        second.

Everything is drawn by code or given by you; nothing is fetched. JSON goes to standard output, progress to standard
error.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.engine import load
from impasto.engine.film import is_clip, made, open_clip, stylize_video
from impasto.engine.film.flicker import flicker, gradient_energy
from impasto.engine.film.frames import as_float
from impasto.images import brushwork, engraving, mosaic, write
from impasto.images.arrays import from_plane, to_plane

Plane = NDArray[np.float32]

STYLES: dict[str, Callable[[tuple[int, int]], torch.Tensor]] = {
    "brushwork": brushwork,
    "mosaic": mosaic,
    "engraving": engraving,
}
SETTLED = 8  # frames
SPEED_SIDES = (384, 640, 1280)  # the first two are painted 768 pixels wide, the last once more at its own size


def steady(args: argparse.Namespace) -> dict[str, Any]:
    """Measure made clips in every style."""
    size = (args.size * 2 // 3, args.size)
    scene = made.scene(size)
    clips = {clip.__name__: clip(scene, size, args.frames) for clip in (made.pan, made.zoom, made.passing)}
    found: dict[str, Any] = {}
    for style in args.style:
        painting = STYLES[style](size) if style in STYLES else style
        for name, clip in clips.items():
            found[f"{name}, {style}"] = measured = _compared(clip, painting, args)
            print(f"{name}, {style}: {measured}", file=sys.stderr, flush=True)
    return found


def _compared(clip: made.MadeClip, painting: Any, args: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "frames").mkdir()
        for number, frame in enumerate(clip.frames):
            write(from_plane(frame), place / "frames" / f"{number:04d}.png")
        report = stylize_video(place / "frames", painting, place / "film", args.method)
        stylize_video(place / "frames", painting, place / "alone", args.method, steadiness=0)
        stylize_video(place / "frames", painting, place / "film.mp4", args.method)
        shown, alone, packed = (_frames(place / name) for name in ("film", "alone", "film.mp4"))
        plain = [_painted(args, painting, frame) for frame in clip.frames]
    flickers = [_along(clip, frames) for frames in (clip.frames, plain, alone, shown, packed)]
    energy = [mean(gradient_energy(frame) for frame in frames[SETTLED:]) for frames in (shown, plain)]
    limit = _goal(flickers[0], flickers[1])
    return {
        "flicker of the clip": round(flickers[0], 4),
        "frame by frame": round(flickers[1], 4),
        "with calm statistics and moving noise alone": round(flickers[2], 4),
        "film": round(flickers[3], 4),
        "as mp4": round(flickers[4], 4),
        "goal": round(limit, 4),
        "sharpness": round(energy[0] / energy[1], 3),
        "frames a second": round(report.frames_per_second, 2),
        "reached": flickers[3] <= limit and energy[0] >= 0.9 * energy[1],
    }


def _painted(args: argparse.Namespace, painting: Any, frame: Plane) -> Plane:
    return to_plane(_method(args)(from_plane(frame), painting).image)


def _method(args: argparse.Namespace) -> Any:
    if not hasattr(args, "loaded"):
        args.loaded = load(args.method)
    return args.loaded


def _along(clip: made.MadeClip, frames: Sequence[Plane]) -> float:
    found = [
        flicker(
            frames[number], frames[number - 1], clip.flows[number], clip.seen[number].astype(np.float32), exact=True
        )
        for number in range(SETTLED, len(frames))
    ]
    return mean(found)


def _frames(path: Path) -> list[Plane]:
    return [as_float(frame.pixels) for frame in open_clip(path).frames()]


def real(args: argparse.Namespace) -> dict[str, Any]:
    """Measure films of the user's."""
    found: dict[str, Any] = {}
    for clip in _films_in(args.clip):
        for style in args.style:
            found[f"{clip.stem}, {style}"] = measured = _real(clip, style, args)
            print(f"{clip.stem}, {style}: {measured}", file=sys.stderr, flush=True)
    return found


def _films_in(clip: Path) -> list[Path]:
    return sorted(filter(is_clip, clip.iterdir())) if clip.is_dir() else [clip]


def _real(clip: Path, style: str, args: argparse.Namespace) -> dict[str, Any]:
    painting = STYLES[style]((256, 384)) if style in STYLES else style
    options: dict[str, Any] = {"preview": args.seconds, "size": args.size, "compression": 0, "sound": False}
    with tempfile.TemporaryDirectory() as folder:
        out, alone = Path(folder) / "film.mkv", Path(folder) / "alone.mkv"
        report = stylize_video(clip, painting, out, args.method, **options)
        stylize_video(clip, painting, alone, args.method, steadiness=0, **options)
        films = [_frames(out), _frames(alone)]
    frames = [_sized(frame, films[0][0]) for frame in _frames_of(clip, len(films[0]))]
    shown, plain, own = _along_flow(frames, [*films, frames], report.cuts, report.film_seconds)
    energy = [mean(gradient_energy(frame) for frame in film) for film in films]
    return {
        "flicker of the clip": round(own, 4),
        "frame by frame": round(plain, 4),
        "film": round(shown, 4),
        "goal": round(_goal(own, plain), 4),
        "sharpness": round(energy[0] / energy[1], 3),
        "as the film itself measures it": {
            "the clip": round(report.flicker_clip, 4),
            "frame by frame": round(report.flicker_painted, 4),
            "film": round(report.flicker, 4),
        },
        "cuts": len(report.cuts),
        "frames": report.frames,
        "frames a second": round(report.frames_per_second, 2),
        "reached": shown <= _goal(own, plain) and energy[0] >= 0.9 * energy[1],
    }


def _goal(clip: float, frame_by_frame: float) -> float:
    """Return how much a film may flicker."""
    return min(max(1.5 * clip, 0.03), 0.7 * frame_by_frame)


def _frames_of(path: Path, count: int) -> list[Plane]:
    return [as_float(frame.pixels) for frame, _ in zip(open_clip(path).frames(), range(count), strict=False)]


def _sized(frame: Plane, like: Plane) -> Plane:
    import cv2

    return cv2.resize(frame, like.shape[1::-1], interpolation=cv2.INTER_AREA)


def _along_flow(clip: Sequence[Plane], films: Sequence[Sequence[Plane]], cuts: Any, seconds: float) -> list[float]:
    """Return the mean flicker of each film along flow that is estimated between the clip's frames, cuts left out."""
    import cv2

    search = cv2.DISOpticalFlow_create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    grey = [cv2.cvtColor((frame * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY) for frame in clip]
    skipped = {round(cut / seconds * len(clip)) for cut in cuts}
    sums, count = [0.0] * len(films), 0
    for number in range(1, len(clip)):
        if number in skipped:
            continue
        there, back = (search.calc(*pair, None) for pair in ((grey[number], grey[number - 1]),
                                                              (grey[number - 1], grey[number])))  # fmt: skip
        rows, columns = np.mgrid[0 : there.shape[0], 0 : there.shape[1]].astype(np.float32)
        returned = cv2.remap(back, columns + there[..., 0], rows + there[..., 1], cv2.INTER_LINEAR)
        apart = ((there + returned) ** 2).sum(-1)
        seen = (apart < 0.01 * ((there**2).sum(-1) + (returned**2).sum(-1)) + 0.5).astype(np.float32)
        count += 1
        for index, film in enumerate(films):
            sums[index] += flicker(film[number], film[number - 1], there, seen, exact=True)
    return [total / max(count, 1) for total in sums]


def speed(args: argparse.Namespace) -> dict[str, Any]:
    """Compare the pixels per second of films and of still pictures at every size."""
    found = {}
    for side in args.sides:
        size = (side * 9 // 16 // 2 * 2, side)
        found[f"{size[1]}x{size[0]}"] = _speed_at(args, size)
    return found


def _speed_at(args: argparse.Namespace, size: tuple[int, int]) -> dict[str, Any]:
    clip, painting = made.pan(made.scene(size), size, args.frames), STYLES[args.style[0]]((256, 384))
    pixels = size[0] * size[1]
    stills, films = [], []
    with tempfile.TemporaryDirectory() as folder:
        source = _as_film(clip, Path(folder) / "clip.mp4")
        _painted(args, painting, clip.frames[0])  # loads and warms up
        for number in range(args.repeat):
            began = time.monotonic()
            for frame in clip.frames[: max(3, args.frames // 4)]:
                _painted(args, painting, frame)
            stills.append((time.monotonic() - began) / max(3, args.frames // 4))
            report = stylize_video(source, painting, Path(folder) / f"out{number}.mp4", _method(args))
            films.append(report.seconds / report.frames)
    still, film = median(stills), median(films)
    return {
        "frames": args.frames,
        "still: megapixels a second": round(pixels / still / 1e6, 3),
        "film: megapixels a second": round(pixels / film / 1e6, 3),
        "film: frames a second": round(1 / film, 2),
        "share": round(still / film, 3),
        "goal": 0.7,
        "spread": {"still": [round(one, 4) for one in stills], "film": [round(one, 4) for one in films]},
    }


def _as_film(clip: made.MadeClip, path: Path) -> Path:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "12"})
        stream.height, stream.width = clip.frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in clip.frames:
            picture = av.VideoFrame.from_ndarray((frame * 255 + 0.5).astype(np.uint8), "rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["steady", "real", "speed"])
    parser.add_argument("--method", default="fast", help="a method's name, or a model's path")
    parser.add_argument("--style", nargs="+", default=list(STYLES), help="drawn styles by name, or files")
    parser.add_argument("--size", type=int, default=384, help="long side of the frames of `steady` and `real`")
    parser.add_argument("--sides", type=int, nargs="+", default=SPEED_SIDES, help="long sides of the frames of `speed`")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--clip", type=Path, help="the film of `real`, or a folder of films")
    parser.add_argument("--seconds", type=float, default=4.0, help="of that film")
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.what == "real" and args.clip is None:
        parser.error("real needs --clip FILE")
    found = {"steady": steady, "real": real, "speed": speed}[args.what](args)
    machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "torch": torch.__version__}
    print(
        json.dumps(
            {"benchmark": f"film {args.what}", "method": args.method, "machine": machine, "found": found}, indent=1
        )
    )


if __name__ == "__main__":
    main()
