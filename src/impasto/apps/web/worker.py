"""What runs in a worker process: ``python -m impasto.apps.web.worker`` takes requests and does them one by one.

Requests come as lines of JSON, answers go back as lines of JSON, pictures stay in the job's folder. What the visitor
wishes meanwhile (pause, stop, drop) is heard by a thread, and obeyed at the next step of the work. When the server is
gone, so is this process.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import queue
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from impasto.apps.web.calls import Call, DroppedError, Wishes
from impasto.device import return_memory
from impasto.errors import ImpastoError

__all__ = ["main"]

_log = logging.getLogger(__name__)

NICENESS = 5
_FOR_OWNERS = re.compile(r", or allow it with \w+=\d+")
_FOLDERS = re.compile(r"(?<![\w.:/])(?:[A-Za-z]:)?(?:[/\\][^/\\\s'\"]+)+[/\\](?=[^/\\\s])")

Request = dict[str, Any]
Tasks = Mapping[str, Callable[[Call], dict[str, Any]]]


def main(tasks: Tasks | None = None) -> None:
    """Work until the server closes the line; on the app's own tasks, or others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then closes the line
    _give_way_to_the_page()
    answers = _own_stdout()
    wishes, requests = Wishes(), queue.Queue[Request]()
    threading.Thread(target=_listen, args=(wishes, requests), name="listener", daemon=True).start()
    tasks = _the_apps_tasks() if tasks is None else tasks
    send = _sender(answers)
    send({"ready": True})
    while True:
        request = requests.get()
        wishes.begin(request["id"])
        send({"id": request["id"], **_outcome(request, Call.of(request, wishes, send), tasks)})
        _give_memory_back()
        send({"rested": True})


def _give_way_to_the_page() -> None:
    """Let the server go first where both want the same processor: painting waits for the page, never the reverse."""
    if hasattr(os, "nice"):  # Windows has none
        os.nice(NICENESS)


def _the_apps_tasks() -> Tasks:
    """Load what the tasks need, so that the first request does not wait for it."""
    from impasto.apps.web.tasks import TASKS, warm_up

    warm_up()
    return TASKS


def _outcome(request: Request, call: Call, tasks: Tasks) -> dict[str, Any]:
    """Do one request and say what became of it; nothing that goes wrong ends the process."""
    try:
        return {"done": tasks[request["task"]](call)}
    except DroppedError:
        return {"dropped": True}
    except ImpastoError as refusal:
        return {"refused": for_visitors(str(refusal))}
    except MemoryError:
        return {"refused": "This needs more memory than there is; choose a smaller size."}
    except KeyboardInterrupt:
        return {"refused": "This took longer than is allowed here, and nothing could be kept; choose a smaller size."}
    except BaseException:  # noqa: BLE001 - whatever it is, the next request has nothing to do with it
        _log.exception("task %s failed", request["task"])
        return {"failed": True}


def for_visitors(sentence: str) -> str:
    """Return a refusal without the owner's folders and without advice that only the owner could follow."""
    sentence = _FOLDERS.sub("", _FOR_OWNERS.sub("", sentence))
    return sentence[:1].upper() + sentence[1:]


def _own_stdout() -> TextIO:
    """Keep the pipe to the server for answers; whatever else prints goes to the log."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _sender(answers: TextIO) -> Any:
    lock = threading.Lock()

    def send(message: dict[str, Any]) -> None:
        line = json.dumps(message)
        try:
            with lock:
                answers.write(line + "\n")
                answers.flush()
        except OSError:
            os._exit(0)  # nobody is there any more

    return send


def _listen(wishes: Wishes, requests: queue.Queue[Request]) -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "control" in message:
            wishes.hear(message["id"], message["control"])
        else:
            requests.put(message)
    os._exit(0)


def _give_memory_back() -> None:
    """Return what the last job used to the system."""
    gc.collect()
    return_memory()


if __name__ == "__main__":
    main()
