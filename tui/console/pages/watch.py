"""The watch: how long it still lasts, how much of it was seen, and what was seen."""

from datetime import timedelta

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button
from tui.console.pages import charts, evidence, posts, shared_rows
from tui.incident import watch as watching
from tui.model.incident import Closing, Incident, Question, Watch, WatchKind
from tui.text import numbers

_BAR = 30
ROOM_FOR_CHART = 10
"""rows of a page from which on the watch is a picture"""


def view(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """The countdown runs to a moment on the clock: it goes on whether or not anybody looks."""
    watch = incident.watch
    if watch is None:
        raise ValueError("watching without a watch")
    now = flow.console.engine.clock.now()
    content: list[Row] = []
    if incident.settling is not None:
        content.append(((f"{flow.palette.sign('run')} putting the host in order", "run"),))
    content.append(countdown(flow, watch))
    content.extend(shared_rows.trouble(flow, cells))
    if incident.asking is not None:
        said = incident.failure or "the watch ended without a verdict"
        look = "down" if incident.asking is Question.WATCH_BREACHED else "warn"
        text = f"{flow.palette.sign(look)} {'ALARM: ' if look == 'down' else ''}{rows.safe(said, 400)}"
        content.extend(rows.paragraph(text, cells, look, indent=2))
    content.extend(posts.missing(flow, incident, cells))
    drawn = charts.of_watch(flow, incident, watch, cells) if flow.room >= ROOM_FOR_CHART else []
    content.extend(looks(flow, incident, watch, cells, charted=bool(drawn) or flow.charted))
    content.extend(evidence.of_watch(flow, incident, cells))
    content.extend(drawn)
    content.extend(shared_rows.downtime(flow, incident, cells))
    content.extend(shared_rows.serving_again(flow, incident))
    if watch.kind is WatchKind.AFTER_CLEAN_DEPLOY:
        content.append((("Nothing was changed: this watches the deploy as it is.", "dim"),))
    elif incident.plan is not None:
        kept = f"{incident.plan.leaving.name} {flow.palette.sign('arrow')} {incident.plan.target.name}"
        told = f"{kept}; what runs is asked of the host with every look"
        content.extend(rows.paragraph(told, cells, "dim", indent=2))
    content.extend(posts.standing(flow, incident, cells))
    left = watch.deadline - now
    content.append(((f"Ends {labels.clock(watch.deadline)}; closing this panel changes nothing.", "dim"),))
    return View(
        key=f"watch-{incident.asking}",
        title=shared_rows.title(flow, 6, cells),
        rows=content,
        choices=_choices(flow, incident, watch, left, brief=cells < 66),
    )


def countdown(flow: IncidentFlow, watch: Watch) -> Row:
    """The part that changes every second comes first: fewer bytes, and the eye finds it."""
    now = flow.console.engine.clock.now()
    left = max(timedelta(0), watch.deadline - now)
    whole = (watch.deadline - watch.opened_at).total_seconds()
    done = 1 - left.total_seconds() / whole if whole > 0 else 1.0
    full = min(_BAR, int(done * _BAR))
    bar = flow.palette.sign("full") * full + flow.palette.sign("empty") * (_BAR - full)
    seen = watching.seen(watch, now)
    return (
        (f"{labels.countdown(left):>6} ", "bold"),
        ("left ", ""),
        (bar, "run"),
        (f"  observed {numbers.seen(seen)}", "" if seen >= 0.9 else "warn"),
    )


def looks(flow: IncidentFlow, incident: Incident, watch: Watch, cells: int, *, charted: bool) -> list[Row]:
    """The looks of this watch in numbers; without a chart the latest response times as one row."""
    status = flow.status
    look, word = labels.LOOKS[status.health]
    before = shared_rows.response_before(status.probes, incident.opened_at)
    what = "deploy" if incident.guarding else "incident"
    compared = f" (before the {what} {numbers.milliseconds(before, 'ms')})" if before is not None else ""
    last = status.last
    found: list[Row] = [
        (
            (f"{flow.palette.sign(look)} {word} ", look),
            (f"{labels.answered(last, brief=True)}{compared}", ""),
        ),
        (
            (f"healthy {watch.healthy}  ", "ok" if watch.healthy else ""),
            (f"unhealthy {watch.unhealthy}  ", "down" if watch.unhealthy else ""),
            (f"not measured {watch.unmeasured}  ", "warn" if watch.unmeasured else ""),
            (f"slowest {numbers.milliseconds(watch.slowest, 'ms')}" if watch.slowest else "", "dim"),
        ),
    ]
    found += [*shared_rows.looks_apart(flow, cells), *shared_rows.about(flow, cells)]
    if charted:
        return [*found, *_noted(flow, watch, cells)]
    room = max(1, min(_BAR * 2, cells - len("response  up to 99999ms")))
    times = [p.seconds for p in status.probes if p.seconds is not None][-room:]
    if len(times) > 1:
        slowest = max(times)
        line = "".join(flow.palette.spark(t / slowest if slowest else 0.0) for t in times)
        found.append(((f"response {line} ", "dim"), (f"up to {numbers.milliseconds(slowest, 'ms')}", "dim")))
    return [*found, *_noted(flow, watch, cells)]


def _noted(flow: IncidentFlow, watch: Watch, cells: int) -> list[Row]:
    """The notes of the looks, newest last, and how many in a row were bad."""
    found: list[Row] = []
    for at, note in watch.notes[-2:]:
        text = f"{flow.palette.sign('warn')} {labels.clock(at)} {rows.safe(note, 200)}"
        found.extend(rows.paragraph(text, cells, "warn"))
    if watch.in_a_row:
        found.append(((f"{watch.in_a_row} unhealthy in a row", "down"),))
    return found


def _choices(flow: IncidentFlow, incident: Incident, watch: Watch, left: timedelta, *, brief: bool) -> list[Choice]:
    if incident.settling is not None:
        return []
    recovered = _end(flow, "recovered", Closing.RECOVERED, "ended early, why? ")
    not_recovered = _end(flow, "not recovered", Closing.NOT_RECOVERED, "not recovered, what now? ")
    if incident.asking is not None:
        other = button("other", "Another release", flow.doing("asking the host", flow.other_release))
        five = flow.doing("watching", lambda: flow.extend(timedelta(minutes=5)))
        more = button("more", "Go on watching 5 min", five, recorded=True)
        return [other, more, recovered, not_recovered, *shared_rows.undo(flow, incident, brief=brief)]
    extend = _extend(flow, watch, left)
    if watch.kind is WatchKind.AFTER_CLEAN_DEPLOY:
        return [extend, _end(flow, "false alarm", Closing.FALSE_ALARM, "ended early, why? "), not_recovered]
    return [extend, recovered, not_recovered, *shared_rows.undo(flow, incident, brief=brief)]


def _end(flow: IncidentFlow, word: str, closing: Closing, question: str) -> Choice:
    ending = flow.doing("closing", lambda: flow.finish(closing, question))
    return button(word.replace(" ", "-"), f"End it: {word}", ending)


def _extend(flow: IncidentFlow, watch: Watch, left: timedelta) -> Choice:
    longest = flow.console.engine.fleet.watch_of(flow.service.name).longest
    extra = watch.opened_at + longest - watch.deadline
    possible = extra > timedelta(0) and left + extra > timedelta(0)
    return button(
        "extend",
        f"Watch to {numbers.length(longest)}",
        flow.doing("extending", lambda: flow.extend(extra)),
        off="" if possible else f"{numbers.length(longest)} is the longest",
        recorded=True,
    )
