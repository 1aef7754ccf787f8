"""Reading tensors from honest, damaged and hostile files."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.errors import MissingExtraError, WeightsError
from impasto.models.reading import read_tensors, read_weights, write_tensors
from impasto.weights import file_sha256

TENSORS = {"a.weight": torch.arange(6.0).view(2, 3), "b.bias": torch.tensor([1.5, -2.5])}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("IMPASTO_CACHE", str(folder))
    return folder


def save(path: Path, tensors: dict[str, Tensor]) -> Path:
    """Write the tensors in the format that the name's ending stands for."""
    if path.suffix == ".safetensors":
        write_tensors(path, tensors, {"licence": "CC0"})
    elif path.suffix == ".npz":
        np.savez(path, **{name: tensor.numpy() for name, tensor in tensors.items()})
    elif path.suffix == ".h5":
        h5py = pytest.importorskip("h5py", reason="the extra 'keras' is not installed")
        with h5py.File(path, "w") as file:
            for name, tensor in tensors.items():
                file[f"group/{name}"] = tensor.numpy()
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=path.suffix == ".pt")
    return path


FORMATS = [".safetensors", ".npz", ".pt", ".pth", ".h5"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_tensors_whatever_its_name(suffix: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"file{suffix}", TENSORS)
    disguised = path.rename(tmp_path / "file.dat")
    tensors, _ = read_tensors(disguised)
    found = {name.removeprefix("group/"): tensor for name, tensor in tensors.items()}
    assert set(found) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert torch.equal(found[name], tensor)


@pytest.mark.parametrize("suffix", FORMATS)
def test_only_what_is_wanted_is_read(suffix: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"file{suffix}", TENSORS)
    tensors, _ = read_tensors(path, wanted=lambda name: name.endswith("bias"))
    assert len(tensors) == 1
    with pytest.raises(WeightsError, match="none of the tensors that are needed"):
        read_tensors(path, wanted=lambda name: False)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("damage", ["half", "most", "garbage"])
def test_a_damaged_file_is_refused_in_one_sentence(suffix: str, damage: str, tmp_path: Path) -> None:
    large = {"weight": torch.randn(40, 40), "other": torch.randn(400)}
    path = save(tmp_path / f"file{suffix}", large)
    content = path.read_bytes()
    broken = {
        "half": content[: len(content) // 2],
        "most": content[:-100],
        "garbage": content[:12] + b"\x07" * (len(content) - 12),
    }
    path.write_bytes(broken[damage])
    with pytest.raises(WeightsError) as caught:
        read_tensors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"<html>not found</html>", b"PK\x03\x04nothing"])
def test_what_is_no_file_of_weights_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"vgg\.pth"):
        read_tensors(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.npz", tmp_path):
        with pytest.raises(WeightsError, match="cannot be read"):
            read_tensors(path)


class Bomb:
    """Unpickled by anything careless, it makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("form", ["plain", "zipped", "legacy", "npz"])
def test_a_pickle_bomb_does_not_go_off(form: str, tmp_path: Path) -> None:
    target, path = tmp_path / "exploded", tmp_path / "bomb.pth"
    bomb = {"weight": torch.zeros(2), "bomb": Bomb(target)}
    if form == "plain":
        path.write_bytes(pickle.dumps(bomb))
    elif form == "npz":
        path = tmp_path / "bomb.npz"
        np.savez(path, weight=np.array([Bomb(target)], dtype=object))
    else:
        torch.save(bomb, path, _use_new_zipfile_serialization=form == "zipped")
    for read in (read_tensors, lambda path: read_weights(path, purpose="test")):
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            read(path)
    assert not target.exists()


def test_the_bomb_is_live(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "exploded")))
    assert (tmp_path / "exploded").exists()


def save_claim(form: str, path: Path) -> None:
    """Write a small file that claims to hold four terabytes (in an archive: three hundred megabytes of nothing)."""
    if form == "expanded":
        torch.save({"weight": torch.zeros(1).expand(10**6, 10**6)}, path)
    elif form == "hdf5":
        h5py = pytest.importorskip("h5py", reason="the extra 'keras' is not installed")
        with h5py.File(path, "w") as file:
            file.create_dataset("weight", shape=(10**6, 10**6), dtype="f4", chunks=(100, 100))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("weight.npy", "w") as entry:
            for _ in range(300):
                entry.write(bytes(10**6))


@pytest.mark.parametrize("form", ["expanded", "hdf5", "npz"])
def test_a_small_file_cannot_fill_the_memory(form: str, tmp_path: Path) -> None:
    path = tmp_path / "claim.dat"
    save_claim(form, path)
    assert path.stat().st_size < 2**20
    for read in (read_tensors, lambda path: read_weights(path, purpose="test")):
        with pytest.raises(WeightsError, match=r"claims to hold .* GB, far more than its size allows"):
            read(path)


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_tensors_of_unusual_kinds_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kinds.pth"
    unusual = {"sparse": torch.eye(3).to_sparse(), "complex": torch.zeros(2, dtype=torch.complex64)}
    torch.save({**unusual, **TENSORS}, path)
    assert set(read_tensors(path)[0]) == set(TENSORS)


def test_a_state_inside_a_checkpoint_is_found(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth"
    torch.save({"epoch": 3, "state_dict": TENSORS}, path)
    assert set(read_tensors(path)[0]) == set(TENSORS)


def test_metadata_comes_back(tmp_path: Path) -> None:
    assert read_tensors(save(tmp_path / "a.safetensors", TENSORS))[1] == {"licence": "CC0"}


@pytest.mark.parametrize("start", [b"\x80", b"PK"], ids=["a pickle", "an archive"])
def test_safetensors_that_begin_like_another_format_are_safetensors(start: bytes, tmp_path: Path) -> None:
    """A file begins with the length of its header, which can be any multiple of eight."""
    path = tmp_path / "model.safetensors"
    write_tensors(path, TENSORS, {"filling": ""})
    shortest = int.from_bytes(path.read_bytes()[:8], "little")
    wanted = next(length for length in range(shortest, 2**16, 8) if length.to_bytes(8, "little").startswith(start))
    write_tensors(path, TENSORS, {"filling": "x" * (wanted - shortest)})
    assert path.read_bytes().startswith(start)
    tensors, metadata = read_tensors(path)
    assert torch.equal(tensors["a.weight"], TENSORS["a.weight"])
    assert len(metadata["filling"]) == wanted - shortest


def test_a_pickle_is_read_once_and_then_its_copy(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "file.pth", TENSORS)
    first, metadata = read_weights(path, purpose="test")
    assert metadata == {"file": "file.pth", "sha256": file_sha256(path)}
    assert len(list((cache / "converted").glob("*-test.safetensors"))) == 1
    monkeypatch.setattr(torch, "load", None)
    second, again = read_weights(path, purpose="test")
    assert again == metadata
    assert all(torch.equal(first[name], second[name]) for name in TENSORS)


def test_a_tampered_copy_is_not_trusted(tmp_path: Path, cache: Path) -> None:
    path = save(tmp_path / "file.pth", TENSORS)
    read_weights(path, purpose="test")
    (copy,) = (cache / "converted").glob("*.safetensors")
    write_tensors(copy, {"a.weight": torch.zeros(1)}, {})
    assert set(read_weights(path, purpose="test")[0]) == set(TENSORS)


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, cache: Path) -> None:
    cache.write_text("a file in the way")
    assert set(read_weights(save(tmp_path / "file.pth", TENSORS), purpose="test")[0]) == set(TENSORS)


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "file.h5", TENSORS)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"impasto\[keras\]"):
        read_tensors(path)
