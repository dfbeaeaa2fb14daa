"""The faults: what happens to a console, its link, its host and its machine."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.matrix.stage import APP, Running, Stage, no_more_writing

SILENCE = 60.0
"""seconds for which a link is frozen in the long form"""
CLOSED = 10.0
"""seconds for which nobody listens"""
PAUSE = 0.5
"""seconds between two presses of Ctrl-C"""


def _signal(number: signal.Signals) -> Callable[[Stage, Running], None]:
    return lambda stage, running: os.kill(running.pid, number)


def _closed_terminal(stage: Stage, running: Running) -> None:
    os.close(running.terminal)
    running.terminal = -1


def _twice(stage: Stage, running: Running) -> None:
    os.write(running.terminal, b"\x03")
    time.sleep(PAUSE)
    if running.alive():
        os.write(running.terminal, b"\x03")


def _port_closed(stage: Stage, running: Running) -> None:
    stage.close_port()
    time.sleep(CLOSED)
    stage.open_port()


def _host_restarted(stage: Stage, running: Running) -> None:
    stage.cut()
    stage.box.pull("restart_host")


def _stderr_gone(stage: Stage, running: Running) -> None:
    running.reader.kill()
    running.reader.wait()


def _clock(stage: Stage, running: Running) -> None:
    stage.clock.write_text(f"{stage.step}\n")


def _second_console(stage: Stage, running: Running) -> None:
    """Somebody on another machine tries the same."""
    done = stage.run("api", "previous", "--yes", "--json", state=stage.folder / "other-state")
    stage.second_pushes += sum(step["argv"][0] == "git-receive-pack" for step in done.document.get("steps", ()))


def _ci_pushes(stage: Stage, running: Running) -> None:
    stage.colleague_pushes += 1
    stage.box.pull("deploy", app=APP, version="v1.6.0", wait=False)


FAULTS: dict[str, Callable[[Stage, Running], None]] = {
    "term": _signal(signal.SIGTERM),
    "hup": _signal(signal.SIGHUP),
    "closed-terminal": _closed_terminal,
    "ctrl-c": lambda stage, running: void(os.write(running.terminal, b"\x03")),
    "ctrl-c-twice": _twice,
    "kill": _signal(signal.SIGKILL),
    "link-cut": lambda stage, running: stage.cut(),
    "link-frozen": lambda stage, running: stage.freeze(SILENCE),
    "port-closed": _port_closed,
    "host-restarted": _host_restarted,
    "disk-full": lambda stage, running: no_more_writing(running.pid),
    "stderr-gone": _stderr_gone,
    "clock": _clock,
    "second-console": _second_console,
    "ci-pushes": _ci_pushes,
}


def void(_: object) -> None:
    """Take a value that nobody needs."""


def needs(fault: str) -> Path | None:
    """The library that a fault needs and that is not installed here."""
    from tests.matrix.stage import faketime

    return Path("libfaketime.so.1") if fault == "clock" and faketime() is None else None
