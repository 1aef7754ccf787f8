"""A set of pairs is looked over: planted faults are found, and nothing is found where nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from paired_pictures import add_pair, drawn, make_set, painted, put
from torch import Tensor

from impasto.config import PairedTraining
from impasto.errors import InputError
from impasto.images import read, resize
from impasto.training.checking_pairs import Check, check_pairs
from impasto.training.fingerprints import find_alike, fingerprint, groups_of
from impasto.training.pairs import Pair, find_pairs
from impasto.training.splitting import read_split, split_pairs, write_split


def checked(folder: Path, **options: str) -> Check:
    return check_pairs(find_pairs(PairedTraining(pairs=folder, **options)))


def test_a_sound_set_has_no_problems(tmp_path: Path) -> None:
    check = checked(make_set(tmp_path, 8))
    assert not check.problems
    assert len(check.pairs) == len(check.groups) == 8


def test_planted_faults_are_found_and_left_out(tmp_path: Path) -> None:
    make_set(tmp_path, 4)
    (tmp_path / "source" / "p1.png").write_bytes(b"not a picture")
    put(painted(drawn(2))[..., :40], tmp_path / "target" / "p2.png")
    (tmp_path / "target" / "p3.png").unlink()
    add_pair(tmp_path, "tiny", drawn(9, (8, 8)))
    check = checked(tmp_path)
    assert [(problem.kind, Path(problem.names[0]).name) for problem in check.problems] == [
        ("unmatched", "p3.png"),
        ("broken", "p1"),
        ("mis-sized", "p2"),
        ("mis-sized", "tiny"),
    ]
    assert [pair.name for pair in check.pairs] == ["p0"]
    assert "different proportions" in check.of_kind("mis-sized")[0].sentence


def test_another_size_of_the_same_proportions_fits(tmp_path: Path) -> None:
    make_set(tmp_path, 2)
    put(resize(painted(drawn(1)), (96, 128)), tmp_path / "target" / "p1.png")
    assert not checked(tmp_path).problems


def cut(photo: Tensor) -> Tensor:
    return photo[..., 6:40, 5:52]


PLANTED = {
    "the same": lambda photo: photo,
    "smaller": lambda photo: resize(photo, (30, 40)),
    "darker": lambda photo: photo**1.3 * 0.8,
    "mirrored": lambda photo: photo.flip(3),
    "cut": cut,
    "cut and mirrored": lambda photo: cut(photo).flip(3),
}


@pytest.mark.parametrize("how", PLANTED)
def test_a_planted_leak_is_found(tmp_path: Path, how: str) -> None:
    make_set(tmp_path, 6)
    add_pair(tmp_path, "leak", PLANTED[how](drawn(3)))
    rows = [f"source/p{n}.png,target/p{n}.png,{'test' if n < 2 else 'train'}" for n in range(6)]
    table = tmp_path / "pairs.csv"
    table.write_text("\n".join(["source,target,split", *rows, "source/leak.png,target/leak.png,test"]) + "\n")
    check = check_pairs(find_pairs(PairedTraining(pairs=table)))
    (leak,) = check.of_kind("leak")
    assert set(leak.names) == {"source/leak", "source/p3"}
    assert ("mirrored" in leak.sentence) == ("mirrored" in how)
    assert ("cut from" in leak.sentence) == ("cut" in how)
    assert len(check.of_kind("duplicate")) == 1


def test_without_a_split_of_its_own_there_is_no_leak_but_a_group(tmp_path: Path) -> None:
    make_set(tmp_path, 6)
    add_pair(tmp_path, "again", cut(drawn(3)))
    check = checked(tmp_path)
    assert not check.of_kind("leak")
    assert [problem.names for problem in check.of_kind("duplicate")] == [("again", "p3")]
    chosen = split_of(check)
    assert chosen["again"] == chosen["p3"]


def split_of(check: Check, seed: int = 0, share: float = 0.2) -> dict[str, str]:
    return dict(split_pairs(check.pairs, check.groups, validation_share=share, test_share=share, seed=seed))


def test_many_different_pictures_are_not_alike() -> None:
    assert find_alike([fingerprint(drawn(seed)) for seed in range(40)]) == []


def test_flat_pictures_are_not_alike() -> None:
    """A blue sky and a grey wall are not one photo."""
    flat = [torch.full((1, 3, 40, 40), value) for value in (0.1, 0.5, 0.9)]
    slopes = [torch.linspace(0, 1, 40).view(1, 1, -1, 1).expand(1, 3, 40, 40) ** power for power in (1.0, 1.05)]
    assert find_alike([fingerprint(one) for one in (*flat, *slopes)]) == []


def test_one_picture_or_none_is_alike_to_nothing() -> None:
    assert find_alike([]) == find_alike([fingerprint(drawn(1))]) == []
    assert groups_of(3, []) == [[0], [1], [2]]


@pytest.mark.kit
def test_photos_are_told_apart_and_their_cuts_are_recognised(kit: Path) -> None:
    photos = [read(path).pixels for path in sorted((kit / "photos").glob("*.jpg"))[:30]]
    prints = [fingerprint(photo) for photo in photos]
    assert find_alike(prints) == []
    height, width = photos[4].shape[2:]
    part = photos[4][..., height // 5 :, : -width // 4].flip(3)
    (found,) = find_alike([*prints, fingerprint(part)])
    assert {found.part, found.whole} == {4, 30}
    assert found.mirrored
    assert found.is_cut


def test_the_split_is_by_picture_seeded_and_has_its_shares(tmp_path: Path) -> None:
    pairs = [Pair(f"p{number:02}", tmp_path, tmp_path) for number in range(50)]
    groups = [[number] for number in range(50)]
    options = {"validation_share": 0.1, "test_share": 0.2}
    chosen = split_pairs(pairs, groups, **options, seed=1)
    assert chosen == split_pairs(pairs, groups[::-1], **options, seed=1)
    assert chosen != split_pairs(pairs, groups, **options, seed=2)
    sides = list(chosen.values())
    assert (sides.count("test"), sides.count("validation"), sides.count("train")) == (10, 5, 35)
    write_split(tmp_path / "split.csv", chosen)
    assert read_split(tmp_path / "split.csv") == chosen


def test_a_split_that_a_table_says_is_kept_and_its_twins_follow(tmp_path: Path) -> None:
    said = {0: "test", 1: "validation", 2: "train"}
    pairs = [Pair(f"p{number}", tmp_path, tmp_path, said.get(number)) for number in range(6)]  # type: ignore[arg-type]
    chosen = split_pairs(pairs, [[0, 5], [1], [2], [3], [4]], validation_share=0.2, test_share=0.2, seed=0)
    assert [chosen[f"p{number}"] for number in range(6)] == ["test", "validation", "train", "train", "train", "test"]


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    pairs = [Pair(name, tmp_path, tmp_path) for name in "abcd"]
    with pytest.raises(InputError, match="at least three different pictures"):
        split_pairs(pairs, [[0, 1, 2], [3]], validation_share=0.1, test_share=0.1, seed=0)


def test_a_split_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text("something\nelse\n")
    with pytest.raises(InputError, match="damaged"):
        read_split(tmp_path / "split.csv")
