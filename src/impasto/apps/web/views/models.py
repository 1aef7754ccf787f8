"""My models: trained networks from a folder that the server's owner names, with what is known of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from impasto.apps.web.house import Introduction, current_visit, the_house
from impasto.apps.web.parts import divider
from impasto.apps.web.trainings import Training, models_in, training_of
from impasto.apps.web.views.charts import training_chart
from impasto.apps.web.views.choosing import current_dials, photo_card, photo_title, shown_photo
from impasto.apps.web.views.framing import framed, introduced
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import wait_for_newest
from impasto.apps.web.words import bytes_text

__all__ = ["page"]


@framed
def page() -> None:
    """Show the page."""
    st.title("My models", anchor=False)
    introduction, visit = introduced(), current_visit()
    models = models_in(the_house().serving.models)
    if not models:
        st.markdown("There are no trained models in the owner's folder yet.")
        st.caption("Train one with `impasto train`, and put its `.safetensors` file there.")
        return
    left, right = st.columns([1.75, 1], gap="large")
    with right:
        st.header("The model", anchor=False)
        trainings = [training_of(model) for model in models]
        at = st.selectbox("Model", range(len(models)), format_func=lambda index: trainings[index].name, key="model")
        st.caption(f"{bytes_text(models[at].stat().st_size)}, {models[at].name}")
        photo_card(visit)
    with left, st.container(key="canvas"):
        _painted(visit, models[at], trainings[at].name, introduction)
        _known(trainings[at])


def _painted(visit: Visit, model: Path, name: str, introduction: Introduction) -> None:
    arguments: dict[str, Any] = {
        "photo": visit.photo_folder,
        "styles": [],
        "model": str(model),
        "options": {"strength": current_dials().strength},
    }
    key = ("model", str(model), visit.photo_folder, current_dials().strength)
    job = wait_for_newest(visit.recall(key, lambda: visit.job("paint", arguments=arguments)), "Painting", st.empty())
    if job.state != "done":
        st.warning(job.sentence, icon=":material/info:")
        return
    divider(
        shown_photo(visit, introduction),
        job.file("painting.jpg"),
        ratio=job.answer["width"] / job.answer["height"],
        title=photo_title(visit),
        facts=f"by the model {name}",
        key="model-divider",
    )


def _known(training: Training) -> None:
    """Show what the training left: its curves, and what the network painted on the way."""
    if training.losses:
        st.header("How it learned", anchor=False)
        training_chart(training.losses, training.validation)
    for path in training.sheets:
        st.image(path.read_bytes(), caption=_caption(path.stem), width="stretch", alt=path.stem)
    if not training.losses and not training.sheets:
        st.caption("Put the folder of its run beside it, and its curves and samples are shown here.")


def _caption(stem: str) -> str:
    """Return what a sheet shows: samples are named after the step at which they were painted."""
    step = stem.removeprefix("step-")
    return f"Painted after {int(step)} steps" if step.isdecimal() else stem.replace("-", " ").replace("_", " ")
