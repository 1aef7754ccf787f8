"""The first look at uploaded bytes: what is honest passes, whatever else does not, and names are never paths."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.apps.web.uploads import LONGEST_NAME, check_clip, check_picture, clean_name, fresh_folder
from impasto.errors import InputError


def picture(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("run.js", "alert(1)")
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_honest_pictures_pass(kind: str) -> None:
    check_picture(picture(kind), megabytes=25)


def test_a_phone_picture_with_more_behind_it_passes() -> None:
    """Phones append a film of the moment, or a second picture with the depths."""
    check_picture(picture("JPEG") + b"\0\0\0\x18ftypmp42" + bytes(5000), megabytes=25)
    check_picture(picture("JPEG") + picture("JPEG"), megabytes=25)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (b"%PDF-1.7", "not a picture"),
        (archive(), "not a picture"),
        (b"\x80\x04\x95cposix\nsystem", "not a picture"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "not a picture"),
        (b"\0\0\0\x20ftypisom" + bytes(64), "not a picture"),
        (b"\xff\xd8\xff" + bytes(3_000_000), "3 MB; 2 MB are allowed"),
        (picture("JPEG") + archive(), "an archive"),
        (picture("PNG") + archive(), "an archive"),
        (picture("GIF") + b"Rar!\x1a\x07\x01\0" + bytes(99), "an archive"),
        (picture("PNG") + b"<script>alert(1)</script>", "a web page"),
        (picture("WEBP") + b"\n<!DOCTYPE html><html>", "a web page"),
        (picture("JPEG") + b"MZ\x90\0" + bytes(99), "a program"),
        (picture("JPEG") + b"%PDF-1.7\n", "a PDF document"),
        (picture("JPEG")[:20] + b"%PDF-1.4" + picture("JPEG")[20:], "a PDF document"),
        (picture("JPEG", comment=b"<?php system($_GET[0]); ?>"), "a web page"),
    ],
)
def test_whatever_is_not_an_honest_picture_is_refused_in_a_sentence(data: bytes, word: str) -> None:
    with pytest.raises(InputError, match=word) as refusal:
        check_picture(data, megabytes=2)
    assert "lease" in str(refusal.value), "it does not say what to do next"


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF", b"BM"]))
def test_no_bytes_raise_anything_else(data: bytes, start: bytes) -> None:
    for check in (check_picture, check_clip):
        try:
            check(start + data, megabytes=1)
        except InputError:
            continue


def test_films_are_told_by_their_content() -> None:
    check_clip(b"\0\0\0\x18ftypmp42" + bytes(99), megabytes=1)
    check_clip(b"\x1aE\xdf\xa3" + bytes(99), megabytes=1)
    for data in (b"", picture("JPEG"), b"RIFF\x10\0\0\0WEBP" + bytes(99)):
        with pytest.raises(InputError):
            check_clip(data, megabytes=1)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("Harbor at Night.JPG", "Harbor-at-Night"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.png", "photo"),
        ("été.webp", "été"),
        ("a\0b\n\x1b[31m.png", "a-b-31m"),
        ("....", "picture"),
        ("", "picture"),
        ("<img src=x onerror=alert(1)>.png", "img-src-x-onerror-alert-1"),
    ],
)
def test_a_name_becomes_words(given_name: str, shown: str) -> None:
    assert clean_name(given_name) == shown


@given(st.text(max_size=200))
def test_no_name_leads_anywhere(name: str) -> None:
    shown = clean_name(name)
    assert 0 < len(shown) <= LONGEST_NAME
    assert not set(shown) & set("/\\:\0<>\"'\n")
    assert not shown.startswith((".", "-"))
    assert Path(shown).name == shown


def test_folders_cannot_be_guessed_and_are_private(tmp_path: Path) -> None:
    one, other = fresh_folder(tmp_path), fresh_folder(tmp_path)
    assert one != other
    assert len(one.name) == 32
    assert one.stat().st_mode & 0o077 == 0
