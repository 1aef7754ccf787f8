"""``impasto stylize``, with an engine that paints at once."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from impasto import evaluation, images, weights
from impasto.engine import result
from impasto.errors import OutputError
from impasto.evaluation import canvas


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_picture_is_painted_and_its_name_printed(studio, painter, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png") == 0
    assert impasto.out == "harbour-ink.jpg\n"
    assert "Done: 64x48 px in 1.5 s." in impasto.err
    assert images.read("harbour-ink.jpg").size == (48, 64)
    assert images.read_recipe("harbour-ink.jpg")


def test_flags_reach_the_method_over_those_of_the_preset(studio, painter, impasto):
    flags = "--preset quick --steps 9 --style-weights 2,1 --mask ink.png --mask night.png --keep-color"
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", "night.png", *flags.split()) == 0
    content, styles, config = painter.calls[0]
    assert (content.name, styles) == ("harbour.jpg", ["ink.png", "night.png"])
    assert (config.size, config.steps, config.style_weights) == (512, 9, (2.0, 1.0))
    assert (config.mask, config.keep_color) == ((Path("ink.png"), Path("night.png")), True)


def test_quiet_leaves_only_the_name(studio, painter, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "-q", "-o", "out.webp") == 0
    assert impasto.out == "out.webp\n"
    assert impasto.err == "memory is short\n"  # a change of plan is no progress


def test_json_tells_everything(studio, painter, impasto):
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", "--json") == 0
    (result,) = json.loads(impasto.out)["results"]
    assert (result["output"], result["width"], result["height"]) == ("harbour-ink.jpg", 64, 48)
    assert (result["stopped"], result["losses"], result["config"]["steps"]) == (
        "finished",
        {"total": 1.0},
        240,
    )


def test_an_output_folder_takes_the_default_name(studio, painter, impasto):
    Path("done").mkdir()
    assert impasto("stylize", "harbour.jpg", "ink.png", "-o", "done") == 0
    assert impasto.out == f"{Path('done', 'harbour-ink.jpg')}\n"


def test_what_is_written_can_be_chosen(studio, painter, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "--bits", "16", "--no-recipe", "-o", "out.png") == 0
    assert images.read("out.png").bits == 16
    assert images.read_recipe("out.png") is None


def test_ctrl_c_keeps_the_best_picture(studio, painter, impasto):
    painter.interrupted_call = 1
    assert impasto("stylize", "harbour.jpg", "ink.png") == 130
    assert "Interrupted; the best so far is kept" in impasto.err
    assert Path("harbour-ink.jpg").is_file()


def test_ctrl_c_before_the_painting_is_no_traceback(studio, painter, impasto, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(images, "read", interrupted)
    assert impasto("stylize", "harbour.jpg", "ink.png") == 130
    assert impasto.sentence == "Interrupted."


def test_each_style_can_have_its_own_output(studio, painter, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "night.png", "--each", "--sheet", "sheet.png") == 0
    assert [call[1] for call in painter.calls] == [["ink.png"], ["night.png"]]
    assert impasto.out.split() == ["harbour-ink.jpg", "sheet-ink.png", "harbour-night.jpg", "sheet-night.png"]
    assert {"sheet-ink.png", "sheet-night.png"} <= names(studio)


@pytest.mark.parametrize("raises", [False, True])
def test_ctrl_c_among_several_tells_what_is_done(studio, painter, impasto, raises):
    painter.interrupted_call, painter.raises = 2, raises  # raised by what paints in a single pass
    assert impasto("stylize", "harbour.jpg", "ink.png", "night.png", "--each") == 130
    assert impasto.out.split()[0] == "harbour-ink.jpg"
    assert Path("harbour-ink.jpg").is_file()
    assert ("harbour-night.jpg" in names(studio)) is not raises


def test_one_of_several_may_fail_and_is_listed(studio, painter, impasto):
    painter.fails_for = "ink.png"
    assert impasto("stylize", "harbour.jpg", "ink.png", "night.png", "--each") == 1
    assert impasto.out == "harbour-night.jpg\n"
    assert "impasto: ink: ink.png is not a picture." in impasto.err
    assert "1 of 2 failed." in impasto.err


def test_failures_are_listed_in_json_too(studio, painter, impasto):
    painter.fails_for = "ink.png"
    assert impasto("stylize", "harbour.jpg", "ink.png", "night.png", "--each", "--json", "-q") == 1
    answer = json.loads(impasto.out)
    assert [result["output"] for result in answer["results"]] == ["harbour-night.jpg"]
    assert answer["failed"] == [{"style": "ink", "kind": "InputError", "message": "ink.png is not a picture."}]


def test_all_failing_is_bad_input(studio, painter, impasto):
    painter.fails_for = "ink.png"
    assert impasto("stylize", "harbour.jpg", "ink.png", "--each") == 2


def test_what_will_be_refused_is_refused_before_megabytes_come(studio, impasto, monkeypatch):
    monkeypatch.setattr(weights, "obtain", lambda *_args, **_options: pytest.fail("fetched"))
    assert impasto("stylize", "harbour.jpg", "great-wave", "--method", "adain") == 2
    assert "give adain a painting" in impasto.sentence


def test_pictures_on_the_way_are_kept(studio, painter, impasto):
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", "--save-every", "2") == 0
    assert {"harbour-ink.00002.jpg", "harbour-ink.00004.jpg"} <= names(studio)
    assert (
        impasto("stylize", "-m", "optimize", "harbour.jpg", "night.png", "-o", "harbour-ink.webp", "--save-every", "2")
        == 0
    )


def test_pictures_on_the_way_are_written_like_the_last(studio, painter, impasto):
    flags = ("-o", "out.png", "--bits", "16", "--save-every", "2")
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", *flags) == 0
    assert images.read("out.00002.png").bits == 16


def test_a_timelapse_a_chart_and_a_sheet_are_drawn(studio, painter, impasto):
    pytest.importorskip("matplotlib")
    wishes = ["--timelapse", "film.gif", "--plot", "losses.png", "--sheet", "sheet.png"]
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", *wishes) == 0
    assert impasto.out.split() == ["harbour-ink.jpg", "film.gif", "losses.png", "sheet.png"]
    for name in impasto.out.split():
        assert max(images.read(name).size) >= 64
    with Image.open("film.gif") as film:
        assert film.n_frames > 1


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A disk with room for nothing that these endings name; fill the list."""
    refused: list[str] = []
    real = images.write

    def write(picture, path, **options):
        if Path(path).name.endswith(tuple(refused)) and Path(path).parent == Path():
            raise OutputError(f"{Path(path).name} could not be written (no space left); free some space.")
        real(picture, path, **options)

    for module in (images, result, canvas):
        monkeypatch.setattr(module, "write", write)
    return refused


