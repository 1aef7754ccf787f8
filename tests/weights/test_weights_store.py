"""Finding, listing and verifying weights, whatever they are called and whatever happened to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from loopback import CONTENT, Host, entry_for

from impasto.errors import MissingExtraError, WeightsError
from impasto.weights import (
    PUBLISHED,
    Published,
    choose,
    conversion_path,
    fetch,
    fetched_folder,
    file_sha256,
    holdings,
    keep_conversion,
    known_fingerprint,
    locate,
    obtain,
    published,
    search_folders,
    verify,
)

NOWHERE = "http://127.0.0.1:9/net.bin"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user, named in IMPASTO_WEIGHTS after one that does not exist."""
    folder = tmp_path / "own"
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.setenv("IMPASTO_WEIGHTS", os.pathsep.join([str(tmp_path / "absent"), str(folder)]))
    return folder


def state(entry: Published) -> str:
    (holding,) = holdings([entry])
    return holding.state


def test_a_file_is_known_by_its_content_whatever_its_name(own: Path) -> None:
    (own / "net.bin").write_bytes(CONTENT[::-1])
    renamed = own / "deep" / "er" / "something else.dat"
    renamed.write_bytes(CONTENT)
    assert obtain(entry_for(NOWHERE)) == renamed


def test_a_file_named_itself_in_the_environment_is_found(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = own / "net"
    path.write_bytes(CONTENT)
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(path))
    assert locate(entry_for(NOWHERE)) == path


def test_own_folders_come_before_the_cache_and_are_never_written(own: Path, host: Host) -> None:
    entry = entry_for(host.url())
    fetched = obtain(entry)
    assert fetched.parent == fetched_folder()
    assert not list(own.rglob("*.bin"))
    (own / "mine.bin").write_bytes(CONTENT)
    assert locate(entry) == own / "mine.bin"
    assert search_folders()[-1] == fetched_folder()


def test_a_namesake_with_other_content_is_mentioned(own: Path) -> None:
    namesake = own / "deep" / "net.bin"
    namesake.write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsError) as caught:
        obtain(entry_for(NOWHERE))
    assert f"{namesake} has that name but another content" in str(caught.value)


def test_a_file_is_not_hashed_twice_until_it_changes(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hashed = own / "x", []
    path.write_bytes(CONTENT)
    first = known_fingerprint(path)
    monkeypatch.setattr("impasto.weights.digests.fingerprint", lambda path: hashed.append(path) or first)
    assert known_fingerprint(path) == first
    assert hashed == []
    os.utime(path, ns=(1, 1))
    known_fingerprint(path)
    assert hashed == [path]


def test_a_damaged_memory_of_digests_is_no_obstacle(own: Path, cache: Path) -> None:
    cache.mkdir()
    (cache / "fingerprints.json").write_text("[1, 2")
    (own / "x").write_bytes(CONTENT)
    assert known_fingerprint(own / "x").sha256 == file_sha256(own / "x")


def test_states_of_a_published_file_with_a_digest(host: Host) -> None:
    entry = entry_for(host.url())
    assert state(entry) == "missing"
    path = fetch(entry)
    assert state(entry) == "verified"
    path.write_bytes(CONTENT[::-1])
    assert state(entry) == "damaged"
    assert path.exists(), "looking must not delete"


def test_states_of_a_published_file_without_a_digest(host: Host, own: Path) -> None:
    entry = entry_for(host.url(), digest=None)
    path = fetch(entry)
    (recorded,) = holdings([entry])
    assert (recorded.state, recorded.path) == ("recorded", path)
    assert "states no digest" in recorded.meaning
    path.write_bytes(CONTENT[::-1])
    assert state(entry) == "damaged"
    (own / "net.bin").write_bytes(b"whatever")
    assert state(entry) == "not verified"


def test_verify_reads_anew_what_the_memory_would_excuse(host: Host) -> None:
    entry = entry_for(host.url())
    path = fetch(entry)
    assert state(entry) == "verified"
    changed = path.stat().st_mtime_ns
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(changed, changed))
    (holding,) = verify([entry])
    assert holding.state == "damaged"


def test_a_damaged_file_in_the_cache_is_refused_deleted_and_fetched_anew(host: Host) -> None:
    entry = entry_for(host.url())
    path = obtain(entry)
    path.write_bytes(b"tampered")
    with pytest.raises(WeightsError, match="was deleted; try again"):
        obtain(entry)
    assert not path.exists()
    assert obtain(entry).read_bytes() == CONTENT


def test_a_converted_pickle_takes_the_place_of_the_fetched_one(host: Host) -> None:
    entry = entry_for(host.url())
    original = obtain(entry)
    copy = conversion_path(original, "test")
    copy.parent.mkdir()
    copy.write_bytes(b"safe tensors")
    keep_conversion(original, copy)
    assert not original.exists()
    assert locate(entry) == copy
    assert state(entry) == "verified"
    copy.write_bytes(b"tampered")
    assert state(entry) == "damaged"


def test_a_users_pickle_stays_after_conversion(own: Path) -> None:
    original = own / "mine.pth"
    original.write_bytes(CONTENT)
    copy = conversion_path(original, "test")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"safe tensors")
    keep_conversion(original, copy)
    assert original.exists()


def test_the_edition_that_is_here_is_chosen(own: Path) -> None:
    small = entry_for(NOWHERE, name="net-small")
    large = entry_for(NOWHERE, name="net-large", content=CONTENT * 2)
    assert choose("net", [small, large]) == (small, None)
    (own / "large").write_bytes(CONTENT * 2)
    assert choose("net", [small, large]) == (large, own / "large")
    (own / "small").write_bytes(CONTENT)
    assert choose("net", [small, large]) == (small, own / "small")


def test_an_edition_whose_extra_is_missing_is_passed_over(own: Path) -> None:
    small = entry_for(NOWHERE, name="net-small", module="a_library_nobody_has", extra="keras")
    large = entry_for(NOWHERE, name="net-large", content=CONTENT * 2)
    assert choose("net", [small, large]) == (large, None)
    (own / "small").write_bytes(CONTENT)
    with pytest.raises(MissingExtraError, match=r"impasto\[keras\]"):
        choose("net", [small, large])


def test_published_names_are_known_and_near_misses_are_corrected() -> None:
    assert published("vgg19").name == "vgg19-keras"
    assert published("vgg16-torchvision").file == "vgg16-397923af.pth"
    with pytest.raises(WeightsError, match=r"did you mean 'vgg19-keras'"):
        published("vgg19-kears")


def test_the_registry_is_consistent() -> None:
    assert len({entry.name for entry in PUBLISHED}) == len(PUBLISHED)
    for entry in PUBLISHED:
        assert all(url.startswith("https://") and entry.file.endswith(url.rpartition("/")[2]) for url in entry.urls)
        assert (entry.module is None) == (entry.extra is None)
        if entry.digest and entry.digest.kind == "sha256-prefix":
            assert entry.digest.value in entry.file
