"""Pairs are found in folders, by patterns and in tables, and what does not fit is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from paired_pictures import add_pair, drawn, make_set, painted, put

from impasto.config import PairedTraining
from impasto.errors import InputError, OptionError
from impasto.training.pairs import find_pairs


def found_in(place: Path, **options: str) -> list[str]:
    return [pair.name for pair in find_pairs(PairedTraining(pairs=place, **options)).pairs]


def test_folders_are_matched_by_name_whatever_the_ending(tmp_path: Path) -> None:
    make_set(tmp_path, 2)
    put(painted(drawn(7)), tmp_path / "target" / "deep" / "p7.jpg")
    put(drawn(7), tmp_path / "source" / "deep" / "p7.png")
    put(drawn(8), tmp_path / "source" / "alone.png")
    put(drawn(0), tmp_path / "source" / "p0.jpg")
    (tmp_path / "source" / "notes.txt").write_text("no picture")
    found = find_pairs(PairedTraining(pairs=tmp_path))
    assert [pair.name for pair in found.pairs] == ["deep/p7", "p0", "p1"]
    assert [Path(name).name for name in found.unmatched] == ["alone.png", "p0.png"]


def test_a_folder_for_each_side_of_the_split(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        make_set(tmp_path / split, 2)
    found = find_pairs(PairedTraining(pairs=tmp_path))
    assert {pair.name: pair.split for pair in found.pairs} == {
        f"{folder}/p{number}": split
        for folder, split in (("train", "train"), ("val", "validation"), ("test", "test"))
        for number in range(2)
    }


@pytest.mark.parametrize("patterns", [("in/photo_*.png", "out/*_styled.png"), ("in/*.png", "out/*.png")])
def test_patterns_are_matched_by_what_the_star_stands_for(tmp_path: Path, patterns: tuple[str, str]) -> None:
    plain = patterns[0] == "in/*.png"
    for number in range(3):
        names = (f"{number}", f"{number}") if plain else (f"photo_{number}", f"{number}_styled")
        put(drawn(number), tmp_path / "in" / f"{names[0]}.png")
        put(painted(drawn(number)), tmp_path / "out" / f"{names[1]}.png")
    assert found_in(tmp_path, source_glob=patterns[0], target_glob=patterns[1]) == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("pattern", "names"), [("in/*", ("1.jpg", "1.png")), ("in/*/photo.png", ("a/photo.png", "b/photo.png"))]
)
def test_pictures_that_a_pattern_cannot_tell_apart_are_said(
    tmp_path: Path, pattern: str, names: tuple[str, str]
) -> None:
    for name in names:
        put(drawn(1), tmp_path / "in" / name)
    put(painted(drawn(1)), tmp_path / "out" / ("1.png" if pattern == "in/*" else "photo.png"))
    found = find_pairs(PairedTraining(pairs=tmp_path, source_glob=pattern, target_glob="out/*.png"))
    assert [pair.source for pair in found.pairs] == [tmp_path / "in" / names[0]]
    assert found.unmatched == (str(tmp_path / "in" / names[1]),)


@pytest.mark.parametrize("options", [{"source_glob": "in/*.png"}, {"source_glob": "/x", "target_glob": "/y"}])
def test_patterns_that_cannot_be_used_are_refused(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(OptionError):
        found_in(tmp_path, **options)


TABLE = "id,content_image,stylised_image,split\n1,source/p0.png,target/p0.png,train\n2,p1.png,target/p1.png,Val\n"


def test_a_table_names_the_pairs_and_its_columns_are_guessed(tmp_path: Path) -> None:
    make_set(tmp_path, 2)
    table = tmp_path / "pairs.csv"
    table.write_text(TABLE.replace("p1.png,target", "source\\p1.png,target") + "3,gone.png,target/p0.png,test\n")
    found = find_pairs(PairedTraining(pairs=table))
    assert [(pair.name, pair.split) for pair in found.pairs] == [("source/p0", "train")]
    assert "columns content_image and stylised_image" in found.layout
    assert "gone.png" in found.missing


def test_a_table_finds_pictures_by_name_anywhere_below_it(tmp_path: Path) -> None:
    for number in range(2):
        put(drawn(number), tmp_path / "archive" / "a" / f"photo{number}.png")
        put(drawn(number), tmp_path / "archive" / "b" / f"painting{number}.png")
    (tmp_path / "list.csv").write_text(
        "a;b\nphoto0.png;painting0.png\nphoto1.png;painting1.png\n", encoding="utf-8-sig"
    )
    assert len(found_in(tmp_path, source_column="a", target_column="b")) == 2


def test_pairs_of_one_photo_are_told_apart(tmp_path: Path) -> None:
    make_set(tmp_path, 2)
    table = "source,target,split\nsource/p0.png,target/p0.png,train\nsource/p0.png,target/p1.png,test\n"
    (tmp_path / "pairs.csv").write_text(table)
    found = find_pairs(PairedTraining(pairs=tmp_path / "pairs.csv")).pairs
    assert [(pair.name, pair.split) for pair in found] == [("source/p0+p0", "train"), ("source/p0+p1", "test")]


def test_a_comma_too_many_is_no_column(tmp_path: Path) -> None:
    make_set(tmp_path, 2)
    table = "source,target\nsource/p0.png,target/p0.png,\nsource/p1.png,target/p1.png,\n"
    (tmp_path / "pairs.csv").write_text(table)
    assert len(find_pairs(PairedTraining(pairs=tmp_path / "pairs.csv")).pairs) == 2


def test_a_column_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("before,afterwards\na,b\n")
    with pytest.raises(OptionError, match="did you mean 'afterwards'"):
        found_in(tmp_path, source_column="before", target_column="afterward")
    with pytest.raises(OptionError, match="--target-column"):
        found_in(tmp_path)


@pytest.mark.parametrize(
    ("content", "told"), [(b"\xff\xfe\x00\x01", "UTF-8"), (b"source,target\n", "no rows"), (b"", "no rows")]
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "pairs.csv").write_bytes(content)
    with pytest.raises(InputError, match=told):
        found_in(tmp_path)


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    make_set(tmp_path / "set", 1)
    (tmp_path / "pairs.csv").write_text("source,target,split\nset/source/p0.png,set/target/p0.png,dev\n")
    with pytest.raises(InputError, match="'dev'"):
        found_in(tmp_path)


def test_a_place_without_pairs_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        found_in(tmp_path / "none")
    put(drawn(1), tmp_path / "holiday" / "a.png")
    with pytest.raises(InputError, match=r"1 pictures in holiday.*--source-glob"):
        found_in(tmp_path)
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "b.csv").write_text("")
    with pytest.raises(InputError, match="2 tables"):
        found_in(tmp_path)


def test_nothing_that_matches_is_said_with_an_example(tmp_path: Path) -> None:
    put(drawn(1), tmp_path / "source" / "a.png")
    put(drawn(1), tmp_path / "target" / "b.png")
    with pytest.raises(InputError, match=r"a\.png, for one, has no partner"):
        found_in(tmp_path)


def test_pairs_are_the_same_in_every_order_of_the_disk(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        add_pair(tmp_path, f"p{number}", drawn(number))
    assert found_in(tmp_path) == ["p1", "p2", "p3"]
