"""Models of ours as ONNX files, each compared with ours in ONNX Runtime before it is handed out.

A model with one style becomes one file: ``photo`` and ``strength`` in, ``painting`` out. The fast method becomes two,
as Magenta's pair: one paints a ``photo`` with a ``code``, the other reads a ``style`` and gives its code; weighted
means of codes are styles between. Pictures are (1, 3, height, width), RGB in [0, 1], with sides that are multiples of
what the file's metadata says.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from impasto.config.exporting import Exporting, Storage
from impasto.errors import OptionError, OutputError, WeightsError
from impasto.images import brushwork, fit_long_side, harbour, read, resize
from impasto.models.encoder import embedded_encoder
from impasto.models.fast import CODE_LAYERS, STRIDE, embedded_fast
from impasto.models.grain import grain
from impasto.models.onnx_files import Input, OnnxFile, write_onnx
from impasto.models.trained import load_model

__all__ = ["TOLERANCE", "Agreement", "Exported", "export", "files_of"]

FAST = "fast"
EXAMPLE = (64, 96)
CHECKED_SIZES = ((104, 72), (136, 184))  # odd multiples of 8: round ones would hide a rounding that went astray
LONGEST_CHECK = 512  # pixels; a photo to compare with is made as large


@dataclass(frozen=True)
class Agreement:
    """How far two pictures (or codes) are from each other: on average, and where most; 1 is the whole range."""

    mean: float
    worst: float

    def within(self, other: Agreement) -> bool:
        """Say whether neither is larger than the other's."""
        return self.mean <= other.mean and self.worst <= other.worst

    def __str__(self) -> str:
        return f"mean {self.mean * 255:.3f}/255, worst {self.worst * 255:.2f}/255"


TOLERANCE: dict[Storage, Agreement] = {
    "float32": Agreement(1 / 255, 6 / 255),
    "float16": Agreement(1 / 255, 6 / 255),
    "int8": Agreement(2 / 255, 24 / 255),
}
"""The most by which a file may differ from the network it was made from; :func:`export` refuses to make others.

With float16 no more is allowed than without. With int8 half of this was measured, see docs/models.md.
"""


@dataclass(frozen=True)
class Exported:
    """One file that was made."""

    path: Path
    agreement: Agreement
    inputs: Sequence[str]

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.path.stat().st_size


@dataclass(frozen=True)
class _Part:
    """One file to make: a network, its inputs, and what pictures to compare it on."""

    network: nn.Module
    inputs: Sequence[Input]
    output: str
    about: dict[str, Any]


def export(
    model: str | os.PathLike[str], path: str | os.PathLike[str], config: Exporting | None = None, **options: Any
) -> list[Exported]:
    """Write ``fast``, or the model in a file, as ONNX to ``path`` and return what was made.

    A file appears only if ONNX Runtime paints with it as we do (see :data:`TOLERANCE`).
    """
    config = replace(config or Exporting(), **options)
    files = files_of(model, path)
    parts = [_painting_part(), _reading_part()] if os.fspath(model) == FAST else [_trained_part(Path(model))]
    return [_made(part, file, config) for part, file in zip(parts, files, strict=True)]


def files_of(model: str | os.PathLike[str], path: str | os.PathLike[str]) -> list[Path]:
    """Return the files that exporting a model to ``path`` makes."""
    target = Path(path)
    if target.suffix != ".onnx":
        raise OutputError(f"{target} does not end in .onnx; give the file such a name.")
    return [target, target.with_name(f"{target.stem}-style.onnx")] if os.fspath(model) == FAST else [target]


def _trained_part(path: Path) -> _Part:
    if path.suffix != ".safetensors" and not path.is_file():
        raise OptionError(f"{str(path)!r} cannot be exported; give fast, or the path of a model (.safetensors).")
    network, about = load_model(path)
    stride: int = network.stride  # type: ignore[assignment]
    photo = Input("photo", _drawn(EXAMPLE)[0], stride)
    kept = {name: value for name, value in about.items() if name != "config"}
    return _Part(_Clamped(network), [photo, Input("strength", torch.ones(1, 1))], "painting", kept)


def _painting_part() -> _Part:
    photo, style = _drawn(EXAMPLE)
    inputs = [Input("photo", photo, STRIDE), Input("code", _Reading()(style))]
    return _Part(_Painting(), inputs, "painting", _about_fast("the painting half"))


