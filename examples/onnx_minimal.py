"""Paint with a model that Impasto exported, without Impasto: NumPy, Pillow and ONNX Runtime are enough.

impasto export fast -o fast.onnx
python onnx_minimal.py fast.onnx harbour.jpg night.jpg painted.png        # any style: fast-style.onnx lies beside

impasto export mine.safetensors -o mine.onnx
python onnx_minimal.py mine.onnx harbour.jpg painted.png                  # the style is in the model
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

PAINTED_BY_FAST = 768  # long side, in pixels, at which its strokes have their own size
LOOKED_AT = 512  # long side at which styles are described, and at which most other models paint


def opened(model: Path) -> tuple[onnxruntime.InferenceSession, int]:
    """Return a model ready to run, and what the sides of its pictures are multiples of."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return session, int(session.get_modelmeta().custom_metadata_map["sides_are_multiples_of"])


def read(path: str, cell: int, side: int = LOOKED_AT) -> np.ndarray:
    """Return a picture as (1, 3, height, width), RGB in [0, 1], with sides that the model takes."""
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    scale = side / max(picture.size)
    width, height = (max(2 * cell, round(side * scale / cell) * cell) for side in picture.size)
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS), np.float32) / 255
    return pixels.transpose(2, 0, 1)[None]


def write(painting: np.ndarray, path: str) -> None:
    """Write a picture (1, 3, height, width) in [0, 1]."""
    Image.fromarray((painting[0].transpose(1, 2, 0) * 255).round().astype(np.uint8)).save(path)


def main(model: str, photo: str, *rest: str) -> None:
    """Paint a photo: with a style where the model takes any, and without where it knows one."""
    *styles, out = rest
    painter, cell = opened(Path(model))
    given = {"photo": read(photo, cell, PAINTED_BY_FAST if styles else LOOKED_AT)}
    if styles:
        reader, style_cell = opened(Path(model).with_name(f"{Path(model).stem}-style.onnx"))
        codes = [reader.run(None, {"style": read(style, style_cell)})[0] for style in styles]
        given["code"] = np.mean(codes, axis=0)  # several styles are mixed
    else:
        given["strength"] = np.ones((1, 1), np.float32)
    write(painter.run(None, given)[0], out)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
