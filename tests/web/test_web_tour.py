"""A visitor's tour through every page of the real app, in a real browser: the longer journeys of ``make test-web``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browsing import Server, browser_pages, clip, downloaded, healthy, opened, painted, perfecting, uploader

from impasto.apps.web.tasks.pictures import SAMPLE_SIZE
from impasto.images import harbour, read, read_recipe, resize, write

pytestmark = [pytest.mark.long, pytest.mark.web]


def test_dials_are_turned_mixed_and_shared(browser: Any, server: Server) -> None:
    page = opened(browser, server)
    first = painted(page, "Starry Night")

    # the divider is dragged
    box = page.locator(".divider .frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 50, steps=4)
    page.mouse.up()
    assert 78 <= int(page.locator(".divider .handle").get_attribute("aria-valuenow")) <= 82

    # two paintings are mixed on the pad
    page.get_by_role("switch", name="Mix").click()
    page.locator(".gallery .style", has_text="Great Wave").click()
    mixed = painted(page, "Great Wave", instead_of=first)
    page.locator(".pad input.x").focus()
    page.keyboard.press("End")
    other = painted(page, instead_of=mixed)
    page.wait_for_url("**mix=0**")

    # and by the mouse: all the way to the left there is nothing but the first
    area = page.locator(".pad .area").bounding_box()
    page.locator(".pad .area").click(position={"x": 5, "y": area["height"] / 2})
    first_again = painted(page, instead_of=other)
    page.wait_for_url("**mix=100**")
    page.locator(".pad .area").click(position={"x": area["width"] - 5, "y": area["height"] / 2})
    other = painted(page, instead_of=first_again)

    # a dial is turned with the picture in sight, and the link leads others to the same place
    page.get_by_role("slider", name="Strength").focus()
    page.keyboard.press("Home")
    painted(page, instead_of=other)
    page.get_by_role("slider", name="Stroke").scroll_into_view_if_needed()
    assert page.locator(".divider .frame").bounding_box()["y"] >= 0, "the picture does not stay in view"
    page.wait_for_url("**strength=0**")
    page.get_by_role("button", name="Share these settings").click()
    link = page.locator("[data-testid=stCode]").inner_text().strip()
    assert link.startswith(server.url)
    visitor = browser.new_page()
    visitor.goto(link)
    painted(visitor, "Great Wave")
    assert visitor.get_by_role("slider", name="Strength").get_attribute("aria-valuenow") in ("0", None)
    assert visitor.locator(".pad .told").inner_text().endswith("100 %")
    healthy(page)


def test_what_is_no_picture_is_refused_where_it_was_dropped(browser: Any, server: Server, tmp_path: Path) -> None:
    page = opened(browser, server)
    before = painted(page)
    text, photo = tmp_path / "notes.png", tmp_path / "photo.png"
    text.write_text("not a picture", encoding="utf-8")
    write(harbour((90, 120)), photo)
    uploader(page).set_input_files(text)
    page.get_by_text("This is not a picture").wait_for()
    uploader(page).set_input_files(photo)
    page.get_by_text("photo, 120 × 90").wait_for()
    painted(page, instead_of=before)
    assert page.get_by_text("This is not a picture").count() == 0, "the refusal stays when all is well again"
    healthy(page)


def test_a_picture_is_perfected_stopped_and_taken_home(browser: Any, server: Server, tmp_path: Path) -> None:
    page = opened(browser, server, "perfect")
    perfecting(page)
    stop = page.get_by_role("button", name="Stop and keep")
    place = stop.bounding_box()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused.").wait_for()
    page.get_by_role("button", name="Go on").wait_for()
    assert stop.bounding_box() == place, "a button moves under the visitor's hand"
    page.get_by_role("button", name="Go on").click()
    stop.click()
    page.locator(".divider figcaption", has_text="stopped by you").wait_for()
    taken = downloaded(page, "Download PNG", tmp_path)
    assert max(read(taken).size) == 384
    assert read_recipe(taken)
    healthy(page)


def ten_steps(page: Any) -> None:
    """Let the next work be as short as there is."""
    page.get_by_text("The plan:").wait_for()
    page.get_by_role("slider", name="Steps").focus()
    page.keyboard.press("Home")
    page.get_by_text("in 10 steps").wait_for()


def test_a_finished_work_can_be_gone_back_into(browser: Any, server: Server, tmp_path: Path) -> None:
    page = opened(browser, server, "perfect")
    ten_steps(page)
    page.get_by_role("button", name="Begin").click()

    # the film of how it came to be
    page.get_by_text("Watch it come into being").click()
    page.locator("[data-testid=stExpander] video, [data-testid=stExpander] img").first.wait_for()
    film = downloaded(page, "Download the film", tmp_path)
    assert film.name == f"harbour-timelapse{film.suffix}"
    assert film.read_bytes()[4:8] == b"ftyp" or film.suffix == ".webp"

    # back to an earlier moment, which is kept with the recipe that leads there
    page.get_by_role("slider", name="Back to an earlier moment").focus()
    page.keyboard.press("Home")
    page.locator(".divider figcaption", has_text="scale 1, step 1").wait_for()
    page.get_by_role("button", name="Keep this moment").click()
    moment = read_recipe(downloaded(page, "Download this moment", tmp_path))
    assert moment is not None
    assert '"stopped": {"scale": 0, "step": 1}' in moment
    healthy(page)


def test_where_the_brush_went_the_photo_stays(browser: Any, server: Server, tmp_path: Path) -> None:
    page = opened(browser, server, "perfect")
    ten_steps(page)
    page.get_by_text("Protect a face, or paint only a part").click()
    page.get_by_text("Not where I brush").click()
    told, canvas = page.locator(".brush .told"), page.locator(".brush canvas")
    page.locator(".brush .width").fill("30")

    # by the mouse, taken back, and by keys
    canvas.drag_to(canvas, source_position={"x": 70, "y": 130}, target_position={"x": 110, "y": 130})
    told.get_by_text("of the picture is painted over").wait_for()
    page.get_by_role("button", name="Undo").click()
    told.get_by_text("Brush over a face").wait_for()
    canvas.focus()
    page.keyboard.press("ArrowUp")
    told.get_by_text("Space paints").wait_for()
    page.keyboard.press("Space")
    told.get_by_text("of the picture is painted over").wait_for()

    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Download PNG").wait_for()
    painted_over = read(downloaded(page, "Download PNG", tmp_path)).pixels
    height, width = painted_over.shape[-2:]
    change = (painted_over - resize(harbour(SAMPLE_SIZE), (height, width))).abs().mean(1)[0]
    middle = change[int(0.38 * height) : int(0.42 * height), int(0.48 * width) : int(0.52 * width)]
    assert float(middle.mean()) < 0.02 < float(change.mean())
    healthy(page)


def test_a_network_is_looked_into(browser: Any, server: Server) -> None:
    page = opened(browser, server, "look")
    page.locator("img[alt^='Feature maps']").wait_for()
    page.get_by_text("Gram matrices", exact=True).click()
    page.locator("img[alt^='Gram matrices']").wait_for()
    page.get_by_text("What a layer remembers", exact=True).click()
    page.get_by_role("button", name="from memory").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="from memory").wait_for()
    healthy(page)


def test_a_clip_is_painted_and_taken_home(browser: Any, server: Server, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="the extra film is not installed")
    pytest.importorskip("cv2", reason="the extra film is not installed")
    page = opened(browser, server, "film")
    uploader(page).set_input_files(clip(tmp_path / "walk.mp4"))
    page.get_by_role("button", name="Paint the film").click()
    page.locator("video").wait_for()
    taken = downloaded(page, "Download the film", tmp_path)
    assert taken.name == "walk-painted.mp4"
    assert taken.read_bytes()[4:8] == b"ftyp"
    healthy(page)


def test_an_owners_model_paints_and_shows_its_curves(browser: Any, server: Server) -> None:
    page = opened(browser, server, "models")
    painted(page, "by the model mona")
    page.locator("img[alt='mona-losses']").wait_for()
    healthy(page)


def test_a_phone_has_room_for_everything(chromium_path: str, server: Server) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with browser_pages(chromium_path, **phone) as context:
        page = opened(context, server)
        painted(page)
        box = page.locator(".divider .frame").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + 40)
        assert page.locator(".divider .handle").get_attribute("aria-valuenow") == "25"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, "it has to be pushed sideways"
        assert box["y"] + box["height"] < 844, "the painting is not seen at once"
        healthy(page)
