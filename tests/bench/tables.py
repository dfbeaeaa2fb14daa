"""The service table against Textual's DataTable: bytes for one changed row, and for a second of rest."""

from tests.bench.harness import Bench, Effort, Finding, interleaved, module, on_pty, ratio

APP = "tests.bench.tableapp"


def _bytes(kind: str, rows: int, changes: int) -> float:
    """Bytes written for each change."""
    with on_pty(module(APP, kind, str(rows), str(changes)), columns=120, rows=40) as pty:
        pty.report("ready")
        before = pty.bytes
        pty.report("done")
        return (pty.bytes - before) / changes


def changed_row(effort: Effort) -> list[Finding]:
    """One row that changes, among 4 and among 100."""
    changes = max(4, min(40, int(effort.seconds * 8)))
    found: list[Finding] = []
    for rows in (4, 100):
        told = interleaved(
            {
                "table": lambda rows=rows: _bytes("table", rows, changes),  # type: ignore[misc]
                "stock": lambda rows=rows: _bytes("stock", rows, changes),  # type: ignore[misc]
            },
            max(1, effort.rounds // 2),
        )
        found.append(
            Finding(
                name=f"table: bytes of one changed row of {rows} against DataTable",
                value=ratio(told["table"], told["stock"]),
                unit="x",
                limit=0.02,
                detail={"bytes": {name: round(values[0]) for name, values in told.items()}},
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