def test_what_cannot_be_kept_on_the_way_does_not_cost_the_picture(studio, painter, impasto, full_disk):
    full_disk += ["00002.jpg", "00004.jpg", "sheet.png"]
    arguments = [
        "stylize",
        "-m",
        "optimize",
        "harbour.jpg",
        "ink.png",
        "--save-every",
        "2",
        "--timelapse",
        "f.gif",
        "--sheet",
        "sheet.png",
    ]
    assert impasto(*arguments) == 1
    assert impasto.out.split() == ["harbour-ink.jpg", "f.gif"]
    assert images.read("harbour-ink.jpg").size == (48, 64)
    assert impasto.err.count("--save-every was given up: harbour-ink.00002.jpg") == 1
    assert impasto.err.count("was given up") == 2


def test_what_was_given_up_is_told_in_json(studio, painter, impasto, full_disk):
    full_disk += ["00002.jpg"]
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", "--save-every", "2", "--json", "-q") == 1
    (told,) = json.loads(impasto.out)["results"]
    assert told["given_up"] == [
        "--save-every was given up: harbour-ink.00002.jpg could not be written (no space left); free some space."
    ]


def test_a_frame_that_finds_no_room_ends_the_film_alone(studio, painter, impasto, monkeypatch):
    def full(*_: object) -> None:
        raise OutputError("film.gif: no room for another frame.")

    monkeypatch.setattr(evaluation.Timelapse, "add", full)
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", "--timelapse", "film.gif") == 1
    assert impasto.out.split() == ["harbour-ink.jpg"]
    assert not Path("film.gif").exists()


def test_a_picture_that_cannot_be_written_in_the_end_is_kept_elsewhere(
    studio, painter, impasto, full_disk, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("elsewhere")))
    full_disk += ["harbour-ink.jpg"]
    assert impasto("stylize", "harbour.jpg", "ink.png", "-q") == 2
    kept = re.search(r"the picture is kept as (\S+)\.$", impasto.err)
    assert kept is not None
    assert images.read(kept[1]).size == (48, 64)
    assert images.read_recipe(kept[1])


def test_a_failed_work_leaves_no_film_behind(studio, painter, impasto):
    painter.fails_for = "ink.png"
    before = names(studio)
    assert impasto("stylize", "-m", "optimize", "harbour.jpg", "ink.png", "--timelapse", "film.gif") == 2
    assert names(studio) == before


