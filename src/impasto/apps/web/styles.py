"""The styles a visitor may choose from, with what is shown of each; the pages know no more of the gallery than this."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.engine.gallery import NamedStyle

__all__ = ["GalleryStyle", "drawn_styles", "gallery", "material"]

_log = logging.getLogger(__name__)

ICON_SIDE = 192


@dataclass(frozen=True)
class GalleryStyle:
    """One style of the gallery."""

    name: str  # as links and the engine call it
    title: str
    artist: str
    year: str
    museum: str
    icon: bytes  # a small picture of any kind that browsers know

    @property
    def label(self) -> str:
        """Title, artist and year in one line, as on a museum's label."""
        by = ", ".join(part for part in (self.artist, self.year) if part)
        return f"{self.title}, {by}" if by else self.title

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; the icon as base64."""
        return {**vars(self), "icon": base64.b64encode(self.icon).decode("ascii")}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> GalleryStyle:
        """Read what :meth:`to_json` returned."""
        return cls(**{**values, "icon": base64.b64decode(values["icon"])})


def drawn_styles() -> list[GalleryStyle]:
    """Return styles that are pictures drawn by code: for methods that look at paintings, which the gallery has not."""
    return [_drawn(name, title) for name, title in _DRAWN.items()]


def gallery() -> list[GalleryStyle]:
    """Return the styles of the engine's gallery; where it is empty, pictures drawn by code."""
    found = [
        GalleryStyle(one.name, one.title, one.artist, one.year, one.museum, one.icon or _icon_of(one.name))
        for one in _named_styles()
    ]
    return found or drawn_styles()


def _named_styles() -> list[NamedStyle]:
    """Return all styles that can be read; one file of the owner's that cannot shuts no studio."""
    from impasto.engine.gallery import gallery as named_styles
    from impasto.engine.gallery import shipped_styles

    try:
        return named_styles()
    except ImpastoError as fault:
        _log.warning("styles of your own are left out: %s", fault)
        return shipped_styles()


def material(name: str) -> Any:
    """Return what the engine takes for a style of the gallery: its name, or the picture drawn by code."""
    return _painting(name, 512) if name in _DRAWN else name


_DRAWN = {
    "brushwork": "Brushwork",
    "brushwork-dusk": "Brushwork at dusk",
    "brushwork-moss": "Brushwork in moss",
    "brushwork-ink": "Brushwork in ink",
}


def _drawn(name: str, title: str) -> GalleryStyle:
    return GalleryStyle(name, title, "drawn by code", "", "", _png(_painting(name, ICON_SIDE)))


@lru_cache(maxsize=8)
def _painting(name: str, side: int) -> Tensor:
    from impasto.images import brushwork, luminance

    picture = brushwork((side, side))
    if name == "brushwork-ink":
        return luminance(picture).expand(-1, 3, -1, -1).contiguous()
    order = {"brushwork-dusk": [2, 0, 1], "brushwork-moss": [1, 2, 0]}.get(name, [0, 1, 2])
    return picture[:, order].contiguous()


def _icon_of(name: str) -> bytes:
    """Paint the icon of a style that the owner added: the sample in its manner."""
    from impasto import engine
    from impasto.images import harbour

    return _png(engine.stylize(harbour((ICON_SIDE, ICON_SIDE)), name, size=ICON_SIDE).image)


def _png(picture: Tensor) -> bytes:
    from impasto.evaluation.canvas import to_image

    buffer = io.BytesIO()
    to_image(picture).save(buffer, "PNG")
    return buffer.getvalue()
