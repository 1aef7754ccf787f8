"""Methods are compared fairly: same pairs, same judge, refusals told, interruptions survived."""

from __future__ import annotations

import mmap
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from impasto import engine, images
from impasto.config import Fast, Optimize
from impasto.engine.onepass import OnePass
from impasto.errors import ImpastoError, InputError, OptionError, WeightsError
from impasto.evaluation import Comparison, Contender, Judge, Run, compare, judging, pairs_of, standings
from impasto.evaluation import comparing as comparing_module
from impasto.evaluation.contenders import CannotPaintError, painting_apart, painting_here, with_files
from impasto.evaluation.judging import METRICS, judged_size, judging_network
from impasto.evaluation.peaks import watched
from impasto.weights import file_sha256

OPTIONS = {"size": 64, "steps": 2, "scales": 1}
QUICK = Contender(label="quick", method="optimize", options={**OPTIONS, "steps": 1})
SLOW = Contender(label="slow", method="optimize", options=OPTIONS)


@pytest.fixture(autouse=True)
def judged_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "SIDE", 96)


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    drawn = {"harbour.png": images.harbour((48, 64)), "night.png": images.brushwork((48, 64))}
    drawn["ink.png"] = drawn["night.png"].mean(1, keepdim=True).expand(1, 3, -1, -1)
    for name, picture in drawn.items():
        images.write(picture, tmp_path / name)
    return {Path(name).stem: tmp_path / name for name in drawn}


class Refusing:
    """A method that refuses, for good or only one style."""

    def __init__(self, config: Any) -> None:
        self.calls = 0

    def __call__(self, content: Path, style: Path, **_: Any) -> engine.Result:
        self.calls += 1
        if style.stem == "ink":
            raise InputError("ink is not for me.")
        raise WeightsError("its weights are not here.")


def test_every_method_paints_every_pair_and_is_measured(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path
) -> None:
    pairs = pairs_of([pictures["harbour"]], [pictures["night"], pictures["ink"]])
    told: list[float] = []
    found = compare(
        pairs,
        [QUICK, SLOW],
        tmp_path / "report",
        isolated=False,
        on_progress=lambda now: told.append(now.run + now.share),
    )
    assert found.complete
    assert [(run.contender, run.style) for run in found.runs] == [
        (label, style) for style in ("night.png", "ink.png") for label in ("quick", "slow")
    ]
    for run in found.runs:
        assert images.read(tmp_path / "report" / run.picture).size == (48, 64)
        assert set(run.values) >= {"style", "content", "ssim", "color", "faults", "seconds", "memory"}
        assert run.values["seconds"] > 0
        assert run.values["memory"] > 50
    assert told == sorted(told)
    assert told[-1] == pytest.approx(5)


def test_who_refuses_is_told_and_asked_no_more_than_needed(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(None)
    load = engine.load
    monkeypatch.setattr(engine, "load", lambda method, **o: refusing if method == "picky" else load(method, **o))
    pairs = pairs_of([pictures["harbour"]], [pictures["ink"], pictures["night"], pictures["harbour"]])
    found = compare(pairs, [Contender(label="picky", method="picky"), QUICK], tmp_path / "report", isolated=False)
    reasons = [run.refusal for run in found.of("picky")]
    assert reasons == ["ink is not for me.", "its weights are not here.", "its weights are not here."]
    assert refusing.calls == 2  # missing weights will be missing for every picture
    assert all(run.picture for run in found.of("quick"))
    assert set(standings(found, "style")) == {"quick"}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OSError(28, "No space left on device"), r"it failed \(OSError: \[Errno 28\] No space left on device\)\.$"),
        (RuntimeError("size mismatch\nstack of C++"), r"it failed \(RuntimeError: size mismatch\)\.$"),
        (ValueError(), r"it failed \(ValueError\)\.$"),
        (MemoryError(), "^it needs more memory than there is; choose a smaller size"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "^it needs more memory than there is"),
    ],
)
def test_whatever_goes_wrong_with_a_picture_is_a_sentence(
    pictures: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, told: str
) -> None:
    def fail(*_: Any, **__: Any) -> engine.Result:
        raise fault

    monkeypatch.setattr(engine, "load", lambda *_, **__: fail)
    with painting_here(QUICK) as paint, pytest.raises(ImpastoError, match=told) as refusal:
        paint(pictures["harbour"], pictures["night"], tmp_path / "out.png", lambda *_: None)
    assert not isinstance(refusal.value, CannotPaintError)


