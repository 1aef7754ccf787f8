"""Three painters are measured beside each other, and the report shows the best, the median and the worst."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import InputError
from impasto.evaluation.charts import chart
from impasto.evaluation.paired import Judged, PairJudge, intervals, telling
from impasto.evaluation.paired_report import Ablation, PairedReport, save_paired_report
from impasto.images import read


def drawn(seed: int) -> Tensor:
    coarse = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, size=(48, 64), mode="bicubic").clamp(0, 1)


def truth(photo: Tensor) -> Tensor:
    return photo.roll(1, dims=1) * 0.8


@pytest.fixture
def judge(tiny_backbone: Path) -> PairJudge:
    return PairJudge()


def halfway(share: float):
    return lambda photo: torch.lerp(photo, truth(photo), share)


@pytest.fixture
def judged(judge: PairJudge) -> list[Judged]:
    return [judge.judge(f"p{n}", drawn(n), truth(drawn(n)), halfway(0.2 * n)) for n in range(1, 6)]


def test_doing_nothing_and_the_truth_are_the_ends_of_the_scale(judged: list[Judged]) -> None:
    source, model, teacher = (intervals(judged, painter) for painter in ("source", "model", "teacher"))
    assert teacher["ssim"].mean == pytest.approx(1)
    assert teacher["style"].mean == pytest.approx(0, abs=1e-3)
    assert teacher["sharpness"].mean == pytest.approx(1)
    assert source["style"].mean == pytest.approx(1)
    assert source["content"].mean == pytest.approx(0, abs=1e-5)
    assert source["ssim"].mean < model["ssim"].mean < 1
    assert 0 < model["style"].mean < 1
    assert model["ssim"].low <= model["ssim"].mean <= model["ssim"].high


def test_a_perfect_network_has_a_mean(judge: PairJudge) -> None:
    perfect = judge.judge("p", drawn(1), truth(drawn(1)), truth)
    assert perfect.values["model"]["psnr"] == 60
    assert perfect.seconds >= 0


def test_with_the_artists_painting_there_is_one_measure_more(tiny_backbone: Path) -> None:
    found = PairJudge(painting=truth(drawn(9))).judge("p", drawn(1), truth(drawn(1)), halfway(0.5))
    assert found.values["source"]["artist"] == pytest.approx(1)
    assert found.values["teacher"]["artist"] < 1


def test_best_median_and_worst(judged: list[Judged]) -> None:
    assert {rank: one.name for rank, one in telling(judged).items()} == {"best": "p5", "median": "p3", "worst": "p1"}
    assert len({one.name for one in telling(judged[:1]).values()}) == 1


def test_the_report_is_a_page_a_sheet_and_numbers(judged: list[Judged], tmp_path: Path) -> None:
    curves = {"training": ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]), "validation": ([2.0, 3.0], [2.5, 1.5])}
    ablation = [Ablation("MSE", judged), Ablation("+ content", judged)]
    report = PairedReport("A <test>", judged, curves, ablation, notes=["made by hand"])
    page = save_paired_report(report, tmp_path / "report").read_text(encoding="utf-8")
    assert "A &lt;test&gt;" in page
    for word in ("The best: p5", "The worst: p1", "made by hand", "+ content", "95 %"):
        assert word in page
    for line in page.split('src="')[1:]:
        assert (tmp_path / "report" / line.partition('"')[0]).is_file()
    numbers = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert numbers["standing"]["source"]["style"]["mean"] == pytest.approx(1)
    assert set(numbers["ablation"]) == {"MSE", "+ content"}
    assert read(tmp_path / "report" / "report.png").width > 900


def test_names_of_folders_become_names_of_files(judge: PairJudge, tmp_path: Path) -> None:
    deep = [judge.judge("deep/in/p", drawn(1), truth(drawn(1)), halfway(0.5))]
    save_paired_report(PairedReport("t", deep, {}), tmp_path)
    assert (tmp_path / "pictures" / "deep_in_p-ground-truth.png").is_file()


def test_names_of_any_encoding_are_reported(judge: PairJudge, tmp_path: Path) -> None:
    strange = [judge.judge(os.fsdecode(b"caf\xe9"), drawn(1), truth(drawn(1)), halfway(0.5))]
    page = save_paired_report(PairedReport("t", strange, {}), tmp_path).read_text(encoding="utf-8")
    assert 'src="pictures/caf%E9-ground-truth.png"' in page
    assert (tmp_path / "pictures" / os.fsdecode(b"caf\xe9-ground-truth.png")).is_file()


def test_of_one_picture_there_are_no_bounds(judged: list[Judged], tmp_path: Path) -> None:
    alone = save_paired_report(PairedReport("t", judged[:1], {}), tmp_path).read_text(encoding="utf-8")
    assert "<small>" not in alone
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "Infinity" not in text
    assert json.loads(text)["standing"]["model"]["ssim"]["low"] is None
    assert "<small>" in save_paired_report(PairedReport("t", judged, {}), tmp_path).read_text(encoding="utf-8")


def test_a_chart_draws_each_curve_in_its_color_and_leaves_gaps() -> None:
    steps = [float(step) for step in range(20)]
    picture = np.asarray(chart({"a": (steps, [1.0] * 20), "b": (steps, [0.1] * 9 + [0.0] + [0.1] * 10)}))
    red = (abs(picture.astype(int) - (200, 69, 47)).sum(2) < 40).any(0)
    blue = (abs(picture.astype(int) - (31, 111, 139)).sum(2) < 40)[200:].any(0)
    inside = slice(picture.shape[1] // 4, picture.shape[1] * 9 // 10)
    assert red[inside].all()
    assert not blue[inside].all()
    with pytest.raises(InputError, match="above 0"):
        chart({"a": ([1.0], [0.0])})
