"""Writing pictures: a whole file appears under the wanted name, or nothing does and one sentence says why."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.errors import OptionError, OutputError, did_you_mean
from impasto.images.alpha import over_white
from impasto.images.deep_encoding import Pixels
from impasto.images.encoding import encode
from impasto.images.formats import FORMATS, Format, format_of, joined
from impasto.images.opening import shown_name
from impasto.images.picture import Metadata, Picture
from impasto.images.resizing import resize

__all__ = ["check_writable", "place", "quantized", "reason_of", "sidecar_of", "temporary_in", "write"]

_SUFFIXES = [suffix for known in FORMATS for suffix in known.suffixes]


def write(
    picture: Picture | Tensor,
    path: str | os.PathLike[str],
    *,
    alpha: Tensor | None = None,
    metadata: Metadata | None = None,
    bits: int = 8,
    quality: int = 95,
    recipe: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a picture in the format that the path's suffix names, tagged as sRGB.

    ``picture`` is a :class:`Picture`, whose alpha and metadata are written unless others are given, or
    pixels ``(1, 3, H, W)``. ``metadata=Metadata()`` strips all. ``alpha`` of another size is resized; in a
    format without transparency the picture is put on white. ``bits=16`` is for PNG and TIFF. ``quality`` (1
    to 100) is for the lossy formats. ``recipe`` is kept inside the file, or beside it as ``NAME.json`` where
    the format has no room. Raises :class:`~impasto.errors.OutputError`; then nothing is left behind.
    """
    path = Path(path)
    if isinstance(picture, Picture):
        alpha = picture.alpha if alpha is None else alpha
        metadata = picture.metadata if metadata is None else metadata
        picture = picture.pixels
    height, width = picture.shape[-2:]
    known = check_writable(path, overwrite=overwrite, bits=bits, size=(height, width))
    if not 1 <= quality <= 100:
        raise OptionError(f"quality is {quality}; allowed is a whole number, 1 to 100.")
    pixels = quantized(picture, alpha if alpha is None else resize(alpha, (height, width)), known, bits)
    try:
        data = encode(known.name, pixels, quality=quality, metadata=metadata or Metadata(), recipe=recipe)
    except Exception as error:  # encoders are foreign code and fail in many ways
        raise OutputError(
            f"{shown_name(path)} could not be encoded as {known.name} ({reason_of(error)}); try another format."
        ) from error
    files = {path: data}
    if recipe is not None and not known.holds_recipe:
        files[sidecar_of(path)] = recipe.encode()
    place(files)
    if recipe is None and not known.holds_recipe:
        sidecar_of(path).unlink(missing_ok=True)  # it told of the picture that was just replaced


def check_writable(
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    bits: int = 8,
    size: tuple[int, int] | None = None,
) -> Format:
    """Raise what :func:`write` would raise here, before any work is done; return the format."""
    path = Path(path)
    known = _known_format(path, bits, size)
    name, folder = shown_name(path), shown_name(path.parent)
    try:
        if not path.parent.is_dir():
            raise OutputError(f"{name} cannot be written: the folder {folder} does not exist; create it first.")
        if path.is_dir():
            raise OutputError(f"{name} is a folder; give the name of a picture to write.")
        with suppress(FileNotFoundError):
            path.lstat()  # raises where the name itself cannot be: too long, a NUL byte
        if not overwrite:
            _refuse_existing(path, known)
        _try_folder(path.parent)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{name} cannot be written in {folder} ({reason_of(error)}); choose another place."
        ) from error
    return known


def sidecar_of(path: Path) -> Path:
    """Return where the recipe of a picture goes whose format has no room for it."""
    return path.with_name(path.name + ".json")


def _known_format(path: Path, bits: int, size: tuple[int, int] | None) -> Format:
    name, known = shown_name(path), format_of(path.suffix)
    if known is None:
        given = f"the ending {path.suffix}" if path.suffix else "no ending"
        hint = did_you_mean(path.suffix.lower(), _SUFFIXES)
        raise OutputError(f"{name} has {given}{hint}; end the name in {joined(_SUFFIXES)}.")
    if bits not in known.bits:
        able = [other.name for other in FORMATS if bits in other.bits]
        advice = f"write {joined(able)}" if able else "choose 8 or 16"
        raise OutputError(f"{name} cannot have {bits} bits per channel, since {known.name} has 8; {advice}.")
    if size and max(size) > known.longest:
        longer = joined([other.name for other in FORMATS if other.longest >= max(size)])
        raise OutputError(
            f"{name} would be {size[1]}x{size[0]} pixels, but {known.name} ends at {known.longest} a side; "
            f"write {longer}."
        )
    return known


def _refuse_existing(path: Path, known: Format) -> None:
    taken = [path] if known.holds_recipe else [path, sidecar_of(path)]
    for candidate in taken:
        if candidate.exists() or candidate.is_symlink():
            raise OutputError(f"{shown_name(candidate)} exists already; choose another name, or allow overwriting.")


def _try_folder(folder: Path) -> None:
    """Create and remove a file: the only test that is right on every system and network drive."""
    trial = temporary_in(folder)
    trial.touch(exist_ok=False)
    trial.unlink()


def temporary_in(folder: Path) -> Path:
    """Return a name for a file that is not finished; whoever finds one left behind may remove it."""
    return folder / f".impasto-{secrets.token_hex(8)}.tmp"


def quantized(pixels: Tensor, alpha: Tensor | None, known: Format, bits: int) -> Pixels:
    """Return whole numbers, rounded half to even without dithering; NaN and infinity never reach a file."""
    if alpha is not None and known.has_alpha:
        planes = torch.cat([pixels.reshape(3, *pixels.shape[-2:]), alpha.reshape(1, *alpha.shape[-2:])])
    else:
        planes = over_white(pixels, alpha).reshape(3, *pixels.shape[-2:])
    values = planes.detach().to("cpu", torch.float32)
    if not bool(torch.isfinite(values).all()):
        raise OutputError("The picture holds NaN or infinite pixels and was not written; please report this.")
    largest = 2**bits - 1
    whole = (values.clamp(0, 1) * largest).round().permute(1, 2, 0).contiguous().numpy()
    return np.asarray(whole, dtype=np.uint8 if bits == 8 else np.uint16)


def place(files: Mapping[Path, bytes]) -> None:
    """Write all files beside their places, then rename them; on failure remove what was begun."""
    begun: dict[Path, Path] = {}
    target = next(iter(files))
    try:
        for target, data in files.items():
            begun[target] = temporary_in(target.parent)
            begun[target].write_bytes(data)
        for target, temporary in begun.items():
            temporary.replace(target)
    except OSError as error:
        raise OutputError(
            f"{shown_name(target)} could not be written ({reason_of(error)}); free some space or choose another folder."
        ) from error
    finally:
        for temporary in begun.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def reason_of(error: BaseException) -> str:
    """Return what an error of the system or of an encoder says, on one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__
