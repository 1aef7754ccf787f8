"""Reading tensors from files that others made: safetensors, NumPy archives, HDF5, and pickles with care.

What a file is shows in its first bytes, not in its name. Pickles are read with ``weights_only``, which runs
no code of theirs, and are copied to safetensors at once, so that each is read a single time.
"""

from __future__ import annotations

import pickle
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.errors import MissingExtraError, WeightsError
from impasto.weights import conversion_path, is_as_recorded, keep_conversion, known_fingerprint
from impasto.weights.atomic import writing_whole

__all__ = ["Tensors", "read_tensors", "read_weights", "write_tensors"]

Tensors = dict[str, Tensor]
Wanted = Callable[[str], bool]

MOST_UNPACKED = 100  # bytes that one byte of a file may become: learnt numbers hardly shrink, so more is a trap
ALWAYS_ALLOWED = 1 << 24

# Whatever a reader may raise on bytes that are not what they claim to be.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def read_weights(path: Path, *, purpose: str, wanted: Wanted = lambda _: True) -> tuple[Tensors, dict[str, str]]:
    """Return the ``wanted`` tensors by name, and metadata with the original's ``file`` name and ``sha256``.

    A pickle is read once and kept as safetensors in the cache, for ``purpose``; later its copy is read.
    """
    if _kind_of(path) != "pickle":
        tensors, metadata = read_tensors(path, wanted=wanted)
        return tensors, _with_origin(metadata, path)
    copy = conversion_path(path, purpose)
    if is_as_recorded(copy):
        return read_tensors(copy, wanted=wanted)
    tensors, metadata = read_tensors(path, wanted=wanted)
    metadata = _with_origin(metadata, path)
    try:
        write_tensors(copy, tensors, metadata)
        keep_conversion(path, copy)
    except OSError:  # a cache that cannot be written: then it is converted again next time
        pass
    return tensors, metadata


def read_tensors(path: Path, *, wanted: Wanted = lambda _: True) -> tuple[Tensors, dict[str, str]]:
    """Return the ``wanted`` tensors of a file by name, and its metadata; nothing in it is executed."""
    kind = _kind_of(path)
    try:
        tensors, metadata = _READERS[kind](path, wanted)
    except _DAMAGE as damage:
        raise WeightsError(f"{path} cannot be read as weights ({_first_words(damage)}); get it again.") from damage
    if not tensors:
        raise WeightsError(f"{path} holds none of the tensors that are needed; give a file of weights.")
    return tensors, metadata


def write_tensors(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write tensors and metadata as safetensors, whole or not at all."""
    from safetensors.torch import save

    with writing_whole(path) as unfinished:  # not save_file, which makes files that only their owner may read
        unfinished.write_bytes(save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata))


def _kind_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            start = file.read(9)
        if _is_safetensors(start, path):
            return "safetensors"
        if start.startswith(b"PK"):
            return "archive" if _is_numpy_archive(path) else "pickle"
    except (OSError, zipfile.BadZipFile) as failure:
        raise WeightsError(f"{path} cannot be read ({_first_words(failure)}); give a file of weights.") from failure
    if start.startswith(b"\x89HDF"):
        return "hdf5"
    if start.startswith(b"\x80"):
        return "pickle"
    if start.endswith(b"{"):  # cut off, as the reader will say
        return "safetensors"
    raise WeightsError(f"{path} is not a file of weights; give safetensors, .pth, .npz or Keras' .h5.")


def _is_safetensors(start: bytes, path: Path) -> bool:
    """Say whether a file begins with the length of its header and the header's brace.

    Asked first: the length is just a number, and its first bytes may be those that a pickle or an archive begins with.
    """
    return start.endswith(b"{") and int.from_bytes(start[:8], "little") <= path.stat().st_size


def _is_numpy_archive(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(".npy") for name in archive.namelist())


def _check_modest(path: Path, unpacked: int) -> None:
    """Refuse a small file that would fill the memory: what it claims to hold is counted before it is unpacked."""
    if unpacked > ALWAYS_ALLOWED + MOST_UNPACKED * path.stat().st_size:
        raise ValueError(f"it claims to hold {unpacked / 1e9:,.1f} GB, far more than its size allows")


def _check_unzipped(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        _check_modest(path, sum(one.file_size for one in archive.infolist()))


def _read_safetensors(path: Path, wanted: Wanted) -> tuple[Tensors, dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if wanted(name)]  # noqa: SIM118 - it is not a dict
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except SafetensorError as damage:
        raise ValueError(str(damage)) from damage


def _read_pickle(path: Path, wanted: Wanted) -> tuple[Tensors, dict[str, str]]:
    if zipfile.is_zipfile(path):
        _check_unzipped(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch muses about pickle protocols; here a file is read or refused
        try:
            content: Any = torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as fault:
            if "GLOBAL" not in str(fault):  # it names no class or function, so it is only damaged
                raise ValueError("its pickle is damaged") from fault
            raise WeightsError(
                f"{path} cannot be read as weights without running code of its own, which Impasto never does; "
                "get the bare weights (a state_dict), best as safetensors."
            ) from fault
    for wrapper in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict):
        raise TypeError("it holds no tensors by name")
    found = {str(name): x.detach() for name, x in content.items() if _is_plain(x) and wanted(str(name))}
    # A tensor may claim any shape over one stored number.
    _check_modest(path, sum(x.numel() * x.element_size() for x in found.values()))
    return found, {}


def _is_plain(x: object) -> bool:
    """Say whether it is a tensor of the usual kind; what a file says of a sparse one is not checked by PyTorch."""
    return isinstance(x, Tensor) and x.layout == torch.strided and not (x.is_quantized or x.is_complex())


def _read_archive(path: Path, wanted: Wanted) -> tuple[Tensors, dict[str, str]]:
    import numpy as np

    _check_unzipped(path)
    with np.load(path, allow_pickle=False) as archive:
        return {name: torch.from_numpy(np.array(archive[name])) for name in archive.files if wanted(name)}, {}


def _read_hdf5(path: Path, wanted: Wanted) -> tuple[Tensors, dict[str, str]]:
    try:
        import h5py
    except ImportError as missing:
        raise MissingExtraError(f"reading {path}", "keras") from missing
    tensors: Tensors = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" and wanted(name):
            _check_modest(path, item.nbytes + sum(x.nbytes for x in tensors.values()))
            tensors[name] = torch.from_numpy(item[()].copy())

    with h5py.File(path, "r") as file:
        file.visititems(take)  # follows no links to other files
    return tensors, {}


_READERS: dict[str, Callable[[Path, Wanted], tuple[Tensors, dict[str, str]]]] = {
    "safetensors": _read_safetensors,
    "pickle": _read_pickle,
    "archive": _read_archive,
    "hdf5": _read_hdf5,
}


def _with_origin(metadata: dict[str, str], path: Path) -> dict[str, str]:
    return {"file": path.name, "sha256": known_fingerprint(path).sha256} | metadata


def _first_words(failure: BaseException) -> str:
    """Return the first line of an error, short enough to stand inside a sentence."""
    line = (str(failure) or type(failure).__name__).strip().splitlines()[0].rstrip(".")
    return line if len(line) <= 120 else f"{line[:117]}…"
