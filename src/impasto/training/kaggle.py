"""Fetching sets of pairs from Kaggle with ``kagglehub`` (the extra ``kaggle``) and the user's own token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from impasto.errors import InputError, MissingExtraError, OptionError
from impasto.images.formats import format_of

__all__ = ["ART_BY_AI", "contents_of", "fetch_kaggle"]

ART_BY_AI = "vbookshelf/art-by-ai-neural-style-transfer"
ADVICE = (
    "make a token at kaggle.com/settings (API, Create New Token), then put kaggle.json into the folder .kaggle of your "
    "home, or set KAGGLE_USERNAME and KAGGLE_KEY"
)


def fetch_kaggle(dataset: str, folder: Path) -> Path:
    """Fetch a set, named OWNER/NAME as in its address, into ``folder``; what is there already is not fetched again."""
    if dataset.count("/") != 1 or not all(dataset.split("/")):
        raise OptionError(f"{dataset!r} names no set on Kaggle; write OWNER/NAME, such as {ART_BY_AI}.")
    hub = _kagglehub()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(hub.dataset_download(dataset, output_dir=str(folder)))
    except Exception as fault:
        sentence = _sentence(dataset, fault)
        if sentence is None:
            raise
        raise InputError(sentence) from fault


def _kagglehub() -> Any:
    try:
        import kagglehub
    except ImportError as missing:
        raise MissingExtraError("fetching from Kaggle", "kaggle") from missing
    return kagglehub


def _sentence(dataset: str, fault: Exception) -> str | None:
    """Say what went wrong; None where it is no fault of the network's, the token's or the set's."""
    from kagglehub import exceptions
    from requests.exceptions import RequestException

    status = getattr(getattr(fault, "response", None), "status_code", None)
    if status in (401, 403) or isinstance(fault, (exceptions.CredentialError, exceptions.UnauthenticatedError)):
        return f"Kaggle wants to know who fetches {dataset}: {ADVICE}."
    if status == 404 or isinstance(fault, exceptions.NotFoundError):
        return f"Kaggle has no set {dataset}; check OWNER/NAME in the address of its page."
    if isinstance(fault, exceptions.DataCorruptionError):
        return f"{dataset} arrived damaged; give the same command again."
    if isinstance(fault, (RequestException, ConnectionError, TimeoutError)):
        reason = f"it answered {status}." if status else "it cannot be reached; is the network there?"
        return f"{dataset} could not be fetched from Kaggle: {reason} The same command goes on later."
    if isinstance(fault, OSError):
        return f"{dataset} could not be written ({fault.strerror or fault}); choose another folder with -o."
    return None


def contents_of(folder: Path) -> list[str]:
    """Return a line for each table and each folder of pictures, as far as a person wants to read."""
    pictures: dict[str, int] = {}
    tables = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.suffix.lower() == ".csv":
            tables.append(f"{name}: columns {_header(path)}")
        elif format_of(path.suffix):
            pictures[name.parent.as_posix()] = pictures.get(name.parent.as_posix(), 0) + 1
    return [*tables, *(f"{name}/: {count} pictures" for name, count in pictures.items())]


def _header(table: Path) -> str:
    with table.open(encoding="utf-8-sig", errors="replace") as file:
        return ", ".join(word.strip() for word in file.readline().split(","))
