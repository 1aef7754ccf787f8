"""Where a method finds the published weights it paints with: named by the user, on this computer, or fetched."""

from __future__ import annotations

from pathlib import Path

from impasto.config import Adain, Magenta, MethodOptions
from impasto.engine.inputs import Style
from impasto.errors import InputError
from impasto.images import Picture
from impasto.weights import PUBLISHED as REGISTRY
from impasto.weights import choose, obtain

__all__ = ["NETWORKS", "PUBLISHED", "downloads_of", "networks_of", "only_paintings", "path_of_weights"]

PUBLISHED = "published"
"""What an option says instead of a path."""

NETWORKS = {
    "adain": ("adain-encoder", "adain-decoder"),
    "magenta": ("magenta-prediction", "magenta-transfer"),
}
"""The published networks of each method that has some of its own."""


def networks_of(config: MethodOptions) -> list[str]:
    """Return the published networks that a method will ask for with these options."""
    if isinstance(config, Magenta):
        return list(NETWORKS["magenta"])
    if isinstance(config, Adain):
        given = (config.encoder, config.decoder)
        return [network for network, path in zip(NETWORKS["adain"], given, strict=True) if path == PUBLISHED]
    backbone = getattr(config, "backbone", None)
    return [backbone] if backbone in {entry.network for entry in REGISTRY} else []


def downloads_of(config: MethodOptions) -> list[str]:
    """Return the files that would be fetched first, with their sizes."""
    chosen = [choose(network) for network in networks_of(config)]
    return [f"{entry.file} ({entry.size_text})" for entry, path in chosen if path is None]


def path_of_weights(network: str, given: str = PUBLISHED) -> Path:
    """Return the file of a network of the registry; fetch it if it is nowhere, unless a path was given."""
    if given != PUBLISHED:
        return Path(given)
    entry, path = choose(network)
    return path or obtain(entry)


def only_paintings(style: Style, method: str) -> tuple[Picture, ...]:
    """Return the paintings of a style; refuse one of which only a vector is known."""
    if not style.pictures:
        raise InputError(
            f"of the style {style.name} only a vector is known, from which fast and optimize paint; give {method} a "
            "painting."
        )
    return style.pictures
