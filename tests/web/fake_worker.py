"""A worker process with tasks that need no networks: what the studio does with it is what is tested."""

from __future__ import annotations

import os
import time
from typing import Any

from impasto.apps.web.calls import Call
from impasto.apps.web.worker import main
from impasto.errors import InputError

hoard: list[bytes] = []


def echo(call: Call) -> dict[str, Any]:
    (call.folder / "echo.txt").write_text("here", encoding="utf-8")
    call.say(share=0.5, losses={"total": 1.0})
    return {"echo": call.arguments, "pid": os.getpid()}


def surroundings(call: Call) -> dict[str, Any]:
    """Tell the environment."""
    return dict(os.environ)


def dawdle(call: Call) -> dict[str, Any]:
    """Take small steps, listening at each, as an engine does."""
    steps = 0
    try:
        while True:
            call.obey()
            steps += 1
            call.say(share=steps / 1000, step=steps)
            time.sleep(0.01)
    except KeyboardInterrupt:
        return {"steps": steps}


def burn(call: Call) -> dict[str, Any]:
    """Work without ever listening."""
    call.say(share=0.0)
    while True:
        sum(range(1000))


def crash(call: Call) -> dict[str, Any]:
    os._exit(11)


def refuse(call: Call) -> dict[str, Any]:
    raise InputError("the picture is upside down, or allow it with IMPASTO_MAX_PIXELS=5; turn it.")


def stumble(call: Call) -> dict[str, Any]:
    raise RuntimeError("a secret of the server")


def hog(call: Call) -> dict[str, Any]:
    """Take memory, and keep it or be slow about it if asked to."""
    block = b"\1" * call.arguments["bytes"]
    if call.arguments.get("dawdle"):
        return dawdle(call)
    if call.arguments.get("keep"):
        hoard.append(block)
    return {"pid": os.getpid()}


if __name__ == "__main__":
    print("this goes to the log, not into the answers")
    main({task.__name__: task for task in (echo, surroundings, dawdle, burn, crash, refuse, stumble, hog)})
