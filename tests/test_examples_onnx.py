"""The examples that use exported models without Impasto: the small program, and the page in a real browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import Tensor

from impasto.images import brushwork, harbour, read, write

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "examples" / "browser"
PHOTO_SIZE, STYLE_SIZE = (576, 768), (512, 512)  # as large as the examples paint, so that nobody has to resize

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both halves of the fast model, a photo and a painting."""
    pytest.importorskip("onnxscript", reason="the extra export is not installed")
    from impasto.engine.exporting import export

    folder = tmp_path_factory.mktemp("models")
    export("fast", folder / "fast.onnx")
    write(harbour(PHOTO_SIZE), folder / "photo.png")
    write(brushwork(STYLE_SIZE), folder / "style.png")
    return folder


@pytest.fixture(scope="module")
def expected(models: Path) -> Tensor:
    """What both files make of the pictures, run here."""
    from impasto.models.onnx_files import OnnxFile

    photo, style = (read(models / f"{name}.png").pixels for name in ("photo", "style"))
    return OnnxFile(models / "fast.onnx")(photo, OnnxFile(models / "fast-style.onnx")(style))


def test_the_small_program_paints_without_impasto(models: Path, expected: Tensor, tmp_path: Path) -> None:
    out = tmp_path / "painted.png"
    script = REPOSITORY / "examples" / "onnx_minimal.py"
    assert "impasto" not in [line.split()[1] for line in script.read_text().splitlines() if line.startswith("import")]
    given = [str(models / name) for name in ("fast.onnx", "photo.png", "style.png")]
    subprocess.run([sys.executable, str(script), *given, str(out)], check=True)
    assert (read(out).pixels - expected).abs().max() <= 1 / 255


@pytest.fixture(scope="module")
def site(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, built and served by its own two scripts."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here (on Debian: apt-get install nodejs npm)")
    if not (PAGE / "node_modules" / "onnxruntime-web").is_dir():
        pytest.skip("onnxruntime-web is not installed (run npm install in examples/browser)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("dist")
    environment = {**os.environ, "MODELS": str(models), "DIST": str(folder), "PORT": str(port)}
    subprocess.run([node, "build.mjs"], cwd=PAGE, env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([node, "serve.mjs"], cwd=PAGE, env=environment, stdout=subprocess.PIPE)
    assert server.stdout is not None
    server.stdout.readline()  # it says so when it listens
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(20)
    server.stdout.close()


def test_the_page_paints_and_nothing_leaves_the_computer(
    site: str, chromium_path: str, models: Path, expected: Tensor, tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[tuple[str, str]] = []
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        with contextlib.closing(browser):
            page = browser.new_page()
            page.set_default_timeout(240_000)
            page.on("request", lambda request: asked.append((request.method, request.url)))
            page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda fault: wrong.append(str(fault)))
            page.goto(site)
            assert page.locator("#paint").is_disabled()
            page.set_input_files("#photo", models / "photo.png")
            page.set_input_files("#painting", models / "style.png")
            page.click("#paint:enabled")
            page.wait_for_selector("#result canvas")
            with page.expect_download() as download:
                page.click("#keep")
            download.value.save_as(tmp_path / "painted.png")
    assert not wrong
    assert all(method == "GET" and url.startswith((site, "blob:", "data:")) for method, url in asked)
    apart = (read(tmp_path / "painted.png").pixels - expected).abs()
    assert apart.mean() <= 1 / 255
    assert apart.max() <= 6 / 255


def test_a_page_that_is_not_complete_says_what_is_missing(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here (on Debian: apt-get install nodejs npm)")
    environment = {**os.environ, "MODELS": str(tmp_path), "DIST": str(tmp_path / "dist")}
    tried = subprocess.run(
        [node, "build.mjs"], cwd=PAGE, env=environment, check=False, capture_output=True, encoding="utf-8"
    )
    assert tried.returncode == 1
    assert "impasto export fast" in tried.stderr
    assert not (tmp_path / "dist").exists()
