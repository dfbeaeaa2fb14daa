"""The program that is measured: the console's service table, or Textual's `DataTable`, with one row that changes.

`python -m tests.bench.tableapp table|stock ROWS CHANGES`; with 0 changes it stands still until it is ended.
"""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from tests.bench.harness import say
from tui.console.drawing.palette import Palette
from tui.console.widgets.board import ServiceTable
from tui.engine.service_monitor import ServiceStatus
from tui.model.health import Health, Probe, ProbeOutcome
from tui.model.service import Service

AT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
EVERY = 0.05


class Measured(App[None]):
    """One table."""

    CSS = "ServiceTable, DataTable { height: 1fr; }"

    def __init__(self, kind: str, rows: int, changes: int) -> None:
        super().__init__(ansi_color=True)
        self._kind = kind
        self._rows = rows
        self._changes = self._left = changes
        self._mine = ServiceTable(Palette(), "board")
        self._stock: DataTable[str] = DataTable()

    def compose(self) -> ComposeResult:
        yield self._mine if self._kind == "table" else self._stock

    def on_mount(self) -> None:
        if self._kind == "stock":
            self._stock.add_columns("health", "service", "release", "http", "time")
            for number in range(self._rows):
                self._stock.add_row("OK", f"service-{number}", "release:4", "200", "10ms", key=str(number))
        self._draw(0)
        self.set_timer(0.3, partial(self._draw, self._changes))  # the table has its size now
        self.set_timer(0.6, self._begin)

    def _begin(self) -> None:
        say(ready=True)
        if self._left:
            self.set_interval(EVERY, self._change)

    def _change(self) -> None:
        self._left -= 1
        if self._left < 0:
            say(done=True)
            return
        self._draw(self._left)

    def _draw(self, step: int) -> None:
        if self._kind == "stock":
            column = list(self._stock.columns)[4]
            self._stock.update_cell("1", column, f"{10 + step % 80}ms")
            return
        statuses = [
            ServiceStatus(
                service=Service(name=f"service-{number}", title="", host="h", app=f"app-{number}"),
                health=Health.OK,
                probes=(
                    Probe(
                        at=AT,
                        url="http://h/",
                        outcome=ProbeOutcome.HEALTHY,
                        status=200,
                        seconds=(10 + (step % 80 if number == 1 else 0)) / 1000,
                    ),
                ),
            )
            for number in range(self._rows)
        ]
        self._mine.draw(statuses, {}, AT + timedelta(seconds=1))


if __name__ == "__main__":
    Measured(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run(mouse=False)
