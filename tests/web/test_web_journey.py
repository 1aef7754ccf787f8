"""One short journey through the real app, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browsing import another_picture, browser_pages, serving

from impasto.images import harbour, read, read_recipe, write

SMALL = ("--preview", "120", "--workers", "1", "--method", "optimize")


def painted(page: Any) -> str:
    """Return the address of the painting that is shown, once there is one."""
    page.wait_for_selector(".divider img.after[src]")
    address: str = page.eval_on_selector(".divider img.after", "image => image.src")
    return address


@pytest.mark.long
def test_a_visitor_paints_a_photo_and_takes_it_home(chromium_path: str, tmp_path: Path) -> None:
    photo, text = tmp_path / "My holiday.png", tmp_path / "notes.png"
    write(harbour((90, 120)), photo)
    text.write_text("not a picture", encoding="utf-8")
    with serving(tmp_path, *SMALL) as server:
        with browser_pages(chromium_path) as context:
            page = context.new_page()
            page.goto(server.url)
            first = painted(page)

            # the divider moves by keys, and tells where it is
            handle = page.locator(".divider .handle")
            handle.focus()
            page.keyboard.press("Home")
            page.keyboard.press("Shift+ArrowRight")
            assert handle.get_attribute("aria-valuenow") == "10"
            # ... and by dragging
            box = page.locator(".divider .frame").bounding_box()
            page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 50)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 50, steps=4)
            page.mouse.up()
            assert 78 <= int(handle.get_attribute("aria-valuenow")) <= 82

            # another style, found by its name
            second_style = page.locator(".gallery .style").nth(1)
            title = second_style.locator(".name").inner_text()
            page.get_by_label("Search the gallery").fill(title)
            page.locator(".gallery .style", has_text=title).first.click()
            another_picture(page, first)
            assert title in page.locator(".divider figcaption").inner_text()
            assert "style=" in page.url

            # what is no picture is refused where it was dropped
            chooser = page.locator("[data-testid=stFileUploaderDropzoneInput]").first
            chooser.set_input_files(text)
            page.get_by_text("This is not a picture").wait_for()

            # a photo of one's own
            second = painted(page)
            page.locator("[data-testid=stFileUploaderDropzoneInput]").first.set_input_files(photo)
            page.get_by_text("My-holiday, 120 × 90").wait_for()
            another_picture(page, second)

            # at full size, with the recipe inside
            page.get_by_role("button", name="Paint it at 120 px").click()
            button = page.get_by_role("button", name="Download")
            button.wait_for()
            with page.expect_download() as download:
                button.click()
            taken = tmp_path / "taken.jpg"
            download.value.save_as(taken)
            assert download.value.suggested_filename == "My-holiday-painted.jpg"
            assert read(taken).size == (90, 120)
            recipe = read_recipe(taken)
            assert recipe is not None
            assert '"name": "My-holiday"' in recipe
            assert page.locator("[data-testid=stException]").count() == 0
        assert {path.stat().st_mode & 0o077 for path in server.temporary.iterdir()} == {0}, "the folder is not private"
        assert not list(server.home.iterdir())
    assert not list(server.temporary.iterdir()), "something was left behind"
