"""Fetching published weights: mirrors in order, resumed, verified, and only then given their name."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from impasto.errors import WeightsError
from impasto.weights.digests import fingerprint
from impasto.weights.folders import fetched_folder, is_offline
from impasto.weights.locking import only_one_process
from impasto.weights.records import Record, read_record, write_record
from impasto.weights.registry import Published
from impasto.weights.transfer import (
    InterruptedTransferError,
    OnProgress,
    UnusableSourceError,
    discard_part,
    transfer,
)

__all__ = ["fetch", "how_to_place"]

log = logging.getLogger(__name__)

_PATIENCE = 3  # attempts in a row that bring nothing
_PAUSE = 0.5  # seconds before the next of them, growing


def fetch(entry: Published, *, on_progress: OnProgress | None = None, timeout: float = 30.0) -> Path:
    """Return the published file, intact, in the cache; fetch it unless it is there already.

    Two processes may ask at once: one fetches, the other waits for it. Interrupted, the next call goes on.
    """
    folder = fetched_folder()
    target = folder / entry.file
    if _is_there(entry, target):
        return target
    _refuse_offline(entry)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with only_one_process(folder / f".{entry.file}.lock"):
            if not _is_there(entry, target):  # the one who was first may have brought it meanwhile
                _fetch_from_any(entry, target, on_progress, timeout)
    except OSError as failure:
        raise WeightsError(
            f"{folder} cannot take the weights {entry.name} ({failure.strerror or failure}); "
            "name another folder in IMPASTO_CACHE."
        ) from failure
    return target


def how_to_place(entry: Published) -> str:
    """Say which file to get where and where to put it, for a computer without a network."""
    home = f" from {entry.urls[0]}" if entry.urls else ""
    return (
        f"get {entry.file} ({entry.size_text}){home} and put it into {fetched_folder()}, "
        "or into a folder that IMPASTO_WEIGHTS names"
    )


def _is_there(entry: Published, target: Path) -> bool:
    if not target.is_file():
        return False
    found = fingerprint(target)
    if entry.digest:
        return entry.digest.matches(found)
    record = read_record(target)
    return record is not None and record.sha256 == found.sha256


def _refuse_offline(entry: Published) -> None:
    if is_offline():
        raise WeightsError(
            f"the weights {entry.name} are not on this computer and IMPASTO_OFFLINE forbids the network: "
            f"{how_to_place(entry)}."
        )


def _fetch_from_any(entry: Published, target: Path, on_progress: OnProgress | None, timeout: float) -> None:
    reasons: list[str] = []
    for url in entry.urls:
        reason = _why_not(entry, url, target, on_progress, timeout)
        if reason is None:
            return
        reasons.append(reason)
    told = "; ".join(dict.fromkeys(reasons)) or "it has no address"
    raise WeightsError(f"the weights {entry.name} could not be fetched ({told}): try again, or {how_to_place(entry)}.")


def _why_not(entry: Published, url: str, target: Path, on_progress: OnProgress | None, timeout: float) -> str | None:
    """Fetch ``target`` from ``url`` and return None, or the reason why that failed."""
    log.info("fetching %s from %s", entry.name, url)
    part = target.with_name(f"{entry.file}.part")
    try:
        _transfer_patiently(entry, url, part, on_progress, timeout)
        _accept(entry, url, part, target)
    except (InterruptedTransferError, UnusableSourceError) as failure:
        log.info("%s: %s", url, failure)  # all of it is said at the end, if no other address helps
        return str(failure)
    return None


def _transfer_patiently(entry: Published, url: str, part: Path, on_progress: OnProgress | None, timeout: float) -> None:
    fruitless = 0
    while True:
        before = _size(part)
        try:
            transfer(url, part, size=entry.size, timeout=timeout, on_progress=on_progress)
        except InterruptedTransferError:
            fruitless = 0 if _size(part) > before else fruitless + 1
            if fruitless == _PATIENCE:
                raise
            time.sleep(_PAUSE * fruitless)
        else:
            return


def _accept(entry: Published, url: str, part: Path, target: Path) -> None:
    """Give the finished download its name, or delete it if its content is not what was published."""
    found = fingerprint(part)
    if entry.digest and not entry.digest.matches(found):
        discard_part(part)
        raise UnusableSourceError(
            f"what came from {url} was not the published file with {entry.digest} and was deleted"
        )
    write_record(target, Record(sha256=found.sha256, source=url, checked=str(entry.digest or "")))
    part.replace(target)
    discard_part(part)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
