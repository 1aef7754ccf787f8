"""Fetching: a server that is honest, slow, cut off, wrong, tampered with, or not there."""

from __future__ import annotations

import json
import multiprocessing
import socket
from pathlib import Path

import pytest
from loopback import CONTENT, Host, entry_for

from impasto.errors import WeightsError
from impasto.weights import Digest, Progress, fetch, fetched_folder, file_sha256, read_record


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_fetches_verifies_and_records(host: Host) -> None:
    path = fetch(entry_for(host.url()))
    assert path == fetched_folder() / "net.bin"
    assert path.read_bytes() == CONTENT
    record = read_record(path)
    assert record is not None
    assert record.source == host.url()
    assert record.sha256 == file_sha256(path)
    assert left_in(path.parent) == {"net.bin", "net.bin.json"}


def test_a_second_call_asks_nobody(host: Host) -> None:
    entry = entry_for(host.url())
    assert fetch(entry) == fetch(entry)
    assert len(host.asked) == 1


def test_progress_grows_to_the_size_of_the_file(host: Host) -> None:
    seen: list[Progress] = []
    fetch(entry_for(host.url()), on_progress=seen.append)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert {(progress.file, progress.url, progress.total) for progress in seen} == {
        ("net.bin", host.url(), len(CONTENT))
    }


def test_a_cut_connection_is_taken_up_where_it_ended(host: Host) -> None:
    host.cuts = [300_000, 200_000]
    seen: list[Progress] = []
    path = fetch(entry_for(host.url()), on_progress=seen.append)
    assert path.read_bytes() == CONTENT
    assert [asked for _, asked in host.asked] == [None, "bytes=300000-", "bytes=500000-"]
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


