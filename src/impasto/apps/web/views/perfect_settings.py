"""What can be set before a picture is perfected: a few dials for everybody, the rest for those who know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import streamlit as st

from impasto.apps.web.house import Introduction, the_house
from impasto.apps.web.parts import brush
from impasto.apps.web.views.choosing import current_dials, photo_ratio, shown_photo, subject_of
from impasto.apps.web.views.dialling import dial_card
from impasto.apps.web.views.option_widgets import option_widget
from impasto.apps.web.visits import Visit
from impasto.config import Optimize, fields_of

__all__ = ["Settings", "settings_card"]

EXPERT = ("init", "content_weight", "style_weight", "tv_weight", "color_weight", "style_term", "optimizer", "seed")
USUAL_SIDE, USUAL_STEPS, MOST_STEPS = 512, 160, 600
MASKS = {"everywhere": "Everywhere", "protect": "Not where I brush", "only": "Only where I brush"}
_FIELDS = {field.name: field for field in fields_of(Optimize)}


@dataclass(frozen=True)
class Settings:
    """What the visitor has set."""

    options: dict[str, Any]
    mask: bytes = b""  # PNG, white where the brush went
    mask_kind: str = "everywhere"

    def arguments(self, visit: Visit) -> dict[str, Any]:
        """Return what the tasks are given, but for the mask."""
        dials = current_dials()
        return {**subject_of(visit, dials.styles), "options": {**dials.options(), **self.options}}

    def with_mask_file(self, visit: Visit) -> dict[str, Any]:
        """Put the mask into the visitor's folder, and return what the task is told of it."""
        if self.mask_kind == "everywhere" or not self.mask:
            return {}
        path = visit.folder / f"mask-{hashlib.sha256(self.mask).hexdigest()[:16]}.png"
        path.write_bytes(self.mask)
        return {"mask": str(path), "mask_kind": self.mask_kind}


def settings_card(visit: Visit, introduction: Introduction, *, disabled: bool) -> Settings:
    """Show the settings and return them. While a work is under way there is nothing to set."""
    if disabled:
        st.caption("The settings are back as soon as this painting is done.")
        return Settings({})
    dial_card(visit, introduction)
    st.header("The work", anchor=False)
    options = _work()
    with st.expander(
        "Protect a face, or paint only a part", icon=":material/ink_highlighter:", key="part", on_change="rerun"
    ):
        mask, kind = _mask(visit, introduction)
    with st.expander("For those who know", icon=":material/tune:", key="expert", on_change="rerun"):
        options.update(_expert(introduction))
    return Settings(options, mask, kind)


def _work() -> dict[str, Any]:
    most = the_house().serving.perfect_longest
    size = st.slider(
        "Long side in pixels",
        32,
        most,
        min(USUAL_SIDE, most),
        16,
        key="perfect-size",
        persist_state="session",
    )
    steps = st.slider("Steps", 10, MOST_STEPS, USUAL_STEPS, 10, key="perfect-steps", persist_state="session")
    return {"size": size, "steps": steps}


def _expert(introduction: Introduction) -> dict[str, Any]:
    """Return the options behind the dials; each widget is made from the option itself."""
    networks = list(introduction.networks)
    backbone = st.selectbox("Network", networks, help=_FIELDS["backbone"].help, key="backbone", persist_state="session")
    return {"backbone": backbone, **{name: option_widget(_FIELDS[name]) for name in EXPERT}}


def _mask(visit: Visit, introduction: Introduction) -> tuple[bytes, str]:
    kind = st.radio(
        "Where the painting goes",
        list(MASKS),
        format_func=MASKS.__getitem__,
        key="mask-kind",
        persist_state="session",
    )
    if kind == "everywhere":
        return b"", kind
    photo = visit.photo
    name = "sample" if photo is None else str(photo.job.number)
    if st.session_state.get("mask-of") != name:  # another photo, another mask
        st.session_state["mask-of"], st.session_state["mask"] = name, b""
    brush(
        shown_photo(visit, introduction),
        ratio=photo_ratio(visit),
        hint="Brush over a face to keep it." if kind == "protect" else "Brush over what is to be painted.",
        on_change=lambda mask: st.session_state.update({"mask": mask}),
        key=f"brush-{name}",
    )
    return st.session_state["mask"], kind
