"""Workers of pytest-xdist that cost no start: one process imports and collects the tests, and forks for each of them.

pytest-xdist starts each worker as a program that imports and collects for itself: two seconds of a processor each. Here
that program is a small one (`worker_program.py`), which hands its streams to the process that has imported, and stays
for as long as the worker that was forked for it. The worker collects as always; what it imports is there.
"""

import importlib
import os
import pkgutil
import selectors
import shlex
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.forks import end_child

PROGRAM = Path(__file__).with_name("worker_program.py")


def fork_workers(specs: Iterable[Any], paths: Iterable[str]) -> Callable[[], None]:
    """Have the workers of these execnet specifications forked by a process that has collected `paths`. Returns what
    ends that."""
    name = f"rollback-tests-{uuid.uuid4().hex}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()
        served = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listening.fileno()), *paths],
            stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()],
        )
    for spec in specs:
        spec.python = shlex.join([sys.executable, "-I", "-S", str(PROGRAM), name])

    def end() -> None:
        served.communicate()  # it ends with its stdin

    return end


def _collect(paths: list[str]) -> None:
    """Import the tests as pytest does. What cannot be imported is said by the workers, which then try it themselves."""
    out, err = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    # each worker has those plugins itself that hold something open; a stream that a module keeps is still open later
    without = [word for plugin in ("xdist", "textual-snapshot") for word in ("-p", f"no:{plugin}")]
    pytest.main(["--collect-only", "-qq", "-s", *without, *paths], plugins=[_Importing()])
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(out, 1)
    os.dup2(err, 2)
    for number in (out, err, nowhere):
        os.close(number)


class _Importing:
    """What is imported only when something needs it, is imported with the tests: hardly a worker has none that does."""

    def pytest_collection_finish(self) -> None:
        import tui

        modules = [module.name for module in pkgutil.walk_packages(tui.__path__, "tui.")]
        for name in (*modules, "anyio._backends._asyncio", "apprise.manager_plugins", "httpcore", "socksio"):
            if not name.endswith("__main__"):
                importlib.import_module(name)
        sys.modules["apprise.manager_plugins"].NotificationManager().load_modules()


def _serve(listening: socket.socket) -> None:
    """Fork for whoever connects, until nobody is left at the other end of stdin. In a child this is the worker."""
    with selectors.DefaultSelector() as either:
        either.register(listening, selectors.EVENT_READ)
        either.register(0, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in either.select()]
            if 0 in ready:
                return
            asking, _ = listening.accept()
            if not os.fork():
                either.close()
                listening.close()
                _work(asking)
            asking.close()


def _work(asking: socket.socket) -> None:
    """As `python -u -c LINE` in the program that asked: execnet's first line is a program, and brings all others."""
    _, streams, _, _ = socket.recv_fds(asking, 1, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    first = bytearray()
    while not first.endswith(b"\n"):
        first += os.read(0, 1)
    main: dict[str, Any] = {"__name__": "__main__"}
    exec(eval(first), main)
    asking.send(b"\0")
    end_child(0)


if __name__ == "__main__":
    _collect(sys.argv[2:])
    _serve(socket.socket(fileno=int(sys.argv[1])))