class Recording:
    """A method in steps that tells how it was called; the first call fails or is interrupted where that is asked."""

    def __init__(self, first: BaseException | str = "") -> None:
        self.config, self.first, self.calls = Optimize(), first, []  # type: ignore[var-annotated]
        self.paint = engine.load("optimize", size=32, steps=1, scales=1)

    def __call__(self, content: Any, style: Any, **changes: Any) -> engine.Result:
        self.calls.append((content, style, changes))
        if len(self.calls) == 1 and isinstance(self.first, BaseException):
            raise self.first
        result = self.paint(content, style)
        return replace(result, stopped=self.first or "finished", seconds=len(self.calls))  # type: ignore[arg-type]


def test_a_tiny_picture_is_painted_before_one_counts(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording()
    monkeypatch.setattr(engine, "load", lambda *_, **__: recording)
    with painting_here(QUICK) as paint:
        ((photo, style, changes),) = recording.calls
        assert (photo.shape, style.shape) == ((1, 3, 64, 64), (1, 3, 64, 64))
        assert changes == {"size": 64, "steps": 1, "scales": 1}
        painted = paint(pictures["harbour"], pictures["night"], tmp_path / "out.png", lambda *_: None)
    assert painted.seconds == 2  # the second call's
    assert [call[0] for call in recording.calls[1:]] == [pictures["harbour"]]


def test_what_goes_wrong_before_one_counts_is_not_told_but_ctrl_c_is_obeyed(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctrl_c, stopped, failing = (Recording(first) for first in (KeyboardInterrupt(), "interrupted", ValueError("small")))
    for recording in (ctrl_c, stopped):
        monkeypatch.setattr(engine, "load", lambda *_, made=recording, **__: made)
        with pytest.raises(KeyboardInterrupt), painting_here(QUICK):
            pass
    monkeypatch.setattr(engine, "load", lambda *_, **__: failing)
    with painting_here(QUICK) as paint:
        assert paint(pictures["harbour"], pictures["night"], tmp_path / "out.png", lambda *_: None).seconds == 2


def test_an_interrupted_comparison_keeps_what_it_has_and_goes_on_from_there(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = pairs_of([pictures["harbour"]], [pictures["night"], pictures["ink"]])
    known: list[Comparison] = []

    def stop_at_the_third(now: comparing_module.Progress) -> None:
        if now.run == 3:
            raise KeyboardInterrupt

    first = compare(pairs, [QUICK, SLOW], tmp_path, isolated=False, on_progress=stop_at_the_third, on_pair=known.append)
    assert not first.complete
    assert len(first.runs) == 2
    assert known[-1].runs == first.runs
    asked: list[int] = []
    changed = Contender(label="slow", method="optimize", options={**OPTIONS, "strength": 50})
    second = compare(
        pairs, [QUICK, changed], tmp_path, isolated=False, earlier=first, on_progress=lambda now: asked.append(now.run)
    )
    assert second.complete
    assert second.runs[0] == first.runs[0]  # the same picture, not painted again
    assert second.runs[1] != first.runs[1]  # other options, so painted again
    assert sorted(set(asked)) == [2, 3, 4]


@pytest.mark.parametrize("changed", ["model", "judge"])
def test_a_file_that_has_changed_since_is_another_contender_or_judge(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    load, model = engine.load, tmp_path / "mine.safetensors"
    model.write_bytes(b"one")
    monkeypatch.setattr(engine, "load", lambda method, **o: load("optimize" if method == str(model) else method, **o))
    pairs, mine = pairs_of([pictures["harbour"]], [pictures["night"]]), replace(QUICK, label="mine", method=str(model))
    first = compare(pairs, [mine, QUICK], tmp_path, isolated=False)
    assert with_files(mine).files == {str(model): file_sha256(model)}
    assert compare(pairs, [mine, QUICK], tmp_path, isolated=False, earlier=first).runs == first.runs
    if changed == "model":
        model.write_bytes(b"two")
    else:
        monkeypatch.setattr(comparing_module, "weights_hash", lambda *_: "another")
    asked: list[int] = []
    compare(
        pairs, [mine, QUICK], tmp_path, isolated=False, earlier=first, on_progress=lambda now: asked.append(now.run)
    )
    assert set(asked) == ({1} if changed == "model" else {1, 2})


def test_files_that_options_name_belong_to_a_contender(tmp_path: Path) -> None:
    masks = [tmp_path / "a.png", tmp_path / "b.png"]
    for mask in masks:
        mask.write_bytes(mask.name.encode())
    options = {"mask": [str(mask) for mask in masks], "init": "noise", "size": 64}
    found = with_files(Contender(label="one", method="optimize", options=options))
    assert found.files == {str(mask): file_sha256(mask) for mask in masks}
    assert with_files(QUICK) == QUICK


def test_the_time_left_is_known_as_soon_as_all_have_begun(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path
) -> None:
    pairs = pairs_of([pictures["harbour"]], [pictures["night"], pictures["ink"]])
    told: list[comparing_module.Progress] = []
    compare(pairs, [QUICK, SLOW], tmp_path, isolated=False, on_progress=told.append)
    first = [now for now in told if now.run == 1]
    assert all(now.remaining is None for now in first)  # of the second nothing is known yet
    assert first[0].this_picture is None
    assert first[-1].this_picture == 0  # painted
    second = [now for now in told if now.run == 2 and now.share]
    assert [now.remaining is None for now in second] == [True, False]  # its first step tells nothing
    assert told[-1].remaining == 0
    assert [now.elapsed for now in told] == sorted(now.elapsed for now in told)


def test_the_time_left_does_not_count_what_is_there_already(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path
) -> None:
    one, other = (pairs_of([pictures["harbour"]], [pictures[name]]) for name in ("night", "ink"))
    earlier = compare(other, [QUICK], tmp_path, isolated=False)
    told: list[comparing_module.Progress] = []
    compare([*one, *other], [QUICK], tmp_path, isolated=False, earlier=earlier, on_progress=told.append)
    assert {now.run for now in told} == {1}
    assert [now.remaining for now in told[1:]] == [now.this_picture for now in told[1:]]


def test_a_contender_works_in_a_process_of_its_own(pictures: dict[str, Path], tmp_path: Path) -> None:
    shares: list[float] = []

    def told(share: float, _: float | None) -> None:
        shares.append(share)

    with painting_apart(QUICK) as paint:
        painted = paint(
            pictures["harbour"], pictures["night"], tmp_path / "out.png", lambda share, _: shares.append(share)
        )
        with pytest.raises(Exception, match=r"nothing\.png"):
            paint(
                tmp_path / "nothing.png", pictures["night"], tmp_path / "no.png", lambda share, _: shares.append(share)
            )
    assert painted.seconds > 0
    assert painted.bytes is not None
    assert painted.bytes > 100e6
    assert shares[-1] == 1
    assert images.read_recipe(tmp_path / "out.png") is not None
    assert not (tmp_path / "no.png").exists()


@pytest.mark.parametrize("patience", [0, 0.5])
def test_a_process_that_ends_by_itself_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr("impasto.evaluation.contenders.sys.executable", "false")
    with painting_apart(QUICK) as paint:
        time.sleep(patience)  # whether it ends before it is asked or after
        with pytest.raises(ImpastoError, match=r"ended by itself \(status 1\)\.$") as first:
            paint(tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png", lambda *_: None)
        assert not isinstance(first.value, CannotPaintError)
        with pytest.raises(CannotPaintError, match=r"\(status 1\), as the one before\.$"):
            paint(tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png", lambda *_: None)


FRAGILE = """#!{python}
import json, os, signal, sys
sys.stdin.readline()
for line in sys.stdin:
    if "deadly" in line:
        os.kill(os.getpid(), signal.SIGKILL)
    print(json.dumps({{"seconds": os.getpid(), "bytes": None, "gpu_bytes": None}}), flush=True)
"""


def test_after_a_death_the_next_picture_gets_a_new_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fragile = tmp_path / "fragile"
    fragile.write_text(FRAGILE.format(python=sys.executable))
    fragile.chmod(0o755)
    monkeypatch.setattr("impasto.evaluation.contenders.sys.executable", str(fragile))
    with painting_apart(QUICK) as paint:

        def process_of(photo: str) -> float:
            return paint(tmp_path / photo, tmp_path / "style.png", tmp_path / "out.png", lambda *_: None).seconds

        def dies() -> None:
            with pytest.raises(ImpastoError, match=r"\(status -9\), perhaps for lack of memory; choose a") as refusal:
                process_of("deadly.png")
            assert not isinstance(refusal.value, CannotPaintError)  # none died twice in a row

        dies()
        first = process_of("good.png")
        assert process_of("good.png") == first
        dies()
        assert process_of("good.png") != first


def test_the_judge_knows_the_photo_from_the_style(tiny_backbone: Path) -> None:
    photo, style = images.harbour((64, 96)), images.brushwork((64, 96))
    judge = Judge(photo, style, network=judging_network())
    as_photo, as_style, grey = judge(photo), judge(style), judge(torch.full_like(photo, 0.5))
    assert as_photo.values["style"] == pytest.approx(1, abs=1e-3)
    assert as_photo.values["content"] == pytest.approx(0, abs=1e-3)
    assert as_photo.values["ssim"] == pytest.approx(1, abs=1e-3)
    assert as_style.values["style"] == pytest.approx(0, abs=0.03)
    assert as_style.values["color"] == pytest.approx(0, abs=0.1)
    assert as_style.values["content"] > 0.3
    assert grey.values["faults"] > 0.3
    assert {finding.name for finding in grey.findings} >= {"fog"}
    assert set(as_photo.values) <= {one.name for one in METRICS}


def test_results_of_all_sizes_are_judged_at_one(tiny_backbone: Path) -> None:
    photo, style = images.harbour((100, 150)), images.brushwork((64, 96))
    judge = Judge(photo, style, network=judging_network())
    small, large = judge(images.resize(photo, (90, 135))), judge(images.resize(photo, (200, 300)))
    assert small.values["content"] == pytest.approx(large.values["content"], abs=0.05)
    assert judged_size(torch.zeros(1, 3, 1000, 100)) == (96, 16)
    assert judged_size(torch.zeros(1, 3, 1, 1000)) == (16, 96)


def test_broken_numbers_are_judged_and_named(tiny_backbone: Path) -> None:
    photo, style = images.harbour((64, 96)), images.brushwork((64, 96))
    broken = photo.clone()
    broken[..., 3, 3] = torch.nan
    judgement = Judge(photo, style, network=judging_network())(broken)
    assert judgement.findings[0].name == "not-finite"
    assert judgement.values["style"] == pytest.approx(1, abs=0.2)


def runs(label: str, values: list[float], name: str = "style") -> list[Run]:
    return [
        Run(contender=label, photo="p", style=f"{i}", hashes=("p", str(i)), values={name: value})
        for i, value in enumerate(values)
    ]


def comparison_of(**values: list[float]) -> Comparison:
    contenders = [Contender(label=label, method="optimize") for label in values]
    return Comparison(
        contenders=contenders,
        runs=[run for label, found in values.items() for run in runs(label, found)],
        machine={"when": "now"},
        judge="embedded",
    )


def test_the_standing_tells_clear_differences_from_chance() -> None:
    hard = [0.2, 0.9, 0.4, 0.7, 0.1, 0.6]  # pairs differ far more than methods do
    found = standings(
        comparison_of(
            best=hard,
            clearly_behind=[value + 0.02 for value in hard],
            level=[value + step for value, step in zip(hard, [0.1, -0.08, 0.09, -0.1, 0.05, -0.04], strict=True)],
        ),
        "style",
    )
    assert found["best"].best
    assert not found["clearly_behind"].level  # though its interval overlaps the best one's almost wholly
    assert found["level"].level
    low, mean, high = found["clearly_behind"].interval
    assert low < found["best"].interval.mean < mean < high


def test_who_refuses_hard_pairs_wins_nothing_by_it() -> None:
    brave, picky = [0.2, 0.3, 0.25, 0.9, 0.95], [0.3, 0.4, 0.34]
    found = standings(comparison_of(brave=brave, picky=picky), "style")
    assert found["picky"].interval.mean < found["brave"].interval.mean
    assert found["brave"].best
    assert not found["picky"].best
    assert not found["picky"].level  # on the three pairs that both painted
    assert (found["brave"].count, found["picky"].count) == (5, 3)


def test_without_a_pair_that_all_painted_nobody_leads() -> None:
    found = comparison_of(a=[0.1, 0.2])
    elsewhere = [replace(run, contender="b", hashes=("q", run.style)) for run in found.runs]
    apart = replace(found, contenders=[*found.contenders, Contender(label="b", method="fast")])
    places = standings(replace(apart, runs=[*found.runs, *elsewhere]), "style")
    assert [(one.best, one.level) for one in places.values()] == [(False, False), (False, False)]


def test_nobody_leads_by_a_single_pair_who_is_clearly_behind_on_the_others() -> None:
    lucky, steady, absent = [0.1, 0.8, 0.81, 0.79, 0.8, 0.8], [0.2, 0.2, 0.21, 0.19, 0.2, 0.2], [0.5]
    found = standings(comparison_of(lucky=lucky, steady=steady, absent=absent), "style")
    assert not any(one.best or one.level for one in found.values())
    assert standings(comparison_of(lucky=lucky, steady=steady), "style")["steady"].best


def test_a_single_pair_tells_nobody_apart() -> None:
    found = standings(comparison_of(a=[0.1], b=[0.9]), "style")
    assert found["a"].best
    assert found["b"].level


def test_higher_can_be_better() -> None:
    found = Comparison(
        contenders=[Contender(label=label, method="optimize") for label in "ab"],
        runs=[*runs("a", [0.5, 0.6], "ssim"), *runs("b", [0.7, 0.8], "ssim")],
        machine={},
        judge="embedded",
    )
    assert standings(found, "ssim")["b"].best
    assert standings(found, "style") == {}


def test_what_cannot_be_compared_is_said(pictures: dict[str, Path], tmp_path: Path) -> None:
    pairs = pairs_of([pictures["harbour"]], [pictures["night"]])
    with pytest.raises(OptionError, match="nothing to compare"):
        compare(pairs, [], tmp_path / "report")
    with pytest.raises(OptionError, match="'quick' is to be compared with itself"):
        compare(pairs, [QUICK, QUICK], tmp_path / "report")
    assert not (tmp_path / "report").exists()
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.png"):
        pairs_of([tmp_path / "broken.png"], [pictures["night"]])


def test_a_judge_that_is_none_is_refused_before_anything_is_left(pictures: dict[str, Path], tmp_path: Path) -> None:
    pairs = pairs_of([pictures["harbour"]], [pictures["night"]])
    with pytest.raises(OptionError, match="did you mean 'vgg19'"):
        compare(pairs, [QUICK], tmp_path / "report", judge="vgg91")
    assert not (tmp_path / "report").exists()


def test_a_file_under_two_names_counts_once(pictures: dict[str, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(pictures["harbour"].read_bytes())
    found = pairs_of([pictures["harbour"], copy], [pictures["night"], copy, pictures["harbour"]])
    assert [(pair.photo.stem, pair.style.stem) for pair in found] == [("harbour", "night"), ("harbour", "copy")]


def test_memory_is_told_for_each_work_by_itself() -> None:
    with watched() as before:
        pass
    with watched() as during, mmap.mmap(-1, 200_000_000) as block:  # not from what earlier tests left behind
        block[::4096] = b"x" * len(block[::4096])
    assert before.bytes is not None
    assert during.bytes is not None
    assert during.bytes - before.bytes > 150e6
    assert during.gpu_bytes is None


class Learnt:
    """A painter that has learnt its one style."""

    name, needs_style, margin, stride = "learnt", False, 8, 8
    device, precision = torch.device("cpu"), torch.float32

    def weights(self) -> list[engine.Ingredient]:
        return [engine.Ingredient("learnt", "0")]

    def look(self, picture: torch.Tensor, code: torch.Tensor) -> dict[str, Any]:
        return {}

    def paint(self, picture: torch.Tensor, code: torch.Tensor, seen: Any, at: tuple[int, int] = (0, 0)) -> torch.Tensor:
        return 1 - picture


def test_a_model_that_has_learnt_its_style_paints_beside_the_others(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, learnt = engine.load, OnePass(Fast(), Learnt())  # type: ignore[arg-type]
    monkeypatch.setattr(engine, "load", lambda method, **o: learnt if method == "learnt" else load(method, **o))
    pairs = pairs_of([pictures["harbour"]], [pictures["night"]])
    found = compare(pairs, [Contender(label="mine", method="learnt"), QUICK], tmp_path / "report", isolated=False)
    assert [run.refusal for run in found.runs] == ["", ""]
    assert all((tmp_path / "report" / run.picture).is_file() for run in found.runs)


def test_long_names_get_pictures_of_their_own(pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path) -> None:
    photo = pictures["harbour"].rename(tmp_path / f"{'a long name ' * 10}.png")
    found = compare(pairs_of([photo], [pictures["night"]]), [QUICK, SLOW], tmp_path / "report", isolated=False)
    names = [run.picture for run in found.runs]
    assert len(set(names)) == 2
    assert all(len(Path(name).name) < 144 for name in names)


def test_names_are_as_long_as_a_file_system_counts_them(
    pictures: dict[str, Path], tmp_path: Path, tiny_backbone: Path
) -> None:
    photo = pictures["harbour"].rename(tmp_path / f"{'海' * 80}.png")
    (run,) = compare(pairs_of([photo], [pictures["night"]]), [QUICK], tmp_path / "report", isolated=False).runs
    name = Path(run.picture).name
    assert len(name.encode()) < 144
    assert name.startswith("01-海海海")
    assert (tmp_path / "report" / run.picture).is_file()


def test_names_that_are_no_utf8_become_names_of_their_own() -> None:
    names = {comparing_module._file_name(os.fsdecode(b"%c" % byte + b"caf\xe9" * 60)) for byte in (0xE8, 0xE9)}
    assert len(names) == 2
    assert all(name.isascii() and len(name) < 140 for name in names)
