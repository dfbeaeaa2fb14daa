"""Rows that several pages share: which step it is, what went wrong, what else can be done."""

from datetime import datetime, timedelta

from tui.console.drawing import labels, rows
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Piece, Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, button
from tui.incident import step_budgets
from tui.incident import undo as undoing
from tui.incident.deploy_or_not import worded
from tui.model.errors import ConsoleError, JournalError
from tui.model.health import Health, Probe, ProbeOutcome
from tui.model.incident import Closing, Incident, Question, State
from tui.model.runbook_numbers import SeveritySpec
from tui.text import numbers

STEPS = ("severity", "confirm", "release", "plan", "roll back", "verify", "watch", "close")


def title(flow: IncidentFlow, step: int, cells: int) -> tuple[Piece, ...]:
    """Which service, and where in the walk; `step` counts from 0."""
    head: tuple[Piece, ...] = (("ROLL BACK ", "title"), (flow.service.name, "bold"), (" ", ""))
    if cells < 100:
        return (*head, (f"{step + 1}/{len(STEPS)} {STEPS[step]}", "focus"))
    steps: list[Piece] = []
    for position, name in enumerate(STEPS):
        steps.append((f" {position + 1} {name} ", "chosen" if position == step else "dim"))
    return (*head, *steps)


def busy_or_wrong(palette: Palette, busy: str, error: ConsoleError | None, cells: int) -> list[Row]:
    """Rows of what is being done, and of an error with what would help."""
    found: list[Row] = []
    if busy:
        found.append(((f"{palette.sign('run')} {busy}{palette.sign('more')}", "run"),))
    if error is not None:
        text = f"{palette.sign('down')} {rows.safe(error.message, 600)}"
        found.extend(rows.paragraph(text, cells, "down", indent=2))
        if error.fix:
            found.extend(rows.paragraph(f"  {rows.safe(error.fix, 300)}", cells, "", indent=2))
    return found


def trouble(flow: IncidentFlow, cells: int) -> list[Row]:
    """Rows of what is being done, of an error with what would help, and of a walk that cannot go on."""
    found = busy_or_wrong(flow.palette, flow.busy, flow.error, cells)
    found.extend(_over_budget(flow, cells))
    if flow.walk is not None and flow.walk.error is not None:
        stopped = flow.walk.error
        why = stopped.message if isinstance(stopped, ConsoleError) else f"{type(stopped).__name__}: {stopped}"
        text = f"{flow.palette.sign('down')} this console cannot go on: {rows.safe(why, 300)}"
        found.extend(rows.paragraph(text, cells, "down", indent=2))
        if isinstance(stopped, JournalError):
            words = f"its record is incomplete; what was sent goes on at the host. First: {stopped.fix}"
            found.extend(rows.paragraph(f"  {rows.safe(words, 300)}", cells, "", indent=2))
        found.append((("  restart the console and resume; nothing is sent twice", ""),))
    return found


def _over_budget(flow: IncidentFlow, cells: int) -> list[Row]:
    """A step that takes longer than the runbook gives it, and what the runbook wants then."""
    if flow.incident is None:
        return []
    engine = flow.console.engine
    spent = step_budgets.running(flow.incident, engine.fleet.budgets, engine.clock.now())
    if spent is None or not spent.over:
        return []
    return rows.paragraph(f"{flow.palette.sign('warn')} {spent.over}", cells, "warn", indent=2)


def health_rows(flow: IncidentFlow, now: datetime, cells: int) -> list[Row]:
    """The service's health: the word and since when first, the answer after it."""
    status = flow.status
    look, word = labels.LOOKS[status.health]
    last = status.last
    since = ""
    if status.bad_since is not None:
        least = "" if status.began_here else "at least "
        since = f" since {least}{labels.clock(status.bad_since)} ({worded(now - status.bad_since)})"
    if last is not None and (not since or status.health is Health.STALE):
        since += f" (seen {labels.age(now - last.at)} ago)"
    said = f"{flow.palette.sign(look)} {word}{since}: {labels.answered(last)}"
    found = rows.paragraph(said, cells, look if look != "ok" else "", indent=2)
    return [*found, *looks_apart(flow, cells), *about(flow, cells)]


_LOOKS = {ProbeOutcome.HEALTHY: "ok", ProbeOutcome.UNHEALTHY: "down", ProbeOutcome.UNREACHABLE: "warn"}


def looks_apart(flow: IncidentFlow, cells: int) -> list[Row]:
    """Each address that was asked beside others, on a row of its own."""
    last = flow.status.last
    found: list[Row] = []
    for one in last.parts if last is not None else ():
        look = _LOOKS[one.outcome]
        came = rows.safe(one.detail, 200) or labels.response(one)
        said = f"  {flow.palette.sign(look)} {rows.safe(one.url, 100)} {came}"
        found.extend(rows.paragraph(said, cells, look if look != "ok" else "dim", indent=4))
    return found


