"""Before and after: two pictures with a divider to drag."""

from __future__ import annotations

from impasto.apps.web.parts.serving import part, picture_url

__all__ = ["divider"]


def divider(before: bytes, after: bytes, *, ratio: float, title: str, facts: str, key: str) -> None:
    """Show two JPEGs over each other. ``ratio`` is width / height; title and facts stand below, as in a museum."""
    part("divider")(
        key=key,
        data={
            "before": picture_url(before, f"{key}-before"),
            "after": picture_url(after, f"{key}-after"),
            "ratio": ratio,
            "title": title,
            "facts": facts,
            "label": "Divider between photo and painting",
            "beforeText": "The photo",
            "afterText": f"The painting: {title}, {facts}",
        },
    )
