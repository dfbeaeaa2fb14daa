"""Every page of the console, brought about without a network: a fleet in memory, its quarter of an hour, its incident.

A scene is a name and what to do with a freshly started console until the page stands. Time stands still at `NOW`, so
that a picture of a scene is always the same. Incidents are folded from events, as the journal would tell of them.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from msgspec.structs import replace
from textual.pilot import Pilot

from tests.incident.facts import T0
from tests.stage import COMMITS, HandClock, StageEngine, current, fleet, listing, probe, release, service
from tui.console.app import ConsoleApp
from tui.console.controller import ConsoleController
from tui.console.drawing.palette import Palette
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Page
from tui.console.pages.all_services import Everything
from tui.console.pages.go_forward import Forward
from tui.console.pages.incident_page import IncidentPage
from tui.console.pages.postmortem import PostMortemPage
from tui.console.pages.resume import Resume
from tui.console.pages.unfreeze import Unfreeze
from tui.dokku import holders as kept_names
from tui.dokku.reports import Checks
from tui.drivers.git import Git
from tui.drivers.journal import Waiting
from tui.engine.all_services import Batch, Prepared
from tui.engine.hosts.gate import Sent
from tui.engine.incident.runner import IncidentRunner
from tui.engine.monitor import log_follower
from tui.engine.ports import JournalPort
from tui.engine.releases.catalog import Listing
from tui.engine.releases.freeze import TeamBranch, Unfrozen
from tui.incident import events as ev
from tui.incident.decide import fold
from tui.model.evidence import Measurement, Phase, Rate, RateSource
from tui.model.guard import GuardedDeploy, OnBreach
from tui.model.health import Probe, ProbeOutcome
from tui.model.history import Commit
from tui.model.incident import Closing, Group, Incident, Sample, StepResult
from tui.model.notice import Delivery, Message, Milestone, OnCall, Receipt
from tui.model.outcome import Exited, Lost
from tui.model.plan import CheckResult, Plan, PlanWarning, PreflightCheck, StepKind, WarningLevel
from tui.model.release import WayBack
from tui.model.service import Service
from tui.model.taken_back import ChangeKind, Happened, TakenBack
from tui.model.verification import Check, Verdict
from tui.ways import kept
from tui.ways.facts import Facts, Options
from tui.ways.plan import with_commit
from tui.ways.stop_first import Stopping

NOW = T0
API = service("api", order=1)
WEB = service("web", order=2)
BILLING = service("billing", order=3, downtime=True)
WORKER = service("worker", order=4, health=False)
CHECKED = tuple(
    PreflightCheck(name=name, standing=standing, text="")
    for name, standing in (
        ("host", CheckResult.OK),
        ("nobody else's", CheckResult.OK),
        ("no deploy", CheckResult.OK),
        ("way back", CheckResult.OK),
        ("disk", CheckResult.UNKNOWN),
        ("processes", CheckResult.OK),
        ("migrations", CheckResult.OK),
        ("config", CheckResult.WARNING),
        ("unchanged", CheckResult.OK),
    )
)
TAKEN = TakenBack(
    commits=tuple(
        Commit(id=f"{n}" * 40, parent=None, subject=subject, author=author, at=NOW - timedelta(minutes=20 * n))
        for n, subject, author in ((5, "Cache every page, all of them", "Chen Li"), (6, "Count pages", "Ada Lovelace"))
    ),
    commit_count=2,
    files=("app/cache.py", "app/pages.py", "tests/test_cache.py"),
    file_count=3,
    config_changed=("REDIS_URL",),
    since=NOW - timedelta(hours=6),
    nearby=(
        Happened(at=NOW - timedelta(minutes=3), kind=ChangeKind.DEPLOY, service="web", text="web deployed 1f2e3d4c5"),
        Happened(at=NOW - timedelta(minutes=11), kind=ChangeKind.FLAG, service="", text="flag new-cache updated"),
        Happened(at=NOW - timedelta(hours=2), kind=ChangeKind.CONFIG, service="billing", text="config of billing: X"),
    ),
    gaps=("worker (not looked at from here lately)",),
)
STOPPING = Stopping(before=("none", "none"), now=Checks(disabled="none", skipped="none"))
INCIDENT = "inc-20261123-2152-a1b2"
BY = "tired@bastion"
LOG = b"".join(
    f"{NOW - timedelta(seconds=90 - n * 3):%Y-%m-%dT%H:%M:%S}.000000000Z app[web.1]: {text}\n".encode()
    for n, text in enumerate(
        [
            "GET /health 200 3ms",
            "GET /api/v1/orders?page=2&sort=created_at 200 41ms",
            "redis: connection pool exhausted, waiting for a free connection (12 of 12 in use)",
            "ERROR cache: could not write key orders:page:2: OOM command not allowed when used memory > 'maxmemory'",
            "GET /api/v1/orders 503 5002ms",
        ]
        * 6
    )
)


def rate(source: RateSource, failed: int | None, total: int | None, seconds: float, **more: object) -> Rate:
    values = {"since": NOW - timedelta(seconds=seconds), "until": NOW, "failed": failed, "total": total, **more}
    return Rate(source=source, **values)  # type: ignore[arg-type]


RATES = (
    rate(RateSource.ACCESS_LOG, 34, 1190, 480, lag=1.0, excluded=96, refused=21, closed=2, covered=1.0),
    rate(RateSource.PROBES, 3, 96, 480, lag=0.0),
    rate(RateSource.SENTRY, None, None, 480, note="no answer within 8 s"),
)
"""what was counted since the console was opened"""


# ── the stage ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Scene:
    """A console that has just started, on the fleet of this file."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[int], engine: StageEngine) -> None:
        self.app, self.pilot, self.engine = app, pilot, engine

    @property
    def controller(self) -> ConsoleController:
        assert self.app.controller is not None
        return self.app.controller

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until it is so."""
        for _ in range(2000):
            if condition():
                return
            await self.pilot.pause(0.005)
        raise AssertionError(f"never {what}:\n{self.app.export_text()}")

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal this size, and wait until the screen has it."""
        await self.pilot.resize_terminal(width, height)
        await self.until(lambda: self.app.screen.size == (width, height), "resized")

    async def lead(self, *events: ev.Event, of: Service = API) -> IncidentFlow:
        """An incident that these events have brought where it is, with its page open."""
        flow = IncidentFlow(self.controller, of, self.walk(*events))
        self.controller.flows[of.name] = flow
        with self.app.keyboard.pressed():
            self.app.select(of.name)
            self.app.open_page(IncidentPage(flow))
        await self.controller.read_timeline(of.name)
        await self.log_shown()
        return flow

    async def press_without_and_with_an_incident(self, key: str) -> None:
        """Press a key about an incident: without one the console says so; then it is pressed with one that is over."""
        await self.pilot.press(key)
        await self.until(lambda: "the journal has no incident yet" in self.app.export_text(), "said")
        await self.lead(*closed())
        await self.pilot.press("escape")
        await self.pilot.press(key)

    def show(self, page: Page) -> None:
        """Open this page as a key would."""
        with self.app.keyboard.pressed():
            self.app.open_page(page)

    async def log_shown(self) -> None:
        """Wait for the log of the service at the cursor, where there is a place for it."""
        app = self.app
        if "logs" not in app.frame.panels.boxes(app.size):
            return

        logs = app.frame.logs
        await self.until(lambda: logs.follower is not None and len(logs.follower.ring) > 0, "having the log")

        def shown() -> bool:
            app._draw()
            logs.draw()  # which else waits for its own rhythm
            text = app.export_text()
            return f"LOGS {app.frame.board.selected}" in text and " 0 kept" not in text

        await self.until(shown, "showing the log")

    def walk(self, *events: ev.Event) -> IncidentRunner:
        """A walk that stands where these events have brought it; nothing of it goes on."""
        incident = fold(events)
        journal = self.engine.journal
        rows = getattr(journal, "rows")  # noqa: B009 - the stage's own journal
        rows.extend((incident.id, "event", ev.encode(event)) for event in events)
        return IncidentRunner(incident, journal, self.engine.clock, self.engine._handler(None))

    async def settle(self) -> str:
        """Draw everything that is known, and say what stands on the screen."""
        before = ""
        for _ in range(200):
            self.app._draw()
            await self.pilot.pause()
            now = self.app.export_text()
            if now == before:
                return now
            before = now
        raise AssertionError(f"the screen does not come to rest:\n{before}")


