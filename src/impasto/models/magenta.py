"""Magenta's arbitrary stylization as its authors published it for phones: two int8 networks for TensorFlow Lite.

Ghiasi, Lee, Kudlur, Dumoulin & Shlens, "Exploring the structure of a real-time, arbitrary neural artistic stylization
network" (BMVC 2017, arXiv 1705.06830), trained on ImageNet and about 80,000 paintings. One network turns a painting of
256x256 pixels into a vector of 100 numbers, the other paints a picture of 384x384 pixels with such a vector. Both sizes
are fixed in the files. They run in LiteRT, which knows a fixed set of operations; only files with the published SHA-256
are given to it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.errors import MissingExtraError, WeightsError
from impasto.images import resize
from impasto.models.extending import mirrored

__all__ = ["CODE_LENGTH", "SIDE", "STYLE_SIDE", "Magenta"]

SIDE = 384  # of the picture that is painted
STYLE_SIDE = 256  # of the painting that is read
CODE_LENGTH = 100


class Magenta:
    """The pair, ready to run; ``code`` reads a painting, and calling it paints."""

    def __init__(self, prediction: Path, transfer: Path, *, threads: int = 1) -> None:
        self._prediction = _interpreter(prediction, threads)
        self._transfer = _interpreter(transfer, threads)
        self._turn = threading.Lock()  # an interpreter holds the numbers of one run

    def code(self, painting: Tensor) -> Tensor:
        """Return the vector (1, 100) of a painting (1, 3, H, W), which is squeezed into a square."""
        square = resize(painting, (STYLE_SIDE, STYLE_SIDE))
        return self._run(self._prediction, [square]).reshape(1, CODE_LENGTH)

    def __call__(self, photo: Tensor, code: Tensor) -> Tensor:
        """Return a photo (1, 3, H, W) of at most 384 pixels a side, painted; it is mirrored to fill the square."""
        height, width = photo.shape[-2:]
        square = mirrored(photo, (SIDE, SIDE))
        painted = self._run(self._transfer, [square, code.reshape(1, 1, 1, CODE_LENGTH)])
        return painted[..., :height, :width]

    def _run(self, interpreter: Any, inputs: list[Tensor]) -> Tensor:
        """Run a network on pictures and vectors, whose axes it wants the other way round."""
        with self._turn:
            for given in inputs:
                wanted = next(
                    one for one in interpreter.get_input_details() if _is_picture(one) == (given.shape[1] == 3)
                )
                array = given.permute(0, 2, 3, 1) if given.shape[1] == 3 else given
                interpreter.set_tensor(wanted["index"], array.contiguous().float().cpu().numpy())
            interpreter.invoke()
            found = torch.from_numpy(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
        return found.permute(0, 3, 1, 2).contiguous()


def _is_picture(details: Any) -> bool:
    return int(details["shape"][-1]) == 3


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep off stderr what LiteRT says on its own when it starts; it has no other switch for that."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none, as in a windowed program
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _interpreter(path: Path, threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as missing:
        raise MissingExtraError("the method magenta", "magenta") from missing
    try:
        with _quiet():
            interpreter = Interpreter(model_path=str(path), num_threads=threads)
            interpreter.allocate_tensors()
    except (OSError, RuntimeError, ValueError) as fault:
        raise WeightsError(f"{path} cannot be run by LiteRT; get it again with `impasto weights fetch`.") from fault
    return interpreter