def test_a_later_call_takes_up_what_an_earlier_one_left(host: Host) -> None:
    class StopError(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.done >= 100_000:
            raise StopError

    host.cuts = [100_000]
    with pytest.raises(StopError):
        fetch(entry_for(host.url()), on_progress=stop)
    assert "net.bin" not in left_in(fetched_folder())
    assert fetch(entry_for(host.url())).read_bytes() == CONTENT
    assert host.asked[-1] == ("/net.bin", "bytes=100000-")


def test_a_file_that_changed_meanwhile_is_begun_afresh(host: Host) -> None:
    fresh = CONTENT[::-1]
    host.cuts = [100_000]
    entry = entry_for(host.url(), content=fresh)

    def change(progress: Progress) -> None:
        host.content["/net.bin"] = fresh
        host.etag = '"second"'

    assert fetch(entry, on_progress=change).read_bytes() == fresh


@pytest.mark.parametrize("fault", ["ranges", "etag"])
def test_a_server_that_cannot_resume_is_asked_for_the_whole(host: Host, fault: str) -> None:
    setattr(host, fault, None)
    host.cuts = [100_000]
    assert fetch(entry_for(host.url())).read_bytes() == CONTENT


def test_a_server_that_always_cuts_is_given_up(host: Host) -> None:
    host.etag = None
    host.cuts = [1000] * 20
    with pytest.raises(WeightsError, match="the connection ended after 1000 of 1048576 bytes"):
        fetch(entry_for(host.url()))
    assert len(host.asked) < 6


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_mirror_helps_when_the_home_has_it_no_more(host: Host, status: int) -> None:
    host.answers = [status]
    assert fetch(entry_for(host.url(), host.url())).read_bytes() == CONTENT
    assert len(host.asked) == 2


def test_a_busy_server_is_asked_again(host: Host) -> None:
    host.answers = [503, 429]
    assert fetch(entry_for(host.url())).read_bytes() == CONTENT


def test_a_range_the_server_refuses_is_begun_afresh(host: Host) -> None:
    host.cuts = [100_000]
    host.answers = [200, 416]
    assert fetch(entry_for(host.url())).read_bytes() == CONTENT
    assert [asked for _, asked in host.asked] == [None, "bytes=100000-", None]


def test_a_tampered_file_is_refused_and_deleted(host: Host) -> None:
    host.content["/net.bin"] = b"x" + CONTENT[1:]
    with pytest.raises(WeightsError, match=r"was not the published file with sha256 .* and was deleted"):
        fetch(entry_for(host.url()))
    assert left_in(fetched_folder()) == set()


def test_a_tampered_mirror_does_not_hide_an_honest_one(host: Host) -> None:
    host.content["/false"] = CONTENT[::-1]
    assert fetch(entry_for(host.url("/false"), host.url())).read_bytes() == CONTENT


def test_a_file_of_another_size_is_not_even_downloaded(host: Host) -> None:
    host.content["/net.bin"] = CONTENT * 2
    seen: list[Progress] = []
    with pytest.raises(WeightsError, match="offers 2097152 bytes where the file has 1048576"):
        fetch(entry_for(host.url()), on_progress=seen.append)
    assert seen == []


@pytest.mark.parametrize(
    "digest", [Digest("sha256-prefix", "fbbab289"), Digest("md5", "c35cc7d8d91728a0cb052831bc4ef372")]
)
def test_prefixes_and_md5_are_understood(host: Host, digest: Digest) -> None:
    entry = entry_for(host.url(), digest=digest)
    host.content["/net.bin"] = CONTENT[::-1]
    with pytest.raises(WeightsError, match=digest.value):
        fetch(entry)
    host.content["/net.bin"] = CONTENT
    assert fetch(entry).is_file()


def test_a_slow_server_times_out_with_a_sentence(host: Host) -> None:
    host.delay = 0.3
    with pytest.raises(WeightsError, match="timed out"):
        fetch(entry_for(host.url()), timeout=0.05)


def test_without_a_server_the_message_says_what_to_put_where() -> None:
    with pytest.raises(WeightsError) as caught:
        fetch(entry_for("http://127.0.0.1:9/net.bin"))
    message = str(caught.value)
    for part in (
        "net-test",
        "net.bin",
        "1 MB",
        "http://127.0.0.1:9/net.bin",
        str(fetched_folder()),
        "IMPASTO_WEIGHTS",
    ):
        assert part in message
    assert "\n" not in message


def test_without_a_network_one_sentence_says_so_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    monkeypatch.setattr("impasto.weights.fetching._PAUSE", 0)
    addresses = ("http://impasto.invalid/net.bin", "http://mirror.invalid/net.bin")
    with pytest.raises(WeightsError) as caught:
        fetch(entry_for(*addresses))
    assert str(caught.value).count("its server was not found; is this computer online?") == 1
    assert "Errno" not in str(caught.value)
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_every_address_that_failed_says_why(host: Host) -> None:
    host.content["/false"] = CONTENT[::-1]
    with pytest.raises(WeightsError, match=r"was not the published file .*; Connection refused\)"):
        fetch(entry_for(host.url("/false"), "http://127.0.0.1:9/net.bin"))


def test_offline_nobody_is_asked(host: Host, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    with pytest.raises(WeightsError, match=r"IMPASTO_OFFLINE forbids the network: get net\.bin"):
        fetch(entry_for(host.url()))
    assert host.asked == []
    assert not cache.exists()


def test_a_cache_that_cannot_be_a_folder_is_named(host: Host, cache: Path) -> None:
    cache.write_text("a file in the way")
    with pytest.raises(WeightsError, match="name another folder in IMPASTO_CACHE"):
        fetch(entry_for(host.url()))


def test_without_a_digest_the_first_content_is_recorded_and_kept(host: Host) -> None:
    entry = entry_for(host.url(), digest=None)
    path = fetch(entry)
    record = read_record(path)
    assert record is not None
    assert (record.sha256, record.checked) == (file_sha256(path), "")
    path.write_bytes(b"y" + CONTENT[1:])
    assert fetch(entry).read_bytes() == CONTENT


def test_a_damaged_note_about_a_part_costs_only_a_fresh_start(host: Host) -> None:
    folder = fetched_folder()
    folder.mkdir(parents=True)
    (folder / "net.bin.part").write_bytes(CONTENT[:5000])
    (folder / "net.bin.part.json").write_text(json.dumps(["not", "ours"]))
    assert fetch(entry_for(host.url())).read_bytes() == CONTENT
    assert host.asked == [("/net.bin", None)]


def test_two_processes_fetch_once(host: Host) -> None:
    host.delay = 0.2
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=fetch, args=(entry_for(host.url()),)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert (fetched_folder() / "net.bin").read_bytes() == CONTENT
    assert len(host.asked) == 1
