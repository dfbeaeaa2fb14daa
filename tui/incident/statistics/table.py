"""The figures as Markdown that can be read as it stands: aligned tables, short lists, units beside each number."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from tui.incident.postmortem import escape
from tui.incident.postmortem.record import percent, stamp
from tui.incident.statistics.fold import HostDrills, Lengths, ServiceFigures, Statistics
from tui.text import numbers

NOTHING = "-"
MOST = 5
"""reasons that are told"""


def lines(found: Statistics) -> Iterator[str]:
    """All of it, one line after the other."""
    yield f"# Rollbacks from {stamp(found.since)} to {stamp(found.until)}"
    yield ""
    if not found.together.incidents and not found.drills:
        yield "No incident of this time is in the journal of this machine, and no drill."
        yield from _unread(found)
        return
    if found.together.incidents:
        yield from _recovery(found)
        yield from _results(found)
        yield from _guards(found.together)
    yield from _drills(found.drills)
    yield from _unread(found)


def _recovery(found: Statistics) -> Iterator[str]:
    rows = [("service", "rollbacks", "deploy to proof", *(str(span) for span, _ in found.together.spans))]
    several = (found.together,) if len(found.services) > 1 else ()
    for one in (*found.services, *several):
        spans = (one.whole, *(measured for _, measured in one.spans))
        rows.append((one.service or "all", str(one.rollbacks), *(_cell(measured) for measured in spans)))
    yield from aligned(rows)
    yield ""
    if found.together.rollbacks:
        yield "Medians. detect: from the deploy until it was found; decide: until the word; act: until the target was"
        yield "seen to serve; prove: until the checks passed. `(2 of 3)`: two of three were measured, the third is"
        yield "unknown."
        yield ""


def _cell(measured: Lengths) -> str:
    many = measured.count + measured.unknown
    if not many:
        return NOTHING
    if measured.median is None:
        return "unknown"
    said = numbers.length(timedelta(seconds=measured.median))
    return said if not measured.unknown else f"{said} ({measured.count} of {many})"


def _results(found: Statistics) -> Iterator[str]:
    figures = found.together
    yield f"- incidents: {figures.incidents} ({_counts(figures.ends)})"
    if figures.rollbacks:
        yield f"- rollbacks by their checks: {_counts(figures.verdicts)}"
        yield f"- reasons: {'; '.join(f'{escape.prose(why)} ({n})' for why, n in figures.reasons[:MOST])}" + (
            f"; {len(figures.reasons) - MOST} more" if len(figures.reasons) > MOST else ""
        )


def _guards(figures: ServiceFigures) -> Iterator[str]:
    guarded = figures.guarded
    if not guarded.seen:
        yield "- change failure rate: unknown, no guard saw a deploy (`rollback guard SERVICE -- COMMAND`)"
        return
    counts = f"{guarded.clean} clean, {guarded.failed} failed, {guarded.unclear} without a verdict"
    share = guarded.failure_share
    rate = "unknown" if share is None else f"{percent(share)} ({guarded.failed} of {guarded.clean + guarded.failed})"
    yield f"- change failure rate of guarded deploys: {rate}; {counts}. Deploys that no guard saw are not in it."


def _drills(drills: Sequence[HostDrills]) -> Iterator[str]:
    if not drills:
        yield "- drills: none (`rollback drill HOST`)"
    for one in drills:
        took = "" if one.last.back_seconds is None else f", back and proven after {one.last.back_seconds:.0f} s"
        last = f"the last on {stamp(one.last.at)}: {one.last.end.value}{took}"
        yield f"- drills of {escape.prose(one.host)}: {one.count}, {one.proven} proven; {last}"


def _unread(found: Statistics) -> Iterator[str]:
    if found.illegible:
        yield f"- {found.illegible} more cannot be read by this console and are in no figure (`rollback incidents`)"


def _counts(found: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count} {word}" for word, count in found)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, the first row its head; the first column to the left, the others to the right."""
    cells = [[escape.prose(cell) for cell in row] for row in rows]
    widths = [max(3, *(len(row[at]) for row in cells)) for at in range(len(cells[0]))]
    for number, row in enumerate(cells):
        rest = [cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True)]
        yield f"| {' | '.join((row[0].ljust(widths[0]), *rest))} |"
        if not number:
            yield f"|{'|'.join('-' * (w + 2) if not at else '-' * (w + 1) + ':' for at, w in enumerate(widths))}|"
