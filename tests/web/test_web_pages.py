"""The logic of each page, run as Streamlit runs it, with the real tasks at small sizes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from on_the_spot import OnTheSpot
from streamlit.testing.v1 import AppTest
from torch import Tensor

from impasto.apps.web import house as house_module
from impasto.apps.web.dials import Dials
from impasto.apps.web.house import House, use_house
from impasto.apps.web.styles import GalleryStyle, gallery
from impasto.apps.web.tasks import painting as painting_task
from impasto.apps.web.tasks import pictures
from impasto.config.serving import Serving
from impasto.images import Picture, brushwork, harbour, read_recipe, write

pytestmark = [
    pytest.mark.usefixtures("tiny_backbone"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of Streamlit's own libraries
]

SIDE = 48


@pytest.fixture(scope="module")
def canvases() -> dict[str, Tensor]:
    """Return pictures that are slow to draw, drawn once."""
    painting = brushwork((SIDE, SIDE))
    return {"photo": harbour((36, SIDE)), "brushwork": painting, "brushwork-ink": painting.flip(1)}


@pytest.fixture
def spot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, canvases: dict[str, Tensor]) -> Iterator[OnTheSpot]:
    """Let the house be one that paints on the spot, small and by the method that needs no trained weights."""
    from impasto.apps.web import styles

    monkeypatch.setattr(styles, "_painting", lambda name, _: canvases.get(name, canvases["brushwork"]))
    monkeypatch.setattr(pictures, "_sample", lambda: Picture(canvases["photo"], name="harbour.png"))
    monkeypatch.setattr(painting_task, "HURRIED", {"size": SIDE, "steps": 2})
    monkeypatch.setenv("IMPASTO_WEB_METHOD", "optimize")
    painting_task._stylizer.cache_clear()
    folder = tmp_path / "house"
    folder.mkdir()
    studio: Any = OnTheSpot(Serving(preview=SIDE, longest=96, perfect_longest=64), folder)
    with use_house(House(studio)):
        yield studio
    painting_task._stylizer.cache_clear()


@pytest.fixture
def open_page(spot: OnTheSpot) -> Callable[..., AppTest]:
    def opened(name: str, **query: str) -> AppTest:
        app = AppTest.from_string(f"from impasto.apps.web.views import {name}\n{name}.page()", default_timeout=300)
        for key, value in query.items():
            app.query_params[key] = value
        return healthy(app.run())

    return opened


def healthy(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    assert not app.error, app.error[0].value
    return app


def picture_file(kind: str = "JPEG", size: tuple[int, int] = (40, 60)) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    pixels = (harbour(size)[0].permute(1, 2, 0) * 255).byte().numpy()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def dials(app: AppTest) -> Dials:
    found: Dials = app.session_state["dials"]
    return found


def columns_of(chart: Any) -> list[str]:
    """Return the columns of a chart's data, as the browser gets them."""
    import pyarrow as pa

    sent = chart.proto
    data = sent.data.data or sent.datasets[0].data.data
    found: list[str] = pa.ipc.open_stream(data).schema.names
    return found


