"""What this terminal is, what Textual has to be told before it is imported, and how the console dies politely.

Everything here answers to a fault measured with Textual 8.2.8; `textual_driver` holds the part that replaces some of
its code.
"""

import asyncio
import contextlib
import locale
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Literal

from tui.console import splash
from tui.model.errors import ConfigError
from tui.model.value import Value

if TYPE_CHECKING:
    from textual.app import App

    from tui.console.setup import Setup

Colours = Literal["none", "16", "256", "true"]
INSTEAD = "rollback status, rollback SERVICE previous; rollback --help lists everything"
PATIENCE = 10.0
"""seconds that the engine has to flush after SIGHUP or SIGTERM; the journal, synced with every entry, needs none"""
SYSTEMS: dict[Colours, str] = {"none": "standard", "16": "standard", "256": "256", "true": "truecolor"}


class Terminal(Value):
    """The abilities of the terminal; decided once, at start."""

    colors: Colours
    ascii: bool
    mouse: bool
    low_bandwidth: bool


def describe(environ: Mapping[str, str], setup: "Setup") -> Terminal:
    """This terminal, by its environment and by what was asked for."""
    remote = bool(environ.get("SSH_TTY") or environ.get("SSH_CONNECTION"))
    return Terminal(
        colors=_colors(environ) if setup.colour else "none",
        ascii=_plain(environ) if setup.ascii_only is None else setup.ascii_only,
        mouse=not remote if setup.mouse is None else setup.mouse,
        low_bandwidth=setup.low_bandwidth,
    )


def _colors(environ: Mapping[str, str]) -> Colours:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in splash.NO_SCREEN or term.startswith(("vt1", "vt2", "vt52")):
        return "none"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "true"
    return "256" if "256color" in term else "16"


def _plain(environ: Mapping[str, str]) -> bool:
    """True where no more than ASCII can be counted on: by the locale, or by the terminal's font."""
    return not _utf8(environ) or environ.get("TERM", "").startswith(("linux", "vt", "cons25"))


def _utf8(environ: Mapping[str, str]) -> bool:
    """True where the person's locale is UTF-8.

    Python itself sets LC_CTYPE=C.UTF-8 where it finds the C locale, or one that is not installed (PEP 538): that says
    nothing of the terminal."""
    said = environ.get("LC_CTYPE", "")
    named = environ.get("LC_ALL") or ("" if said == "C.UTF-8" else said) or environ.get("LANG") or "C"
    _, _, charset = named.partition(".")
    if charset:
        return charset.partition("@")[0].lower().replace("-", "") == "utf8"
    return named not in ("C", "POSIX") and locale.normalize(named).lower().endswith("utf-8")


def require(environ: Mapping[str, str]) -> None:
    """Raises ConfigError where no console can be drawn, with what to type instead."""
    if not (os.isatty(0) and os.isatty(1)):
        raise ConfigError("the console needs a terminal on stdin and stdout", INSTEAD)
    if not splash.drawable(environ):
        term = environ.get("TERM", "")
        raise ConfigError(f"TERM={term}: the console cannot put the cursor anywhere on this terminal", INSTEAD)


def prepare(terminal: Terminal, environ: MutableMapping[str, str]) -> None:
    """Tell Textual, which reads these when it is imported.

    NO_COLOR is taken away from it: its own filter turns colours into greys, of which red is the darkest; here no colour
    is asked for in the first place."""
    environ.pop("NO_COLOR", None)
    for name, value in (
        ("TEXTUAL_ANIMATIONS", "none"),
        ("TEXTUAL_SMOOTH_SCROLL", "0"),
        ("TEXTUAL_FPS", "8" if terminal.low_bandwidth else "30"),
        ("TEXTUAL_COLOR_SYSTEM", SYSTEMS[terminal.colors]),
        ("TEXTUAL_DRIVER", "tui.console.textual_driver:ConsoleDriver"),
        ("ESCDELAY", "50"),
    ):
        environ[name] = value


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Leave the terminal as it was found, also after a fault; SIGHUP and SIGTERM become an orderly end."""
    before: list[Any] | None = None
    with contextlib.suppress(termios.error, OSError):  # no terminal, or one that is gone
        before = termios.tcgetattr(0)
    earlier = {number: signal.signal(number, _leave) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        yield
    finally:
        splash.end()
        if before is not None:
            with contextlib.suppress(termios.error, OSError):  # it is gone
                termios.tcsetattr(0, termios.TCSANOW, before)
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def end_on_signals(app: "App[Any]", first: Callable[[], None] = lambda: None) -> None:
    """Inside the loop: SIGHUP and SIGTERM call `first`, then end the app with 129 and 143.

    The process ends in any case after PATIENCE seconds: a host that answers no more must not keep it alive."""
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        first()
        app.exit(return_code=128 + number)
        loop.call_later(PATIENCE, _at_once, 128 + number)

    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)


def _at_once(code: int) -> None:
    splash.end()
    os._exit(code)


def exit_code(app: "App[Any]") -> int:
    """The app's exit code; an app that ended without ever being told to has failed."""
    return 1 if app.return_code is None else app.return_code


def complain(text: str) -> None:
    """Say something on stderr, if anybody is still there to read it."""
    with contextlib.suppress(OSError):  # nobody is there
        from tui.text.redact import redact

        sys.stderr.write(redact(text))
        sys.stderr.flush()


def writer_idle(app: "App[Any]") -> bool:
    """True where the terminal has taken all that was written to it: a frame made before that only adds to the queue.

    Where nothing can be known (tests, the web) nothing is held back."""
    writer = getattr(getattr(app, "_driver", None), "_writer_thread", None)
    return writer is None or not getattr(writer, "waiting", 0)
