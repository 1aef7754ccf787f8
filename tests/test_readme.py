"""README and docs are true: their Python runs, their commands run, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.metadata import metadata, requires
from pathlib import Path

import pytest
import torch
from torch import Tensor

import impasto
from impasto import losses
from impasto.apps.cli import run
from impasto.config import Optimize
from impasto.images import brushwork, harbour, write
from impasto.weights import PUBLISHED
from programs import REPOSITORY, program

README = REPOSITORY / "README.md"
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("benchmarks/*.md")])
SIDE, STEPS = 64, 5  # whatever a page asks for, it is painted no larger and no longer than this
PAINTING_COMMANDS = {"stylize", "sweep", "features", "compare", "try"}
SERVING_COMMANDS = {"web", "live"}  # they never end by themselves: what they would be told is only read
LOOKING_COMMANDS = {"lint"}  # their status says what they saw
FETCHED = re.compile(r"\bvgg\d\d\b|--method (?:magenta|adain)\b")  # not in a fresh checkout, and tests have no network
SIZE = (48, 64)


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the code blocks of a page in one of the languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [code for language, code in found if language in languages]


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the commands of a page's shell blocks, each as the shell would split it."""
    for block in blocks(page, "sh", "bash", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            for command in line.removeprefix("$ ").split("&&"):
                if words := shlex.split(command, comments=True):
                    yield words


def shaded(*, from_left: float) -> Tensor:
    """Return a mask (1, 3, H, W) with a soft edge down the middle."""
    ramp = torch.linspace(from_left, 1 - from_left, SIZE[1]).mul(4).sub(1.5).clamp(0, 1)
    return ramp.expand(1, 3, *SIZE)


@pytest.fixture(scope="session")
def samples() -> dict[str, Tensor]:
    """Return every picture that a page may start from, by the name it has there."""
    photo, painting = harbour(SIZE), brushwork(SIZE)
    return {
        "harbour.jpg": photo,
        "ink.png": painting.mean(1, keepdim=True).expand_as(painting),
        "night.jpg": painting.flip(3),
        "water.png": shaded(from_left=0.0),
        "sky.png": shaded(from_left=1.0),
        "face.png": shaded(from_left=1.0),
        "paintings/first.jpg": painting,
        "paintings/second.jpg": painting.flip(2),
        "photos/harbour.jpg": photo,
        "photos/pier.jpg": photo.flip(3),
    }


@pytest.fixture
def folder(samples: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pictures that the pages speak of; the weights of nobody, and no network."""
    for name, picture in samples.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(picture, tmp_path / name)
    _write_clip(samples["harbour.jpg"], tmp_path / "clip.mp4")
    foreign = program("tests/models/foreign_networks.py")
    foreign.save_pickle(foreign.pytorch_state(), tmp_path / "candy.pth")  # as another tool leaves it
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)
    return tmp_path


def _write_clip(picture: Tensor, path: Path) -> None:
    """Write a film of three frames."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(3):
            moved = (picture.roll(number, 3)[0].permute(1, 2, 0) * 255).byte().contiguous().numpy()
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, "rgb24")))
        container.mux(stream.encode(None))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every config paint small and for a few steps; everything else stays as the page writes it."""
    check = Optimize.__post_init__

    def shorten_and_check(config: Optimize) -> None:
        object.__setattr__(config, "size", min(config.size or SIDE, SIDE))
        object.__setattr__(config, "steps", min(config.steps, STEPS))
        check(config)

    monkeypatch.setattr(Optimize, "__post_init__", shorten_and_check)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python", "py")], ids=name_of)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path, folder: Path, hurried: None) -> None:
    names: dict[str, object] = {}
    for block in blocks(page, "python", "py"):
        exec(compile(block, name_of(page), "exec"), names)


@pytest.mark.long
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(c[0] == "impasto" for c in commands(page))], ids=name_of
)
def test_the_commands_of_a_page_run_one_after_the_other(
    page: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, *arguments in commands(page):
        if command != "impasto":
            continue
        status = run([*arguments, *quickly(arguments)])  # of a flag that is given twice, the last counts
        said = capsys.readouterr()
        if FETCHED.search(" ".join(arguments)):
            assert (status, any(ending in said.err for ending in (".h5", ".pth", ".tflite"))) == (2, True), said.err
        else:
            allowed = (0, 1) if arguments[0] in LOOKING_COMMANDS else (0,)
            assert status in allowed, f"{shlex.join(arguments)}: {said.err}"


def quickly(arguments: list[str]) -> list[str]:
    """Return the flags that make a command short, and change nothing else that the page says of it."""
    command = arguments[0]
    if command in SERVING_COMMANDS:
        return ["--help"]
    if command not in PAINTING_COMMANDS:
        return []
    in_steps = command == "features" or "optimize" in arguments
    return ["--size", str(SIDE), *(["--steps", str(STEPS)] if in_steps else [])]


def test_the_readme_begins_with_what_a_newcomer_needs() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    places = [
        next(number for number, line in enumerate(lines, 1) if line.startswith(start))
        for start in ("# ", "![", "make demo", "import impasto", "result.save", "## What it is not")
    ]
    assert places == sorted(places)
    assert places[-2] <= 25


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_verb_and_extra_that_a_page_names_exists(page: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    extras = set(metadata("impasto").get_all("Provides-Extra") or ())
    for command, *arguments in commands(page):
        if command == "make":
            assert set(arguments) <= verbs
        if command == "pip":
            named = re.findall(r"\[(.+)\]", " ".join(arguments))
            assert {extra for group in named for extra in group.split(",")} <= extras


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_inside_the_documents_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"https?:|mailto:", link)]
    broken = []
    for link in links:
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(link)
    assert not broken


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_index() -> None:
    index = REPOSITORY / "docs" / "index.md"
    reached = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in (index, README, REPOSITORY / "docs" / "adr" / "README.md")
        for link in re.findall(r"\]\(([^)\s]+\.md)", page.read_text(encoding="utf-8"))
    }
    site = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    reached |= {(REPOSITORY / "docs" / link).resolve() for link in re.findall(r"[\w/-]+\.md", site)}
    unreached = [name_of(page) for page in PAGES if page not in reached and page not in (README, index)]
    assert not unreached


def test_every_public_name_is_in_the_reference_of_python() -> None:
    page = (REPOSITORY / "docs" / "api" / "index.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^::: impasto\..*?(\w+)$", page, flags=re.MULTILINE))
    elsewhere = {"ImpastoError", "__version__", "images", "losses", "models"}  # all errors; the layers have the others
    assert set(impasto.__all__) - elsewhere <= told


def test_every_library_and_every_fetched_file_is_among_the_licences() -> None:
    page = (REPOSITORY / "docs" / "licences.md").read_text(encoding="utf-8").lower()
    libraries = {re.split(r"[^\w-]", wanted, maxsplit=1)[0].lower() for wanted in requires("impasto") or ()}
    owners = {entry.licence.partition(" (")[2].split(",")[0].rstrip(")").lower() for entry in PUBLISHED}
    assert [name for name in sorted(libraries | owners) if name not in page] == []


def test_every_loss_has_its_section() -> None:
    page = (REPOSITORY / "docs" / "losses.md").read_text(encoding="utf-8")
    assert not [name for name in losses.__all__ if f"`{name}" not in page]
