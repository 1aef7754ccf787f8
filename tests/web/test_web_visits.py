"""A visitor's pictures are theirs alone, and go when they go."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from on_the_spot import OnTheSpot
from patience import until
from PIL import Image

from impasto.apps.web.house import House, _sweep
from impasto.apps.web.jobs import Job
from impasto.apps.web.studio import Studio, StudioBusyError
from impasto.apps.web.visits import MOST_STYLES, REMEMBERED, Upload, Visit, Visits
from impasto.config.serving import Serving
from impasto.errors import InputError


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def visit(studio: Studio) -> Visit:
    return Visit(studio, "somebody")


def upload(visit: Visit, name: str = "photo") -> Upload:
    job = visit.job("admit", arguments={"name": name})
    job.folder.mkdir(parents=True)
    (job.folder / "shown.jpg").write_bytes(jpeg())
    return Upload(name, job, 48, 64)


def test_an_upload_lies_under_a_name_of_ours(visit: Visit) -> None:
    job = visit.receive(jpeg(), "../../../evil\0.jpg", "photo")
    assert [path.name for path in visit.folder.rglob("*") if path.is_file()] == ["your picture"]
    assert job.arguments["name"] == "evil"
    assert job.folder.is_relative_to(visit.folder)


def test_a_refused_upload_leaves_nothing(visit: Visit) -> None:
    with pytest.raises(InputError):
        visit.receive(b"no picture", "x.jpg", "photo")
    job = visit.receive(jpeg(), "x.jpg", "photo")
    job.end("refused", "It is damaged.")
    with pytest.raises(InputError, match="It is damaged"):
        visit.admitted("photo")
    assert not [path for path in visit.folder.rglob("*") if path.is_file()]


def test_an_upload_gives_way_to_the_next_that_is_for_the_same_purpose(visit: Visit) -> None:
    photo, style = visit.receive(jpeg(), "first.jpg", "photo"), visit.receive(jpeg(), "ink.jpg", "style")
    newer = visit.receive(jpeg(), "second.jpg", "photo")
    assert photo.finished.wait(60)
    assert not photo.folder.exists(), "it was left on the disk"
    assert style.folder.exists()
    assert newer.finished.wait(60)
    assert visit.arriving == {"photo": newer, "style": style}


def test_an_upload_that_the_studio_cannot_take_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    spot = OnTheSpot(Serving(preview=64), tmp_path)
    visit = Visit(spot, "somebody")  # type: ignore[arg-type]
    first = visit.receive(jpeg(), "first.jpg", "photo")
    spot.is_full = True
    with pytest.raises(StudioBusyError):
        visit.receive(jpeg(), "second.jpg", "photo")
    assert not visit.arriving
    assert not first.folder.exists()


def test_a_file_that_goes_while_it_is_counted_takes_no_room(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    (visit.folder / "here").write_bytes(bytes(7))
    monkeypatch.setattr("os.walk", lambda _: [(str(visit.folder), [], ["here", "gone"])])
    assert visit.used() == 7


def test_what_a_running_job_needs_goes_when_it_ends(visit: Visit) -> None:
    work = visit.start("perfect", visit.job("dawdle", lane="long"))
    assert until(lambda: work.told)
    work.forget()
    assert work.folder.exists()
    visit.studio.cancel(work)
    assert until(lambda: not work.folder.exists())


def test_a_work_that_is_refused_leaves_nothing(visit: Visit) -> None:
    visit.start("perfect", visit.job("dawdle", lane="long"))
    film = visit.job("film", lane="long")
    film.folder.mkdir(parents=True)
    (film.folder / "your clip.mp4").write_bytes(bytes(1000))
    with pytest.raises(StudioBusyError, match="under way already"):
        visit.start("film", film)
    assert not film.folder.exists()
    assert "film" not in visit.jobs


def test_there_is_an_end_to_a_visitors_room(studio_with: Callable[..., Studio]) -> None:
    visit = Visit(studio_with(disk_megabytes=10), "somebody")
    hoard = visit.job("paint")
    hoard.folder.mkdir(parents=True)
    (hoard.folder / "large").write_bytes(bytes(11_000_000))
    with pytest.raises(InputError, match="fill the 10 MB"):
        visit.receive(jpeg(), "photo.jpg", "photo")


def test_old_paintings_give_way_before_anything_is_refused(studio_with: Callable[..., Studio]) -> None:
    visit = Visit(studio_with(disk_megabytes=10), "somebody")
    old = visit.recall("old", lambda: visit.job("echo"))
    assert old.finished.wait(60)
    (old.folder / "large").write_bytes(bytes(11_000_000))
    assert visit.receive(jpeg(), "photo.jpg", "photo")
    assert not old.folder.exists()


def test_the_same_settings_are_painted_once(visit: Visit) -> None:
    made = [visit.recall("key", lambda: visit.job("echo")) for _ in range(2)]
    assert made[0] is made[1]
    assert made[0].finished.wait(60)
    for number in range(REMEMBERED):
        assert visit.recall(number, lambda: visit.job("echo")).finished.wait(60)
    assert not made[0].folder.exists(), "the oldest painting was not forgotten"


def test_another_photo_forgets_what_was_painted_from_the_first(visit: Visit) -> None:
    first = upload(visit)
    visit.use_photo(first)
    painted = visit.recall("key", lambda: visit.job("echo"))
    assert painted.finished.wait(60)
    visit.use_photo(upload(visit))
    assert not first.job.folder.exists()
    assert not painted.folder.exists()


def test_a_picture_stays_while_a_work_that_was_begun_with_it_needs_it(visit: Visit) -> None:
    photo, style = upload(visit), upload(visit, "style")
    visit.use_photo(photo)
    visit.add_style(style)
    wanted = {"photo": photo.folder, "styles": [{"name": "own", "folder": style.folder}]}
    work = visit.start("perfect", visit.job("dawdle", lane="long", arguments=wanted))
    visit.use_photo(None)
    for number in range(MOST_STYLES):
        visit.add_style(upload(visit, f"painting {number}"))
    assert photo.job.folder.exists()
    assert style.job.folder.exists()
    visit.studio.cancel(work)
    assert work.finished.wait(60)
    visit.use_photo(None)
    assert not photo.job.folder.exists()
    assert not style.job.folder.exists()


def test_the_oldest_of_many_own_paintings_gives_way(visit: Visit) -> None:
    uploads = [upload(visit, f"painting {number}") for number in range(MOST_STYLES + 1)]
    names = [visit.add_style(one) for one in uploads]
    assert list(visit.styles) == names[1:]
    assert not uploads[0].job.folder.exists()


def test_the_end_of_a_visit_removes_everything_and_stops_its_work(visit: Visit, job: Callable[..., Job]) -> None:
    visit.use_photo(upload(visit))
    work = visit.start("perfect", visit.job("dawdle", lane="long"))
    assert until(lambda: work.told)
    visit.end()
    assert work.finished.wait(60)
    assert not visit.folder.exists()


def test_visitors_have_folders_of_their_own(studio: Studio) -> None:
    visits = Visits(studio, lambda _: True)
    one, other = visits.of("one"), visits.of("other")
    assert visits.of("one") is one
    assert not one.folder.is_relative_to(other.folder)
    assert not other.folder.is_relative_to(one.folder)


def test_when_the_page_was_closed_a_while_ago_the_visit_ends(studio_with: Callable[..., Studio]) -> None:
    here = {"one", "other"}
    visits = Visits(studio_with(keep_seconds=1), here.__contains__)
    gone, stays = visits.of("one"), visits.of("other")
    here.discard("one")
    assert until(lambda: gone.is_over)
    assert until(lambda: not gone.folder.exists())  # which goes right after
    assert not stays.is_over
    assert visits.of("one") is not gone


def test_who_comes_back_in_time_finds_everything(studio_with: Callable[..., Studio]) -> None:
    here: set[str] = set()
    visits = Visits(studio_with(keep_seconds=1000), here.__contains__)
    visit = visits.of("one")
    visits.tidy_up()
    here.add("one")
    visits.tidy_up()
    assert visits.of("one") is visit


def test_the_house_leaves_nothing_behind(studio_with: Callable[..., Studio], tmp_path: Path) -> None:
    studio = studio_with()
    house = House(studio, folder=studio.folder)
    house.visits.of("somebody").receive(jpeg(), "photo.jpg", "photo")
    house.close()
    assert not studio.folder.exists()


def test_what_a_killed_server_left_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, alive, strange = (tmp_path / f"impasto-web-{name}" for name in ("999999999-abc", "1-abc", "notes"))
    for folder in (dead, alive, strange):
        folder.mkdir()
    _sweep()
    assert [folder.exists() for folder in (dead, alive, strange)] == [False, True, True]
