"""A visitor's tour through every page of the real app, in a real browser: the longer journeys of ``make test-web``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from browsing import Server, browser_pages, downloaded, painted, serving, uploader

from impasto.images import brushwork, harbour, read, read_recipe, write
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import save_model

pytestmark = [pytest.mark.long, pytest.mark.web]

LIMITS = ("--preview", "160", "--perfect-longest", "384", "--clip-seconds", "2")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an owner's folder with one trained network and the curves of its training."""
    folder = tmp_path_factory.mktemp("models")
    network = StyleNetwork(width=4, blocks=1)
    save_model(
        folder / "mona.safetensors", network, network.kind, network.config, {"source": "a test", "licence": "none"}
    )
    write(brushwork((48, 64)), folder / "mona-losses.png")
    return folder


@pytest.fixture(scope="module")
def server(chromium_path: str, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("tour"), *LIMITS, "--models", str(models)) as server:
        yield server


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Any]:
    with browser_pages(chromium_path) as context:
        yield context


def opened(browser: Any, server: Server, page: str = "") -> Any:
    found = browser.new_page()
    found.goto(f"{server.url}/{page}")
    return found


def healthy(page: Any) -> None:
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0


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

    # a dial is turned, and the link leads others to the same place
    page.get_by_role("slider", name="Strength").focus()
    page.keyboard.press("Home")
    painted(page, instead_of=other)
    page.wait_for_url("**strength=0**")
    visitor = browser.new_page()
    visitor.goto(page.url)
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
    page.get_by_role("slider", name="Steps").press("End")  # so that it is not over before it can be stopped
    page.get_by_text("in 600 steps").wait_for()
    page.get_by_role("button", name="Begin").click()
    page.locator(".divider figcaption", has_text="step").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused.").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Stop and keep").click()
    page.locator(".divider figcaption", has_text="stopped by you").wait_for()
    taken = downloaded(page, "Download PNG", tmp_path)
    assert max(read(taken).size) == 384
    assert read_recipe(taken)
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


def clip(path: Path) -> Path:
    """Write a film of four frames."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for number in range(4):
            moved = (harbour((48, 64)).roll(number, 3)[0].permute(1, 2, 0) * 255).to(torch.uint8).contiguous().numpy()
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, "rgb24")))
        container.mux(stream.encode(None))
    return path