def history(of: Service, *, bad_from: datetime | None = None, bad_until: datetime = NOW) -> deque[Probe]:
    """A quarter of an hour of looks, every five seconds."""
    found: deque[Probe] = deque()
    for n in range(180):
        at = NOW - timedelta(seconds=2 + 5 * (179 - n))
        bad = bad_from is not None and bad_from <= at < bad_until
        seconds = 5.002 if bad else 0.038 + 0.001 * (n % 9)
        found.append(probe(of, at, ProbeOutcome.UNHEALTHY if bad else ProbeOutcome.HEALTHY, seconds=seconds))
    return found


def console(state: Path, engine: StageEngine, palette: Palette) -> ConsoleApp:
    """The real application over the stage."""
    return ConsoleApp(
        lambda _: engine, palette=palette, watch_for=timedelta(minutes=15), exports=state / "exports", copy_out=None
    )


def stage_engine(*, read_only: bool = False, well_for: float = 0, journal: JournalPort | None = None) -> StageEngine:
    """The fleet with what was seen of it: the API went down nine minutes ago, and is well again for so many seconds."""
    engine = StageEngine(fleet(API, WEB, BILLING, WORKER), HandClock(NOW), read_only=read_only, journal=journal)
    engine.log_lines = LOG
    past = {
        "api": history(API, bad_from=NOW - timedelta(minutes=9), bad_until=NOW - timedelta(seconds=well_for)),
        "web": history(WEB),
        "billing": history(BILLING),
    }

    async def seen(of: Service) -> Probe:
        return past[of.name].popleft() if past[of.name] else probe(of, NOW)

    async def listed(of: Service) -> Listing:
        found = listing(of, NOW - timedelta(seconds=20))
        if of is not API:
            return found
        running, previous, *older = found.releases
        marked = replace(older[0], bad="leaks memory until it is killed (tired@bastion, 3 days ago)")
        gone = release(API, 1, ways=(WayBack(way="kept", available=False, reason="its image is gone from the host"),))
        return replace(found, releases=(running, previous, marked, *older[1:], gone))

    engine.health, engine.releases = seen, listed
    engine.evidence.given["api"] = RATES  # type: ignore[attr-defined]
    bad, good, now = timedelta(minutes=-9), timedelta(seconds=-well_for), timedelta(0)
    engine.evidence.drawn = (  # type: ignore[attr-defined]
        (timedelta(minutes=-13), bad, 0, 50, 0.04),
        (bad, (bad + good) / 2, 3, 50, 0.19),
        ((bad + good) / 2, good, 9, 50, 0.24),
        (good, now, 0, 50, 0.046),
    )
    return engine


