"""The rollback as it runs, what is uncertain about it, its verification, and what to do when it failed."""

from datetime import datetime, timedelta

from rich.cells import cell_len

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button
from tui.console.pages import posts, shared_rows
from tui.engine.incident.onlooker import Onlooker
from tui.model.health import ProbeOutcome
from tui.model.incident import Closing, Incident, Question, State, StepResult
from tui.model.outcome import describe
from tui.model.plan import Plan
from tui.model.verification import Verdict

_ABOVE = 4
"""rows above the steps at most, while they run"""
_BESIDE_NAME = 22
"""columns of a step beside its name: its sign, its time, and `exit 0`"""
_RESULTS = {
    StepResult.DONE: ("yes", "ok"),
    StepResult.REFUSED: ("no", "down"),
    StepResult.FAILED: ("no", "down"),
    StepResult.UNKNOWN: ("unknown", "warn"),
}
_ANSWERS = {ProbeOutcome.HEALTHY: "ok", ProbeOutcome.UNHEALTHY: "down", ProbeOutcome.UNREACHABLE: "warn"}
_VERDICTS = {
    Verdict.PASSED: ("yes", "ok"),
    Verdict.FAILED: ("no", "down"),
    Verdict.INCONCLUSIVE: ("unknown", "unknown"),
}


