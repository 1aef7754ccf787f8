"""Paintings in a style of the gallery, for methods that look at paintings.

The gallery keeps a vector of each style and no painting. What stands for the painting is what the method ``fast`` makes
of two subjects in this style: the photo itself, whose forms are those that will be painted, and brushwork, which shows
strokes where a photo is blank.
"""

from __future__ import annotations

from dataclasses import replace

from impasto.config import Fast, MethodOptions
from impasto.engine.fast import fast_stylizer
from impasto.engine.inputs import Style, Work
from impasto.errors import InputError
from impasto.images import Picture, brushwork

__all__ = ["EXEMPLAR_SIZE", "with_exemplars"]

EXEMPLAR_SIZE = (512, 512)


def with_exemplars(work: Work, config: MethodOptions) -> Work:
    """Return the work with paintings for those of its styles of which only a vector is known."""
    if all(style.pictures for style in work.styles):
        return work
    subjects = {"photo": replace(work.photo, alpha=None), "brushwork": Picture(brushwork(EXEMPLAR_SIZE))}
    method = fast_stylizer(Fast(device=config.device, size=max(EXEMPLAR_SIZE)))
    painter = tuple(method.weights())

    def painted(subject: str, picture: Picture, style: Style) -> Picture:
        return Picture(method(picture, style).image, name=f"{subject} in {style.name}")

    def shown(style: Style) -> Style:
        if style.painter and [one.sha256 for one in style.painter] != [one.sha256 for one in painter]:
            raise InputError(
                f"the picture was made with other weights of {painter[0].name}, which painted in the style "
                f"{style.name}, than are here; make it again with the version of Impasto that made it."
            )
        return replace(style, pictures=tuple(painted(*one, style) for one in subjects.items()), painter=painter)

    return replace(work, styles=tuple(style if style.pictures else shown(style) for style in work.styles))
