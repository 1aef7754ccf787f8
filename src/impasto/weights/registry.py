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
    urls: tuple[str, ...]  #: the official home first, then mirrors of the very same file; none: known when it is here
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
        if not self.size:
            return "size unknown"
        return f"{self.size / 1e6:.0f} MB" if self.size >= 1e6 else f"{self.size / 1e3:.0f} kB"


_SIMONYAN = "K. Simonyan and A. Zisserman, Very Deep Convolutional Networks (arXiv 1409.1556)"
_OXFORD_BY_KERAS = f"{_SIMONYAN}; the Oxford weights, converted by Keras"
_TORCHVISION = f"{_SIMONYAN}; trained anew by torchvision"
_OXFORD_LICENCE = "CC BY 4.0 (Visual Geometry Group, Oxford)"
_TORCHVISION_LICENCE = "BSD-3-Clause (torchvision)"
_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
_KERAS_FIRST_HOME = "https://github.com/fchollet/deep-learning-models/releases/download/v0.1"
_LPIPS = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/082bb24f84c091ea94de2867d34c4544f68e0963"
_TFLITE = "https://storage.googleapis.com/download.tensorflow.org/models/tflite/task_library/style_transfer/android"
_GHIASI = "G. Ghiasi et al., Exploring the structure of a real-time, arbitrary neural artistic stylization network"
_MAGENTA = f"{_GHIASI} (BMVC 2017, arXiv 1705.06830); Magenta's int8 pair for TensorFlow Lite"
_NAOTO = "https://github.com/naoto0804/pytorch-AdaIN/releases/download/v0.0.0"
_HUANG = "X. Huang and S. Belongie, Arbitrary Style Transfer in Real-time with AdaIN (ICCV 2017, arXiv 1703.06868)"
_ANDROID = f"{_HUANG}; 8-bit weights of penny4860's android-style-transfer as a NumPy archive"
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
    Published(
        name="lpips-vgg",
        network="lpips-vgg",
        file="lpips-v0.1-vgg.pth",
        urls=(f"{_LPIPS}/lpips/weights/v0.1/vgg.pth",),
        size=7_289,
        digest=Digest("sha256", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"),
        licence="BSD-2-Clause (Zhang et al.)",
        source="R. Zhang et al., The Unreasonable Effectiveness of Deep Features (arXiv 1801.03924)",
        purpose="heads of the metric LPIPS, together with vgg16-torchvision",
    ),
    Published(
        name="magenta-prediction",
        network="magenta-prediction",
        file="magenta_arbitrary-image-stylization-v1-256_int8_prediction_1.tflite",
        urls=(f"{_TFLITE}/magenta_arbitrary-image-stylization-v1-256_int8_prediction_1.tflite",),
        size=2_828_838,
        digest=Digest("sha256", "af6ad4b2e7aeba0675f32636082ab915ced5375229a3f8aff7e714c6213f5ed2"),
        licence="Apache-2.0 (Google)",
        source=_MAGENTA,
        purpose="method magenta: reads a painting",
        module="ai_edge_litert",
        extra="magenta",
    ),
    Published(
        name="magenta-transfer",
        network="magenta-transfer",
        file="magenta_arbitrary-image-stylization-v1-256_int8_transfer_1.tflite",
        urls=(f"{_TFLITE}/magenta_arbitrary-image-stylization-v1-256_int8_transfer_1.tflite",),
        size=284_398,
        digest=Digest("sha256", "7a1550643cf034a4d813c0aa276976cd15da4141b4f1ec3631db1d0d9c8e2cd1"),
        licence="Apache-2.0 (Google)",
        source=_MAGENTA,
        purpose="method magenta: paints",
        module="ai_edge_litert",
        extra="magenta",
    ),
    Published(
        name="adain-encoder",
        network="adain-encoder",
        file="vgg_normalised.pth",
        urls=(f"{_NAOTO}/vgg_normalised.pth",),
        size=80_102_481,
        digest=Digest("sha256", "804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a"),
        licence="MIT (N. Inoue, pytorch-AdaIN)",
        source=f"{_HUANG}; converted by N. Inoue",
        purpose="method adain: reads photo and painting (normalised VGG-19)",
    ),
    Published(
        name="adain-decoder",
        network="adain-decoder",
        file="decoder.pth",
        urls=(f"{_NAOTO}/decoder.pth",),
        size=14_023_458,
        digest=Digest("sha256", "379ca41d59f3a37eed3599bbbc2560c19da5c458870a5ffd3a9dd41aa88f9472"),
        licence="MIT (N. Inoue, pytorch-AdaIN)",
        source=f"{_HUANG}; converted by N. Inoue",
        purpose="method adain: paints",
    ),
    Published(
        name="adain-encoder-8bit",
        network="adain-encoder",
        file="vgg19_normalised_conv1_1-conv4_1.npz",
        urls=(),
        size=5_850_042,
        digest=Digest("sha256", "ae44bae6bdc855d53433726fb6a9d05ccd81e83a89983d29a40ed8d7485be5e3"),
        licence="MIT (penny4860 and ColorfulSoft)",
        source=_ANDROID,
        purpose="method adain: reads photo and painting (normalised VGG-19)",
    ),
    Published(
        name="adain-decoder-8bit",
        network="adain-decoder",
        file="adain_decoder_8bit.npz",
        urls=(),
        size=3_519_590,
        digest=Digest("sha256", "148de86467013431879a89762799ba12b36e7fc67dc75ec8bc2d0862662ffdb9"),
        licence="MIT (penny4860)",
        source=_ANDROID,
        purpose="method adain: paints",
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
