"""Neural style transfer: paint one picture with the style of another, offline, at any size.

>>> import impasto
>>> impasto.stylize("harbour.jpg", "night.jpg").save("out.png")  # doctest: +SKIP

Everything public is listed in ``__all__`` and arrives on first use (PEP 562): ``import impasto`` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto import images as images
    from impasto import losses as losses
    from impasto import models as models
    from impasto.config import Adain as Adain
    from impasto.config import AnyTraining as AnyTraining
    from impasto.config import EncoderTraining as EncoderTraining
    from impasto.config import Fast as Fast
    from impasto.config import FilmOptions as FilmOptions
    from impasto.config import Magenta as Magenta
    from impasto.config import MagentaHub as MagentaHub
    from impasto.config import MethodOptions as MethodOptions
    from impasto.config import Optimize as Optimize
    from impasto.config import PairedTraining as PairedTraining
    from impasto.config import StyleTraining as StyleTraining
    from impasto.config import Trained as Trained
    from impasto.engine import Result as Result
    from impasto.engine import Step as Step
    from impasto.engine import load as load
    from impasto.engine import methods as methods
    from impasto.engine import plan as plan
    from impasto.engine import replay as replay
    from impasto.engine import stylize as stylize
    from impasto.engine.film import stylize_video as stylize_video
    from impasto.engine.folder import stylize_folder as stylize_folder
    from impasto.errors import ImpastoError as ImpastoError
    from impasto.training.door import train as train

    __version__: str

__all__ = [
    "Adain",
    "AnyTraining",
    "EncoderTraining",
    "Fast",
    "FilmOptions",
    "ImpastoError",
    "Magenta",
    "MagentaHub",
    "MethodOptions",
    "Optimize",
    "PairedTraining",
    "Result",
    "Step",
    "StyleTraining",
    "Trained",
    "__version__",
    "images",
    "load",
    "losses",
    "methods",
    "models",
    "plan",
    "replay",
    "stylize",
    "stylize_folder",
    "stylize_video",
    "train",
]

_HOMES = {
    "Adain": "impasto.config",
    "AnyTraining": "impasto.config",
    "EncoderTraining": "impasto.config",
    "Fast": "impasto.config",
    "FilmOptions": "impasto.config",
    "ImpastoError": "impasto.errors",
    "Magenta": "impasto.config",
    "MagentaHub": "impasto.config",
    "MethodOptions": "impasto.config",
    "Optimize": "impasto.config",
    "PairedTraining": "impasto.config",
    "Result": "impasto.engine",
    "Step": "impasto.engine",
    "StyleTraining": "impasto.config",
    "Trained": "impasto.config",
    "load": "impasto.engine",
    "methods": "impasto.engine",
    "plan": "impasto.engine",
    "replay": "impasto.engine",
    "stylize": "impasto.engine",
    "stylize_folder": "impasto.engine.folder",
    "stylize_video": "impasto.engine.film",
    "train": "impasto.training.door",
}
_MODULES = ("images", "losses", "models")


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _MODULES:
        value = importlib.import_module(f"impasto.{name}")
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("impasto")
    except PackageNotFoundError:  # run from a folder of sources that was never installed
        return "0+source"