@asynccontextmanager
async def started(
    state: Path,
    size: tuple[int, int],
    *,
    palette: Palette | None = None,
    read_only: bool = False,
    well_for: float = 0,
    journal: JournalPort | None = None,
) -> AsyncIterator[Scene]:
    """The console, with everything read that it reads at start."""
    engine = stage_engine(read_only=read_only, well_for=well_for, journal=journal)
    app = console(state, engine, palette or Palette())
    # the stage says all of a log at once: nobody has to wait for a silence after it
    with mock.patch.object(log_follower, "QUIET", 0.0):
        async with app.run_test(size=size) as pilot:
            scene = Scene(app, pilot, engine)
            await ready(scene)
            try:
                yield scene
            finally:
                await app.shut()


async def ready(scene: Scene) -> None:
    """Everything is read: releases, a quarter of an hour of health, the log."""
    app = scene.app
    await scene.until(lambda: app.controller is not None, "started")
    board = scene.controller.board
    await scene.until(lambda: all(s.listing for s in board.statuses()), "listed")
    for name in ("api", "web", "billing"):
        while board.status(name).last is None or board.status(name).last.at < NOW - timedelta(seconds=2):  # type: ignore[union-attr]
            await board.look(name)
    await scene.log_shown()
    await scene.settle()


