"""What a real HTTP server on loopback offers, how it misbehaves when told to, and a registry entry for it."""

from __future__ import annotations

import hashlib
import time
from http.server import BaseHTTPRequestHandler

from impasto.weights import Digest, Published

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class Host:
    """What the server offers, how it misbehaves, and what it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.content = {"/net.bin": CONTENT}
        self.etag: str | None = '"first"'
        self.ranges = True
        self.answers: list[int] = []  # statuses to give instead, one for each request to come
        self.cuts: list[int] = []  # after how many bytes to cut the connection, one for each request to come
        self.delay = 0.0  # seconds before the body
        self.asked: list[tuple[str, str | None]] = []  # path and Range of every request

    def url(self, path: str = "/net.bin") -> str:
        return f"{self.address}{path}"


class Handler(BaseHTTPRequestHandler):
    host: Host

    def do_GET(self) -> None:
        host = self.host
        wanted = self.headers.get("Range")
        host.asked.append((self.path, wanted))
        status = host.answers.pop(0) if host.answers else 200
        body = host.content.get(self.path)
        if body is None or status != 200:
            self.send_error(404 if body is None else status)
            return
        start = 0
        if wanted and host.ranges and self.headers.get("If-Range") == host.etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        self._send(body, start)

    def _send(self, body: bytes, start: int) -> None:
        host = self.host
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if host.etag:
            self.send_header("ETag", host.etag)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        time.sleep(host.delay)
        end = start + host.cuts.pop(0) if host.cuts else len(body)
        self.wfile.write(body[start:end])

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


def entry_for(
    *urls: str, content: bytes = CONTENT, digest: Digest | str | None = "sha256", **facts: object
) -> Published:
    """A registry entry for ``content``."""
    if digest == "sha256":
        digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    known: dict[str, object] = {
        "name": "net-test",
        "network": "net",
        "file": "net.bin",
        "urls": urls,
        "size": len(content),
        "digest": digest,
        "licence": "CC0",
        "source": "a test",
        "purpose": "testing",
    }
    return Published(**(known | facts))  # type: ignore[arg-type]
