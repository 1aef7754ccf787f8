"""Several machines: a real Ray cluster of this machine's loopback, whole and with a node killed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cheap_method import Cheap
from photo_folder import draw_photos, pixels_in
from torch import Tensor

from impasto.config import Saving
from impasto.engine import cluster
from impasto.engine.folder import stylize_folder
from impasto.engine.folder.journal import JOURNAL, open_journal
from impasto.engine.folder.orders import Order
from impasto.engine.folder.places import place_of
from impasto.errors import ImpastoError, InputError, MissingExtraError
from impasto.images import write

SCRIPT = Path(__file__).with_name("cluster_runs.py")
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")


def on_cluster(folder: Path, *, seconds: float, nodes: int, kill_after: int) -> tuple[dict[str, Any], str]:
    """Paint ``folder/photos`` into ``folder/out``; return the report and the log."""
    asked = [folder / "photos", folder / "style.png", folder / "out", seconds, nodes, kill_after]
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, asked)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report, done.stderr


@pytest.fixture
def folder(tmp_path: Path, painting: Tensor) -> Path:
    """A folder with a style."""
    write(painting, tmp_path / "style.png")
    return tmp_path


@needs_ray
def test_a_cluster_paints_what_one_machine_paints(folder: Path) -> None:
    bad = draw_photos(folder / "photos", 12, broken=1)
    report, _ = on_cluster(folder, seconds=0.0, nodes=1, kill_after=99)
    assert (report["done"], [failure["photo"] for failure in report["failed"]]) == (11, bad)
    stylize_folder(folder / "photos", folder / "style.png", Cheap(), out=folder / "alone")
    assert pixels_in(folder / "out") == pixels_in(folder / "alone")


@needs_ray
@pytest.mark.long
def test_a_node_killed_in_mid_run_costs_no_picture(folder: Path) -> None:
    draw_photos(folder / "photos", 60)
    report, log = on_cluster(folder, seconds=0.5, nodes=2, kill_after=8)
    assert (report["done"], report["failed"], report["nodes left"]) == (60, [], 1)
    assert "lost a worker on node" in log
    assert "pictures are retried" in log
    notes = [json.loads(line) for line in (folder / "out" / JOURNAL).read_text(encoding="utf-8").splitlines()]
    begun, done = (Counter(note[kind] for note in notes if kind in note) for kind in ("begun", "done"))
    assert max(done.values()) == 1
    assert max(begun.values()) == 2  # those that were retried
    stylize_folder(folder / "photos", folder / "style.png", Cheap(), out=folder / "alone")
    assert pixels_in(folder / "out") == pixels_in(folder / "alone")


@pytest.mark.parametrize(
    ("resources", "workers", "each"),
    [
        ({"CPU": 2.0}, 1, (2.0, 0.0)),
        ({"CPU": 64.0}, 16, (4.0, 0.0)),
        ({"CPU": 32.0, "GPU": 4.0}, 4, (8.0, 1.0)),
        ({"CPU": 2.0, "GPU": 4.0}, 4, (0.0, 1.0)),
        ({"CPU": 0.0}, 0, None),
        ({}, 0, None),
    ],
)
def test_a_node_gets_workers_for_what_it_has(
    resources: dict[str, float], workers: int, each: tuple[float, float] | None
) -> None:
    assert cluster.workers_for(resources) == workers
    if each is not None:
        assert tuple(cluster.needs(resources).values()) == each


def test_a_folder_that_is_not_shared_is_told_by_name(folder: Path) -> None:
    order = Order.of(str(folder / "gone"), str(folder / "out"), Cheap(), folder / "style.png", Saving())
    with pytest.raises(InputError, match=r"gone is not there on .*; give a folder that all nodes share"):
        cluster.RayWorker(order, 1).ready()


@pytest.mark.parametrize("strength", [None, 50])
def test_results_never_go_to_a_folder_that_is_not_shared(folder: Path, strength: int | None) -> None:
    """Another machine's folder of the same name is empty, or another run has been there."""
    draw_photos(folder / "photos", 1)
    if strength is not None:
        open_journal(place_of(folder / "out"), order_in(folder, Cheap(strength=strength)).recipe).close()
    told = r"out does not hold this run's journal on .*; give a folder that all nodes share"
    with pytest.raises(InputError, match=told):
        cluster.RayWorker(order_in(folder, Cheap()), 1).ready()


def test_a_worker_is_ready_where_the_journal_of_its_run_is(folder: Path) -> None:
    draw_photos(folder / "photos", 1)
    order = order_in(folder, Cheap())
    with closing(open_journal(place_of(folder / "out"), order.recipe)):
        assert cluster.RayWorker(order, 1).ready()


def order_in(folder: Path, method: Cheap) -> Order:
    return Order.of(str(folder / "photos"), str(folder / "out"), method, folder / "style.png", Saving())


def test_without_ray_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    draw_photos(folder / "photos", 1)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[cluster\]'"):
        stylize_folder(folder / "photos", folder / "style.png", Cheap(), out=folder / "out", workers="ray")


def test_a_cluster_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: object) -> None:
        raise ConnectionError("Could not find any running\nRay instance")

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    with pytest.raises(ImpastoError, match=r"no Ray cluster could be reached at auto \(Could not find any running Ray"):
        cluster._connect(SimpleNamespace(init=init), "auto")
