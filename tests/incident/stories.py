"""Incidents as a journal would tell them: pairs of kind and payload, one command with its end among the events."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from tests.incident.facts import current, landed, later, plan
from tui.incident import events as ev
from tui.incident.postmortem import record
from tui.incident.postmortem.record import Record
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.incident import Closing, Sample, StepResult
from tui.model.notice import Delivery, Milestone
from tui.model.observation import RunningState
from tui.model.outcome import Exited
from tui.model.plan import Plan
from tui.model.release import Release
from tui.model.trail import Sent
from tui.model.verification import Check, Verdict

Said = ev.Event | Sent


def journal(said: Iterable[Said]) -> list[tuple[str, str]]:
    """As the journal stores it."""
    return [
        ("command", msgspec.json.encode(one).decode()) if isinstance(one, Sent) else ("event", ev.encode(one))
        for one in said
    ]


def read(said: Iterable[Said]) -> Record:
    """The record of these entries."""
    return record.read(journal(said))


def opened(at: datetime | None = None, *, by: str = "me@box", reason: str = "") -> ev.Opened:
    return ev.Opened(at=at or later(0), incident="inc1", service="api", app="cyc", host="h", by=by, reason=reason)


def made(number: int = 1) -> Plan:
    """A plan whose releases say what they are."""
    target = Release(app="cyc", number=4, holder="cyc--r4", commit="a" * 40, subject="Store thumbnails by key")
    leaving = Release(app="cyc", commit="b" * 40, running=True, subject="Cache every page")
    return replace(plan(), attempt=f"inc1.{number}", target=target, leaving=leaving, before=_before())


def _before() -> RunningState:
    seen = current(at=later(100))
    return replace(seen, containers=(replace(seen.containers[0], started_at=later(-720)),))


def command(at: datetime, *argv: str, seconds: float | None = 2.5) -> tuple[Said, ...]:
    """Intent and end; without an end where `seconds` is None."""
    intent = Sent(at=at, host="h", argv=argv, writes=True, incident="inc1")
    return (intent,) if seconds is None else (intent, replace(intent, outcome=Exited(code=0), seconds=seconds))


def measured(
    at: datetime, phase: Phase, failed: int | None, total: int | None, source: RateSource = RateSource.ACCESS_LOG
) -> ev.Measured:
    since = at - timedelta(minutes=5)
    note = "" if failed is not None else "no token"
    rate = Rate(source=source, since=since, until=at, failed=failed, total=total, note=note)
    return ev.Measured(at=at, measurement=Measurement(at=at, phase=phase, rates=(rate,), p50=0.042, p95=0.118))


def checked(at: datetime, verdict: Verdict = Verdict.PASSED) -> ev.ChecksDone:
    return ev.ChecksDone(at=at, checks=(Check(name="health", verdict=verdict, evidence="3 of 3 healthy in a row"),))


def steps(at: datetime, of: Plan) -> list[Said]:
    """Every step of the plan, done; the push proven by a look."""
    found: list[Said] = []
    for position, step in enumerate(of.steps):
        began = at + timedelta(seconds=4 * position)
        found.append(ev.StepStarted(at=began, step=step.id))
        found.extend(command(began, *step.argv))
        ended = began + timedelta(seconds=3)
        found.append(ev.StepEnded(at=ended, step=step.id, outcome=Exited(code=0), result=StepResult.DONE))
        if step.id == "push":
            found.append(ev.Observed(at=ended, current=_landed(ended, of)))
    return found


def whole() -> list[Said]:
    """Found by a check two minutes before anybody opened it, rolled back with some downtime, watched, told."""
    of = made()
    push = later(314)
    done = steps(later(310), of)
    down: list[Said] = [ev.WentDown(at=push + timedelta(seconds=1), what="the host stops what runs")]
    at = next(i for i, one in enumerate(done) if isinstance(one, ev.StepEnded) and one.step == "push")
    return [
        opened(reason="orders fail"),
        ev.SeverityChosen(at=later(2), level="P1"),
        ev.Answered(at=later(4), node="healthy", answer=False, evidence="health down, HTTP 503", since=later(-120)),
        measured(later(60), Phase.BEFORE, 12, 200),
        ev.PlanMade(at=later(120), plan=of),
        ev.Confirmed(at=later(300), by="me@box", watch=timedelta(minutes=15)),
        *done[:at],
        *down,
        ev.CameUp(at=push + timedelta(seconds=13, milliseconds=400)),
        *done[at:],
        checked(later(340)),
        *watch(later(340), 900),
        measured(later(1200), Phase.AFTER, 0, 1800),
        ev.DeliveryRecorded(at=later(1210), delivery=told(later(1210), "ticket", Milestone.STARTED)),
        ev.WatchTimerFired(at=later(1241)),
        ev.Settled(at=later(1244), left_over=("deploys of cyc are frozen until `rollback unfreeze api`",)),
    ]


def _landed(at: datetime, of: Plan) -> RunningState:
    """The plan's own attempt serves."""
    seen = landed(at)
    return replace(seen, containers=tuple(replace(c, attempt=of.attempt) for c in seen.containers))


def watch(since: datetime, seconds: int, healthy: bool | None = True, every: int = 10) -> list[Said]:
    """Looks of a watch."""
    stamps = [since + timedelta(seconds=n) for n in range(every, seconds + 1, every)]
    return [ev.HealthSampled(at=at, sample=Sample(at=at, healthy=healthy, seconds=0.044)) for at in stamps]


def told(at: datetime, channel: str, milestone: Milestone, *, delivered: bool = True) -> Delivery:
    link = "https://github.com/acme/ops/issues/7" if channel == "ticket" else None
    return Delivery(milestone=milestone, channel=channel, at=at, delivered=delivered, link=link)


def closed(at: datetime, how: Closing, reason: str = "because") -> list[Said]:
    """A person closes it."""
    asked = ev.CloseAsked(at=at, closing=how, reason=reason)
    return [asked, ev.Settled(at=at + timedelta(seconds=1))]


def without(said: Sequence[Said], *kinds: type) -> list[Said]:
    """The story without entries of these kinds."""
    return [one for one in said if not isinstance(one, kinds)]
