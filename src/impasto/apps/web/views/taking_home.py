"""Taking the painting home: at full size, as a file with its recipe inside; and sharing the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from impasto.apps.web.house import the_house
from impasto.apps.web.jobs import Job
from impasto.apps.web.views.choosing import current_dials, photo_name, subject_of
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import watch
from impasto.apps.web.words import bytes_text

__all__ = ["KINDS", "sharing", "taking_home"]

KINDS = {"JPEG": ("jpg", "image/jpeg"), "PNG": ("png", "image/png")}
SAMPLE_SIDE = 960


def taking_home(visit: Visit) -> None:
    """Let the visitor choose size and format, and fetch the file."""
    st.header("Take it home", anchor=False)
    kind, side = _wishes(visit)
    request = _request(visit, kind, side)
    job = visit.jobs.get("finish")
    if job is None or job.arguments != request:
        _begin(visit, request)
    elif not job.is_over:
        watch(job, "Painting at full size", "finish")
    elif job.state == "done":
        _fetch(job, visit, kind)
    else:
        _begin(visit, request)
        if job.sentence:
            st.warning(job.sentence, icon=":material/info:")


def _begin(visit: Visit, request: dict[str, Any]) -> None:
    label = f"Paint it at {request['options']['size']} px"
    if st.button(label, key="finish", type="primary", icon=":material/brush:", width="stretch"):
        visit.start("finish", visit.job("finish", arguments=request, lane="long"))
        st.rerun()


def sharing(query: Mapping[str, str]) -> None:
    """Show a link to these settings."""
    with st.popover("Share these settings", icon=":material/link:", width="stretch"):
        st.markdown("Whoever opens this link finds the same paintings and dials. Your pictures are not in it.")
        parts = urlsplit(st.context.url or "")
        st.code(
            urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), "")), language=None, wrap_lines=True
        )


def _wishes(visit: Visit) -> tuple[str, int]:
    long_side = SAMPLE_SIDE if visit.photo is None else max(visit.photo.height, visit.photo.width)
    most = max(64, min(the_house().serving.longest, 2 * long_side))
    usual = min(long_side, most)
    kind = st.segmented_control("Format", list(KINDS), default="JPEG", required=True, key="format", width="stretch")
    side = st.slider("Long side in pixels", max(1, min(256, usual // 2)), most, usual, step=1, key=f"side-{long_side}")
    return kind or "JPEG", int(side)


def _request(visit: Visit, kind: str, side: int) -> dict[str, Any]:
    dials = current_dials()
    return {
        **subject_of(visit, dials.styles),
        "options": {**dials.options(), "size": side},
        "ending": KINDS[kind][0],
    }


def _fetch(job: Job, visit: Visit, kind: str) -> None:
    ending, mime = KINDS[kind]
    st.download_button(
        f"Download, {bytes_text(job.answer['bytes'])}",
        lambda: job.file(job.answer["file"]),
        file_name=f"{photo_name(visit)}-painted.{ending}",
        mime=mime,
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="download",
        width="stretch",
        help="The file knows how it was made: `impasto replay` paints it again.",
    )
