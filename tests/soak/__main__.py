"""`python -m tests.soak --minutes N`: the table of what the console held, minute by minute."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.run import Load, Reading, grows, soak


def main() -> int:
    """Run one; 1 where something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=14)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--services", type=int, default=4, help="of each host, at most 4")
    parser.add_argument("--lines", type=int, default=20, help="log lines a second of each service")
    parser.add_argument("--cuts", type=float, default=5.0, help="a minute")
    parser.add_argument("--seed", type=int, default=1)
    load = Load(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        readings = soak(Path(folder), load)
    print(table(readings))  # noqa: T201 - its output
    grown = grows(readings)
    print("\n".join(grown) or "nothing grew")  # noqa: T201
    return 1 if grown else 0


def table(readings: list[Reading]) -> str:
    """A Markdown table, a row a reading."""
    head = "| minute | RSS MB | tasks | descriptors | cuts |\n|---|---|---|---|---|"
    rows = (f"| {r.minute:.1f} | {r.rss:.0f} | {r.tasks} | {r.descriptors} | {r.cuts} |" for r in readings)
    return "\n".join((head, *rows))


if __name__ == "__main__":
    sys.exit(main())
