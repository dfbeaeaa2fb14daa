"""`python -m tests.matrix [--jobs N] [PHASE/FAULT …]`: all cells or those named, and the table with its counts."""

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.matrix import cell
from tests.matrix.faults import FAULTS
from tests.matrix.phases import PHASES

TABLE = Path(__file__).with_name("table.md")


def main() -> int:
    """Run it; 1 where something did not hold. The whole table is written beside this file."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("cells", nargs="*", metavar="PHASE/FAULT")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="cells at once (3): they mostly wait")
    given = parser.parse_args()
    wanted = [(p, f) for p in PHASES for f in FAULTS if not given.cells or f"{p}/{f}" in given.cells]
    if unknown := set(given.cells) - {f"{p}/{f}" for p, f in wanted}:
        parser.error(f"no such cell: {', '.join(sorted(unknown))}")
    found: dict[tuple[str, str], cell.Verdict] = {}
    with ProcessPoolExecutor(given.jobs) as pool:
        for done in as_completed([pool.submit(_run, phase, fault) for phase, fault in wanted]):
            verdict = done.result()
            found[verdict.phase, verdict.fault] = verdict
            said = f"{verdict.phase}/{verdict.fault}: {verdict.mark}"
            print(said, *verdict.wrong, sep="\n    ", flush=True)  # noqa: T201 - its output
    if not given.cells:
        TABLE.write_text(table(found), encoding="utf-8")
    failed = [one for one in found.values() if one.wrong]
    print(f"{len(found)} cells, {len(found) - len(failed)} held, {len(failed)} did not")  # noqa: T201
    return 1 if failed else 0


def _run(phase: str, fault: str) -> cell.Verdict:
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        try:
            return cell.run(Path(folder), phase, fault)
        except Exception as error:  # noqa: BLE001 - one cell that cannot be played must not end the run; it has failed
            return cell.Verdict(phase=phase, fault=fault, wrong=[f"{type(error).__name__}: {error}"])


def table(found: dict[tuple[str, str], cell.Verdict]) -> str:
    """The table in Markdown: exit code of the command that met the fault; ✗ where something did not hold."""
    lines = [
        "# The fault matrix",
        "",
        "Made by `python -m tests.matrix`. A cell is the exit code of the command that met the fault (negative: the",
        "signal that ended it); ✗: something did not hold.",
        "",
        "| | " + " | ".join(FAULTS) + " |",
        "|---" * (len(FAULTS) + 1) + "|",
    ]
    for phase in PHASES:
        cells = (found[phase, fault].mark if (phase, fault) in found else "" for fault in FAULTS)
        lines.append(f"| {phase} | " + " | ".join(cells) + " |")
    held = sum(1 for one in found.values() if not one.wrong)
    lines += ["", f"{len(found)} cells, {held} held, {len(found) - held} did not."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
