"""0.38.27's record of every deploy: id, process, source, outcome and full output; 0.35.15 keeps none."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tui.sandbox.client import ClientGone, CommandRefused
from tui.sandbox.deploy_lines import CommandFailed
from tui.sandbox.host import Call
from tui.sandbox.machine import App, BuildRecord


@contextmanager
def recorded_build(call: Call, app: App, source: str, kind: str = "build") -> Iterator[None]:
    """Around the lock, not inside it: an attempt that the lock refuses is recorded as well, as one nobody finished."""
    machine = call.host.machine
    if machine.old:
        yield
        return
    for earlier in app.builds:
        # a build nobody finished is written off by the next one; one whose process lives is not
        if earlier.status == "running" and earlier.display != "running":
            earlier.status = earlier.display = "failed"
            earlier.exit_code, earlier.finished = -1, machine.now()
    build = BuildRecord(
        id=f"mw{machine.new_id()[:12]}", pid=machine.number(), source=source, started=machine.now(), kind=kind
    )
    app.builds.insert(0, build)
    call.record = build.output
    try:
        yield
    except (ClientGone, asyncio.CancelledError):
        build.display = "abandoned"
        raise
    except CommandRefused:
        build.display = "abandoned"
        raise
    except CommandFailed as failure:
        if kind == "deploy":  # recorded of a ps:restart that failed
            build.display = "abandoned"
            raise
        build.status = build.display = "failed"
        build.exit_code = failure.code
        build.finished = machine.now()
        raise
    build.status = build.display = "succeeded"
    build.finished = machine.now()