def test_the_first_look_is_the_sample_in_the_first_style(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("paint")
    assert dials(app).styles == ("brushwork",)
    (painted,) = spot.of("paint")
    assert painted.state == "done"
    assert painted.file("painting.jpg").startswith(b"\xff\xd8")
    assert app.query_params["style"] == "brushwork"


def test_a_link_dials_what_it_says(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("paint", style="brushwork-moss", strength="40", stroke="2", keep_color="1")
    assert dials(app) == Dials(("brushwork-moss",), strength=40.0, stroke=2.0, keep_color=True)
    assert spot.of("paint")[-1].arguments["options"]["strength"] == 40
    assert app.slider[0].value == 40


def test_turning_a_dial_paints_anew_and_turning_it_back_does_not(
    open_page: Callable[..., AppTest], spot: OnTheSpot
) -> None:
    app = open_page("paint")
    healthy(app.slider[0].set_value(50).run())
    assert [job.arguments["options"]["strength"] for job in spot.of("paint")] == [100, 50]
    healthy(app.slider[0].set_value(100).run())
    assert len(spot.of("paint")) == 2


def test_a_dial_that_is_turned_stays_the_widget_that_has_the_focus(open_page: Callable[..., AppTest]) -> None:
    app = open_page("paint", strength="40", keep_color="1")
    before = [app.slider[0].id, app.select_slider[0].id, app.toggle(key="dial-keep_color").id]
    app.slider[0].set_value(50)
    app.select_slider[0].set_value(2.0)
    healthy(app.run())
    healthy(app.run())
    assert [app.slider[0].id, app.select_slider[0].id, app.toggle(key="dial-keep_color").id] == before
    assert dials(app).strength == 50
    assert dials(app).stroke == 2
    assert dials(app).keep_color


def test_exact_parts_mix_the_styles_and_stay_the_widgets_that_they_are(open_page: Callable[..., AppTest]) -> None:
    app = open_page("paint", style="brushwork,brushwork-moss")
    before = [part.id for part in app.number_input]
    assert [part.value for part in app.number_input] == [50, 50]
    healthy(app.number_input[0].set_value(75).run())
    assert dials(app).shares == (0.6, 0.4)
    assert [part.value for part in app.number_input] == [60, 40]
    assert [part.id for part in healthy(app.run()).number_input] == before


def test_a_photo_is_taken_in_and_painted(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("paint")
    app.file_uploader[0].upload("Harbor at night.jpg", picture_file())
    healthy(app.run())
    assert spot.of("admit")[-1].state == "done"
    assert spot.of("paint")[-1].arguments["photo"] == str(spot.of("admit")[-1].folder)
    assert any("Harbor-at-night" in caption.value for caption in app.caption)
    healthy(app.button(key="remove-photo").click().run())
    assert spot.of("paint")[-1].arguments["photo"] is None


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("x.jpg", b"hello", "not a picture"),
        ("x.jpg", picture_file()[:200], "damaged or incomplete"),
        ("x.png", picture_file("PNG") + b"<script>", "web page"),
        ("wide.png", None, "million pixels"),
    ],
)
def test_a_strange_upload_is_refused_where_it_was_dropped(
    open_page: Callable[..., AppTest], spot: OnTheSpot, name: str, data: bytes | None, sentence: str
) -> None:
    spot.serving = Serving(preview=SIDE, megapixels=0.01)
    app = open_page("paint")
    app.file_uploader[0].upload(name, data or picture_file("PNG", (160, 160)))
    app.run()
    assert not app.exception
    (warning,) = app.warning
    assert sentence in warning.value
    assert not list(spot.folder.rglob("your picture")), "it was left on the disk"
    assert spot.of("paint")[-1].state == "done", "the page did not go on"


def test_a_painting_of_ones_own_becomes_the_style(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("paint")
    app.file_uploader[1].upload("my wall.png", picture_file("PNG"))
    healthy(app.run())
    (name,) = dials(app).styles
    assert name.startswith("own-")
    assert spot.of("paint")[-1].arguments["styles"] == [{"name": name, "folder": str(spot.of("admit")[-1].folder)}]
    assert "style" not in app.query_params, "a picture has no place in a link"


def test_several_styles_are_mixed_by_their_parts(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("paint", style="brushwork,brushwork-ink", mix="30,70")
    assert spot.of("paint")[-1].arguments["options"]["style_weights"] == [0.3, 0.7]
    healthy(app.number_input[0].set_value(70).run())
    assert spot.of("paint")[-1].arguments["options"]["style_weights"] == [0.5, 0.5]


def test_the_painting_is_made_at_full_size_and_taken_home_with_its_recipe(
    open_page: Callable[..., AppTest], spot: OnTheSpot, tmp_path: Path
) -> None:
    app = open_page("paint")
    app.file_uploader[0].upload("photo.jpg", picture_file(size=(40, 60)))
    healthy(app.run())
    healthy(app.button(key="finish").click().run())
    (made,) = spot.of("finish")
    path = tmp_path / "taken.jpg"
    path.write_bytes(made.file(made.answer["file"]))
    recipe = read_recipe(path)
    assert recipe is not None
    assert '"name": "photo"' in recipe
    assert str(spot.folder) not in recipe, "a recipe names no folder"
    assert app.get("download_button")


def test_a_full_studio_says_so(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("paint")
    spot.is_full = True
    app.slider[0].set_value(10).run()
    assert not app.exception
    assert "come back in a minute" in app.warning[0].value


def test_a_bug_shows_no_traceback(
    open_page: Callable[..., AppTest], spot: OnTheSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("paint")
    monkeypatch.setattr("impasto.apps.web.views.paint.divider", lambda *_, **__: 1 / 0)
    app.run()
    assert not app.exception
    assert "Something went wrong" in app.error[0].value
    assert "ZeroDivision" not in app.error[0].value


def test_a_picture_is_perfected_and_every_moment_of_it_kept(
    open_page: Callable[..., AppTest], spot: OnTheSpot, tmp_path: Path
) -> None:
    app = open_page("perfect")
    app.slider(key="perfect-steps").set_value(10)
    healthy(app.run())
    assert "The plan" in " ".join(text.value for text in app.markdown)
    healthy(app.button(key="begin").click().run())
    (work,) = spot.of("perfect")
    assert work.state == "done", work.sentence
    assert len(work.history) == 10
    assert {"painting.png", "painting.jpg", "shown.jpg", "moments.json"} <= {
        path.name for path in work.folder.iterdir()
    }
    earlier = app.slider(key=f"moment-of-{work.number}")
    healthy(earlier.set_value(1).run())
    healthy(app.button(key="keep-moment").click().run())
    kept = tmp_path / "moment.png"
    kept.write_bytes(spot.of("moment")[0].file("moment.png"))
    recipe = read_recipe(kept)
    assert recipe is not None
    assert '"stopped": {"scale": 0' in recipe


def test_a_work_under_way_is_watched_paused_and_cancelled(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("perfect")
    spot.held = {"perfect"}
    healthy(app.button(key="begin").click().run())
    (work,) = spot.of("perfect")
    write(brushwork((32, 32)), work.folder / "live.jpg")
    facts = {"scale": 1, "scales": 2, "step": 3, "steps": 9, "height": 32, "width": 32, "elapsed": 1, "remaining": 3}
    work.told, work.history = {**facts, "note": None}, [{"total": 3.0}, {"total": 2.0}]
    healthy(app.run())
    assert columns_of(app.get("vega_lite_chart")[0]) == ["step", "loss", "value"], "the chart has nothing to draw"
    assert app.get("progress")
    healthy(app.button(key="pause").click().run())
    assert work.paused
    healthy(app.button(key="pause").click().run())
    assert not work.paused
    work.is_stopping = True
    healthy(app.run())
    assert app.button(key="stop").disabled
    assert app.button(key="pause").disabled
    healthy(app.button(key="cancel").click().run())
    assert work.state == "cancelled"
    assert app.button(key="begin")


def test_a_work_that_waits_in_line_can_only_be_cancelled(
    open_page: Callable[..., AppTest], spot: OnTheSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("perfect")
    spot.held = {"perfect"}
    monkeypatch.setattr(spot, "position", lambda _: 2)
    healthy(app.button(key="begin").click().run())
    assert [app.button(key=key).disabled for key in ("pause", "stop", "cancel")] == [True, True, False]
    monkeypatch.setattr(spot, "position", lambda _: 0)
    healthy(app.run())
    assert [app.button(key=key).disabled for key in ("pause", "stop", "cancel")] == [False, False, False]


def test_a_plan_that_needs_more_memory_than_is_allowed_cannot_be_begun(
    open_page: Callable[..., AppTest], spot: OnTheSpot
) -> None:
    spot.serving = Serving(preview=SIDE, perfect_longest=64, memory_megabytes=200)
    app = open_page("perfect")
    assert "200 MB are allowed here" in app.warning[0].value
    healthy(app.button(key="begin").click().run())
    assert not spot.of("perfect")


def test_the_options_for_experts_reach_the_engine(open_page: Callable[..., AppTest], spot: OnTheSpot) -> None:
    app = open_page("perfect")
    app.slider(key="perfect-steps").set_value(10)
    app.number_input(key="option-style_weight").set_value(3.0)
    app.selectbox(key="option-style_term").set_value("gram")
    healthy(app.run())
    healthy(app.button(key="begin").click().run())
    options = spot.of("perfect")[0].arguments["options"]
    assert (options["style_weight"], options["style_term"], options["backbone"]) == (3.0, "gram", "embedded")


@pytest.mark.parametrize("kind", ["protect", "only"])
def test_a_brushed_mask_keeps_the_photo_where_it_should(
    open_page: Callable[..., AppTest], spot: OnTheSpot, kind: str
) -> None:
    from PIL import Image

    app = open_page("perfect")
    app.slider(key="perfect-steps").set_value(10)
    app.radio(key="mask-kind").set_value(kind)
    healthy(app.run())
    sheet = Image.new("L", (48, 36))
    sheet.paste(255, (0, 0, 24, 36))  # the left half is brushed over
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    app.session_state["mask"] = buffer.getvalue()
    healthy(app.run())
    healthy(app.button(key="begin").click().run())
    (work,) = spot.of("perfect")
    assert work.state == "done", work.sentence
    from impasto.images import read, resize

    painted = read(work.folder / "painting.png").pixels
    photo = resize(pictures.working_copy(None).pixels, (painted.shape[-2], painted.shape[-1]))
    change = (painted - photo).abs().mean(1)[0]
    left, right = float(change[:, :16].mean()), float(change[:, -16:].mean())
    assert (left < right) == (kind == "protect")


@pytest.mark.parametrize("kind", ["features", "gram", "content", "style"])
def test_each_view_of_a_network_is_drawn(
    open_page: Callable[..., AppTest], spot: OnTheSpot, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.apps.web.views.look.RECOVERED_SIDE", 32)
    monkeypatch.setattr("impasto.apps.web.views.look.RECOVERED_STEPS", 2)
    app = open_page("look")
    healthy(app.segmented_control(key="view").set_value(kind).run())
    if kind in ("content", "style"):  # they take their time, and are made on demand
        healthy(app.button(key="look").click().run())
    seen = spot.of("look")[-1]
    assert seen.arguments["kind"] == kind
    assert seen.state == "done", seen.sentence
    assert seen.file("sheet.png").startswith(b"\x89PNG")
    assert app.image


def test_models_without_any_is_a_friendly_page(
    open_page: Callable[..., AppTest], spot: OnTheSpot, tmp_path: Path
) -> None:
    spot.serving = Serving(preview=SIDE, models=tmp_path)
    app = open_page("models")
    assert "no trained models" in app.markdown[0].value


def test_a_model_that_cannot_be_read_is_refused_in_a_sentence(
    open_page: Callable[..., AppTest], spot: OnTheSpot, tmp_path: Path
) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    spot.serving = Serving(preview=SIDE, models=tmp_path)
    app = AppTest.from_string("from impasto.apps.web.views import models\nmodels.page()", default_timeout=300).run()
    assert not app.exception
    assert app.warning


def test_the_whole_app_runs(spot: OnTheSpot) -> None:
    app = AppTest.from_file(str(Path(house_module.__file__).with_name("app.py")), default_timeout=300)
    healthy(app.run())
    assert "manner of a painting" in app.title[0].value


def test_a_damaged_style_of_the_owners_shuts_no_studio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path))
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    assert "starry-night" in {style.name for style in gallery()}
    assert "broken.safetensors" in caplog.text


def test_a_style_survives_the_way_to_the_pages() -> None:
    style = GalleryStyle("great-wave", "The Great Wave", "Hokusai", "1831", "The Met", b"\x89PNG\0")
    assert GalleryStyle.from_json(style.to_json()) == style
    assert style.label == "The Great Wave, Hokusai, 1831"
