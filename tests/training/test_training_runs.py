"""A run's folder holds what decides it, and refuses to go on with something else."""

from __future__ import annotations

import contextlib
import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lessons import short

from impasto.config import StyleTraining
from impasto.errors import InputError, OptionError, OutputError, WeightsError
from impasto.images import write
from impasto.training.batches import Batches
from impasto.training.curves import Curve, read_curve
from impasto.training.runs import begin_run, read_checkpoint, read_run, replaced, unwritten, write_checkpoint


def test_a_run_remembers_its_options(tmp_path: Path) -> None:
    begin_run(tmp_path / "run", short())
    assert read_run(tmp_path / "run")["validate_every"] == 4


def test_what_decides_a_run_may_not_change_and_the_rest_may(tmp_path: Path) -> None:
    begin_run(tmp_path, short())
    (tmp_path / "last.ckpt").touch()
    begin_run(tmp_path, short(steps=99, learning_rate=0.1, patience=1, precision="bfloat16"))
    assert read_run(tmp_path)["steps"] == 99
    with pytest.raises(OptionError, match=r"begun with batch 2, not 5.*another folder"):
        begin_run(tmp_path, short(batch=5))


def test_a_run_goes_on_with_the_same_painting_and_beginning_alone(tmp_path: Path) -> None:
    for name in ("mona.png", "wave.png", "photos/one.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(torch.rand(1, 3, 8, 8), tmp_path / name)
    config = StyleTraining(style=tmp_path / "mona.png", photos=tmp_path / "photos")
    begin_run(tmp_path / "run", config)
    (tmp_path / "run" / "last.ckpt").touch()
    moved = (tmp_path / "mona.png").rename(tmp_path / "lisa.png")
    begin_run(tmp_path / "run", replace(config, style=moved))
    for other in ({"style": tmp_path / "wave.png"}, {"style": moved, "from_weights": "fast"}):
        with pytest.raises(OptionError, match=r"was begun with another (style|from weights); give the same"):
            begin_run(tmp_path / "run", replace(config, **other))
    write(torch.rand(1, 3, 8, 8), tmp_path / "photos" / "two.png")
    begin_run(tmp_path / "run", replace(config, style=moved))  # more to practise on is welcome


def test_before_the_first_checkpoint_everything_may_change(tmp_path: Path) -> None:
    begin_run(tmp_path, short())
    begin_run(tmp_path, short(batch=5))
    assert read_run(tmp_path)["batch"] == 5


def test_a_file_is_no_folder_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(OptionError, match="is a file"):
        begin_run(tmp_path / "run", short())


@pytest.mark.parametrize("text", [None, "{", "[1]"])
def test_what_is_no_run_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(InputError):
        read_run(tmp_path)


def test_a_checkpoint_is_there_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    write_checkpoint(path, {"step": 1})
    with contextlib.suppress(KeyboardInterrupt), replaced(path) as unfinished:
        unfinished.write_bytes(b"half of it")
        raise KeyboardInterrupt
    assert read_checkpoint(path) == {"step": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_a_damaged_checkpoint_says_how_to_go_on(tmp_path: Path, content: bytes | None) -> None:
    path, best = tmp_path / "last.ckpt", tmp_path / "best.ckpt"
    write_checkpoint(path, {"weights": torch.zeros(1000)})
    path.write_bytes(path.read_bytes()[:-500] if content is None else content)
    with pytest.raises(WeightsError, match=r"damaged.*remove it to begin anew\.$"):
        read_checkpoint(path)
    best.touch()
    with pytest.raises(WeightsError, match=r"damaged.*best\.ckpt"):
        read_checkpoint(path)


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    torch.save({"code": json.dumps}, tmp_path / "last.ckpt")
    with pytest.raises(WeightsError, match="damaged"):
        read_checkpoint(tmp_path / "last.ckpt")


def test_why_a_file_was_not_written_is_said(tmp_path: Path) -> None:
    full, denied = OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EACCES, "Permission denied")
    assert "disk is full" in str(unwritten(tmp_path / "a", full))
    assert "Permission denied" in str(unwritten(tmp_path / "a", denied))
    assert "is gone" in str(unwritten(tmp_path / "none" / "a", denied))
    with pytest.raises(OutputError, match="is gone"), replaced(tmp_path / "none" / "a"):
        pass


def test_a_curve_goes_on_where_the_checkpoint_was(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    first = Curve(path)
    for step in range(1, 6):
        first.add(step, {"total": step / 3})
    first.write()
    with path.open("a") as file:
        file.write("6,0.")  # cut off by a kill
    again = Curve(path, start=3)
    again.add(4, {"total": 9.0})
    again.write()
    again.write()
    assert read_curve(path) == {"step": [1, 2, 3, 4], "total": [1 / 3, 2 / 3, 1, 9]}


def test_a_new_run_begins_a_new_curve(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("step,total\n1,5\n")
    Curve(path)
    assert read_curve(path) == {}
    assert read_curve(tmp_path / "none.csv") == {}


def test_a_curve_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="table"):
        read_curve(tmp_path / "curve.csv")


def test_batches_come_by_number_whatever_is_prepared_ahead() -> None:
    asked: list[int] = []

    def batch(number: int) -> int:
        asked.append(number)
        return number * number

    found = iter(Batches(batch, start=2, stride=3, workers=2))
    assert [next(found) for _ in range(4)] == [4, 25, 64, 121]
    found.close()  # type: ignore[attr-defined]
    assert sorted(asked)[:4] == [2, 5, 8, 11]


def test_what_goes_wrong_with_a_batch_is_raised_where_it_is_wanted() -> None:
    def batch(number: int) -> int:
        return 1 // (3 - number)

    found = iter(Batches(batch))
    assert [next(found) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
