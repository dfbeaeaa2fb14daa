"""The program `rollback`: the only file that knows both front ends.

What is imported when is its business: the first picture before anything, the arguments then, Textual only for the
console, and the drivers (asyncssh, httpcore, yaml, sqlite3) only after the console has painted.
"""

import _signal  # type: ignore[import-not-found]  # `signal` costs as much as the start, and Ctrl-C may come in it
import atexit
import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from tui.cli.options import CommandOptions


def main() -> None:
    """Run it and leave with its exit code. A signal that comes before anybody takes it ends the process quietly."""
    gc.disable()  # until it has begun, see `garbage`
    sys.excepthook = _say_fault
    _signal.signal(_signal.SIGINT, _leave)  # before anything is imported
    ended: list[int] = []  # empty where something is raised: Python says that, and ends
    if not atexit._ncallbacks():  # the first that is registered is called last, and whoever comes before is waited for
        atexit.register(_leave_what_was_imported, ended)
    from tui.cli import streams

    streams.mend()
    from tui.console import splash

    argv = sys.argv[1:]
    try:
        if splash.begin(argv, os.environ):
            from tui.console.terminal import kept

            with kept():
                code = _run(argv)
        else:
            code = _run(argv)
    finally:
        _signal.signal(_signal.SIGINT, _nothing)  # it is over; how it ended is known
        streams.end()
        # Python gives signals back while it ends, and one that came then would kill it. Blocked here and ignored: a
        # thread that has not ended yet would take what this one does not
        last = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)
        _signal.pthread_sigmask(_signal.SIG_BLOCK, last)
        for number in last:
            _signal.signal(number, _signal.SIG_IGN)
    ended.append(code)
    sys.exit(code)


def _leave_what_was_imported(ended: list[int]) -> None:
    """Python's end without its last part: it would take down each module, a sixth of what a short command costs, and
    the process gives all of it back anyway. Threads have been waited for, and what was registered later is done."""
    if ended:
        from tui.cli import streams

        streams.end()
        os._exit(ended[0])


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _nothing(number: int, _frame: object) -> None:
    """Not SIG_IGN at once: one that is on its way would be complained about."""


def _say_fault(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    """A fault of this program, as Python would say it, but without secrets."""
    import traceback

    from tui.text.redact import redact

    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))


def _run(argv: list[str]) -> int:
    from tui.cli import options, output
    from tui.model.errors import ConsoleError

    try:
        wanted = options.parse(argv)
    except ConsoleError:
        wanted = None  # the command line says what is wrong
    except SystemExit:
        output.flush()  # of --help
        if reason := output.lost():
            from tui.cli.narrate import Narrator

            Narrator(color=True).say(f"the result could not be written to stdout: {reason}", "red")
            raise SystemExit(3) from None
        raise
    if wanted is not None and wanted.accessible and wanted.command == "sandbox" and not wanted.serve:
        return _drill_by_line(wanted)
    if wanted is not None and not wanted.json and not wanted.accessible:
        draws = wanted.alone or wanted.command == "replay" or (wanted.command == "sandbox" and not wanted.serve)
        if wanted.command == "console" or (draws and os.isatty(0) and os.isatty(1)):
            return _console(wanted)
    return _command_line(argv)


def _command_line(argv: list[str]) -> int:
    from tui.cli.main import main as command_line
    from tui.console import splash

    splash.end()
    return command_line(argv)


def _drill_by_line(wanted: "CommandOptions") -> int:
    """The sandbox, line by line."""
    from tui.cli.commands.sandbox import served
    from tui.cli.exits import Exit
    from tui.cli.narrate import Narrator
    from tui.model.errors import ConsoleError

    try:
        with served(wanted) as services:
            return _command_line(["--services", services, "--accessible"])
    except ConsoleError as error:
        Narrator(color=False).say(error.message)
        return int(Exit.USAGE)


def _console(wanted: "CommandOptions") -> int:
    from tui.cli.exits import Exit
    from tui.console import splash, terminal
    from tui.model.errors import ConsoleError

    with terminal.kept():
        try:
            terminal.require(os.environ)
            if wanted.command == "replay":
                return _opened(wanted, None)
            if wanted.command == "console":
                return _opened(wanted, _agreed(wanted))
            if wanted.alone:
                services = _agreed(wanted)
                return _opened(wanted, services, _named(wanted, services))
            from tui.cli.commands.sandbox import served

            with served(wanted) as services:
                return _opened(wanted, services)
        except ConsoleError as error:
            splash.end()
            terminal.complain(f"{error.message}\n" + (f"  fix: {error.fix}\n" if error.fix else ""))
            return int(Exit.USAGE)


def _agreed(wanted: "CommandOptions") -> str | None:
    """The services.yaml to open. A new one of the working directory is asked about before the console draws."""
    if wanted.services or os.environ.get("ROLLBACK_SERVICES") or not os.path.lexists("services.yaml"):
        return wanted.services
    from pathlib import Path

    from tui.config.reading import bytes_of
    from tui.drivers.trusted_files import TrustedFiles

    here = Path.cwd() / "services.yaml"
    if not wanted.trust and TrustedFiles().unchanged(here, bytes_of(here)):
        return str(here)
    import asyncio

    from tui import bootstrap
    from tui.cli.narrate import Narrator
    from tui.cli.trust_question import ask
    from tui.console import splash

    splash.end()
    return asyncio.run(bootstrap.agreed(None, ask(Narrator(color=wanted.color)), trust=wanted.trust))


def _named(wanted: "CommandOptions", services: str | None) -> str:
    """The name of the service that the console is opened for. Raises ConfigError where there is none of that name."""
    from tui import bootstrap
    from tui.cli import naming
    from tui.model.errors import ConfigError

    try:
        fleet = bootstrap.fleet(services)
    except ConfigError as error:
        raise naming.like_a_command(wanted.names[0], error) from None
    return naming.service(fleet, wanted.names[0]).name


def _opened(wanted: "CommandOptions", services: str | None, service: str | None = None) -> int:
    from tui.console.setup import Setup
    from tui.console.start import console

    return console(
        Setup(
            services=services,
            service=service,
            replay=wanted.incident if wanted.command == "replay" else None,
            speed=wanted.speed,
            read_only=wanted.read_only,
            accept_host_key=wanted.accept_host_key,
            watch=wanted.watch,
            colour=wanted.color,
            ascii_only=wanted.ascii,
            mouse=wanted.mouse,
            low_bandwidth=wanted.low_bandwidth,
        )
    )


if __name__ == "__main__":
    main()