# ── the incident's events ────────────────────────────────────────────────────────────────────────────────────────────


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def opened(of: Service = API, seconds: float = 480) -> tuple[ev.Event, ...]:
    """Somebody looks at it."""
    return (
        ev.Opened(at=ago(seconds), incident=INCIDENT, service=of.name, app=of.app, host="main", by=BY),
        ev.SeverityChosen(at=ago(seconds - 1), level="P1"),
    )


def confirmed_down() -> tuple[ev.Event, ...]:
    """The tree was answered by what was measured."""
    return (*opened(), ev.Answered(at=ago(478), node="healthy", answer=False, evidence="health down, HTTP 503"))


def plan(of: Service = API, *cautions: PlanWarning) -> Plan:
    """The plan that the way of the kept images makes."""
    running, target = listing(of, NOW).releases[:2]
    facts = Facts(
        service=of,
        host=fleet(of).host("main"),
        target=target,
        leaving=running,
        options=Options(),
        words="previous",
        team_branch="main",
        zero_downtime=Checks(disabled="none", skipped="none"),
        incident=INCIDENT,
        number=1,
        by=BY,
        at=ago(420),
        current=current(of, NOW),
        record=None,
        files=(("Procfile", "web: ./serve\n"),),
        cautions=cautions,
        checked=CHECKED,
        taken=TAKEN,
        stopping=STOPPING if of.rollback.stop_first else None,
    )
    made = kept.WAY.plan(facts)
    assert made.push is not None
    return with_commit(made, Git().commit_id(made.push))


def planned(of: Service = API, *cautions: PlanWarning) -> tuple[ev.Event, ...]:
    return (*opened(of), ev.PlanMade(at=ago(420), plan=plan(of, *cautions)))


def running(until: StepKind = StepKind.PUSH, *, seconds: float = 8, of: Service = API) -> tuple[ev.Event, ...]:
    """Confirmed; every step before this one is done, this one has run for so long."""
    events: list[ev.Event] = [*planned(of), ev.Confirmed(at=ago(60), by=BY, watch=timedelta(minutes=15))]
    steps = plan(of).steps
    for number, step in enumerate(steps):
        began = ago(50 - number * 2)
        if step.kind is until:
            return (*events, ev.StepStarted(at=ago(seconds), step=step.id))
        events.append(ev.StepStarted(at=began, step=step.id))
        done = ev.StepEnded(
            at=began + timedelta(seconds=0.8), step=step.id, outcome=Exited(code=0), result=StepResult.DONE
        )
        events.append(done)
    raise ValueError(f"the plan has no {until}")


def fallen() -> tuple[ev.Event, ...]:
    """The target was deployed after the stop, and nothing of it runs."""
    made = plan(BILLING)
    assert made.push is not None

    def nothing_runs(at: datetime) -> ev.Observed:
        now = current(BILLING, at)
        stopped = replace(now.containers[0], running=False, exit_code=2)
        return ev.Observed(at=at, current=replace(now, metadata=made.push.commit, containers=(stopped,)))  # type: ignore[union-attr]

    return (
        *running(of=BILLING, seconds=44),
        ev.WentDown(at=ago(38), what="the host stops what runs"),
        ev.StepEnded(at=ago(32), step="push", outcome=Exited(code=0), result=StepResult.DONE),
        nothing_runs(ago(31)),
        nothing_runs(ago(20)),
    )


def landed(of: Service = API) -> ev.Observed:
    """The host says that the target serves."""
    made = plan(of)
    assert made.push is not None
    now = current(of, ago(30))
    ours = replace(now.containers[0], id="eeeeeeeeeeee", attempt=made.attempt, started_at=ago(33))
    return ev.Observed(at=ago(30), current=replace(now, metadata=made.push.commit, containers=(ours,)))


def pushed() -> tuple[ev.Event, ...]:
    """The push came back, the host says that the target serves, all that follows is done."""
    push = next(s for s in plan().steps if s.kind is StepKind.PUSH)
    events: list[ev.Event] = [
        *running(seconds=44),
        ev.StepEnded(at=ago(32), step=push.id, outcome=Exited(code=0), result=StepResult.DONE),
        landed(),
    ]
    steps = plan().steps
    for step in steps[steps.index(push) + 1 :]:
        events.append(ev.StepStarted(at=ago(29), step=step.id))
        done = ev.StepEnded(at=ago(28), step=step.id, outcome=Exited(code=0), result=StepResult.DONE)
        events.append(done)
    return tuple(events)


