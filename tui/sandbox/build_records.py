"""0.38.27's record of every deploy: id, process, source, outcome and full output; 0.35.15 keeps none."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tui.sandbox.client import ClientGone, CommandRefused
from tui.sandbox.deploy_lines import CommandFailed
from tui.sandbox.host import Call
from tui.sandbox.machine import App, BuildRecord


def died_building(call: Call) -> bool:
    """True if the deploy of this call ended in its build: 0.38.27 then neither ends the record nor removes the lock."""
    return not call.host.machine.old and "build" in call.reached and "built" not in call.reached


def begun(call: Call, app: App, source: str, kind: str = "build") -> BuildRecord:
    """A new record of the app, which begins now; it is the first of the list."""
    machine = call.host.machine
    build = BuildRecord(
        id=f"mw{machine.new_id()[:12]}", pid=machine.number(), source=source, started=machine.now(), kind=kind
    )
    app.builds.insert(0, build)
    return build


def never_ended(call: Call, app: App, source: str, said: tuple[str, ...]) -> None:
    """The record of what began as a build and built nothing. 0.35.15 keeps none."""
    if not call.host.machine.old:
        build = begun(call, app, source)
        build.display = "abandoned"
        build.output.extend(said)


def ended(call: Call, app: App, build: BuildRecord, status: str, exit_code: int) -> None:
    """Writes the end down, and writes off what nobody ended before: recorded, both have the same time."""
    build.status = build.display = status
    build.exit_code, build.finished = exit_code, call.host.machine.now()
    for earlier in app.builds:
        if earlier.status == "running" and earlier.display != "running":
            earlier.status = earlier.display = "failed"
            earlier.exit_code, earlier.finished = -1, build.finished


@contextmanager
def recorded_build(call: Call, app: App, source: str, kind: str = "build") -> Iterator[None]:
    """Around the lock, not inside it: an attempt that the lock refuses is recorded as well, as one nobody finished."""
    if call.host.machine.old:
        yield
        return
    build = begun(call, app, source, kind)
    call.record = build.output
    try:
        yield
    except (ClientGone, asyncio.CancelledError, CommandRefused):
        build.display = "abandoned"
        raise
    except CommandFailed as failure:
        if kind == "deploy" or died_building(call):  # recorded of a ps:restart that failed, and of failed builds
            build.display = "abandoned"
            raise
        ended(call, app, build, "failed", failure.code)
        raise
    ended(call, app, build, "succeeded", 0)
