"""The panels of the screen, and what is drawn on them from what is known now.

It only reads and draws. Who has the keys, what keys do and what is begun meanwhile is decided elsewhere.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tui.console.drawing import rows, series_chart, tables
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row
from tui.console.layout import SMALLEST
from tui.console.panel_layout import PanelContainer
from tui.console.ports import Console
from tui.console.widgets.ask import AskLine
from tui.console.widgets.board import ServiceTable
from tui.console.widgets.hint import HintBar
from tui.console.widgets.log_panel import Asking, LogPanel
from tui.console.widgets.panel import Panel
from tui.console.widgets.work import WorkPanel
from tui.text.chart import Axis, Mark

if TYPE_CHECKING:  # the first screen is painted before the engine is imported
    from tui.engine.service_monitor import ServiceStatus
    from tui.model.incident import Incident

NO_NOTICE = ("", "ok")
CHARTED = timedelta(minutes=30)
"""what the chart beside the services shows"""


class Frame:
    """The panels of one console."""

    def __init__(self, palette: Palette, asking: Asking, exports: Path) -> None:
        self.palette = palette
        self.notice: tuple[str, str] = NO_NOTICE
        """what the last row says instead of keys, with its look"""
        self.header = Panel(palette, "header", titled=False)
        self.board = ServiceTable(palette, "board")
        self.work = WorkPanel(palette, "work", clock=_monotonic, run=asking.begin_work, copy=asking.copy)
        self.logs = LogPanel(palette, "logs", asking, exports)
        self.chart = Panel(palette, "chart")
        self.timeline = Panel(palette, "timeline")
        self.hint = HintBar(palette, "hint", titled=False)
        self.small = Panel(palette, "small", titled=False)
        self.line = AskLine(palette, "ask")
        self.panels = PanelContainer(
            self.header,
            self.board,
            self.work,
            self.chart,
            self.timeline,
            self.logs,
            self.hint,
            self.line,
            self.small,
        )

    def draw_starting(self) -> None:
        """The header before the engine is built."""
        self.header.show((), [((" starting", "bold"),)])

    def draw(self, console: Console, statuses: "Sequence[ServiceStatus]", now: datetime) -> None:
        """Every panel but the log, which has a rhythm of its own."""
        self.board.draw(statuses, _marked(console, statuses), now)
        self._room_for(max(len(statuses), self.board.line_count))
        if self.work.page is not None:
            self.work.page.charted = self.board.selected if self.chart.display else None
        self.work.draw()
        self._draw_header(console, now)
        if self.chart.display:
            self._draw_chart(console, now)
        if self.timeline.display:
            self._draw_timeline(console)
        self.draw_hint()

    def _room_for(self, lines: int) -> None:
        """The table as high as its rows want, headings included."""
        if self.panels.services != lines:
            self.panels.services = lines
            self.panels.arrange_again()

    def draw_hint(self) -> None:
        """The keys that matter now, or the notice."""
        if self.hint.display:
            said = self.hint.draw(self.hint.screen, *self.notice)
            if said != self.panels.said:
                self.panels.said = said
                self.panels.arrange_again()

    def draw_fault(self, error: Exception) -> None:
        """A fault of the console, in the last row: it must not end the console in the middle of a rollback."""
        self.notice = (rows.safe(f"a fault of the console: {type(error).__name__}: {error}"), "down")
        self.draw_hint()

    def draw_too_small(self, under_way: "Sequence[Incident]") -> None:
        """The word about the size, and what goes on all the same."""
        columns, lines = SMALLEST
        have = self.panels.size
        said = f"need {columns}x{lines}, have {have.width}x{have.height}; q quits"
        content: list[Row] = [((said, "warn"),)]
        content += [((f"{i.service}: {i.state.value} goes on", "run"),) for i in under_way]
        self.small.show((), content)

    def _draw_header(self, console: Console, now: datetime) -> None:
        fleet = console.engine.fleet
        selected = fleet.service(self.board.selected or "") or fleet.services[0]
        host = fleet.host(selected.host)
        row = tables.header(
            environment=fleet.environment,
            host=host,
            link=console.board.link(host.name),
            read_only=console.engine.gate.read_only,
            by=console.engine.by,
            incident=console.incident(self.board.selected),
            now=now,
            cells=self.header.size.width,
            palette=self.palette,
        )
        self.header.show((), [row])

    def _draw_chart(self, console: Console, now: datetime) -> None:
        """The service at the cursor: failures and response times up to now, with deploy and rollback marked."""
        from tui.incident import watch as watching  # as the engine: not before the first screen

        name = self.board.selected
        room = series_chart.columns(self.chart.size.width)
        if name is None or not room or self.chart.size.height < series_chart.LEAST_ROWS:
            self.chart.show((("CHART", "title"),), [])
            return
        status = console.board.status(name)
        begin = now - CHARTED
        marks = series_chart.deploys(status.listing)
        incident = console.incidents().get(name)
        if incident is not None:
            marks += [Mark(incident.confirmed_at, "back", "run")] if incident.confirmed_at else []
            marks += [Mark(incident.served_at, "yes", "ok")] if incident.served_at else []
            looked = watching.checkpoints(incident.watch) if incident.watch is not None else ()
            marks[:0] = [Mark(at, "look", "dim") for at in looked if at <= now]
        found = console.engine.evidence.series(status.service, begin, now, room)
        title: tuple[Piece, ...] = (("LAST 30 MIN ", "title"), (name, "bold"))
        if not found.asked:
            self.chart.show(title, [(("nothing is counted yet", "dim"),)])
            return
        limit = console.engine.fleet.watch_of(name).error_rate
        height = max(2, min(8, self.chart.size.height - series_chart.LEAST_ROWS + 1))
        axis = Axis(begin, now, room)
        content = series_chart.drawn(found, axis, marks, self.palette, limit=limit, height=height, legend=True)
        self.chart.show(title, content)

    def _draw_timeline(self, console: Console) -> None:
        incident = console.incident(self.board.selected)
        room = max(1, self.timeline.size.height - 1)
        if incident is not None and console.timeline:
            title, content = (("TIMELINE ", "title"), (incident.id, "dim")), console.timeline[-room:]
        else:
            sent = list(console.engine.gate.trail)[-room:]
            title = (("COMMANDS SENT ", "title"), ("newest last", "dim"))
            content = [tables.trail_row(one) for one in sent]
        self.timeline.show(title, list(content))


def _marked(console: Console, statuses: "Sequence[ServiceStatus]") -> "dict[str, Incident]":
    """Open incidents by service; and the closed one of this console whose record was seen on the host before its end:
    nobody else has taken that service."""
    found = console.incidents()
    for status in statuses:
        record, name = status.listing.record if status.listing else None, status.service.name
        last = console.incident(name) if record is not None and name not in found else None
        if record is not None and last is not None and last.known_as == record.incident:
            found[name] = last
    return found


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