def view(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """Steps with elapsed against expected, then checks, then the question if there is one."""
    now = flow.console.engine.clock.now()
    content = shared_rows.trouble(flow, cells)
    content.extend(shared_rows.downtime(flow, incident, cells))
    content.extend(_state(flow, incident, now, cells))
    content.extend(_answers(flow, incident, cells))
    content.extend(posts.missing(flow, incident, cells))
    content.extend(posts.standing(flow, incident, cells))
    plan = incident.plan
    if incident.checks:
        content.extend(_checks(flow, incident, cells))
    if plan is not None:
        content.extend(_steps(flow, incident, plan, now, cells))
    if incident.state in (State.EXECUTING, State.STOPPED, State.UNCERTAIN, State.FAILED):
        room = max(1, flow.room - len(content) - (2 if incident.asking else 0))
        tail = [line for line in flow.heard if line.strip()][-room:]
        content.extend((("   " + flow.palette.sign("bar") + " ", "dim"), (line, "dim")) for line in tail)
    step = 5 if incident.state is State.VERIFYING else 4
    return View(
        key=f"run-{incident.plans}-{incident.asking}",
        title=shared_rows.title(flow, step, cells),
        rows=content,
        choices=_choices(flow, incident),
    )


def _state(flow: IncidentFlow, incident: Incident, now: datetime, cells: int) -> list[Row]:
    sign = flow.palette.sign
    passed = labels.countdown(now - incident.since)
    if incident.settling is not None:
        return [((f"{sign('run')} putting the host in order", "run"),)]
    match incident.state:
        case State.EXECUTING | State.STOPPED:
            whole = timedelta(seconds=incident.plan.expected) if incident.plan is not None else None
            expected = f" of about {labels.countdown(whole)}" if whole is not None else ""
            alone = "the host finishes what was sent by itself"
            if incident.plan is not None and not incident.plan.outlives:
                alone = "it dies with this console: stay until it has ended"
                if isinstance(flow.walk, Onlooker):
                    alone = "it dies with the console that leads it"
            return _timed(f"{passed}{expected}", f"rolling back; {alone}", cells, "run")
        case State.UNCERTAIN if incident.asking is None:
            told = "the host is asked what serves; nothing is sent again"
            return _timed(passed, f"UNCERTAIN: {told}", cells, "warn")
        case State.UNCERTAIN:
            said = "NOBODY KNOWS how it ended: the host did not say so in time. Look again, or look there by hand."
            text = f"{sign('down')} {said}"
            return rows.paragraph(text, cells, "down", indent=2)
        case State.VERIFYING if incident.asking is None:
            return _timed(passed, "verifying: is it healthy, and is it the release we sent?", cells, "run")
        case State.VERIFYING:
            look = "down" if incident.asking is Question.VERIFY_FAILED else "warn"
            said = "VERIFICATION FAILED" if look == "down" else "NOT PROVEN: something could not be measured"
            return [((f"{sign(look)} {said}", look),)]
        case _:
            text = f"{sign('down')} FAILED: {rows.safe(incident.failure or 'no reason was given', 600)}"
            return rows.paragraph(text, cells, "down", indent=2)


def _answers(flow: IncidentFlow, incident: Incident, cells: int) -> list[Row]:
    """How the service has answered since the word to go back, newest last; once it is known, since when it serves."""
    if said := shared_rows.serving_again(flow, incident):
        return said
    since = incident.confirmed_at
    if since is None or incident.asking is not None or incident.state is State.FAILED:
        return []
    came = [(labels.http(p), p.outcome) for p in flow.status.probes if p.at >= since]
    head = f"{flow.service.name} answers: "
    room = (cells - len(head)) // 4
    return [((head, ""), *((f"{word:<4}", _ANSWERS[seen]) for word, seen in came[-room:]))] if came else []


def _timed(passed: str, said: str, cells: int, look: str) -> list[Row]:
    """Since when, and what it means: whole, on as many rows as it takes."""
    first, *others = rows.wrap(said, cells - len(passed) - 1)
    return [((f"{passed} ", "bold"), (first, look)), *(((line, look),) for line in others)]


def _steps(flow: IncidentFlow, incident: Incident, plan: Plan, now: datetime, cells: int) -> list[Row]:
    found: list[Row] = []
    through = _through(incident, plan) if flow.room < len(plan.steps) + _ABOVE else 0
    if through > 1:
        spent = sum(((r.ended_at or now) - r.started_at).total_seconds() for r in incident.runs[:through])
        text = f"{through} steps before are done, {spent:.1f} s"
        found.append(((f" {flow.palette.sign('yes')} ", "ok"), (text, "dim")))
    longest = max((cell_len(step.title) for step in plan.steps), default=0)
    named = max(34, min(longest, cells - _BESIDE_NAME))
    for step in plan.steps[through if through > 1 else 0 :]:
        run = incident.run_of(step.id)
        name = rows.fit(step.title, named)
        if run is None:
            found.append(((f" {flow.palette.sign('dot')} {name}", "dim"),))
            continue
        took = (run.ended_at or now) - run.started_at
        seconds = f"{took.total_seconds():.1f} s" if run.ended_at else f"{took.total_seconds():.0f} s"
        expected = f" of ~{step.expected:.0f} s" if step.expected else ""
        if run.ended_at is None or run.result is None:
            found.append(((f" {flow.palette.sign('run')} {name} ", "run"), (seconds + expected, "bold")))
            continue
        sign, look = _RESULTS[run.result]
        end = describe(run.outcome) if run.outcome else ""
        if run.detail and end.endswith(run.detail):
            end = end.removesuffix(run.detail).rstrip(": ")  # the row below says it
        found.append(
            ((f" {flow.palette.sign(sign)} ", look), (f"{name} ", ""), (f"{seconds}  {rows.safe(end, 80)}", "dim"))
        )
        if run.detail:
            found.extend(rows.paragraph(f"     {rows.safe(run.detail, 400)}", cells, look, indent=5))
    return found


def _through(incident: Incident, plan: Plan) -> int:
    """How many steps from the first on are done and said nothing: where room is short they are told as one."""
    for number, step in enumerate(plan.steps):
        run = incident.run_of(step.id)
        if run is None or run.result is not StepResult.DONE or run.detail:
            return number
    return len(plan.steps)


def _checks(flow: IncidentFlow, incident: Incident, cells: int) -> list[Row]:
    found: list[Row] = []
    for check in incident.checks:
        sign, look = _VERDICTS[check.verdict]
        text = f" {flow.palette.sign(sign)} {check.verdict.value} {check.name}: {rows.safe(check.evidence, 400)}"
        found.extend(rows.paragraph(text, cells, look if check.verdict is not Verdict.PASSED else "", indent=4))
    return found


def _choices(flow: IncidentFlow, incident: Incident) -> list[Choice]:
    if incident.asking is None:
        return []
    again = button("again", "Look again", flow.doing("asking the host", flow.look_again))
    give_up = button(
        "give-up",
        "Close: not recovered",
        flow.doing("closing", lambda: flow.finish(Closing.NOT_RECOVERED, "not recovered, what now? ")),
    )
    other = button("other", "Another release", flow.doing("asking the host", flow.other_release))
    match incident.asking:
        case Question.OUTCOME_UNKNOWN:
            return [again, give_up]
        case Question.VERIFY_FAILED | Question.VERIFY_INCONCLUSIVE:
            watch = button("watch", "Watch it anyway", flow.doing("watching", flow.watch_anyway))
            return [again, other, *shared_rows.undo(flow, incident), watch, give_up]
        case _:
            ways = [c for c in shared_rows.ways_out(flow, incident) if c.id != "forward"]
            step = incident.plan.decisive if incident.plan is not None else None
            begun = step is not None and incident.run_of(step.id) is not None
            fallen = incident.latest is not None and not incident.latest.serving
            left = incident.plan.leaving if incident.plan is not None and fallen else None
            way_out = (
                [button("bring-back", f"Bring {left.name} back", flow.doing("planning", flow.bring_back))]
                if left is not None
                else []
            )
            return [*way_out, other, *([again] if begun else []), *ways, give_up]