BAD = {
    "no photo": (["nowhere.jpg", "ink.png"], "nowhere.jpg does not exist"),
    "a folder as photo": ([".", "ink.png"], "folder"),
    "text as photo": (["notes.jpg", "ink.png"], "notes.jpg"),
    "an empty photo": (["empty.png", "ink.png"], "empty.png"),
    "half a photo": (["half.png", "ink.png"], "half.png"),
    "no such ending": (["harbour.jpg", "ink.png", "-o", "out.xyz"], ".xyz"),
    "no such folder": (["harbour.jpg", "ink.png", "-o", "nowhere/out.png"], "nowhere"),
    "over the photo": (["harbour.jpg", "ink.png", "-o", "harbour.jpg", "--force"], "one of the pictures"),
    "what exists": (["harbour.jpg", "ink.png", "-o", "taken.png"], "--force"),
    "a chart that exists": (["harbour.jpg", "ink.png", "--sheet", "taken.png"], "--force"),
    "16 bits in JPEG": (["harbour.jpg", "ink.png", "-o", "out.jpg", "--bits", "16"], "16"),
    "9 bits": (["harbour.jpg", "ink.png", "--bits", "9"], "--bits is 9"),
    "quality 0": (["harbour.jpg", "ink.png", "--quality", "0"], "--quality is 0"),
    "a film as text": (["harbour.jpg", "ink.png", "--timelapse", "film.txt"], "film.txt"),
    "no step": (["harbour.jpg", "ink.png", "--save-every", "0"], "--save-every is 0"),
    "one name twice": (["harbour.jpg", "ink.png", "-o", "o.png", "--sheet", "o.png"], "two things"),
    "each into a file": (["harbour.jpg", "ink.png", "--each", "-o", "out.png"], "folder that exists"),
    "each with weights": (
        ["harbour.jpg", "ink.png", "night.png", "--each", "--style-weights", "1,2"],
        "--each",
    ),
    "twice the same": (["harbour.jpg", "ink.png", "ink.png", "--each"], "both become"),
    "an unknown method": (["harbour.jpg", "ink.png", "--method", "optimise"], "did you mean 'optimize'"),
    "an unknown preset": (["harbour.jpg", "ink.png", "--preset", "slow"], "--preset is 'slow'"),
    "a wrong value": (["harbour.jpg", "ink.png", "--strength", "1000"], "--strength is 1000"),
    "an unknown flag": (["harbour.jpg", "ink.png", "--strenght", "10"], "--strength"),
}


@pytest.fixture
def messy_studio(studio: Path) -> Path:
    (studio / "notes.jpg").write_text("This is no picture.")
    (studio / "empty.png").touch()
    (studio / "half.png").write_bytes((studio / "ink.png").read_bytes()[:500])
    (studio / "taken.png").write_bytes((studio / "ink.png").read_bytes())
    return studio


@pytest.mark.parametrize(("arguments", "part"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_sentence_and_status_2_and_nothing_is_done(messy_studio, painter, impasto, arguments, part):
    before = {path: path.read_bytes() for path in messy_studio.iterdir()}
    assert impasto("stylize", *arguments) == 2
    assert part in impasto.sentence
    assert impasto.sentence.startswith("impasto: ")
    assert impasto.out == ""
    assert painter.calls == []
    assert {path: path.read_bytes() for path in messy_studio.iterdir()} == before


@pytest.mark.parametrize(("arguments", "part"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_json_document_with_json(messy_studio, painter, impasto, arguments, part):
    assert impasto("stylize", *arguments, "--json") == 2
    error = json.loads(impasto.out)["error"]
    assert part in error["message"]
    assert error["kind"].endswith("Error")
    assert impasto.err == ""


def test_a_bug_is_not_hidden(studio, painter, impasto, monkeypatch):
    monkeypatch.setattr(images, "read", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        impasto("stylize", "harbour.jpg", "ink.png")


def test_no_command_shows_the_help(impasto):
    assert impasto() == 0
    assert "stylize" in impasto.out


def test_the_version_is_shown(impasto):
    import impasto as package

    assert impasto("--version") == 0
    assert impasto.out == f"{package.__version__}\n"


def test_no_style_is_refused(studio, impasto):
    assert impasto("stylize", "harbour.jpg") == 2
    assert "no style was given" in impasto.sentence
    assert not list(Path().glob("harbour-*"))


def test_what_the_disk_refuses_is_one_sentence(studio, painter, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "-o", f"{'long' * 80}/out.png") == 2
    assert "cannot be" in impasto.sentence


def test_an_address_on_the_web_is_no_folder(studio, painter, impasto):
    assert impasto("stylize", "https://example.org/photo.jpg", "ink.png") == 2
    assert "is an address on the web; download the picture first" in impasto.sentence


@pytest.mark.parametrize("name", ["50%discount.jpg", "my%20dog.jpg"])
def test_a_photo_may_be_called_like_a_pattern_of_frames(studio, painter, impasto, name):
    Path("harbour.jpg").rename(name)
    assert impasto("stylize", name, "ink.png", "-o", "out.jpg") == 0


def test_names_of_any_encoding_are_painted(studio, painter, impasto):
    name = os.fsdecode(b"caf\xe9.jpg")
    Path("harbour.jpg").rename(name)
    assert impasto("stylize", name, "ink.png", "-o", "out.jpg") == 0
