"""Pictures too large for memory: laid down on the disk once, unrolled row by row, and written row by row."""

from impasto.images.streaming.rescaling import Rescaled
from impasto.images.streaming.scroll import Scroll, unrolled, upright_size
from impasto.images.streaming.writing import RowWriter, writing_rows

__all__ = ["Rescaled", "RowWriter", "Scroll", "unrolled", "upright_size", "writing_rows"]
