"""A worker process: how it is started, spoken to and ended.

Messages are lines of JSON through pipes, pictures are files: nothing is ever unpickled. The process is started as a
program of its own, because Streamlit replaces ``__main__``, which ``multiprocessing`` would run again in the child.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["WORKER", "WorkerProcess"]

_FOLDERS = ("IMPASTO_CACHE", "IMPASTO_STYLES", "IMPASTO_WEIGHTS", "PYTHONPATH")

WORKER = (sys.executable, "-m", "impasto.apps.web.worker")

Message = dict[str, Any]
OnMessage = Callable[["WorkerProcess", "Message | None"], None]  # None: the process has ended


class WorkerProcess:
    """One process. It ends when it is killed, and by itself when this one ends."""

    def __init__(
        self,
        on_message: OnMessage,
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = WORKER,
    ) -> None:
        self._on_message = on_message
        self._writing = threading.Lock()
        self._process = subprocess.Popen(  # noqa: S603 - a command of ours
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env={**_absolute(os.environ), **(environment or {}), "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
        )
        threading.Thread(target=self._listen, name=f"worker {self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def tell(self, message: Message) -> None:
        """Send a message; to one that has just ended it goes nowhere, and its end is told by itself."""
        line = json.dumps(message).encode() + b"\n"
        with self._writing, contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def wait(self, seconds: float) -> None:
        """Wait for its end, for so long at most."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def memory(self) -> int:
        """Return the bytes of memory that it holds; 0 where the system does not tell."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def processor_seconds(self) -> float:
        """Return the processor time that it has used; 0 where the system does not tell, or it has ended."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    self._on_message(self, json.loads(line))
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._on_message(self, None)


def _absolute(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with its folders told so that they are the same ones from another folder."""
    folders = {name: environment[name].split(os.pathsep) for name in _FOLDERS if environment.get(name)}
    whole = {name: os.pathsep.join(map(_whole, parts)) for name, parts in folders.items()}
    return {**environment, **whole}


def _whole(folder: str) -> str:
    return str(Path(folder).expanduser().absolute()) if folder else ""
