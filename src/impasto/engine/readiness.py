"""What each method needs, whether it can run here and now, and how to get what is missing; and whose work it is."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

from impasto.config import METHODS
from impasto.engine.published import NETWORKS
from impasto.weights import choose

__all__ = ["Readiness", "readiness"]


@dataclass(frozen=True)
class _Facts:
    paper: str
    learnt: str = "nothing: it needs no training"
    module: str | None = None  # the library that runs it …
    extra: str | None = None  # … and the extra that installs it
    yours: str | None = None  # what only the user can give


_GHIASI = (
    "Ghiasi et al., Exploring the structure of a real-time, arbitrary neural artistic stylization network "
    "(BMVC 2017, arXiv 1705.06830)"
)
_MAGENTAS_DATA = "photos of ImageNet and COCO, about 80,000 paintings; it reads a style at 256 px"
_FACTS: dict[str, _Facts] = {
    "fast": _Facts(
        paper="Impasto's own network, after Huang & Belongie (ICCV 2017) and Ghiasi et al. (BMVC 2017)",
        learnt="photographs, and paintings of museums with open access",
    ),
    "optimize": _Facts(paper="Gatys et al., Image Style Transfer Using Convolutional Neural Networks (CVPR 2016)"),
    "adain": _Facts(
        paper="Huang & Belongie, Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization "
        "(ICCV 2017, arXiv 1703.06868)",
        learnt="photos of COCO, about 80,000 paintings of WikiArt",
    ),
    "magenta": _Facts(
        paper=_GHIASI,
        learnt=_MAGENTAS_DATA,
        module="ai_edge_litert",
        extra="magenta",
    ),
    "magenta-hub": _Facts(
        paper=_GHIASI,
        learnt=_MAGENTAS_DATA,
        module="tensorflow",
        extra="tensorflow",
        yours="the folder of the unpacked TF-Hub model arbitrary-image-stylization-v1-256 (--saved-model FOLDER)",
    ),
    "trained": _Facts(
        paper="Johnson et al., Perceptual Losses for Real-Time Style Transfer (ECCV 2016), and what came after it",
        learnt="what its maker gave it; the file says whose it is",
        yours="a model: `impasto train style` makes one, `impasto import` brings one in (--method FILE.safetensors)",
    ),
}


@dataclass(frozen=True)
class Readiness:
    """Whether a method can run on this computer now."""

    method: str
    missing: tuple[str, ...]  # what has to be done first, each as one sentence
    downloads: tuple[str, ...]  # what would be fetched on first use, with sizes
    fetching: tuple[str, ...]  # the commands that fetch it beforehand
    yours: str | None  # what has to be given with every call, besides photo and style
    paper: str
    learnt: str

    @property
    def is_ready(self) -> bool:
        """Whether nothing has to be installed; weights that are not here are fetched on first use."""
        return not self.missing

    @property
    def state(self) -> str:
        """The same in words."""
        if self.missing:
            return "not yet"
        if self.yours:
            return "ready, with a file of yours"
        return "ready, after a download" if self.downloads else "ready"


def readiness(methods: Sequence[str] = tuple(METHODS)) -> list[Readiness]:
    """Say for each method whether it can run here and now; nothing is loaded or fetched."""
    return [_ready(method, _FACTS[method]) for method in methods]


def _ready(method: str, facts: _Facts) -> Readiness:
    missing = []
    if facts.module is not None and importlib.util.find_spec(facts.module) is None:
        missing.append(f"install its extra: pip install 'impasto[{facts.extra}]'")
    networks = () if missing else NETWORKS.get(method, ())
    absent = [entry for entry, here in map(choose, networks) if here is None]
    return Readiness(
        method,
        missing=tuple(missing),
        downloads=tuple(f"{entry.name} ({entry.size_text}, {entry.licence})" for entry in absent),
        fetching=tuple(f"impasto weights fetch {entry.name}" for entry in absent),
        yours=facts.yours,
        paper=facts.paper,
        learnt=facts.learnt,
    )
