"""The programs beside the package (of benchmarks, documents and notebooks), for the tests that look into them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["REPOSITORY", "program"]

REPOSITORY = Path(__file__).resolve().parent.parent


def program(place: str) -> ModuleType:
    """Import a program by its place in the repository, under a name of its own; its neighbours can be imported too."""
    path = REPOSITORY / place
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses ask for it
    spec.loader.exec_module(module)
    return module
