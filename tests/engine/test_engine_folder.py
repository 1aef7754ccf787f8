"""Folders: what is found, painted, noted, refused, and continued."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from cheap_method import Cheap
from photo_folder import draw_photos, pixels_in
from torch import Tensor

from impasto.engine.folder import Advance, FolderReport, stylize_folder, worker
from impasto.engine.folder.finding import find_items
from impasto.engine.folder.journal import JOURNAL
from impasto.engine.folder.places import LocalFolder, Place, RemoteFolder, is_remote, place_of
from impasto.errors import InputError, OptionError, OutputError, WeightsError
from impasto.images import read, read_recipe, write


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve pictures in four folders."""
    draw_photos(tmp_path / "photos", 12)
    return tmp_path / "photos"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file in which every painting is noted."""
    return tmp_path / "painted.txt"


def painted(log: Path) -> list[str]:
    """Return what was painted since the last time."""
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(lines)


def notes(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / JOURNAL).read_text(encoding="utf-8").splitlines()]


def counts(report: FolderReport) -> tuple[int, int, int]:
    return report.done, report.kept, len(report.failed)


def test_every_picture_gets_its_result_in_its_place(photos: Path, out: Path, painting: Tensor) -> None:
    (photos / "notes.txt").write_text("not a picture")
    (photos / ".hidden.jpg").write_text("not seen")
    report = stylize_folder(photos, painting, Cheap(), out=out)
    assert counts(report) == (12, 0, 0)
    names = {path.relative_to(photos).as_posix() for path in photos.rglob("photo*") if path.is_file()}
    expected = {name + (".png" if name.endswith(("bmp", "gif")) else "") for name in names}
    assert set(pixels_in(out)) == expected
    for name in expected:
        assert (
            read(out / name).size
            == read(photos / name.removesuffix(".png") if name not in names else photos / name).size
        )
        assert read_recipe(out / name) is not None
    assert [path.name for path in out.iterdir() if path.name.startswith(".impasto")] == [".impasto-lock"]


def test_the_journal_tells_recipe_and_results(photos: Path, out: Path, painting: Tensor) -> None:
    stylize_folder(photos, painting, Cheap(strength=70), out=out, quality=80)
    first, *rest = notes(out)
    assert first["recipe"]["options"]["strength"] == 70
    assert first["recipe"]["saving"]["quality"] == 80
    done = {note["done"]: note for note in rest if "done" in note}
    assert len(done) == 12
    assert done["photo 000.jpg"]["photo"] == read(photos / "photo 000.jpg").sha256
    begun = [note["begun"] for note in rest if "begun" in note]
    assert sorted(begun) == sorted(done)


def test_a_second_run_paints_nothing(photos: Path, out: Path, painting: Tensor, log: Path) -> None:
    stylize_folder(photos, painting, Cheap(log=log), out=out)
    assert len(painted(log)) == 12
    report = stylize_folder(photos, painting, Cheap(log=log), out=out)
    assert counts(report) == (0, 12, 0)
    assert painted(log) == []


def test_other_photos_with_the_same_names_are_refused(
    photos: Path, out: Path, painting: Tensor, tmp_path: Path
) -> None:
    stylize_folder(photos, painting, Cheap(), out=out)
    others = tmp_path / "others"
    for name in sorted(path.relative_to(photos) for path in photos.rglob("*.*")):
        (others / name).parent.mkdir(parents=True, exist_ok=True)
        write(torch.rand(1, 3, 9, 9), others / name)
    with pytest.raises(OutputError, match="of other photos with the same names, such as"):
        stylize_folder(others, painting, Cheap(), out=out)


def test_a_folder_that_was_moved_and_retouched_is_the_same(
    photos: Path, out: Path, painting: Tensor, tmp_path: Path
) -> None:
    stylize_folder(photos, painting, Cheap(), out=out)
    moved = photos.rename(tmp_path / "moved")
    write(torch.rand(1, 3, 9, 9), min(moved.rglob("*.*")), overwrite=True)
    assert counts(stylize_folder(moved, painting, Cheap(), out=out)) == (0, 12, 0)


def test_new_photos_and_lost_results_are_painted(photos: Path, out: Path, painting: Tensor, log: Path) -> None:
    stylize_folder(photos, painting, Cheap(), out=out)
    write(torch.rand(1, 3, 9, 9), photos / "new.png")
    (out / "photo 000.jpg").unlink()
    report = stylize_folder(photos, painting, Cheap(log=log), out=out)
    assert counts(report) == (2, 11, 0)
    assert painted(log) == ["new.png", "photo 000.jpg"]


def test_bad_files_are_told_in_the_end_and_tried_again(tmp_path: Path, out: Path, painting: Tensor, log: Path) -> None:
    bad = draw_photos(tmp_path / "photos", 10, broken=2)
    report = stylize_folder(tmp_path / "photos", painting, Cheap(log=log), out=out)
    assert counts(report) == (8, 0, 2)
    assert sorted(failure.photo for failure in report.failed) == sorted(bad)
    assert all("\n" not in failure.why and failure.why.endswith(".") for failure in report.failed)
    painted(log)
    write(torch.rand(1, 3, 9, 9), tmp_path / "mended.png")
    (tmp_path / "mended.png").replace(tmp_path / "photos" / bad[0])
    assert counts(stylize_folder(tmp_path / "photos", painting, Cheap(log=log), out=out)) == (1, 8, 1)
    assert painted(log) == [Path(bad[0]).name]


def test_names_of_any_encoding_are_painted_and_noted(tmp_path: Path, out: Path, painting: Tensor) -> None:
    draw_photos(tmp_path / "photos", 3)
    strange = os.fsdecode(b"caf\xe9.png")
    write(torch.rand(1, 3, 8, 8), tmp_path / "photos" / "plain.png")
    (tmp_path / "photos" / "plain.png").rename(tmp_path / "photos" / strange)
    (tmp_path / "photos" / os.fsdecode(b"broken\xe9.jpg")).write_text("no picture")
    report = stylize_folder(tmp_path / "photos", painting, Cheap(), out=out)
    assert counts(report) == (4, 0, 1)
    assert (out / strange).is_file()
    again = stylize_folder(tmp_path / "photos", painting, Cheap(), out=out)
    assert counts(again) == (0, 4, 1)


def test_a_method_that_fails_harms_only_its_picture(photos: Path, out: Path, painting: Tensor) -> None:
    class Failing(Cheap):
        def __call__(self, content: Any, style: Any, **rest: Any) -> Any:
            if content.name == "photo 003.tif":
                raise ZeroDivisionError("oh")
            return super().__call__(content, style, **rest)

    report = stylize_folder(photos, painting, Failing(), out=out)
    assert counts(report) == (11, 0, 1)
    assert "photo 003.tif could not be painted (ZeroDivisionError: oh)" in report.failed[0].why


@pytest.mark.parametrize(
    ("method", "quality", "told"),
    [
        (Cheap(strength=50), 95, "strength was 70 and is 50 now"),
        (Cheap(strength=70), 50, "quality was 95 and is 50 now"),
        (Cheap(strength=70, weights="other"), 95, "weights was w and is other now"),
        (Cheap(strength=70, keep_color=True), 95, "keep_color was off and is on now"),
    ],
)
def test_another_recipe_is_refused_by_name(
    photos: Path, out: Path, painting: Tensor, method: Cheap, quality: int, told: str
) -> None:
    stylize_folder(photos, painting, Cheap(strength=70), out=out)
    before = (out / JOURNAL).read_bytes()
    with pytest.raises(OutputError, match=f"out was begun with another recipe: {told}; give the same to go on"):
        stylize_folder(photos, painting, method, out=out, quality=quality)
    assert (out / JOURNAL).read_bytes() == before


def test_another_style_is_refused_by_name(files: Path, photos: Path, out: Path) -> None:
    stylize_folder(photos, files / "painting.png", Cheap(), out=out)
    with pytest.raises(OutputError, match=r"styles was painting.png \(\w{8}\) and is other.png \(\w{8}\) now"):
        stylize_folder(photos, files / "other.png", Cheap(), out=out)


def test_a_half_written_line_is_cut_off(photos: Path, out: Path, painting: Tensor, log: Path) -> None:
    stylize_folder(photos, painting, Cheap(), out=out)
    journal = out / JOURNAL
    whole = journal.read_bytes()
    last = json.loads(whole.splitlines()[-1])["done"]
    journal.write_bytes(whole[:-9])
    report = stylize_folder(photos, painting, Cheap(log=log), out=out)
    assert counts(report) == (0, 12, 0)  # its result is there, and it was begun by us
    (out / JOURNAL).write_bytes(whole[:-9] + b"\0\0\0\n")
    stylize_folder(photos, painting, Cheap(log=log), out=out)
    assert painted(log) == []
    assert last


def test_what_was_begun_and_has_no_result_is_painted(photos: Path, out: Path, painting: Tensor, log: Path) -> None:
    stylize_folder(photos, painting, Cheap(), out=out)
    lines = (out / JOURNAL).read_text(encoding="utf-8").splitlines(keepends=True)
    gone = json.loads(lines[-1])
    (out / JOURNAL).write_text("".join(lines[:-1]), encoding="utf-8")
    (out / gone["output"]).unlink()
    stylize_folder(photos, painting, Cheap(log=log), out=out)
    assert painted(log) == [Path(gone["done"]).name]


def test_files_of_others_are_not_overwritten(photos: Path, out: Path, painting: Tensor) -> None:
    (out / "lake").mkdir(parents=True)
    (out / "photo 000.jpg").write_bytes(b"precious")
    (out / "lake" / "photo 001.png").write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"photo 001.png \(and 1 more\) exists already.*not made by this run"):
        stylize_folder(photos, painting, Cheap(), out=out)
    assert (out / "photo 000.jpg").read_bytes() == b"precious"
    assert not (out / JOURNAL).exists()
    assert counts(stylize_folder(photos, painting, Cheap(), out=out, overwrite=True)) == (12, 0, 0)
    assert counts(stylize_folder(photos, painting, Cheap(), out=out)) == (0, 12, 0)


def test_a_file_of_others_is_not_taken_for_a_result_after_a_kill(photos: Path, out: Path, painting: Tensor) -> None:
    out.mkdir()
    (out / "photo 000.jpg").write_bytes(b"of others")

    def stop(advance: Advance) -> None:
        raise KeyboardInterrupt

    report = stylize_folder(photos, painting, Cheap(seconds=5), out=out, overwrite=True, on_step=stop)
    assert report.interrupted
    with (out / JOURNAL).open("a") as journal:
        journal.write('{"begun": "photo 000.jpg", "over": true}\n')
    stylize_folder(photos, painting, Cheap(seconds=0), out=out, overwrite=True)
    assert read(out / "photo 000.jpg").size == read(photos / "photo 000.jpg").size


def test_two_runs_do_not_paint_into_one_folder(photos: Path, out: Path, painting: Tensor) -> None:
    refusals: list[OutputError] = []

    def try_another(_: Advance) -> None:
        try:
            stylize_folder(photos, painting, Cheap(), out=out)
        except OutputError as refusal:
            refusals.append(refusal)

    stylize_folder(photos, painting, Cheap(), out=out, on_step=try_another)
    assert "another run is painting into" in str(refusals[0])


def test_ctrl_c_stops_at_once_and_the_same_call_goes_on(photos: Path, out: Path, painting: Tensor, log: Path) -> None:
    def stop(advance: Advance) -> None:
        if advance.done >= 4:
            raise KeyboardInterrupt

    report = stylize_folder(photos, painting, Cheap(seconds=0.02, log=log), out=out, on_step=stop)
    assert report.interrupted
    assert 4 <= report.done < 12
    begun = len(painted(log))
    again = stylize_folder(photos, painting, Cheap(log=log), out=out)
    assert not again.interrupted
    assert again.done + again.kept == 12
    assert begun + len(painted(log)) <= 12 + worker.AT_ONCE
    assert len(pixels_in(out)) == 12


def test_progress_tells_rate_and_time_left(photos: Path, out: Path, painting: Tensor) -> None:
    told: list[Advance] = []
    stylize_folder(photos, painting, Cheap(seconds=0.01), out=out, on_step=told.append)
    assert (told[0].done, told[0].remaining) == (0, None)
    assert [advance.total for advance in told] == [12] * len(told)
    assert told[-1].done == 12
    assert told[-1].remaining == 0
    assert told[-1].rate == pytest.approx(12 / told[-1].elapsed)


def test_the_next_picture_is_read_while_one_is_painted(
    photos: Path, out: Path, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_is_read = threading.Event()
    names: list[str] = []

    def reading(path: Path) -> Any:
        names.append(path.name)
        if len(names) == 2:
            second_is_read.set()
        return read(path)

    class Waiting(Cheap):
        def __call__(self, *arguments: Any, **rest: Any) -> Any:
            assert second_is_read.wait(10)  # never comes if one picture follows the other
            return super().__call__(*arguments, **rest)

    monkeypatch.setattr(worker, "read", reading)
    assert counts(stylize_folder(photos, painting, Waiting(), out=out)) == (12, 0, 0)


def test_pictures_are_painted_one_after_the_other(photos: Path, out: Path, painting: Tensor) -> None:
    painting_now: list[str] = []

    class Alone(Cheap):
        def __call__(self, content: Any, style: Any, **rest: Any) -> Any:
            painting_now.append(content.name)
            assert len(painting_now) == 1
            result = super().__call__(content, style, **rest)
            painting_now.clear()
            return result

    assert counts(stylize_folder(photos, painting, Alone(seconds=0.01), out=out)) == (12, 0, 0)


def test_results_may_lie_inside_the_folder_of_photos(photos: Path, painting: Tensor) -> None:
    for _ in range(2):
        report = stylize_folder(photos, painting, Cheap(), out=photos / "painted")
        assert report.done + report.kept == 12


def test_a_folder_beside_the_photos_with_a_like_name_hides_none_of_them(photos: Path) -> None:
    draw_photos(photos / "2", 1)
    found = {item.photo for item in find_items(LocalFolder(photos), LocalFolder(photos.with_name("photos2")))}
    assert "2/photo 000.jpg" in found
    assert len(found) == 13


def test_folders_are_told_by_where_they_are_and_not_by_how_they_are_written(photos: Path) -> None:
    link = photos.with_name("link")
    link.symlink_to(photos)
    draw_photos(photos / "painted", 1)
    found = {item.photo for item in find_items(LocalFolder(link), LocalFolder(photos / "lake" / ".." / "painted"))}
    assert len(found) == 12
    with pytest.raises(OutputError, match="the results would replace the photos"):
        find_items(LocalFolder(photos), LocalFolder(link))


def test_linked_folders_are_painted_once_and_never_in_circles(photos: Path, tmp_path: Path) -> None:
    own = {path.relative_to(photos).as_posix() for path in photos.rglob("*.*")}
    draw_photos(tmp_path / "elsewhere", 1)
    links = {"linked": "elsewhere", "linked too": "elsewhere", "a way round": "photos/lake", "lake/up": "photos"}
    for name, target in links.items():
        (photos / name).symlink_to(tmp_path / target)
    (tmp_path / "elsewhere" / "back").symlink_to(photos)
    found = {item.photo for item in find_items(LocalFolder(photos), LocalFolder(tmp_path / "out"))}
    assert found == {*own, "linked/photo 000.jpg"}


def test_results_that_a_link_leads_to_are_no_photos(photos: Path, out: Path, painting: Tensor) -> None:
    (photos / "finished").symlink_to(out)
    (photos / "up").symlink_to(out.parent)
    for _ in range(2):
        report = stylize_folder(photos, painting, Cheap(), out=out)
        assert report.done + report.kept == 12


def test_a_folder_that_may_not_be_read_is_refused_by_name(
    photos: Path, out: Path, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(folder: Any) -> Any:
        if str(folder).endswith(("winter", "lost+found")):
            raise PermissionError(13, "Permission denied", str(folder))
        return list_folder(folder)

    list_folder = os.scandir
    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(InputError, match=r"lake/winter cannot be looked into \(Permission denied\); change its perm"):
        stylize_folder(photos, painting, Cheap(), out=out)
    assert not out.exists()
    (photos / "lake" / "winter").rename(photos / "lost+found")  # the system's own, on the disk of a camera
    assert counts(stylize_folder(photos, painting, Cheap(), out=out)) == (9, 0, 0)


def test_results_inside_a_bucket_of_photos_are_no_photos() -> None:
    import fsspec

    storage = fsspec.filesystem("memory")
    for name in ("a.png", "2/b.png", "out/a.png"):
        storage.pipe(f"/bucket/photos/{name}", b"")
    try:
        photos = RemoteFolder("memory://bucket/photos")
        for out, expected in (("photos/out", ["2/b.png", "a.png"]), ("photos2", ["2/b.png", "a.png", "out/a.png"])):
            items = find_items(photos, RemoteFolder(f"memory://bucket/{out}"))
            assert [item.photo for item in items] == expected
    finally:
        storage.rm("/bucket", recursive=True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"photos": "nowhere"}, "nowhere is no folder that exists"),
        ({"photos": "empty"}, "empty and its sub-folders hold no pictures"),
        ({"out": "photos"}, "the results would replace the photos"),
        ({"workers": 0}, "workers is 0; allowed is a number of processes, 1 to 256, or 'ray'"),
        ({"workers": "many"}, "workers is 'many'"),
        ({"address": "auto"}, "address names a Ray cluster; say workers 'ray'"),
        ({"out": "photos/photo 000.jpg"}, "photo 000.jpg cannot be written"),
        ({"style": []}, "no style was given"),
        ({"quality": 0}, "quality is 0; allowed"),
        ({"bits": 12}, "bits is 12; allowed are 8 and 16"),
        ({"strength": 5}, "strength cannot be changed in a method that is loaded"),
        ({"style": ["none.png"]}, "none.png does not exist"),
        ({"photos": "nosuchthing://bucket/photos"}, "no address that can be read"),
        ({"photos": "doubles"}, "a.gif and a.gif.png would both become a.gif.png"),
    ],
)
def test_refusals_before_anything_is_written(
    photos: Path, painting: Tensor, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], told: str
) -> None:
    monkeypatch.chdir(photos.parent)
    Path("empty").mkdir()
    Path("doubles").mkdir()
    for name in ("a.gif", "a.gif.png"):
        (Path("doubles") / name).write_bytes(b"")
    asked = {"photos": "photos", "style": painting, "out": "out", **given}
    with pytest.raises((InputError, OutputError, OptionError), match=told) as caught:
        stylize_folder(asked.pop("photos"), asked.pop("style"), Cheap(), **asked)
    assert "\n" not in str(caught.value)
    assert not Path("out").exists()


@pytest.mark.parametrize("kind", [str, Path])
def test_a_model_may_be_named_by_its_path(photos: Path, out: Path, painting: Tensor, kind: Any) -> None:
    with pytest.raises(WeightsError, match=r"mine\.safetensors cannot be read"):
        stylize_folder(photos, painting, kind(photos / "mine.safetensors"), out=out)


def test_an_option_that_no_method_has_is_refused_by_name(photos: Path, out: Path, painting: Tensor) -> None:
    with pytest.raises(OptionError, match="'method' is not an option of Optimize"):
        stylize_folder(photos, painting, "optimize", out=out, method="fast")


def test_16_bits_go_into_formats_that_have_them(photos: Path, out: Path) -> None:
    items = find_items(LocalFolder(photos), LocalFolder(out), bits=16)
    for item in items:
        kept = item.photo.endswith((".png", ".tif"))
        assert item.output == item.photo + ("" if kept else ".png")


def test_addresses_are_told_from_folders() -> None:
    assert [
        is_remote(text) for text in ("s3://b/x", "s3:/b/x", "gs://b", "photos", "C:/photos", "file:///x", "/x")
    ] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert place_of("file:///photos").text == LocalFolder(Path("/photos")).text
    assert place_of(Path("memory://shelf/photos")).text == "memory://shelf/photos"


def test_object_storage_is_painted_from_and_to(photos: Path, out: Path, painting: Tensor, log: Path) -> None:
    import fsspec

    storage = fsspec.filesystem("memory")
    storage.put(str(photos), "/shelf/photos", recursive=True)
    (bad,) = draw_photos(photos.parent / "more", 2, broken=1)
    storage.put(str(photos.parent / "more" / bad), f"/shelf/photos/{bad}")
    try:
        report = stylize_folder("memory://shelf/photos", painting, Cheap(log=log), out="memory://shelf/out")
        assert counts(report) == (11 if bad in names_in(photos) else 12, 0, 1)
        stylize_folder(photos, painting, Cheap(), out=out)
        found = RemoteFolder("memory://shelf/out")
        expected = {name for name in pixels_in(out) if not name.startswith(bad)}
        assert found.names() == {*expected, "impasto-recipe.json", "impasto-failed.json"}
        for name in expected:
            with found.fetched(name) as path:
                assert torch.equal(read(path).pixels, read(out / name).pixels)
        painted(log)
        again = stylize_folder("memory://shelf/photos", painting, Cheap(log=log), out="memory://shelf/out")
        assert (again.done, again.kept) == (0, len(expected))
        assert painted(log) == []
        with pytest.raises(OutputError, match="strength was 100 and is 1 now"):
            stylize_folder("memory://shelf/photos", painting, Cheap(strength=1), out="memory://shelf/out")
    finally:
        storage.rm("/shelf", recursive=True)


OCCUPIED = "photo 000.jpg"


@pytest.fixture(params=["folder", "memory"])
def occupied(request: pytest.FixtureRequest, out: Path) -> Iterator[Place]:
    """A place of results, of each kind, where a file of another origin lies in the way."""
    import fsspec

    place = place_of(out if request.param == "folder" else "memory://shelf/out")
    with place.putting(OCCUPIED) as path:
        path.write_bytes(b"of others")
    yield place
    if request.param == "memory":
        fsspec.filesystem("memory").rm("/shelf", recursive=True)


def test_a_file_of_others_is_overwritten_only_where_that_is_asked(
    photos: Path, occupied: Place, painting: Tensor
) -> None:
    with pytest.raises(OutputError, match=rf"{OCCUPIED} exists already.*not made by this run"):
        stylize_folder(photos, painting, Cheap(), out=occupied.text)
    assert occupied.names() == {OCCUPIED}
    assert counts(stylize_folder(photos, painting, Cheap(), out=occupied.text, overwrite=True)) == (12, 0, 0)
    assert counts(stylize_folder(photos, painting, Cheap(), out=occupied.text)) == (0, 12, 0)


@pytest.mark.parametrize("end", ["stopped", "damaged"])
def test_a_file_of_others_is_never_taken_for_a_result(
    photos: Path, occupied: Place, painting: Tensor, end: str
) -> None:
    """A run that may overwrite it ends without having done so."""

    def stop(_: Advance) -> None:
        if end == "stopped":
            raise KeyboardInterrupt

    photo = (photos / OCCUPIED).read_bytes()
    if end == "damaged":
        (photos / OCCUPIED).write_bytes(photo[:100])
    first = stylize_folder(photos, painting, Cheap(), out=occupied.text, overwrite=True, on_step=stop)
    assert counts(first) == ((0, 0, 0) if end == "stopped" else (11, 0, 1))
    (photos / OCCUPIED).write_bytes(photo)
    with pytest.raises(OutputError, match=rf"{OCCUPIED} exists already.*not made by this run"):
        stylize_folder(photos, painting, Cheap(), out=occupied.text)
    with occupied.fetched(OCCUPIED) as path:
        assert path.read_bytes() == b"of others"
    again = stylize_folder(photos, painting, Cheap(), out=occupied.text, overwrite=True)
    assert again.done + again.kept == 12
    with occupied.fetched(OCCUPIED) as path:
        assert read(path).size == read(photos / OCCUPIED).size


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_real_methods_paint_folders_too(files: Path, out: Path) -> None:
    (files / "photos").mkdir()
    (files / "photo.png").rename(files / "photos" / "photo.png")
    options = {"size": 32, "steps": 1}
    report = stylize_folder(files / "photos", files / "painting.png", "optimize", out=out, **options)
    assert counts(report) == (1, 0, 0)
    assert max(read(out / "photo.png").size) == 32
    with pytest.raises(OutputError, match="size was 32 and is 16 now"):
        stylize_folder(files / "photos", files / "painting.png", "optimize", out=out, size=16, steps=1)