def checks(health: Verdict) -> ev.ChecksDone:
    said = {
        Verdict.PASSED: "3 of 3 healthy in a row, slowest 44 ms: http://127.0.0.1:1/api/ready",
        Verdict.FAILED: "unhealthy: HTTP 503, expected 200 (http://127.0.0.1:1/api/ready)",
    }[health]
    return ev.ChecksDone(
        at=ago(25),
        checks=(
            Check(name="deployed", verdict=Verdict.PASSED, evidence="the host names our commit as deployed"),
            Check(name="containers", verdict=Verdict.PASSED, evidence="1 of 1 carry the label of this attempt"),
            Check(name="health", verdict=health, evidence=said),
        ),
    )


def watching(seconds: float = 300) -> tuple[ev.Event, ...]:
    """Verified, and watched for so long: the whole story lies that much further back."""
    events = [*pushed(), checks(Verdict.PASSED)]
    back = timedelta(seconds=seconds - 25)
    earlier: list[ev.Event] = [replace(e, at=e.at - back) for e in events]
    confirmed = next(e.at for e in earlier if isinstance(e, ev.Confirmed))
    opened_at = earlier[-1].at
    earlier.append(measured(Phase.BEFORE, confirmed, RATES))
    for after, failed, total in ((60, 0, 2), (300, 1, 780), (600, 2, 1600), (900, 2, 2480)):
        at = opened_at + timedelta(seconds=after)
        if at > NOW:
            break
        if after == 60:
            cost = rate(RateSource.ACCESS_LOG, 3, 170, 90, lag=1.0, covered=1.0)
            earlier.append(measured(Phase.SWITCH, at, (cost,)))
        log = rate(RateSource.ACCESS_LOG, failed, total, after - 55, lag=1.0, excluded=after // 4, covered=1.0)
        probes = rate(RateSource.PROBES, 0, after // 5, after - 55, lag=0.0)
        earlier.append(measured(Phase.AFTER, at, (log, probes)))
    looks = int(seconds // 5)
    for n in range(1, looks):
        at = ago(seconds - 5 * n)
        earlier.append(ev.HealthSampled(at=at, sample=Sample(at=at, healthy=True, seconds=0.04 + 0.001 * (n % 7))))
    return tuple(earlier)


def measured(phase: Phase, at: datetime, found: tuple[Rate, ...]) -> ev.Measured:
    measurement = Measurement(at=at, phase=phase, rates=found, p50=0.041, p95=0.19, timed_by=RateSource.ACCESS_LOG)
    return ev.Measured(at=at, measurement=measurement)


def closed() -> tuple[ev.Event, ...]:
    events = watching(900)
    return (
        *events,
        ev.WatchTimerFired(at=NOW),
        ev.Settled(
            at=NOW,
            left_over=(
                "deploys of api-app are frozen until: git:set api-app deploy-branch main",
                "the team's branch main still is at the bad release: revert it before anybody deploys",
            ),
            frozen=True,
        ),
    )


# ── the scenes ───────────────────────────────────────────────────────────────────────────────────────────────────────

Play = Callable[[Scene], Awaitable[None]]


async def nothing(scene: Scene) -> None:
    """As it starts."""


def keys(*pressed: str) -> Play:
    async def press(scene: Scene) -> None:
        await scene.pilot.press(*pressed)
        await scene.pilot.pause()

    return press


def leading(*events: ev.Event, of: Service = API) -> Play:
    async def lead(scene: Scene) -> None:
        flow = await scene.lead(*events, of=of)
        if flow.incident is not None and flow.incident.run_of("push") is not None:
            flow.output("push", b"-----> Building api-app from Dockerfile\n#5 DONE 0.3s\nremote: =====> Release\n")

    return lead


class Mute:
    """A channel that is never heard of: nothing is delivered while a picture is made."""

    def __init__(self, name: str) -> None:
        self.name = name

    def wants(self, message: Message) -> bool:
        return True

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        raise AssertionError(f"{self.name} was told {message.title}")

    async def close(self) -> None: ...


def telling(*events: ev.Event) -> Play:
    """As `leading`, with two channels; what the second one was not told is tried again in half a minute."""

    async def lead(scene: Scene) -> None:
        notices = scene.engine.notices
        notices.channels = (Mute("SLACK_WEBHOOK"), Mute("DISCORD_URL"))
        notices.waiting = (
            Waiting(
                seq=1, incident=INCIDENT, milestone="started", channel="DISCORD_URL", message="{}", attempts=2,
                put_at=ago(50), due_at=ago(-30),
            ),
        )  # fmt: skip
        scene.engine.duty.known = OnCall(at=ago(3 * 3600 + 60), people=("Ada Lovelace", "Grace Hopper"))
        await scene.lead(*events)

    return lead


def told(channel: str, milestone: Milestone, seconds: float, *, detail: str = "") -> ev.DeliveryRecorded:
    delivery = Delivery(
        milestone=milestone, channel=channel, at=ago(seconds), delivered=not detail, detail=detail or "delivered"
    )
    return ev.DeliveryRecorded(at=ago(seconds), delivery=delivery)


TOLD = (
    told("SLACK_WEBHOOK", Milestone.STARTED, 58),
    told("DISCORD_URL", Milestone.STARTED, 50, detail="not delivered yet, trying again: HTTP 429: slow down"),
    told("SLACK_WEBHOOK", Milestone.VERIFIED, 20),
)


async def target(scene: Scene) -> None:
    flow = await scene.lead(*confirmed_down())
    flow.choosing = True


async def trail(scene: Scene) -> None:
    made = plan()
    for number, step in enumerate(made.steps[:3]):
        scene.engine.gate.trail.append(
            Sent(
                at=ago(50 - number),
                host="main",
                argv=step.argv,
                writes=step.writes,
                incident=INCIDENT,
                outcome=Exited(code=0) if number < 2 else Lost(why="connection reset by peer"),
                seconds=0.4 + number,
            )
        )
    await scene.pilot.press("c")


async def timeline(scene: Scene) -> None:
    await scene.lead(*watching(60))
    await scene.pilot.press("a")


async def resume(scene: Scene) -> None:
    stories: tuple[tuple[ev.Event, ...], ...] = (running(), planned(BILLING))
    found: list[Incident] = [fold(story) for story in stories]
    scene.show(Resume(scene.controller, (found[0], replace(found[1], id="inc-20261123-2130-c3d4"))))


async def leave(scene: Scene) -> None:
    await scene.lead(*running())
    await scene.pilot.press("q")


def commit(number: int, subject: str) -> Commit:
    return Commit(id=f"{number}" * 40, parent=None, subject=subject, author="Chen Li", at=ago(60 * number))


STANDING = TeamBranch(
    branch="main",
    tip="7" * 40,
    serves="4" * 40,
    settled=False,
    pushed=(commit(7, "Fix the order of pages"), commit(6, "Cache every page, all of them")),
    bad=(("6" * 40, f"left by incident {INCIDENT}"),),
)


async def unfreeze(scene: Scene) -> None:
    async def look() -> TeamBranch:
        return STANDING

    async def never() -> Unfrozen:
        raise AssertionError("nobody confirmed it")

    async def tip() -> None: ...

    page = Unfreeze(
        scene.controller,
        API,
        look=look,
        unfreeze=never,
        deploy_tip=tip,
    )
    scene.show(page)
    await page.prepare()


async def undo(scene: Scene) -> None:
    forward = replace(planned()[-1].plan, forward=True)  # type: ignore[union-attr]

    async def make() -> Plan:
        return forward

    async def begin(made: Plan) -> None:
        raise AssertionError("nobody confirmed it")

    page = Forward(scene.controller, title="UNDO api", make=make, begin=begin)
    scene.show(page)
    await page.prepare()


def prepared() -> tuple[Prepared, ...]:
    def of(service: Service) -> Prepared:
        return Prepared(service=service.name, plan=planned(service)[-1].plan)  # type: ignore[union-attr]

    return (of(BILLING), of(API), Prepared(service="web", trouble="there is no previous release to go back to"))


async def everything(scene: Scene) -> None:
    page = Everything(scene.controller, Group(id="run-1", services=("billing", "api", "web")))
    page._found = prepared()
    scene.show(page)


async def everything_stopped(scene: Scene) -> None:
    group = Group(id="run-1", services=("billing", "api", "web"))
    walks = {
        name: scene.walk(replace(story[0], incident=f"run-1-{n}", service=name, group=group), *story[1:])
        for n, (name, story) in enumerate(
            (("billing", closed()), ("api", (*pushed(), checks(Verdict.FAILED))), ("web", planned(WEB))), 1
        )
    }
    scene.show(Everything(scene.controller, group, Batch(scene.engine, group, walks, None)))


async def held(scene: Scene) -> None:
    def record(of: Service, state: str) -> kept_names.IncidentRecord:
        return kept_names.IncidentRecord(
            app=of.app, incident="inc-20261123-0311-77aa", by="ops@laptop", since=ago(7200), state=state
        )

    board = scene.controller.board
    for of, state in ((API, "frozen"), (WEB, "executing")):
        board._listings[of.name] = replace(board._listings[of.name], record=record(of, state))
    await scene.pilot.press("h")


async def deployed(scene: Scene) -> None:
    """Somebody deployed the next release of api while the console was open."""

    async def listed(of: Service) -> Listing:
        found = listing(of, NOW - timedelta(seconds=5), 6)
        return replace(found, current=current(of, NOW - timedelta(seconds=5), 6, started=NOW - timedelta(seconds=15)))

    scene.engine.releases = listed
    await scene.controller.board.refresh("api")


async def offered(scene: Scene) -> None:
    await deployed(scene)
    await scene.until(lambda: "Guard the deploy" in scene.app.export_text(), "offered")


async def offered_and_asked(scene: Scene) -> None:
    await offered(scene)
    await scene.pilot.press("D")


def guarded(*more: ev.Event, seconds: float = 240) -> tuple[ev.Event, ...]:
    """A guard of ten minutes that has watched for so long."""
    began = ago(seconds)
    guard = GuardedDeploy(
        deploy=COMMITS[6], on_breach=OnBreach.TELL, length=timedelta(minutes=10), left=COMMITS[5], machine=BY
    )
    opening = ev.Opened(
        at=began, incident=INCIDENT, service="api", app=API.app, host="main", by=BY, reason="", guard=guard
    )
    before = rate(RateSource.ACCESS_LOG, 2, 960, 480, lag=1.0, covered=1.0)
    looks = tuple(
        ev.HealthSampled(at=ago(seconds - s), sample=Sample(at=ago(seconds - s), healthy=True, seconds=0.041))
        for s in range(5, int(seconds), 5)
    )
    return (
        opening,
        measured(Phase.BEFORE, began, (before,)),
        ev.WatchAsked(at=began, length=timedelta(minutes=10)),
        *looks,
        *more,
    )


GUARD_LOOK = measured(Phase.AFTER, ago(30), (rate(RateSource.ACCESS_LOG, 3, 410, 180, lag=1.0, covered=1.0),))


def breached() -> tuple[ev.Event, ...]:
    """The same guard after two looks that fail, closed as it is told."""
    found = guarded(
        *(
            measured(Phase.AFTER, ago(at), (rate(RateSource.ACCESS_LOG, failed, total, 180, lag=1.0, covered=1.0),))
            for at, failed, total in ((90, 31, 120), (30, 64, 240))
        )
    )
    incident = fold(found)
    closing = ev.CloseAsked(at=ago(29), closing=Closing.NOT_RECOVERED, reason=incident.failure)
    return (*found, closing, ev.Settled(at=ago(28)))


def after(*, filling: bool = False) -> Play:
    """The post-mortem of the incident that has just been closed."""

    async def show(scene: Scene) -> None:
        await scene.lead(*closed())
        page = PostMortemPage(scene.controller, INCIDENT, lambda at: at)
        page.filling = filling
        await page.read()
        scene.show(page)

    return show


WARNINGS = (
    PlanWarning(
        severity=WarningLevel.TYPE, text="migrations lie between, and going back does not undo them: 0042_drop_column"
    ),
    PlanWarning(severity=WarningLevel.WARN, text="config keys that the target had are gone: REDIS_URL, CACHE_TTL"),
    PlanWarning(severity=WarningLevel.NOTE, text="worker: release:4 ran 2, now 3 run; the scale stays as it is now"),
)
BLOCKED = PlanWarning(severity=WarningLevel.BLOCK, text="a deploy of api-app is running: wait for its end")
STRAYED = ev.ForeignChangeSeen(
    at=ago(4), what="something else runs: deployed is 99887766, which is not ours (somebody deployed)"
)

SCENES: dict[str, Play] = {
    "services": nothing,
    "releases": keys("enter"),
    "severity": keys("R"),
    "confirm": leading(*confirmed_down()),
    "confirm-asked": leading(*opened(), ev.Answered(at=ago(400), node="healthy", answer=True, evidence="says me")),
    "confirm-rate": leading(
        *opened(),
        ev.Answered(at=ago(400), node="healthy", answer=True, evidence="says me"),
        ev.Answered(at=ago(390), node="errors", answer=True, evidence="says me"),
    ),
    "target": target,
    "plan": leading(*planned()),
    "plan-warnings": leading(*planned(API, *WARNINGS)),
    "plan-blocked": leading(*planned(API, BLOCKED)),
    "plan-typed": leading(*planned(BILLING), of=BILLING),
    "plan-post": telling(*planned()),
    "run": leading(*running()),
    "run-told": telling(*running(), *TOLD[:2]),
    "stopped": leading(*running(of=BILLING), ev.WentDown(at=ago(7), what="the host stops what runs"), of=BILLING),
    "fallen": leading(*fallen(), of=BILLING),
    "uncertain": leading(
        *running(seconds=40),
        ev.StepEnded(
            at=ago(20),
            step="push",
            outcome=Lost(why="connection reset by peer"),
            result=StepResult.UNKNOWN,
            detail="the link was lost while the push ran",
        ),
    ),
    "failed": leading(
        *running(StepKind.RECORD),
        ev.StepEnded(
            at=ago(5),
            step="record",
            outcome=Exited(code=1),
            result=StepResult.REFUSED,
            detail="somebody else took the incident meanwhile: ops@laptop, 2 minutes ago",
        ),
    ),
    "verify": leading(*pushed()),
    "verify-failed": leading(*pushed(), checks(Verdict.FAILED)),
    "watch": leading(*watching()),
    "watch-begun": leading(*watching(30)),
    "watch-over": leading(
        *watching(),
        measured(Phase.AFTER, NOW, (rate(RateSource.ACCESS_LOG, 41, 780, 240, lag=1.0, refused=8, covered=1.0),)),
    ),
    "watch-alarm": leading(*watching(), STRAYED),
    "watch-told": telling(*watching(), *TOLD),
    "closed": leading(*closed()),
    "closed-told": telling(*closed(), *TOLD, told("SLACK_WEBHOOK", Milestone.CLOSED, 1)),
    "post-mortem": after(),
    "post-mortem-fields": after(filling=True),
    "resume": resume,
    "timeline": timeline,
    "trail": trail,
    "help": keys("question_mark"),
    "palette": keys("colon"),
    "job": keys("K"),
    "leave": leave,
    "unfreeze": unfreeze,
    "undo": undo,
    "everything": everything,
    "everything-stopped": everything_stopped,
    "held": held,
    "offered": offered,
    "guard-job": offered_and_asked,
    "guard": leading(*guarded(GUARD_LOOK)),
    "guard-breached": leading(*breached()),
}
"""by name, the same at every size"""
WELL_FOR = {
    "verify": 28,
    "offered": 900,
    "guard-job": 900,
    "guard": 900,
    "guard-breached": 900,
    "watch": 300,
    "watch-begun": 30,
    "watch-over": 300,
    "watch-alarm": 300,
    "watch-told": 300,
    "closed": 900,
    "closed-told": 900,
    "post-mortem": 900,
    "post-mortem-fields": 900,
    "timeline": 60,
}
"""seconds since which the service answers again, where the scene comes after the way back"""
