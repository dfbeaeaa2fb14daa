"""Error rate and response time over the incident's time, as columns; from the same numbers as the rest.

A column in which nothing was measured is empty, and has no axis below it: nothing seen is not nothing wrong.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from tui.incident import events as ev
from tui.incident.postmortem.rates import OF_USERS_FIRST
from tui.incident.postmortem.record import Record, percent
from tui.model.evidence import Rate, RateSource
from tui.model.postmortem import Chart, Column, Moment
from tui.text import numbers
from tui.text.axis import Axis, scale

CELLS = 60
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_HEIGHT = 2
"""rows of a chart of text"""
ERROR_RATE, RESPONSE = "error_rate", "response_time"


def drawn(record: Record, milestones: Sequence[Moment], limit: float) -> tuple[Chart, ...]:
    """The charts for which something was measured. `limit` is the error rate, a fraction, that is too much."""
    found = (_rates(record, milestones, limit), _answers(record, milestones))
    return tuple(chart for chart in found if chart is not None)


def _rates(record: Record, milestones: Sequence[Moment], limit: float) -> Chart | None:
    """Failed requests by the source that is believed first of those that counted."""
    counted: dict[RateSource, list[Rate]] = {}
    for _, measured in record.all(ev.Measured):
        for rate in measured.measurement.rates:
            if rate.failed is not None and rate.total:
                counted.setdefault(rate.source, []).append(rate)
    source = next((one for one in OF_USERS_FIRST if one in counted), None)
    if source is None:
        return None
    rates = sorted(counted[source], key=lambda rate: rate.until)
    axis = _axis([rates[0].since, rates[-1].until], milestones)
    if axis is None:
        return None
    values: list[float | None] = [None] * axis.cells
    before: datetime | None = None
    for rate in rates:
        # a window tells of the time since the one before it; where windows do not touch, of itself alone
        first = axis.place(max(rate.since, before) if before is not None else rate.since)
        last = axis.place(rate.until)
        share = min(1.0, (rate.failed or 0) / rate.total) if rate.total else 0.0
        if first is not None and last is not None:
            values[first : last + 1] = [share] * (last + 1 - first)
        before = rate.until
    return Chart(
        name=ERROR_RATE,
        title=f"failed requests, {source.value}",
        begin=axis.begin,
        end=axis.end,
        columns=tuple(Column(value=v, bad=v is not None and v > limit) for v in values),
        top=scale(values, limit),
        limit=limit,
        marks=_marks(axis, milestones),
    )


def _answers(record: Record, milestones: Sequence[Moment]) -> Chart | None:
    """How long the watch's looks took; of a column the slowest."""
    looks = [told.sample for _, told in record.all(ev.HealthSampled)]
    if not any(look.seconds is not None for look in looks):
        return None
    axis = _axis([look.at for look in looks], milestones)
    if axis is None:
        return None
    columns = [Column(value=None)] * axis.cells
    for look in looks:
        cell = axis.place(look.at)
        if cell is None or look.seconds is None:
            continue
        now = columns[cell]
        columns[cell] = Column(value=max(now.value or 0.0, look.seconds), bad=now.bad or look.healthy is False)
    return Chart(
        name=RESPONSE,
        title="response time of our looks",
        begin=axis.begin,
        end=axis.end,
        columns=tuple(columns),
        top=scale([one.value for one in columns], 0.0),
        marks=_marks(axis, milestones),
    )


def _axis(measured: Iterable[datetime], milestones: Sequence[Moment]) -> Axis | None:
    """From the first thing that is known of the trouble to the last; a deploy long before would press all together.
    None where that is one moment only."""
    times = [*measured, *(m.at for m in milestones[1:] if m.at is not None)]
    return Axis(min(times), max(times), CELLS) if min(times) < max(times) else None


def _marks(axis: Axis, milestones: Sequence[Moment]) -> tuple[Moment, ...]:
    return tuple(m for m in milestones if m.at is not None and axis.place(m.at) is not None)


# ── as text ──────────────────────────────────────────────────────────────────────────────────────────────────────


def text(charts: Sequence[Chart]) -> str:
    """The charts in the signs of the console, for a fixed-width font."""
    return "\n\n".join("\n".join(line.rstrip() for line in _lines(chart)) for chart in charts)


def words(chart: Chart) -> str:
    """The chart's title with its scale."""
    limit = f", limit {percent(chart.limit)}" if chart.limit is not None else ""
    return f"{chart.title}: top {value(chart, chart.top)}{limit}"


def value(chart: Chart, number: float) -> str:
    """A value of that chart, with its unit."""
    return percent(number) if chart.name == ERROR_RATE else numbers.milliseconds(number)


def span(chart: Chart) -> str:
    """The chart's time."""
    return f"{chart.begin.astimezone(UTC):%H:%M:%S} to {chart.end.astimezone(UTC):%H:%M:%S} UTC"


def _lines(chart: Chart) -> Iterable[str]:
    yield words(chart)
    for level in reversed(range(_HEIGHT)):
        yield "  " + "".join(_cell(one, chart.top, level) for one in chart.columns)
    axis = Axis(chart.begin, chart.end, len(chart.columns))
    ground = ["─" if one.value is not None else " " for one in chart.columns]
    for mark in chart.marks:
        if mark.at is not None and (place := axis.place(mark.at)) is not None:
            ground[place] = mark.name[0]
    yield "  " + "".join(ground)
    told = [f"{m.name[0]} {m.name.lower()} {m.at.astimezone(UTC):%H:%M:%S}" for m in chart.marks if m.at is not None]
    yield "  " + " · ".join([span(chart), *told])


def _cell(one: Column, top: float, level: int) -> str:
    if one.value is None:
        return " "
    filled = min(1.0, one.value / top) * _HEIGHT - level
    least = 1 if level == 0 else 0  # measured and nothing wrong is seen as well
    return _EIGHTHS[max(least, min(8, round(filled * 8)))]
