"""Before and after: two pictures with a divider to drag."""

from __future__ import annotations

from impasto.apps.web.parts.serving import part, picture_url

__all__ = ["divider"]


def divider(before: bytes, after: bytes, *, ratio: float, title: str, facts: str, key: str, busy: str = "") -> None:
    """Show two JPEGs over each other. ``ratio`` is width / height; title and facts stand below, as in a museum.

    ``busy`` says that another painting is on its way; nothing where this is the one to see.
    """
    part("divider")(
        key=key,
        data={
            "before": picture_url(before, f"{key}-before"),
            "after": picture_url(after, f"{key}-after"),
            "ratio": ratio,
            "title": title,
            "facts": facts,
            "busy": busy,
            "label": "Divider between photo and painting",
            "beforeText": "The photo",
            "afterText": f"The painting: {title}, {facts}",
        },
    )
