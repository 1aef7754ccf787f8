"""One file over HTTP into a ``.part`` file that a later attempt can go on with.

A part is only continued when the server confirms, by its validator in ``If-Range`` (RFC 9110, 13.1.5), that
the file is still the one begun; otherwise the download starts afresh.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import WeightsError

__all__ = [
    "InterruptedTransferError",
    "OnProgress",
    "Progress",
    "UnusableSourceError",
    "discard_part",
    "transfer",
]

_CHUNK = 1 << 18


@dataclass(frozen=True)
class Progress:
    """How far a download is; a new value for every piece that arrives."""

    file: str
    url: str
    done: int  #: bytes on disk, those of earlier attempts included
    total: int | None  #: bytes in all, if the server says


OnProgress = Callable[[Progress], None]


class InterruptedTransferError(Exception):
    """The connection failed; trying again may help."""


class UnusableSourceError(Exception):
    """The address does not offer the file; trying again will not help, another address may."""


def transfer(url: str, part: Path, *, size: int | None, timeout: float, on_progress: OnProgress | None = None) -> None:
    """Complete ``part`` with the content of ``url``; ``size`` is how many bytes it must have, if known."""
    try:
        with _open(url, part, timeout) as response:
            start = done = _resumed_at(response, part)
            total = _total(response, start)
            _check_offer(url, response, total, size)
            _stamp(part).write_text(json.dumps({"url": url, "validator": _validator(response)}), encoding="utf-8")
            for done in _receive(response, part, start):
                if on_progress:
                    on_progress(Progress(part.stem, url, done, total))
    except urllib.error.HTTPError as refusal:
        raise _refused(refusal, part) from refusal
    except urllib.error.URLError as failure:
        raise InterruptedTransferError(_in_words(failure.reason)) from failure
    except (OSError, http.client.HTTPException) as failure:
        raise InterruptedTransferError(str(failure) or type(failure).__name__) from failure
    if total is not None and done < total:
        raise InterruptedTransferError(f"the connection ended after {done} of {total} bytes")


def discard_part(part: Path) -> None:
    """Remove an unfinished download and what was noted about it."""
    part.unlink(missing_ok=True)
    _stamp(part).unlink(missing_ok=True)


def _open(url: str, part: Path, timeout: float) -> Any:
    headers = {"User-Agent": "impasto", "Accept-Encoding": "identity"}
    validator = _begun_with(part, url)
    if validator:
        headers |= {"Range": f"bytes={part.stat().st_size}-", "If-Range": validator}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - addresses come from the registry
    return urllib.request.urlopen(request, timeout=timeout)  # noqa: S310


def _begun_with(part: Path, url: str) -> str | None:
    """Return the validator of the file that ``part`` is the beginning of, if it came from ``url``."""
    if not part.is_file():
        return None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(_stamp(part).read_text(encoding="utf-8"))
        return note["validator"] if note["url"] == url else None
    return None


def _validator(response: Any) -> str | None:
    etag = response.headers.get("ETag")
    if etag and not etag.startswith("W/"):  # a weak one may not be used with ranges
        return str(etag)
    return response.headers.get("Last-Modified") or None


def _resumed_at(response: Any, part: Path) -> int:
    """Return how many bytes of ``part`` stay, having made it that long."""
    told = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("Content-Range") or "")
    have = part.stat().st_size if part.is_file() else 0
    if response.status == http.HTTPStatus.PARTIAL_CONTENT and told and int(told[1]) == have:
        return have
    if response.status == http.HTTPStatus.PARTIAL_CONTENT:
        discard_part(part)
        raise InterruptedTransferError("the server sent another piece than was asked for")
    part.write_bytes(b"")
    return 0


def _total(response: Any, done: int) -> int | None:
    length = response.headers.get("Content-Length")
    return done + int(length) if length and length.isdigit() else None


def _check_offer(url: str, response: Any, total: int | None, size: int | None) -> None:
    if size is not None and total is not None and total != size:
        raise UnusableSourceError(f"{url} offers {total} bytes where the file has {size}")
    if url.startswith("https:") and not response.geturl().startswith("https:"):
        raise UnusableSourceError(f"{url} leads to an address without encryption")


def _receive(response: Any, part: Path, done: int) -> Iterator[int]:
    """Append what arrives to ``part``; give the number of bytes that are there, after each piece."""
    with part.open("ab") as file:
        while piece := response.read1(_CHUNK):
            try:
                file.write(piece)
                file.flush()
            except OSError as failure:
                reason = f"{part} could not be written ({failure.strerror}); make room and try again."
                raise WeightsError(reason) from failure
            done += len(piece)
            yield done


def _refused(refusal: urllib.error.HTTPError, part: Path) -> Exception:
    answer = f"the server answered {refusal.code} {refusal.reason}"
    if refusal.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        discard_part(part)
        return InterruptedTransferError(answer)
    busy = refusal.code >= 500 or refusal.code in (
        http.HTTPStatus.REQUEST_TIMEOUT,
        http.HTTPStatus.TOO_MANY_REQUESTS,
    )
    return InterruptedTransferError(answer) if busy else UnusableSourceError(answer)


def _in_words(reason: object) -> str:
    """Say why nobody answered, without the numbers of operating systems."""
    if isinstance(reason, socket.gaierror):
        return "its server was not found; is this computer online?"
    return getattr(reason, "strerror", None) or str(reason)


def _stamp(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
