"""A script: paint a folder, killed several times at random moments, then once to the end; its report is printed.

python killed_runs.py PHOTOS STYLE OUT KILLS SECONDS WORKERS
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from cheap_method import Cheap

from impasto.engine.folder import FolderReport, stylize_folder
from impasto.engine.folder.journal import JOURNAL


def main() -> None:
    photos, style, out, kills, seconds, workers = sys.argv[1:]
    chance = random.Random(int(kills))
    for _ in range(int(kills)):
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            paint(photos, style, out, float(seconds), int(workers))
            os._exit(0)
        wait_until(done_in(Path(out)) + chance.randint(1, 6), Path(out))
        time.sleep(chance.uniform(0.0, 0.1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    report = paint(photos, style, out, float(seconds), int(workers))
    print(json.dumps(asdict(report)))


def done_in(out: Path) -> int:
    journal = out / JOURNAL
    return journal.read_bytes().count(b'{"done"') if journal.exists() else 0


def wait_until(done: int, out: Path) -> None:
    while done_in(out) < done:
        time.sleep(0.005)


def paint(photos: str, style: str, out: str, seconds: float, workers: int) -> FolderReport:
    return stylize_folder(photos, style, Cheap(seconds=seconds), out=out, workers=workers)


if __name__ == "__main__":
    main()
