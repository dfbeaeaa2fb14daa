"""The console inside a browser's session: started by `rollback serve`, one process a session, its words over pipes."""

import argparse
import sys

from tui.console.setup import Setup
from tui.console.start import console


def main() -> int:
    """Run it until the browser leaves. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tui.console.web")
    parser.add_argument("--services", required=True)
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--accept-host-key")
    wanted = parser.parse_args()
    return console(
        Setup(
            services=wanted.services,
            read_only=wanted.read_only,
            accept_host_key=wanted.accept_host_key,
            ascii_only=False,
            mouse=True,
            web=True,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
