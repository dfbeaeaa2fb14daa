"""The service table against Textual's DataTable: bytes for one changed row, and for a second of rest."""

import re
from functools import partial

from tests.bench.harness import Bench, Effort, Finding, interleaved, module, on_pty, ratio

APP = "tests.bench.tableapp"


_CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def _bytes(kind: str, rows: int, changes: int, codes: list[float]) -> float:
    """Bytes written for each change; `codes` gets those of them that are no text."""
    with on_pty(module(APP, kind, str(rows), str(changes)), columns=120, rows=40) as pty:
        pty.report("ready")
        before = pty.bytes
        pty.report("done")
        written = pty.tail[before - pty.bytes :]
        codes.append((len(written) - len(_CODES.sub(b"", written))) / changes)
        return (pty.bytes - before) / changes


def changed_row(effort: Effort) -> list[Finding]:
    """One row that changes, among 4 and among 100."""
    changes = max(4, min(40, int(effort.seconds * 8)))
    found: list[Finding] = []
    for rows in (4, 100):
        codes: dict[str, list[float]] = {"table": [], "stock": []}
        told = interleaved(
            {kind: partial(_bytes, kind, rows, changes, every) for kind, every in codes.items()},
            max(1, effort.rounds // 2),
        )
        mine, theirs = round(told["table"][0]), round(told["stock"][0])
        found.append(
            Finding(
                name=f"table: bytes of one changed row of {rows} against DataTable",
                value=ratio(told["table"], told["stock"]),
                unit="x",
                limit=0.02,
                detail={"bytes": {"table": mine, "stock": theirs}},
                profile={
                    "bytes of a change, ours / DataTable's": f"{mine} / {theirs}",
                    "of ours, text up to the last cell that changed": str(round(mine - codes["table"][0])),
                    "of ours, colours, places and the marks of a frame": str(round(codes["table"][0])),
                },
            )
        )
    return found


def idle(effort: Effort) -> list[Finding]:
    """Nothing changes: nothing is written."""
    with on_pty(module(APP, "table", "4", "0"), columns=80, rows=24) as pty:
        pty.report("ready")
        pty.pump_for(min(1.0, effort.seconds))
        before = pty.bytes
        pty.pump_for(effort.seconds)
        written = pty.bytes - before
    return [Finding(name="table: written while nothing changes", value=written, unit="B", limit=0)]


BENCHES: dict[str, Bench] = {"table-row": changed_row, "table-idle": idle}