def _reading_part() -> _Part:
    return _Part(_Reading(), [Input("style", _drawn(EXAMPLE)[1], STRIDE)], "code", _about_fast("the reading half"))


def _about_fast(half: str) -> dict[str, str]:
    return {"kind": "fast", "source": f"Impasto's fast network, {half}", "licence": "MIT"}


def _made(part: _Part, path: Path, config: Exporting) -> Exported:
    """Write one file beside its place, compare it, and give it its name if it agrees."""
    unproven = path.with_name(f".{path.name}.unproven")
    try:
        write_onnx(
            unproven,
            part.network,
            list(part.inputs),
            part.output,
            metadata=_metadata(part, config.storage),
            storage=config.storage,
        )
        found = _compared(part, unproven, config.check)
        allowed = TOLERANCE[config.storage]
        if not found.within(allowed):
            raise WeightsError(
                f"as ONNX in {config.storage} the model would paint otherwise than here ({found}; allowed is "
                f"{allowed}); export it in float32."
            )
        unproven.replace(path)
    finally:
        unproven.unlink(missing_ok=True)
    return Exported(path, found, [one.name for one in part.inputs])


def _metadata(part: _Part, storage: Storage) -> dict[str, str]:
    cells = {one.name: str(one.cell) for one in part.inputs if one.cell}
    told = {name: str(value) for name, value in part.about.items()}
    return told | {"storage": storage, "sides_are_multiples_of": next(iter(cells.values()))}


def _compared(part: _Part, path: Path, photo: Path | None) -> Agreement:
    """Return the largest differences over random and drawn pictures, and over a photo where one was given."""
    file, pictures = OnnxFile(path), [*_pictures(part), *([] if photo is None else [_photo(photo, part)])]
    found = [_difference(part, file, picture) for picture in pictures]
    return Agreement(max(one.mean for one in found), max(one.worst for one in found))


def _difference(part: _Part, file: Callable[..., Tensor], picture: Tensor) -> Agreement:
    others = [one.example for one in part.inputs[1:]]
    with torch.no_grad():
        ours = part.network(picture, *others)
    apart = (file(picture, *others) - ours).abs()
    span = 1.0 if part.output == "painting" else float(ours.abs().max())
    return Agreement(float(apart.mean()) / span, float(apart.max()) / span)


def _pictures(part: _Part) -> list[Tensor]:
    noise = torch.rand(1, 3, *_whole(EXAMPLE, part), generator=torch.Generator().manual_seed(0))
    return [noise, *(drawn for size in CHECKED_SIZES for drawn in _drawn(_whole(size, part)))]


@functools.cache
def _drawn(size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Draw once what is compared for every file: it takes longer than to paint it."""
    return harbour(size), brushwork(size)


def _photo(path: Path, part: _Part) -> Tensor:
    picture = read(path)
    side = min(LONGEST_CHECK, max(picture.size))
    return resize(picture.pixels, _whole(fit_long_side(picture.size, side), part))


def _whole(size: tuple[int, int], part: _Part) -> tuple[int, int]:
    """Return a size of whole cells near this one."""
    cell = part.inputs[0].cell
    height, width = (max(cell, round(side / cell) * cell) for side in size)
    return height, width


class _Clamped(nn.Module):
    """A model in a file as the outside sees it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, photo: Tensor, strength: Tensor) -> Tensor:
        painted: Tensor = self.network(photo, strength)
        return painted.clamp(0, 1)


class _Painting(nn.Module):
    """The half of the fast method that paints; the field that strokes grow from is computed inside."""

    def __init__(self) -> None:
        super().__init__()
        self.network = embedded_fast()

    def forward(self, photo: Tensor, code: Tensor) -> Tensor:
        noise = grain((photo.shape[-2] // 4, photo.shape[-1] // 4), seed=0)
        painted: Tensor = self.network(photo, self.network.modulation(code), noise)
        return painted.clamp(0, 1)


class _Reading(nn.Module):
    """The half of the fast method that reads a painting."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = embedded_encoder(CODE_LAYERS)

    def forward(self, style: Tensor) -> Tensor:
        # What `style_vector` makes of moments; the moments themselves are summed in blocks, which a graph cannot be.
        features = [x for _, x in sorted(self.encoder(style).items())]
        return torch.cat([*(x.mean((2, 3)) for x in features), *(x.square().mean((2, 3)) for x in features)], 1)
