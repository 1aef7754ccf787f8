"""Writing a JPEG from top to bottom, with the memory of a band.

A JPEG may be divided by restart markers, at which the coder forgets everything (ITU-T T.81, section F.1.1.5). Here one
stands after every row of blocks, so that the scan of a picture is exactly the scans of its bands, each coded by Pillow,
one after the other. The markers are counted from 0 to 7 and round again: bands of eight rows of blocks keep the count.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, BinaryIO

from PIL import Image

from impasto.images.deep_encoding import Blocks, Pixels

__all__ = ["JpegRows"]

_BAND = 64  # pixels: eight rows of blocks, since at 4:4:4 a block is eight pixels high
_BAND_BYTES = 1 << 22
_START_OF_FRAME, _START_OF_SCAN = 0xC0, 0xDA
_RESTART_7, _END = b"\xff\xd7", b"\xff\xd9"
_OF_CODING = ("quality", "subsampling")


class JpegRows:
    """A JPEG that grows from top to bottom; ``save_options`` are Pillow's."""

    def __init__(self, file: BinaryIO, size: tuple[int, int], save_options: dict[str, Any]) -> None:
        self._file = file
        self._height, width = size
        self._first = save_options
        self._later = {name: save_options[name] for name in _OF_CODING}
        self._blocks = Blocks(_BAND * max(1, _BAND_BYTES // (width * 3 * _BAND)))
        self._is_begun = False

    def add(self, pixels: Pixels) -> None:
        """Append rows."""
        for block in self._blocks.add(pixels):
            self._write(block)

    def finish(self) -> None:
        """Write the rest."""
        for block in self._blocks.rest():
            self._write(block)
        self._file.write(_END)

    def _write(self, block: Pixels) -> None:
        coded = BytesIO()
        options = self._later if self._is_begun else self._first
        Image.fromarray(block).save(coded, "JPEG", restart_marker_rows=1, **options)
        frame, scan = _places(coded.getvalue())
        data = bytearray(coded.getvalue())
        if self._is_begun:
            self._file.write(_RESTART_7)
        else:
            struct.pack_into(">H", data, frame + 5, self._height)
            self._file.write(data[:scan])
        self._file.write(data[scan : -len(_END)])
        self._is_begun = True


def _places(jpeg: bytes) -> tuple[int, int]:
    """Return where the header of the frame lies, and where the coded pixels begin."""
    place, frame = 2, 0
    while True:
        marker, length = struct.unpack_from(">xBH", jpeg, place)
        frame = place if marker == _START_OF_FRAME else frame
        place += 2 + length
        if marker == _START_OF_SCAN:
            return frame, place
