"""Where the pictures of a folder come from and where they go: a folder of this computer, or object storage.

Whatever is put somewhere appears whole or not at all: on a disk it is renamed into its place, and object storage shows
an object only when all of it has come.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeAlias

from impasto.errors import ImpastoError, InputError, OutputError

__all__ = ["LocalFolder", "Place", "RemoteFolder", "is_address", "is_remote", "place_of"]

Text: TypeAlias = "str | os.PathLike[str]"

UNFINISHED = ".impasto-unfinished"
"""The folder beside the results in which they are written before they get their names."""

_SCHEME = re.compile(r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/+")  # two letters and more: C:/ is a disk
_OF_THE_SYSTEM = {"lost+found", "System Volume Information", "$RECYCLE.BIN"}  # on every disk, and not to be read
_SHOWS_WHOLE_OBJECTS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "adl", "memory"}


class Place(Protocol):
    """A folder with sub-folders; names in it are relative, with slashes."""

    text: str

    def names(self, *, besides: Place | None = None) -> set[str]:
        """Return the names of all files, without hidden ones and those in another place."""
        ...

    def fetched(self, name: str) -> Any:
        """Return a context manager that gives the file as a path of this computer."""
        ...

    def putting(self, name: str) -> Any:
        """Return a context manager that gives a path to write to; the file appears when all went well."""
        ...


def is_address(text: Text) -> bool:
    """Say whether a place is written as an address, of object storage or of a folder (``file:///photos``)."""
    return _SCHEME.match(str(text)) is not None


def is_remote(text: Text) -> bool:
    """Say whether a place is an address such as ``s3://bucket/photos`` and no folder of this computer."""
    match = _SCHEME.match(str(text))
    return match is not None and match["scheme"].lower() not in ("file", "local")


def place_of(text: Text) -> Place:
    """Return the place that a path or an address names."""
    plain = str(text)
    match = _SCHEME.match(plain)
    if match is None:
        return LocalFolder(Path(plain))
    if not is_remote(plain):
        return LocalFolder(Path("/" + plain[match.end() :]))
    return RemoteFolder(f"{match['scheme'].lower()}://{plain[match.end() :]}")  # pathlib swallows one of the slashes


class LocalFolder:
    """A folder of this computer, or one that several computers share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.text = str(self.folder)

    def names(self, *, besides: Place | None = None) -> set[str]:
        """Return the names of all files, without hidden ones, what is in hidden folders, and those in another place."""
        shut = [besides.folder] if isinstance(besides, LocalFolder) else []
        return {path.relative_to(self.folder).as_posix() for path in _walked(self.folder, shut)}

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        """Give the file as it lies there."""
        yield self.folder / name

    @contextmanager
    def putting(self, name: str) -> Iterator[Path]:
        """Give a path in a hidden folder beside the results, and rename what is there when all of it is on the disk."""
        target = self.folder / name
        unfinished = self.folder / UNFINISHED
        unfinished.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=unfinished, ignore_cleanup_errors=True) as folder:
            path = Path(folder, target.name)
            yield path
            _flush(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)

    def sweep(self) -> None:
        """Remove what a run left behind that was killed."""
        shutil.rmtree(self.folder / UNFINISHED, ignore_errors=True)


class RemoteFolder:
    """A folder in object storage, by fsspec: ``s3://…``, ``gs://…``, ``az://…`` and whatever else is installed."""

    def __init__(self, url: str) -> None:
        self.text = url.rstrip("/")
        self._system, self._root = _file_system(self.text)

    def names(self, *, besides: Place | None = None) -> set[str]:
        """Return the names of all objects, without hidden ones and those in another place."""
        self._system.invalidate_cache()
        try:
            found = self._system.find(self._root)
        except FileNotFoundError:
            return set()
        except Exception as fault:  # every kind of storage has its own
            raise InputError(f"{self.text} cannot be listed ({_reason(fault)}); check address and rights.") from fault
        names = {PurePosixPath(path).relative_to(self._root) for path in map(self._within, found)}
        seen = {name for name in names if not any(part.startswith(".") for part in name.parts)}
        return {str(name) for name in seen if besides is None or not self._is_in(besides, name)}

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        """Fetch the object for the time that it is needed."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, PurePosixPath(name).name)
            try:
                self._system.get_file(f"{self._root}/{name}", str(path))
            except Exception as fault:  # every kind of storage has its own
                raise InputError(f"{name} could not be fetched from {self.text} ({_reason(fault)}).") from fault
            yield path

    @contextmanager
    def putting(self, name: str) -> Iterator[Path]:
        """Give a temporary path, and send what is there."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, PurePosixPath(name).name)
            yield path
            try:
                self._send(path, f"{self._root}/{name}")
            except Exception as fault:
                raise OutputError(f"{name} could not be sent to {self.text} ({_reason(fault)}).") from fault

    def _send(self, path: Path, target: str) -> None:
        if _SCHEME.match(self.text)["scheme"] in _SHOWS_WHOLE_OBJECTS:  # type: ignore[index]
            self._system.put_file(str(path), target)
            return
        self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._system.put_file(str(path), f"{target}.part")
        self._system.mv(f"{target}.part", target)

    def _within(self, path: str) -> str:
        return path if path.startswith(self._root) else f"/{path}"

    def _is_in(self, place: Place, name: PurePosixPath) -> bool:
        return PurePosixPath(self.text, name).is_relative_to(place.text)


def _file_system(url: str) -> tuple[Any, str]:
    """Return the fsspec file system of an address, and the path in it."""
    from fsspec.core import url_to_fs

    try:
        return url_to_fs(url)  # type: ignore[no-any-return]
    except ImportError as fault:  # fsspec names the package that is missing
        raise ImpastoError(f"{url} needs a package that is not installed: {_reason(fault)}.") from fault
    except ValueError as fault:
        raise InputError(
            f"{url} is no address that can be read ({_reason(fault)}); s3://BUCKET/FOLDER is one."
        ) from fault


def _walked(folder: Path, shut: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the files of a folder and its sub-folders, each of which is entered once, however many links lead to it.

    Links come last, so that what lies in the folder itself has its own name and not that of a way around.
    """
    entered = {os.path.realpath(one) for one in shut}
    waiting = deque([folder])
    while waiting:
        for parent, folders, files in _walked_without_links(waiting.popleft(), entered):
            waiting.extend(path for name in folders if (path := Path(parent, name)).is_symlink())
            yield from (Path(parent, name) for name in files)


def _walked_without_links(top: Path, entered: set[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each folder in which nobody has been, with the names that it shows."""
    for parent, folders, files in os.walk(top, onerror=_refuse_unreadable):
        place = os.path.realpath(parent)
        folders[:] = [] if place in entered else _shown(folders)
        if place not in entered:
            entered.add(place)
            yield parent, folders, _shown(files)


def _shown(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if not (name.startswith(".") or name in _OF_THE_SYSTEM))


def _refuse_unreadable(fault: OSError) -> None:
    """Refuse a folder that cannot be looked into, but not one that is not there: results have none before they come."""
    if not isinstance(fault, (FileNotFoundError, NotADirectoryError)):
        why = f"{fault.filename} cannot be looked into ({fault.strerror})"
        raise InputError(f"{why}; change its permissions, or move it elsewhere.") from fault


def _flush(path: Path) -> None:
    """Wait until a file is on the disk: the journal must not know of pictures that a power cut takes away."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _reason(fault: BaseException) -> str:
    return (" ".join(str(fault).split()) or type(fault).__name__).rstrip(".")
