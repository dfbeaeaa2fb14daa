"""`rollback stats`: what the journal's incidents of a stretch of time come to, as tables, JSON or OpenMetrics."""

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tui.cli import output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.drivers import whole_file
from tui.engine import statistics
from tui.engine.engine import Engine
from tui.incident.postmortem.record import stamp
from tui.incident.statistics import open_metrics, table
from tui.incident.statistics.fold import HostDrills, Lengths, ServiceFigures, Statistics
from tui.model.runbook_numbers import Budgets
from tui.text import chart
from tui.text.chart import Axis, Mark
from tui.text.signs import Signs

Result = tuple[Exit, output.Document]
CELLS, ROWS = 60, 4
"""of the chart"""


async def stats(engine: Engine, options: CommandOptions, narrator: Narrator) -> Result:
    """Tell the figures; with a file they go there. Nothing is asked of a host. Raises JournalError, AlreadyThere,
    Refused where the file cannot be written."""
    found = await statistics.gather(engine, engine.clock.now() - options.since)
    if options.openmetrics is not None:
        path = Path(options.openmetrics)
        whole_file.replace(path, open_metrics.FIRST.encode(), open_metrics.text(found))
        narrator.say(f"written: {path}")
    elif not options.json:
        ascii_only = options.ascii if options.ascii is not None else not _draws()
        for line in (*table.lines(found), *drawn(found, engine.fleet.budgets, Signs(ascii_only=ascii_only))):
            output.text(line)
    return Exit.DONE, _document(found, options.openmetrics)


def _draws() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def drawn(found: Statistics, budgets: Budgets, signs: Signs) -> Iterator[str]:
    """The recoveries on an axis of time, as Markdown's preformatted lines; none where nothing was measured."""
    axis = Axis(found.since, found.until, CELLS)
    cells: list[list[float]] = [[] for _ in range(CELLS)]
    for one in found.recoveries:
        place = axis.place(one.at)
        if place is not None and one.since_found is not None:
            cells[place].append(one.since_found)
    if not any(cells):
        return
    values = [median(cell) if cell else None for cell in cells]
    limit = sum(one.total_seconds() for one in (budgets.confirm, budgets.roll_back, budgets.verify))
    top = chart.scale(values, limit)
    yield ""
    yield f"From detection to proof, by when it began; top {_short(top)}, the line is the runbook's {_short(limit)}:"
    yield ""
    labels = [_short(top), *("" for _ in range(ROWS - 1))]
    for label, row in zip(labels, chart.columns(values, top, ROWS, signs, limit=limit), strict=True):
        yield _indented(chart.labelled(label, row, signs))
    marks = [Mark(one.at, "back", "") for one in found.recoveries]
    yield _indented(chart.labelled("", chart.baseline(axis, [True] * CELLS, marks, signs), signs))
    since, until = f"{found.since:%Y-%m-%d}", f"{found.until:%Y-%m-%d}"
    yield _indented(((" " * chart.GUTTER + since + until.rjust(CELLS - len(since)), ""),))


def _short(seconds: float) -> str:
    """At most five cells."""
    return (
        f"{seconds:.0f}s" if seconds < 600 else f"{seconds / 60:.0f}m" if seconds < 36_000 else f"{seconds / 3600:.0f}h"
    )


def _indented(row: chart.Row) -> str:
    return "    " + "".join(text for text, _ in row).rstrip()


def _document(found: Statistics, file: str | None) -> output.Document:
    return output.listing(
        "stats",
        [_figures(one) for one in found.services],
        since=output.time(found.since),
        until=output.time(found.until),
        together=_figures(found.together),
        recoveries=[
            {
                "service": one.service,
                "opened_at": output.time(one.at),
                "whole_seconds": one.whole,
                "since_found_seconds": one.since_found,
                "detect_seconds": one.detect,
                "decide_seconds": one.decide,
                "act_seconds": one.act,
                "prove_seconds": one.prove,
            }
            for one in found.recoveries
        ],
        drills=[_drills(one) for one in found.drills],
        illegible=found.illegible,
        file=file,
        exit_code=0,
        error=None,
    )


def _figures(one: ServiceFigures) -> output.Document:
    guarded = one.guarded
    return {
        "service": one.service or None,
        "incidents": one.incidents,
        "ends": dict(one.ends),
        "rollbacks": one.rollbacks,
        "verdicts": dict(one.verdicts),
        "reasons": [{"reason": why, "count": count} for why, count in one.reasons],
        "recovery": {name.replace("-", "_"): _measured(measured) for name, measured in open_metrics.parts(one)},
        "guarded_deploys": {
            "clean": guarded.clean,
            "failed": guarded.failed,
            "unclear": guarded.unclear,
            "change_failure_ratio": guarded.failure_share,
        }
        if guarded.seen
        else None,
    }


def _measured(one: Lengths) -> output.Document:
    return {"median_seconds": one.median, "slowest_seconds": one.slowest, "measured": one.count, "unknown": one.unknown}


def _drills(one: HostDrills) -> output.Document:
    return {
        "host": one.host,
        "count": one.count,
        "proven": one.proven,
        "last_at": stamp(one.last.at),
        "last_end": one.last.end.value,
        "last_back_seconds": one.last.back_seconds,
        "last_dokku": one.last.dokku or None,
    }
