"""One command: every measurement, or those named. Exit 1 when a limit is missed."""

import argparse
import sys
from pathlib import Path

from tests.bench import journals, links, logs, startup, tables, work
from tests.bench.harness import TINY, Bench, Effort, Finding, document, table

BENCHES: dict[str, Bench] = {
    **logs.BENCHES,
    **startup.BENCHES,
    **tables.BENCHES,
    **links.BENCHES,
    **work.BENCHES,
    **journals.BENCHES,
}


def main(words: list[str] | None = None) -> int:
    """Run, print the table, write the document."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--tiny", action="store_true", help="only whether it runs; the numbers mean nothing")
    parser.add_argument("--rounds", type=int, default=Effort().rounds)
    given = parser.parse_args(words)
    unknown = [name for name in given.names if name not in BENCHES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known are {', '.join(BENCHES)}")
    effort = TINY if given.tiny else Effort(rounds=given.rounds)
    findings: list[Finding] = []
    for name in given.names or BENCHES:
        found = BENCHES[name](effort)
        sys.stdout.write(table(found) + "\n")
        sys.stdout.flush()
        findings += found
    if given.json is not None:
        given.json.write_text(document(findings))
    return 0 if given.tiny or all(f.kept for f in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
