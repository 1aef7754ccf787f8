"""Magenta's arbitrary stylization as a TF-Hub model: a SavedModel folder, run through its signature by TensorFlow.

The paper is that of :mod:`impasto.models.magenta`. The model ``arbitrary-image-stylization-v1-256`` takes a photo of
any size and a painting (best of 256x256 pixels), both (1, H, W, 3) in [0, 1], and gives the painted photo.

A SavedModel is a program of TensorFlow's own operations, which may read and write files. Run only folders from people
you trust.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.errors import MissingExtraError, WeightsError

__all__ = ["MagentaModule"]

SIGNATURE = "serving_default"


class MagentaModule:
    """The model of a folder; calling it paints."""

    def __init__(self, folder: Path) -> None:
        try:
            import tensorflow as tf
        except ImportError as missing:
            raise MissingExtraError("the method magenta-hub", "tensorflow") from missing
        self._tensorflow = tf
        try:
            self._loaded = tf.saved_model.load(str(folder))  # the signature lives as long as this does
            self._paint: Any = self._loaded.signatures[SIGNATURE]
            self._content, self._style = _input_names(self._paint)
        except Exception as fault:  # TensorFlow's many kinds of damage share no class
            raise WeightsError(
                f"{folder} is no SavedModel with the signature of arbitrary-image-stylization-v1-256 "
                "(a photo and a painting in, a picture out); unpack it again from TF-Hub."
            ) from fault

    def __call__(self, photo: Tensor, painting: Tensor) -> Tensor:
        """Return a photo (1, 3, H, W) painted in the manner of a painting (1, 3, H, W)."""
        given = {self._content: self._as_array(photo), self._style: self._as_array(painting)}
        (found,) = self._paint(**given).values()
        painted = torch.from_numpy(found.numpy()).permute(0, 3, 1, 2).contiguous()
        # Its two halvings round up, so that odd sizes come back up to three pixels larger.
        return painted[..., : photo.shape[-2], : photo.shape[-1]]

    def _as_array(self, picture: Tensor) -> Any:
        return self._tensorflow.constant(picture.permute(0, 2, 3, 1).float().cpu().numpy())


def _input_names(signature: Any) -> tuple[str, str]:
    """Return the names of the photo and of the painting: the model's own come in this order (placeholder, …_1)."""
    _, named = signature.structured_input_signature
    content, style = sorted(named)
    return content, style
