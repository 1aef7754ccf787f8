"""The gallery: styles that have a name, those that come with Impasto and those that a user added.

A style is two kilobytes (see :mod:`impasto.engine.vectors`), so the paintings themselves need not be there. What comes
with Impasto is one file of vectors with the facts about each painting, and for each style an icon: the sample picture
that Impasto draws, painted in it. A user's own are files of the same kind in the folder ``IMPASTO_STYLES``, or else
beside the cache.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import InputError, OptionError, did_you_mean
from impasto.models.fast import CODE_LENGTH
from impasto.models.reading import read_tensors, write_tensors
from impasto.weights import cache_folder

__all__ = [
    "GALLERY_FILE",
    "NamedStyle",
    "add_style",
    "check_name",
    "find_style",
    "gallery",
    "looks_like_a_name",
    "remove_style",
    "shipped_styles",
    "style_called",
    "write_styles",
]

DATA = Path(str(resources.files("impasto.engine"))) / "data"
GALLERY_FILE = DATA / "gallery.safetensors"
LONGEST_PARTICLE = 3  # letters: van, de, von


@dataclass(frozen=True, eq=False)
class NamedStyle:
    """A style by name, and where it comes from."""

    name: str
    title: str
    artist: str = ""
    year: str = ""
    museum: str = ""
    vector: Tensor = field(default_factory=lambda: torch.zeros(1, CODE_LENGTH), repr=False)  # (1, CODE_LENGTH)
    own: bool = False  # whether a user added it

    @property
    def icon(self) -> bytes | None:
        """The sample picture painted in this style, as WebP; None for a user's own."""
        path = DATA / "icons" / f"{self.name}.webp"
        return path.read_bytes() if not self.own and path.is_file() else None

    @property
    def credit(self) -> str:
        """Who painted what, when, and where it hangs, as far as that is known."""
        return ", ".join(part for part in (self.artist, self.title, self.year, self.museum) if part)


def gallery() -> list[NamedStyle]:
    """Return all styles by name: those that come with Impasto in their order, then the user's own."""
    return [*shipped_styles(), *_own_styles()]


def shipped_styles() -> list[NamedStyle]:
    """Return the styles that come with Impasto."""
    return _styles_in(GALLERY_FILE)


def _own_styles() -> list[NamedStyle]:
    return [dataclasses.replace(one, own=True) for path in _own_files() for one in _styles_in(path)]


def find_style(name: str) -> NamedStyle:
    """Return the style of this name; capitals, spaces and underscores do not matter."""
    wanted, known = _plain(name), {style.name: style for style in shipped_styles()}
    if wanted not in known:  # only then a damaged file of the user's own is in the way
        known |= {style.name: style for style in _own_styles()}
    if wanted not in known:
        hint = did_you_mean(wanted, known) or _by_artist(wanted, known.values())
        raise InputError(
            f"{name!r} is neither a file here nor a style of the gallery{hint}; `impasto styles` lists the names."
        )
    return known[wanted]


def style_called(name: str) -> NamedStyle | None:
    """Return the style of exactly this name, or None; a damaged file of the user's own is in no other style's way."""
    shipped = next((style for style in shipped_styles() if style.name == name), None)
    if shipped is not None or not looks_like_a_name(name):
        return shipped
    return next((style for style in _own_styles() if style.name == name), None)


def _by_artist(wanted: str, styles: Iterable[NamedStyle]) -> str:
    """Return ``" (Claude Monet made cliff-walk, …)"`` where a name is nearly an artist's, or an empty string."""
    artists: dict[str, str] = {}
    for style in styles:
        whole = _plain(style.artist)
        artists |= {part: style.artist for part in (whole, *whole.split("-")) if len(part) > LONGEST_PARTICLE}
    near = difflib.get_close_matches(wanted, artists, n=1)
    if not near:
        return ""
    artist = artists[near[0]]
    return f" ({artist} made {', '.join(style.name for style in styles if style.artist == artist)})"


def looks_like_a_name(given: str) -> bool:
    """Say whether text can be a style's name rather than the path of a file that is missing."""
    return not Path(given).suffix and os.sep not in given and "/" not in given


def check_name(name: str, *, overwrite: bool = False) -> str:
    """Return a name as a style of the user's would have it; refuse one that cannot be used, or is taken."""
    plain = _plain(name)
    if not plain.replace("-", "").isalnum():
        raise OptionError(f"the name {name!r} cannot be used; allowed are letters, digits and hyphens.")
    taken = {style.name: style for style in gallery()}.get(plain)
    if taken is not None and not taken.own:
        raise OptionError(f"{plain} is a style of the gallery already; choose another name.")
    if taken is not None and not overwrite:
        raise OptionError(f"{plain} is a style of yours already; choose another name, or overwrite it with --force.")
    return plain


def add_style(name: str, vector: Tensor, *, title: str = "", overwrite: bool = False) -> Path:
    """Keep a style under a name of the user's, and return its file."""
    plain = check_name(name, overwrite=overwrite)
    path = styles_folder() / f"{plain}.safetensors"
    beside = [style for style in _styles_in(path) if style.name != plain]
    write_styles(path, [*beside, NamedStyle(plain, title or plain, vector=vector)])
    _take_out(plain, [other for other in _own_files() if other != path])
    return path


def remove_style(name: str) -> Path:
    """Forget a style of the user's, and return the file that held it; what else the file holds stays."""
    style = find_style(name)
    if not style.own:
        raise OptionError(f"{style.name} comes with Impasto and stays; only styles of your own can be removed.")
    return _take_out(style.name, _own_files())[0]


def _take_out(name: str, files: Sequence[Path]) -> list[Path]:
    """Take a style out of these files and return those that held it; a file that holds no other is removed."""
    held = [path for path in files if name in {style.name for style in _styles_in(path)}]
    for path in held:
        others = [style for style in _styles_in(path) if style.name != name]
        if others:
            write_styles(path, others)
        else:
            path.unlink()
    return held


def _own_files() -> list[Path]:
    """Return the files of the user's own styles: whatever they are called, and however many styles are in each."""
    return sorted(styles_folder().glob("*.safetensors"))


def styles_folder() -> Path:
    """Return the folder of the user's own styles; it need not exist yet."""
    chosen = os.environ.get("IMPASTO_STYLES")
    return Path(chosen).expanduser() if chosen else cache_folder() / "styles"


def write_styles(path: Path, styles: Sequence[NamedStyle]) -> None:
    """Write styles with their facts into one file."""
    facts = [{name: getattr(one, name) for name in ("name", "title", "artist", "year", "museum")} for one in styles]
    vectors = torch.cat([one.vector for one in styles]).half()
    write_tensors(path, {"vectors": vectors}, {"styles": json.dumps(facts, ensure_ascii=False)})


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def _styles_in(path: Path) -> list[NamedStyle]:
    if not path.is_file():
        return []
    tensors, metadata = read_tensors(path)
    try:
        facts, vectors = json.loads(metadata["styles"]), tensors["vectors"].float()
        styles = [NamedStyle(**one, vector=vector[None]) for one, vector in zip(facts, vectors, strict=True)]
    except (KeyError, ValueError, TypeError) as fault:
        raise InputError(
            f"{path} holds no styles; it was changed or damaged. Remove it, then add its styles again."
        ) from fault
    if vectors.shape[1:] != (CODE_LENGTH,):
        raise InputError(
            f"{path} holds styles as another version of Impasto describes them. Remove it, then add its styles again."
        )
    return styles
