"""The options of the web app: its address, and the limits that its owner sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from impasto.config.options import Checked, option

__all__ = ["Serving"]


@dataclass(frozen=True, kw_only=True)
class Serving(Checked):
    """Serve the web app. A hosted one takes the same options from the environment: ``IMPASTO_WEB_PORT`` and so on."""

    host: str = option("127.0.0.1", "Address to listen on. Default: this computer only; 0.0.0.0 lets everybody in.")
    port: int = option(8501, "Port to listen on.", minimum=1, maximum=65_535)
    method: str | None = option(
        None, "Method of the page Paint, as `impasto methods` lists them. Default: the first that is quick."
    )
    models: Path | None = option(None, "Folder with trained models (.safetensors) that visitors may paint with.")
    upload_megabytes: int = option(25, "Largest file that may be uploaded.", minimum=1, maximum=2000, unit="MB")
    megapixels: float = option(
        50.0, "Largest picture that may be uploaded, in millions of pixels.", minimum=0.01, maximum=250
    )
    preview: int = option(
        1600, "Long side of the pictures that are shown on the page.", minimum=32, maximum=4096, unit="px"
    )
    longest: int = option(
        4096, "Long side of the largest picture that may be painted.", minimum=64, maximum=16_384, unit="px"
    )
    perfect_longest: int = option(
        1024, "The same for painting by optimisation, which is slow.", minimum=64, maximum=8192, unit="px"
    )
    clip_seconds: int = option(20, "Longest film that may be painted.", minimum=1, maximum=3600, unit="s")
    seconds: int = option(
        900, "Longest time that one work may take; then what is there is kept.", minimum=1, maximum=86_400, unit="s"
    )
    waiting: int = option(40, "Most works that may wait; further ones are asked to come back.", minimum=1, maximum=1000)
    disk_megabytes: int = option(
        400, "Room for one visitor's pictures on the disk.", minimum=10, maximum=100_000, unit="MB"
    )
    keep_seconds: int = option(
        120, "How long a visitor's pictures stay after the page was closed.", minimum=1, maximum=86_400, unit="s"
    )
    workers: int = option(
        2,
        "Processes that paint. With 1, all works wait in one line; with more, quick ones do not wait for slow ones.",
        minimum=1,
        maximum=64,
    )
    threads: int | None = option(
        None, "Processor cores for each of them. Default: all of the machine's.", minimum=1, maximum=256
    )
    memory_megabytes: int = option(
        4000,
        "Most memory for each of them; a work that takes more is stopped.",
        minimum=200,
        maximum=1_000_000,
        unit="MB",
    )
