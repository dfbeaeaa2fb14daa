"""What every source says of a service's failures, as rows: who, how many of how many, what that proves.

The word about the limit is beside each source that counts requests of users, because sources may disagree. Where
there is little room our own probes are left out, and each source has one row.
"""

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Piece, Row
from tui.console.incident_flow import IncidentFlow
from tui.incident import error_rates, watch_verdict
from tui.incident import watch as watching
from tui.incident.error_rates import Word
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.incident import Incident
from tui.text import numbers

ROOM = 14
"""rows of a page from which on every source has its row, with a head above them"""
ROOM_FOR_FAILED = 66
"""columns from which on the count says what it counts"""
_LOOKS = {Word.OVER: "down", Word.UNDER: "ok", Word.UNSURE: "unknown"}


def block(flow: IncidentFlow, found: Measurement, cells: int) -> list[Row]:
    """The evidence before a rollback."""
    if flow.room < ROOM:
        return _sources(found, cells, brief=True)
    limit = error_rates.percent(found.limit)
    return [_head(f"EVIDENCE  more than {limit} of requests? ", found), *_sources(found, cells), *_more(found, cells)]


def of_watch(flow: IncidentFlow, incident: Incident, cells: int) -> list[Row]:
    """The evidence of a watch: what the last checkpoint said, when the next one is, and what it is compared with."""
    checkpoints = watch_verdict.after(incident)
    tight = flow.room < ROOM
    found: list[Row] = []
    if checkpoints:
        last = checkpoints[-1]
        found.append(_head(f"CHECKPOINT {labels.clock(last.at)} ", last, _next(incident)))
        found.extend(_sources(last, cells, brief=tight))
        if not tight:
            found.extend(_more(last, cells))
    else:
        begin, end = watching.window(incident, Phase.AFTER, flow.console.engine.clock.now())
        live = flow.console.engine.evidence.now(flow.service, Phase.AFTER, begin or end, end)
        found.append(((f"No checkpoint yet{_next(incident)}. So far:", "dim"),))
        found.extend(_sources(live, cells, brief=tight, worded=False))
    if not tight:
        found.extend(_compared(incident, cells))
    return found


def _next(incident: Incident) -> str:
    at = watching.next_checkpoint(incident)
    return f", next {labels.clock(at)}" if at is not None else ""


def _head(label: str, found: Measurement, tail: str = "") -> Row:
    together = error_rates.combined(found)
    word, look = together.word.value, _LOOKS[together.word]
    if together.disagree:
        word, look = "the sources DISAGREE", "warn"
    elif together.word is not Word.UNSURE:
        word = f"{word.upper()} {error_rates.percent(found.limit)} by {together.source}"
    return ((label, "bold"), (word, look), (tail, "dim"))


def _compared(incident: Incident, cells: int) -> list[Row]:
    """Before, and the switch: each by the source that counts users."""
    if incident.guarding:
        return []  # its page says so at every size
    found: list[Row] = []
    switch = next((m for m in reversed(incident.measurements) if m.phase is Phase.SWITCH), None)
    for label, measurement in (("before", watch_verdict.before(incident)), ("while it switched", switch)):
        log = measurement.of(RateSource.ACCESS_LOG) if measurement is not None else None
        reading = error_rates.of(log, measurement.limit) if log is not None and measurement is not None else None
        if reading is not None and reading.total:
            found.append(((rows.fit(f" {label}: {error_rates.numbers(reading)}", cells), "dim"),))
        elif label == "before":
            found.append(((" no baseline from before the rollback", "dim"),))
    return found


def _sources(found: Measurement, cells: int, *, brief: bool = False, worded: bool = True) -> list[Row]:
    shown = [r for r in found.rates if not brief or r.source is not RateSource.PROBES]
    return [_source(r, found.limit, cells, worded=worded) for r in shown]


def _source(rate: Rate, limit: float, cells: int, *, worded: bool) -> Row:
    """`access log OVER            34 of 1190 failed   2.9% (2.1-4%)  in 8m, 1s late`: what matters most first."""
    reading = error_rates.of(rate, limit)
    name: Piece = (f" {rate.source.value:<11}", "")
    note = rows.safe(rate.note, 300)
    if reading is None or not reading.total:
        count = f"{rate.failed} failures; " if rate.failed else ""
        said = count + (note or ("no request" if rate.failed is not None else "no numbers"))
        return (name, (rows.fit(said, cells - 12), "unknown"))
    low, high = error_rates.percent(reading.low).rstrip("%"), error_rates.percent(reading.high)
    by_users = worded and rate.source in error_rates.USERS
    word = reading.word.value if reading.word is Word.UNSURE else reading.word.value.upper()
    counted = f"{reading.failed} of {reading.total}"
    counted = f"{counted} failed".ljust(18) if cells >= ROOM_FOR_FAILED else counted.ljust(13)
    pieces: list[Piece] = [
        name,
        (f"{word:<16}", _LOOKS[reading.word]) if by_users else (" " * 16, ""),
        (f"{counted} ", "bold" if reading.failed else ""),  # a large number touches no other
        (f"{error_rates.percent(reading.share)} ({low}-{high})".ljust(17) + " ", ""),
    ]
    time = f"in {error_rates.span(rate.until - rate.since)}"
    late = f"{time}, {rate.lag:.0f}s late" if rate.lag and round(rate.lag) else time
    room = cells - rows.width(tuple(pieces))
    tail = next((one for one in (late, time) if len(one) <= room), "")
    return (*pieces, (tail, "dim")) if tail else tuple(pieces)


def _more(found: Measurement, cells: int) -> list[Row]:
    """Why there is no word, what the bare rule says, what is missing, what was apart; response times; new errors."""
    told: list[str] = []
    together = error_rates.combined(found)
    reading = together.reading
    if reading is not None and reading.total and together.word is Word.UNSURE and not together.disagree:
        _, _, why = error_rates.said(reading, found.limit).partition(": ")
        told.append(why)
    told.extend(f"{r.source}: {rows.safe(r.note, 200)}" for r in found.rates if r.note and r.total)
    log = found.of(RateSource.ACCESS_LOG)
    if log is not None and (log.refused or log.closed):
        told.append(f"{log.refused} refused (401, 403, 404, 429), {log.closed} closed by clients")
    if found.p50 is not None and found.p95 is not None:
        times = f"p50 {numbers.milliseconds(found.p50, 'ms')}, p95 {numbers.milliseconds(found.p95, 'ms')}"
        told.append(f"response {times} ({found.timed_by.value if found.timed_by else ''})")
    if found.issues is not None:
        count = "an unknown number of" if found.issues.total is None else str(found.issues.total)
        titles = "; ".join(rows.safe(t, 80) for t in found.issues.titles[:2])
        told.append(f"{count} new errors {titles} {rows.safe(found.issues.note, 100)}".rstrip())
    return [row for text in told for row in rows.paragraph(f" {text}", cells, "dim", indent=1)]
