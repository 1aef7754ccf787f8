"""The published weights Impasto knows: where each file lives, how it is recognised, and whose it is.

To add one, append a :class:`Published` to :data:`PUBLISHED`; nothing else changes. A digest is written here
only when its publisher states it or it was computed from the publisher's own file; without one, the SHA-256
is recorded when the file is first fetched and the listing says that it is not verified.
"""

from __future__ import annotations

from dataclasses import dataclass

from impasto.errors import WeightsError, did_you_mean
from impasto.weights.digests import Digest

__all__ = ["PUBLISHED", "Published", "published"]


@dataclass(frozen=True, kw_only=True)
class Published:
    """One file of weights as its publisher offers it."""

    name: str  #: what Impasto calls it: ``vgg19-keras``
    network: str  #: the network it fills: ``vgg19``; several files may fill the same one
    file: str  #: the publisher's file name
    urls: tuple[str, ...]  #: the official home first, then mirrors of the very same file
    size: int | None  #: bytes, where known exactly
    digest: Digest | None  #: what the publisher says about the content, or None: recorded at first fetch
    licence: str
    source: str  #: who made it, with the paper
    purpose: str
    module: str | None = None  #: the optional library that reads it …
    extra: str | None = None  #: … and the extra of Impasto that installs it

    @property
    def size_text(self) -> str:
        """The size for people: ``80 MB``."""
        return f"{self.size / 1e6:.0f} MB" if self.size else "size unknown"


_SIMONYAN = "K. Simonyan and A. Zisserman, Very Deep Convolutional Networks (arXiv 1409.1556)"
_OXFORD_BY_KERAS = f"{_SIMONYAN}; the Oxford weights, converted by Keras"
_TORCHVISION = f"{_SIMONYAN}; trained anew by torchvision"
_OXFORD_LICENCE = "CC BY 4.0 (Visual Geometry Group, Oxford)"
_TORCHVISION_LICENCE = "BSD-3-Clause (torchvision)"
_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
_KERAS_FIRST_HOME = "https://github.com/fchollet/deep-learning-models/releases/download/v0.1"
_FEATURES = "features for style and content, as in Gatys et al."

# The first edition of a network is the one that is fetched. Keras' comes first: it is the Oxford network
# itself, the one Gatys et al. painted with, under a clear licence, and without the classifier it is 80 MB
# where torchvision's is 575. Its price is the extra `keras` (h5py); without it the next edition is taken.
# Digests: Keras' source states the MD5 of its files, torchvision writes eight digits of the SHA-256 into the
# file name. Sizes are the Content-Length that these servers announce.
PUBLISHED: tuple[Published, ...] = (
    Published(
        name="vgg19-keras",
        network="vgg19",
        file="vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        urls=(
            f"{_KERAS}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
            f"{_KERAS_FIRST_HOME}/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
        size=80_134_624,
        digest=Digest("md5", "253f8cb515780f3b799900260a226db6"),
        licence=_OXFORD_LICENCE,
        source=_OXFORD_BY_KERAS,
        purpose=_FEATURES,
        module="h5py",
        extra="keras",
    ),
    Published(
        name="vgg19-torchvision",
        network="vgg19",
        file="vgg19-dcbb9e9d.pth",
        urls=("https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",),
        size=574_673_361,
        digest=Digest("sha256-prefix", "dcbb9e9d"),
        licence=_TORCHVISION_LICENCE,
        source=_TORCHVISION,
        purpose=_FEATURES,
    ),
    Published(
        name="vgg16-keras",
        network="vgg16",
        file="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        urls=(
            f"{_KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            f"{_KERAS_FIRST_HOME}/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
        size=58_889_256,
        digest=Digest("md5", "6d6bbae143d832006294945121d1f1fc"),
        licence=_OXFORD_LICENCE,
        source=_OXFORD_BY_KERAS,
        purpose=_FEATURES,
        module="h5py",
        extra="keras",
    ),
    Published(
        name="vgg16-torchvision",
        network="vgg16",
        file="vgg16-397923af.pth",
        urls=("https://download.pytorch.org/models/vgg16-397923af.pth",),
        size=553_433_881,
        digest=Digest("sha256-prefix", "397923af"),
        licence=_TORCHVISION_LICENCE,
        source=_TORCHVISION,
        purpose=_FEATURES,
    ),
)


def published(name: str) -> Published:
    """Return the entry called ``name``; a network's name gives its first edition."""
    for entry in PUBLISHED:
        if name in (entry.name, entry.network):
            return entry
    names = [entry.name for entry in PUBLISHED]
    hint = did_you_mean(name, names)
    raise WeightsError(f"no published weights are called {name!r}{hint}; there are {', '.join(names)}.")
