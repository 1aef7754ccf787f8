"""Which folders hold weights, and what the environment says about them.

``IMPASTO_WEIGHTS`` names folders of the user (several, separated like PATH; sub-folders count too); they are
read and never written. What is fetched goes to the cache: ``IMPASTO_CACHE``, or the platform's own place.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder", "fetched_folder", "is_offline", "search_folders", "user_folders"]


def cache_folder() -> Path:
    """Return the folder for everything that can be made or fetched again; it need not exist yet."""
    chosen = os.environ.get("IMPASTO_CACHE")
    return Path(chosen).expanduser() if chosen else _platform_cache() / "impasto"


def fetched_folder() -> Path:
    """Return the folder that fetched weights go to."""
    return cache_folder() / "weights"


def user_folders() -> list[Path]:
    """Return the folders that ``IMPASTO_WEIGHTS`` names, whether or not they exist."""
    named = os.environ.get("IMPASTO_WEIGHTS", "").split(os.pathsep)
    return [Path(folder).expanduser() for folder in named if folder.strip()]


def search_folders() -> list[Path]:
    """Return where weights are looked for, in order: the user's folders, then the cache."""
    return [*user_folders(), fetched_folder()]


def is_offline() -> bool:
    """Whether ``IMPASTO_OFFLINE`` forbids the network."""
    return os.environ.get("IMPASTO_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")


def _platform_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
