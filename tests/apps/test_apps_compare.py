"""``impasto compare`` and ``impasto lint``: from what is typed to a report, and to what cures a fault."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto import engine, evaluation, images
from impasto.apps.compare import after, contender_of, pictures_of
from impasto.errors import InputError, OptionError
from impasto.evaluation import Comparison, Contender, Pair, Run


class Jury:
    """Stands in for ``evaluation.compare``: records who competes, and writes a grey picture for each."""

    def __init__(self) -> None:
        self.contenders: list[Contender] = []
        self.pairs: list[Pair] = []
        self.earlier: Comparison | None = None
        self.refusal = ""
        self.complete = True

    def __call__(
        self,
        pairs: list[Pair],
        contenders: list[Contender],
        folder: Path,
        *,
        judge: str,
        earlier: Comparison | None,
        on_progress: Callable[..., object],
        on_pair: Callable[[Comparison], object],
    ) -> Comparison:
        self.contenders, self.pairs, self.earlier = contenders, pairs, earlier
        (folder / "pictures").mkdir(parents=True)
        runs = [self._run(pair, one, folder) for pair in pairs for one in contenders]
        on_progress(evaluation.Progress(1, len(runs), "harbour + ink · one", 0.0, 3.0, 1.0))
        facts = {"machine": {"when": "now"}, "judge": judge, "complete": self.complete}
        return Comparison(contenders=contenders, runs=runs, **facts)

    def _run(self, pair: Pair, contender: Contender, folder: Path) -> Run:
        facts: dict[str, Any] = {"photo": pair.photo.name, "style": pair.style.name, "hashes": pair.hashes}
        if self.refusal and contender is self.contenders[0]:
            return Run(contender=contender.label, refusal=self.refusal, **facts)
        name = f"pictures/{pair.style.stem}.png"
        images.write(torch.full((1, 3, 8, 8), 0.5), folder / name, overwrite=True)
        return Run(contender=contender.label, picture=name, values={"style": 0.5}, **facts)


@pytest.fixture
def jury(monkeypatch: pytest.MonkeyPatch) -> Jury:
    stand_in = Jury()
    monkeypatch.setattr(evaluation, "compare", stand_in)
    return stand_in


def test_every_photo_meets_every_style_and_method(studio: Path, impasto, jury: Jury) -> None:
    assert impasto("compare", "harbour.jpg", "ink.png, night.png", "--methods", "optimize:quick,optimize:stroke=2") == 0
    assert impasto.out.strip() == str(Path("report") / "index.html")
    assert Path("report", "index.html").is_file()
    assert [(pair.photo.name, pair.style.name) for pair in jury.pairs] == [
        ("harbour.jpg", "ink.png"),
        ("harbour.jpg", "night.png"),
    ]
    quick, coarse = jury.contenders
    assert (quick.label, quick.options["steps"]) == ("optimize:quick", 120)
    assert (coarse.options["stroke"], coarse.options["size"]) == (2.0, 512)


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        (
            "optimize:content-layers=relu3_1,relu4_1=0.5:steps=3",
            ["optimize:content-layers=relu3_1,relu4_1=0.5:steps=3"],
        ),
        ("fast,optimize:steps=3,magenta", ["fast", "optimize:steps=3", "magenta"]),
        ("optimize:steps=3, fast:strength=50 ,,", ["optimize:steps=3", "fast:strength=50"]),
        ("optimize:style-weights=1,2,mine.safetensors", ["optimize:style-weights=1,2", "mine.safetensors"]),
        ("optimize:mask=ink.png,night.png,fast", ["optimize:mask=ink.png,night.png", "fast"]),
        ("optimize:steps=3,other.pth:strength=50", ["optimize:steps=3", "other.pth:strength=50"]),
    ],
)
def test_options_that_take_several_values_can_be_given(
    studio: Path, impasto, jury: Jury, typed: str, labels: list[str]
) -> None:
    Path("other.pth").touch()
    assert impasto("compare", "harbour.jpg", "ink.png", "--methods", typed) == 0
    assert [one.label for one in jury.contenders] == labels


def test_the_values_of_such_an_option_arrive(studio: Path, impasto, jury: Jury) -> None:
    assert impasto("compare", "harbour.jpg", "ink.png", "--methods", "optimize:content-layers=relu3_1, relu4_1") == 0
    assert jury.contenders[0].options["content_layers"] == ["relu3_1", "relu4_1"]
    assert impasto("compare", "harbour.jpg", "ink.png", "-o", "other", "--methods", "fast,relu4_1") == 2
    assert "there is no method 'relu4_1'" in impasto.sentence


def test_a_file_under_two_names_is_left_out_and_told(studio: Path, impasto, jury: Jury) -> None:
    shutil.copy("harbour.jpg", "copy.jpg")
    assert impasto("compare", "harbour.jpg,copy.jpg", "ink.png,copy.jpg", "--methods", "optimize") == 0
    assert impasto.err.count("copy.jpg is left out: the same picture was given under another name.") == 1
    assert [(pair.photo.name, pair.style.name) for pair in jury.pairs] == [
        ("harbour.jpg", "ink.png"),
        ("harbour.jpg", "copy.jpg"),
    ]


def test_a_judge_that_is_none_is_refused_before_weights_are_fetched(
    studio: Path, impasto, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[Any] = []
    monkeypatch.setattr("impasto.apps.compare.fetch_for", lambda config, **_: fetched.append(config))
    assert impasto("compare", "harbour.jpg", "ink.png", "--methods", "magenta", "--judge", "vgg91", "-o", "rep") == 2
    assert "vgg19" in impasto.sentence
    assert not fetched
    assert not Path("rep").exists()


def test_the_time_left_is_told(studio: Path, impasto, jury: Jury) -> None:
    assert impasto("compare", "harbour.jpg", "ink.png", "--methods", "optimize:quick") == 0
    assert "harbour + ink · one · 1/1 · 3.0 s left\n" in impasto.err


@pytest.mark.parametrize(
    ("remaining", "this_picture", "told"),
    [(None, 70.0, "2/4 · 1 min 10 s left of this picture"), (None, None, "2/4"), (5.0, 1.0, "2/4 · 5.0 s left")],
)
def test_while_some_have_not_painted_yet_the_time_of_this_picture_is_told(
    remaining: float | None, this_picture: float | None, told: str
) -> None:
    assert after(evaluation.Progress(2, 4, "p", 0.5, remaining, 9.0, this_picture)) == told


def test_a_style_by_name_is_no_painting_to_measure_against(studio: Path, impasto, jury: Jury) -> None:
    assert impasto("compare", "harbour.jpg", "great-wave", "--methods", "optimize") == 2
    assert "great-wave is no file here; results are measured against paintings" in impasto.sentence


def test_nothing_between_commas_is_no_folder(studio: Path) -> None:
    assert pictures_of("harbour.jpg, ") == [Path("harbour.jpg")]
    for nothing in ("", " ,"):
        with pytest.raises(InputError, match="no pictures were named"):
            pictures_of(nothing)


def test_options_for_all_give_way_to_those_of_one() -> None:
    common = {"size": "256", "strength": "70"}
    assert contender_of("optimize", common).options["size"] == 256
    assert contender_of("optimize:print", {}).options["size"] == 2048
    assert contender_of("optimize:print", common).options["size"] == 256
    own = contender_of("optimize:strength=40:keep-color=yes", common).options
    assert (own["strength"], own["keep_color"], own["size"]) == (40.0, True, 256)


def test_a_file_of_weights_competes_with_the_options_of_every_method(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    file.touch()
    made = contender_of(f"{file}:strength=50", {})
    assert made.method == str(file)
    assert (made.options["strength"], made.options["size"]) == (50.0, 512)
    assert "steps" not in made.options


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("optimise", "did you mean 'optimize'"),
        ("optimize:qick", "did you mean 'quick'"),
        ("optimize:quick:print", "presets quick and print"),
        ("optimize:stepz=3", "did you mean"),
        ("optimize:steps=0", "--steps is 0"),
    ],
)
def test_what_cannot_compete_is_refused(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        contender_of(text, {})


def test_pictures_are_a_file_a_folder_or_several(studio: Path) -> None:
    assert pictures_of("ink.png") == [Path("ink.png")]
    assert pictures_of("ink.png,night.png,ink.png") == [Path("ink.png"), Path("night.png")]
    assert [path.name for path in pictures_of(".")] == ["harbour.jpg", "ink.png", "night.png"]
    Path("empty").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        pictures_of("empty")


def test_many_names_in_a_row_are_many_pictures(studio: Path) -> None:
    names = [f"a-photo-of-the-harbour-{number:03d}.jpg" for number in range(200)]
    assert pictures_of(",".join(names)) == [Path(name) for name in names]


def test_a_folder_with_something_in_it_is_left_alone(studio: Path, impasto, jury: Jury) -> None:
    Path("report").mkdir()
    Path("report", "mine.txt").touch()
    assert impasto("compare", "harbour.jpg", "ink.png", "--methods", "optimize") == 2
    assert "--resume" in impasto.sentence
    assert "--force" in impasto.sentence
    assert impasto("compare", "harbour.jpg", "ink.png", "--methods", "optimize", "--force") == 0
    assert impasto("compare", "harbour.jpg", "ink.png", "-o", "ink.png") == 2
    assert "is a file" in impasto.sentence


def test_refusals_and_interruptions_are_told(studio: Path, impasto, jury: Jury) -> None:
    jury.refusal = "it has no weights."
    methods = ("--methods", "optimize,optimize:quick")
    assert impasto("compare", "harbour.jpg", "ink.png,night.png", *methods, "-o", "one") == 1
    assert impasto.err.count("optimize did not paint: it has no weights.") == 1
    assert impasto("compare", "harbour.jpg", "ink.png", *methods, "-o", "two", "--json") == 1
    answer = json.loads(impasto.out)
    assert answer["painted"] == 1
    assert answer["refused"] == [{"method": "optimize", "message": "it has no weights."}]
    jury.refusal, jury.complete = "", False
    assert impasto("compare", "harbour.jpg", "ink.png", *methods, "-o", "three") == 130
    assert "--resume goes on" in impasto.err


def test_resume_takes_up_the_report_that_is_there(
    studio: Path, impasto, jury: Jury, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Comparison(contenders=[], runs=[], machine={}, judge="embedded", complete=False)
    evaluation.report.save_numbers(known, Path("report"))
    assert impasto("compare", "harbour.jpg", "ink.png", "--methods", "optimize", "--resume") == 0
    assert jury.earlier is not None
    assert not jury.earlier.complete


def test_a_clean_picture_passes_and_a_faulty_one_does_not(studio: Path, impasto) -> None:
    assert impasto("lint", "harbour.jpg", "--photo", "harbour.jpg") == 0
    assert "nothing found" in impasto.out
    photo = images.resize(images.read("harbour.jpg").pixels, (96, 128))
    images.write((photo + 0.1 * torch.randn_like(photo)).clamp(0, 1), "grainy.png")
    assert impasto("lint", "harbour.jpg", "grainy.png") == 1
    assert "grainy.png: noise (plain to see" in impasto.out
    assert "try" not in impasto.err  # nobody knows how it was painted


def test_what_cures_a_fault_is_told_from_the_recipe(studio: Path, impasto) -> None:
    made = engine.stylize("harbour.jpg", "ink.png", "optimize", size=64, steps=1, strength=50)
    foggy = 0.5 + 0.1 * (made.image - 0.5)
    images.write(foggy, "foggy.png", recipe=made.recipe.to_json())
    assert impasto("lint", "foggy.png", "--json") == 1
    (answer,) = json.loads(impasto.out)
    fog = next(fault for fault in answer["faults"] if fault["name"] == "fog")
    assert fog["try"][0] == "--strength 75"
    images.write(foggy, "damaged.png", recipe="{}")
    assert impasto("lint", "damaged.png") == 1
    assert "recipe" in impasto.err


def test_the_photo_that_the_recipe_names_excuses_what_it_has(studio: Path, impasto) -> None:
    Path("out").mkdir()
    burnt = (images.read("harbour.jpg").pixels * 3).clamp(0, 1)
    images.write(burnt, "burnt.png")
    made = engine.stylize("burnt.png", "ink.png", "optimize", size=64, steps=1, strength=0)
    made.save("out/result.png")
    assert impasto("lint", "out/result.png", "--json") == 0
    Path("burnt.png").unlink()
    assert impasto("lint", "out/result.png", "--json") == 1
    assert "clipping" in impasto.out


def test_a_picture_by_a_model_that_has_learnt_its_style_is_looked_over(studio: Path, impasto) -> None:
    recipe = engine.Recipe(method="model", options={}, photo=engine.Ingredient("harbour.jpg", ""), styles=[])
    images.write(images.read("harbour.jpg").pixels, "candy.png", recipe=recipe.to_json())
    assert impasto("lint", "candy.png", "--photo", "harbour.jpg") == 0
    assert "nothing found" in impasto.out
