"""From what was asked for to a running console, and back to a clean terminal with an exit code."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tui.config import console_file
from tui.config.console_file import ConsoleFile
from tui.console import terminal
from tui.console.setup import Setup
from tui.console.terminal import Terminal

if TYPE_CHECKING:
    from tui.console.app import ConsoleApp
    from tui.console.pages.leave import Open
    from tui.engine.engine import Engine
    from tui.engine.service_monitor import ServiceMonitor


def console(wanted: Setup) -> int:
    """The console until the person leaves it, as the command line wants it, else console.yaml. Returns the exit code;
    raises ServicesError for what is wrong in that file."""
    environ = dict(os.environ)
    said = console_file.read(environ)
    if wanted.mouse is None:
        wanted = replace(wanted, mouse=said.mouse)
    seen = terminal.describe({**environ, "COLORTERM": "truecolor"} if wanted.web else environ, wanted)
    terminal.prepare(seen, os.environ)  # before Textual is imported
    if wanted.web:
        os.environ["TEXTUAL_DRIVER"] = "textual.drivers.web_driver:WebDriver"

    def make(ask: Callable[[str], str]) -> "Engine":
        from tui import bootstrap

        if wanted.replay is not None:
            return bootstrap.replay(wanted.replay, wanted.speed)
        made = bootstrap.engine(
            wanted.services, read_only=wanted.read_only, accept_host_key=wanted.accept_host_key, ask_passphrase=ask
        )
        made.complete()  # in this thread: no key waits for an import later
        return made

    return asyncio.run(_run(wanted, said, seen, environ, make))


async def _run(
    wanted: Setup,
    said: ConsoleFile,
    seen: Terminal,
    environ: dict[str, str],
    make: "Callable[[Callable[[str], str]], Engine]",
) -> int:
    from tui.console import board_cache
    from tui.console.app import ConsoleApp
    from tui.console.clipboard import copy, fits
    from tui.console.drawing.palette import Palette
    from tui.console.drawing.themes import THEMES
    from tui.console.rebinding import keymap
    from tui.console.replay import ReplayApp
    from tui.drivers.paths import state_dir

    state = state_dir()
    keys = keymap(said)

    def copy_out(text: str, name: str) -> str:
        path = copy(text, lambda data: _to_terminal(app, data), environ, state / "exports", name)
        return f"copied, and saved: {path}" if fits(text) else f"too large for a clipboard; saved: {path}"

    def save(board: "ServiceMonitor") -> None:
        writer.submit(_store, state, board_cache.document(board))

    writer = ThreadPoolExecutor(1)
    app = (ConsoleApp if wanted.replay is None else ReplayApp)(
        make,
        palette=Palette(colour=seen.colors != "none", ascii_only=seen.ascii, theme=THEMES[said.theme]),
        watch_for=wanted.watch,
        exports=state / "exports",
        saved_board=save if wanted.replay is None else None,
        copy_out=copy_out,
    )
    app.frame.board.begins_at = wanted.service
    app.set_keymap(keys)
    terminal.end_on_signals(app)
    try:
        await app.run_async(mouse=seen.mouse)
    finally:
        left_open = app.left_open()
        await app.shut()
        await asyncio.to_thread(writer.shutdown)
    _say_farewell(app, left_open)
    return terminal.exit_code(app)


def _say_farewell(app: "ConsoleApp", left_open: "list[Open]") -> None:
    """On the terminal as it was found: what is open still, and why the console could not start."""
    if left_open:
        from tui.console.pages.leave import farewell

        terminal.complain("".join(f"{line}\n" for line in farewell(left_open)))
    if app.failure is not None:
        fix = f"  fix: {app.failure.fix}\n" if app.failure.fix else ""
        terminal.complain(f"{app.failure.message}\n{fix}")


def _store(state: Path, document: dict[str, Any]) -> None:
    """In a thread: a slow disk holds no key up."""
    from tui.console import board_cache

    try:
        board_cache.store(str(state), document)
    except OSError as error:
        terminal.complain(f"the board was not kept for the next start: {error}\n")


def _to_terminal(app: "ConsoleApp", data: str) -> None:
    if app._driver is not None:
        app._driver.write(data)
