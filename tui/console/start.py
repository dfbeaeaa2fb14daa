"""From a set-up to a running console, and back to a clean terminal with an exit code."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tui.console import splash
from tui.console.terminal import Terminal, describe, forgive_input, heed_signals, prepare

if TYPE_CHECKING:
    from tui.engine.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What was asked for."""

    services: str | None = None
    read_only: bool = False
    accept_host_key: str | None = None
    watch: timedelta | None = None
    """None: as services.yaml says"""
    colour: bool = True
    ascii_only: bool | None = None
    """None: as the locale says"""
    mouse: bool | None = None
    """None: off inside ssh"""


def console(setup: Setup) -> int:
    """The console until the person leaves it. Returns the exit code."""
    terminal = describe(os.environ, colour=setup.colour, ascii_only=setup.ascii_only, mouse=setup.mouse)
    if not terminal.usable:
        sys.stderr.write(
            f"no full screen can be drawn on TERM={os.environ.get('TERM', '')!r}: use the command line instead "
            "(rollback status, rollback SERVICE --list, rollback SERVICE previous), or set TERM\n"
        )
        return 2
    prepare(os.environ)
    splash.show()

    def make(ask: Callable[[str], str]) -> "Engine":
        from tui import bootstrap

        return bootstrap.engine(
            setup.services, read_only=setup.read_only, accept_host_key=setup.accept_host_key, ask_passphrase=ask
        )

    return asyncio.run(_run(setup, terminal, make))


async def _run(setup: Setup, terminal: Terminal, make: "Callable[[Callable[[str], str]], Engine]") -> int:
    from tui.console.app import ConsoleApp
    from tui.console.palette import Palette
    from tui.drivers.paths import state_dir

    state = state_dir()
    app = ConsoleApp(
        make,
        palette=Palette(colour=terminal.colour, ascii_only=terminal.ascii_only),
        watch_for=setup.watch,
        exports=state / "exports",
        state=state,
    )
    forgive_input()
    heed_signals(app.leave_now)
    try:
        await app.run_async(mouse=terminal.mouse)
    finally:
        await app.shut()
    if app.failure is not None:
        sys.stderr.write(f"{app.failure.message}\n")
        if app.failure.fix:
            sys.stderr.write(f"  fix: {app.failure.fix}\n")
    return app.return_code or 0
