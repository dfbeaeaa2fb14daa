"""From a set-up to a running console, and back to a clean terminal with an exit code."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

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
    ascii_only: bool = False
    mouse: bool | None = None
    """None: off inside ssh, where it would keep people from selecting text"""


def console(setup: Setup) -> int:
    """The console until the person leaves it. Returns the exit code."""
    for name, value in (("TEXTUAL_ANIMATIONS", "none"), ("TEXTUAL_SMOOTH_SCROLL", "0"), ("ESCDELAY", "50")):
        os.environ.setdefault(name, value)  # Textual reads them when it is imported

    def make(ask: Callable[[str], str]) -> "Engine":
        from tui import bootstrap

        return bootstrap.engine(
            setup.services, read_only=setup.read_only, accept_host_key=setup.accept_host_key, ask_passphrase=ask
        )

    return asyncio.run(_run(setup, make))


async def _run(setup: Setup, make: "Callable[[Callable[[str], str]], Engine]") -> int:
    from tui.console.app import ConsoleApp
    from tui.console.palette import Palette
    from tui.drivers.paths import state_dir

    app = ConsoleApp(
        make,
        palette=Palette(colour=setup.colour, ascii_only=setup.ascii_only),
        watch_for=setup.watch,
        exports=state_dir() / "exports",
    )
    try:
        await app.run_async(mouse=bool(setup.mouse))
    finally:
        await app.shut()
    if app.failure is not None:
        sys.stderr.write(f"{app.failure.message}\n")
        if app.failure.fix:
            sys.stderr.write(f"  fix: {app.failure.fix}\n")
    return app.return_code or 0
