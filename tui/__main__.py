"""The program `rollback`: the only file that knows both front ends."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.cli.options import Options


def main() -> None:
    """Run it and leave with its exit code."""
    from tui.cli import options
    from tui.model.errors import ConsoleError

    argv = sys.argv[1:]
    try:
        wanted = options.parse(argv)
    except ConsoleError:
        wanted = None  # the command line says what is wrong
    if wanted is not None and sys.stdin.isatty() and sys.stdout.isatty() and not wanted.json:
        if wanted.command == "console":
            sys.exit(_console(wanted, wanted.services))
        if wanted.command == "sandbox" and not wanted.serve:
            from tui.cli.sandbox import served

            with served(wanted) as services:
                sys.exit(_console(wanted, services))
    from tui.cli.main import main as command_line

    sys.exit(command_line(argv))


def _console(wanted: "Options", services: str | None) -> int:
    from tui.console.start import Setup, console

    return console(
        Setup(
            services=services,
            read_only=wanted.read_only,
            accept_host_key=wanted.accept_host_key,
            watch=wanted.watch,
            colour=wanted.color,
            ascii_only=wanted.ascii,
            mouse=wanted.mouse,
        )
    )


if __name__ == "__main__":
    main()
