"""The program `rollback`: the only file that knows every front end."""

import sys


def main() -> None:
    """Run it and leave with its exit code."""
    from tui.cli.main import main as command_line

    sys.exit(command_line(sys.argv[1:]))


if __name__ == "__main__":
    main()