def about(flow: IncidentFlow, cells: int) -> list[Row]:
    """Who knows the service, and where to look, as far as services.yaml says."""
    service = flow.service
    said = [f"owner {rows.safe(service.owner, 80)}"] if service.owner else []
    links = flow.console.engine.fleet.links_of(service.name)
    said += [f"{rows.safe(name, 30)} {rows.safe(address, 200)}" for name, address in links]
    return [row for one in said for row in rows.paragraph(f"  {one}", cells, "dim", indent=4)]


def downtime(flow: IncidentFlow, incident: Incident, cells: int) -> list[Row]:
    """The clock of a service that does not answer because it is being replaced, and afterwards how long it was."""
    since, until = incident.down_since, incident.down_until
    if since is None:
        return []
    if until is not None:
        down = numbers.whole_seconds((until - since).total_seconds())
        return [((f"It did not answer for {down} while it was replaced.", "dim"),)]
    plan, passed = incident.plan, flow.console.engine.clock.now() - since
    planned = plan.downtime if plan is not None else None
    usual = f" (usually {planned[0]:.0f}-{planned[1]:.0f} s)" if planned else ""
    serves = "nothing serves" if incident.state is State.FAILED else "the target is being started"
    # what was planned and takes as long as planned is no trouble
    calm = planned is not None and passed.total_seconds() <= planned[1] and incident.state is not State.FAILED
    look, word = ("run", "Stopped") if calm else ("down", "DOWN")
    said = f"{flow.palette.sign(look)} {word} {labels.countdown(passed)}{usual}: {serves}"
    return rows.paragraph(said, cells, look, indent=2)


def serving_again(flow: IncidentFlow, incident: Incident) -> list[Row]:
    """When the service answered again after the word to go back, once that is known."""
    said = step_budgets.serving_again(incident)
    return [((f"{flow.palette.sign('yes')} {said}", "ok"),)] if said else []


def clock_of(spec: SeveritySpec, since: datetime, now: datetime, *, brief: bool = False) -> Piece:
    """The runbook's response time as a running clock; `brief`: the clock alone."""
    if spec.respond_within is None:
        return (spec.response, "dim")
    if spec.at_once:
        return (f"{'' if brief else f'{spec.response}; '}running {labels.countdown(now - since)}", "down")
    left, given = since + spec.respond_within - now, "" if brief else f"{spec.response}: "
    if left <= timedelta(0):
        return (f"{given}over by {labels.countdown(-left)}", "down")
    return (f"{given}{labels.countdown(left)} left", "warn")


def response_before(probes: tuple[Probe, ...], before: datetime) -> float | None:
    """Median response time of the healthy looks before that moment, in seconds; None without any."""
    times = sorted(
        p.seconds for p in probes if p.outcome is ProbeOutcome.HEALTHY and p.seconds is not None and p.at < before
    )
    return times[len(times) // 2] if times else None


def undo(flow: IncidentFlow, incident: Incident, *, brief: bool = False) -> list[Choice]:
    """Forward again to what the incident left, where there is something to undo."""
    if incident.plan is None or not undoing.changed(incident):
        return []
    to = f" to {incident.plan.leaving.name}" if incident.plans == 1 else ""
    label = "Undo" if brief else f"Undo: forward again{to}"
    return [button("undo", label, lambda: flow.console.jobs.undo(incident))]


def ways_out(flow: IncidentFlow, incident: Incident) -> list[Choice]:
    """Choices that there are at every step instead of going on; each asks for its reason."""
    busy = _not_now(incident)
    before = incident.asking in (Question.TARGET, Question.CONFIRM, Question.WHAT_NEXT)
    length = flow.console.engine.fleet.watch_of(flow.service.name).after_clean_deploy
    return [
        button(
            "monitor",
            f"Monitor only ({numbers.length(length)})",
            flow.doing("watching", flow.monitor),
            off=busy or ("" if before else "the release was changed already"),
        ),
        button(
            "forward",
            "Fix forward",
            flow.doing("closing", lambda: flow.finish(Closing.FIXED_FORWARD, "fixed forward how? ")),
            off=busy,
        ),
        button(
            "abort",
            "Abort",
            flow.doing("closing", lambda: flow.finish(Closing.ABORTED, "abort, why? ")),
            off=busy,
        ),
    ]


def _not_now(incident: Incident) -> str:
    if incident.settling is not None:
        return "it is being closed"
    if not incident.open:
        return "it is closed"
    if incident.asking is None and incident.state is not State.WATCHING:
        return f"not while it is {incident.state.value}: what was sent goes on at the host"
    return ""
