"""What can be done with one incident, from its opening to its closing; which page shows it is `pages/incident_page`.

An incident flow holds only what no incident knows: the page of two that belong to `assessing`, an error to show, the
output heard. Every action ends in an event that is submitted to the engine; nothing here touches a host.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tui.console.drawing.palette import Palette
from tui.console.ports import Console
from tui.dokku.framing import Framer
from tui.engine.incident.onlooker import Onlooker
from tui.engine.incident.runner import IncidentRunner
from tui.engine.replay import Playback
from tui.engine.service_monitor import ServiceStatus
from tui.incident import decision_tree, deploy_or_not, error_rates
from tui.incident import events as ev
from tui.incident.similar import Resembling
from tui.model.errors import ConsoleError, Refused, TakenByOther
from tui.model.evidence import Measurement, Phase
from tui.model.health import Health
from tui.model.incident import Closing, Incident, Question, State
from tui.model.notice import Delivery, Milestone
from tui.model.release import Release, Target, TargetKind, target_of
from tui.model.service import Service
from tui.text.chat import NO_WIDTH
from tui.text.redact import redact
from tui.ways import facts

HEARD = 200
"""lines of output kept for showing"""


class IncidentFlow:
    """The actions of one incident that is led or looked on here, or about to be opened."""

    def __init__(self, console: Console, service: Service, walk: IncidentRunner | None = None) -> None:
        self.console = console
        self.service = service
        self.walk: IncidentRunner | Onlooker | None = walk
        self.began = console.engine.clock.now()
        self.choosing = False
        """while assessing: the releases are shown instead of the evidence"""
        self.wanted: Release | None = None
        """chosen in the list of releases before the incident was opened, or planned last"""
        self.way: str | None = None
        self.keep_first = False
        """whether the person wants what runs kept before it is left"""
        self._taken_over: str | None = None
        """why the incident was taken over from somebody, so that planning again does not ask again"""
        self.error: ConsoleError | None = None
        self.busy = ""
        """what is being done, in words; empty while the person is asked"""
        self._acting = False
        self.resembling: tuple[Resembling, ...] = ()
        """earlier incidents like this one, once they are read"""
        self.heard: deque[str] = deque(maxlen=HEARD)
        self._framers: dict[str, Framer] = {}
        self._seen: State | None = None
        self.room = 40
        """rows that its page has for content"""
        self.charted = False
        """a panel beside the page shows the picture of this service"""
        if walk is not None:
            self.lead(walk)

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def incident(self) -> Incident | None:
        """The incident as it is now; None until it is open."""
        return self.walk.incident if self.walk else None

    @property
    def status(self) -> ServiceStatus:
        """The service as it was seen last."""
        return self.console.board.status(self.service.name)

    @property
    def palette(self) -> Palette:
        """The looks and signs of this terminal."""
        return self.console.screen.palette

    def evidence(self) -> Measurement:
        """The failures of the service since what runs was started, as far as they are counted now."""
        return self.console.engine.evidence.now(self.service, Phase.BEFORE, self._counted_since())

    def _counted_since(self) -> datetime:
        """Since when failures are counted for the decision: of what runs, and no longer ago than a watch is long."""
        current = self.status.listing.current if self.status.listing else None
        starts = [c.deployed_at for c in current.running.values() if c.deployed_at] if current else []
        engine = self.console.engine
        return engine.evidence.baseline(self.service, engine.clock.now(), min(starts, default=None))

    def _measure(self) -> None:
        """Ask who counts errors outside, while everything else goes on."""

        async def ask() -> None:
            await self.console.engine.evidence.measure(self.service, Phase.BEFORE, self._counted_since())

        self.console.screen.begin_work(ask)

    # ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def act(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do one thing at a time; an expected error is shown on the page and changes nothing."""
        if self._acting:
            return
        self._acting, self.busy, self.error = True, what, None
        self.console.screen.changed()
        try:
            await work()
        except ConsoleError as error:
            self.error = error
        finally:
            self._acting, self.busy = False, ""
            self.console.screen.changed()

    def doing(self, what: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """`act`, to be done later."""

        async def later() -> None:
            await self.act(what, work)

        return later

    async def open(self, level: str) -> None:
        """Open the incident with this severity: on disk on this machine, nothing goes to the host."""
        engine = self.console.engine
        if self.walk is None:
            self.lead(await engine.assess(self.service, "", self.output))
        await self.submit(ev.SeverityChosen(at=engine.clock.now(), level=level))
        self._measure()
        self.console.screen.begin_work(self._look_back)
        await self._answer_by_evidence()
        spec = engine.fleet.severity(level)
        at_once = spec is not None and spec.at_once and self._concluded() is decision_tree.End.ROLLBACK
        if at_once and not deploy_or_not.argues_against(self.clues()):
            await self._plan_previous()  # who confirms it has the evidence behind it

    def clues(self) -> tuple[deploy_or_not.Clue, ...]:
        """The clues for and against the deploy as the cause."""
        status, board = self.status, self.console.board
        current = status.listing.current if status.listing else None
        began = status.bad_since if status.began_here else None
        health = {s.service.name: s.health for s in board.statuses()}
        return deploy_or_not.findings(self.service.name, health, began, current, self.console.engine.clock.now())

    async def _plan_previous(self) -> None:
        """Plan the way to what `previous` means. Raises Refused, LinkError and their kin."""
        engine, asked = self.console.engine, Target(kind=TargetKind.PREVIOUS)
        made = await engine.plan(self.service, asked, facts.Options(), incident=self.incident)
        await self.submit(ev.PlanMade(at=engine.clock.now(), plan=made))

    async def _look_back(self) -> None:
        """Read what earlier incidents like this one came to; the page has them once they are read."""
        here, now = self.service, self.incident
        self.resembling = await self.console.engine.records.like(here.host, here.app, None, now.id if now else "")
        self.console.screen.changed()

    async def _answer_by_evidence(self) -> None:
        """Answer the questions that measurements answer; the person can say otherwise."""
        status, incident = self.status, self.incident
        word = {Health.OK: True, Health.DOWN: False}.get(status.health)
        if word is not None:
            last = status.last
            seen = f"health {status.health.value}" + (f", HTTP {last.status}" if last and last.status else "")
            await self.answer("healthy", word, seen, status.bad_since if word is False else None)
        if incident is not None and incident.severity and self._asked() == "severe":
            await self.answer("severe", incident.severity in ("P1", "P2"), f"severity {incident.severity}")

    async def _answer_by_rate(self) -> None:
        """A source that is sure answers; otherwise the numbers are shown and the person is asked."""
        found = error_rates.combined(self.evidence())
        if found.word is not error_rates.Word.UNSURE and found.reading is not None:
            seen = f"{found.source} {error_rates.numbers(found.reading)}"
            await self.answer("rate", found.word is error_rates.Word.OVER, seen)

    def _concluded(self) -> decision_tree.TreeQuestion | decision_tree.End:
        """The question, or the end, to which the answers so far lead in the tree."""
        return decision_tree.path({a.node: a.answer for a in (self.incident.answers if self.incident else ())})[1]

    def _asked(self) -> str | None:
        here = self._concluded()
        return here.id if isinstance(here, decision_tree.TreeQuestion) else None

    async def answer(self, node: str, yes: bool, seen: str, since: datetime | None = None) -> None:
        """Answer a question of the decision tree; `since` is when the evidence for it was first seen."""
        at = self.console.engine.clock.now()
        await self.submit(ev.Answered(at=at, node=node, answer=yes, evidence=seen, since=since))
        if self._asked() == "rate":
            await self._answer_by_rate()
        if self._asked() == "severe" and self.incident is not None and self.incident.severity:
            severe = self.incident.severity in ("P1", "P2")
            await self.answer("severe", severe, f"severity {self.incident.severity}")

    async def take_back(self) -> None:
        """Answer the last question again."""
        incident = self.incident
        if incident is not None and incident.answers:
            last = incident.answers[-1]
            await self.submit(ev.Answered(at=self.console.engine.clock.now(), node=last.node, answer=None))

    async def make_plan(self, release: Release, way: str | None, take_over: str | None = None) -> None:
        """Plan this way to this release from what the host says now. Raises Refused, LinkError and their kin."""
        incident = self.incident
        if incident is None:
            raise RuntimeError("no incident is open")
        self.wanted, self.way = release, way
        self._taken_over = take_over or self._taken_over
        again = release.running and not release.down
        asked = Target(kind=TargetKind.CURRENT) if again else target_of(release)
        options = facts.Options(take_over=self._taken_over, keep_current=self.keep_first)
        made = await self.console.engine.plan(self.service, asked, options, incident=incident, way=way)
        await self.submit(ev.PlanMade(at=self.console.engine.clock.now(), plan=made))
        self.wanted, self.choosing = None, False

    async def toggle_keep(self) -> None:
        """Plan the same again, with or without keeping what runs first; nothing was sent."""
        incident = self.incident
        if incident is None or incident.plan is None:
            return
        self.keep_first = not self.keep_first
        try:
            await self.make_plan(incident.plan.target, incident.plan.way)
        except ConsoleError:
            self.keep_first = not self.keep_first
            self.wanted = None
            raise

    async def take_over(self) -> None:
        """Plan again, taking the incident from the person who has it; the reason goes on record."""
        reason = await self._reason("why do you take it over? ", "planning")
        if reason and self.wanted is not None:
            await self.note(f"take over: {reason}")
            await self.make_plan(self.wanted, self.way, reason)

    async def confirm(self) -> None:
        """The person's word; where the plan asks for it, the service's name has to be typed."""
        incident = self.incident
        if incident is None or incident.plan is None:
            return
        if incident.plan.typed:
            doing = "deploy it again" if incident.plan.again else f"roll it back to {incident.plan.target.name}"
            words = f"type {self.service.name} to {doing}: "
            self.busy = ""
            if await self.console.screen.ask(words, wanted=self.service.name) is None:
                return
        engine = self.console.engine
        await self.submit(
            ev.Confirmed(at=engine.clock.now(), by=engine.by, watch=self.console.watch_for(self.service.name))
        )

    async def drop_plan(self) -> None:
        """Back from the plan to the releases; nothing was sent."""
        self.wanted, self.choosing = None, True
        await self.submit(ev.PlanDropped(at=self.console.engine.clock.now(), reason="another release"))

    async def other_release(self) -> None:
        """Show the releases; leaves a plan that was not confirmed."""
        self.error, self.wanted = None, None
        if self.incident is not None and self.incident.state is State.PLANNED:
            await self.drop_plan()
        self.choosing = True
        await self.console.board.refresh(self.service.name, every_source=True)

    async def bring_back(self) -> None:
        """Nothing serves: plan the way to the release that was left. Raises Refused where nobody kept it."""
        incident = self.incident
        if incident is None or incident.plan is None:
            return
        left = incident.plan.leaving
        await self.other_release()
        known = self.status.listing.releases if self.status.listing else ()
        found = next((r for r in known if r.holder and left.commit and r.is_commit(left.commit)), None)
        if found is None:
            raise Refused(f"{left.name} was not kept", "choose another release")
        await self.make_plan(found, None)

    async def monitor(self) -> None:
        """Watch for the clean deploy's ten minutes instead of changing anything."""
        reason = await self._reason("monitor only, why? ", "watching")
        if reason:
            length = self.console.engine.fleet.watch_of(self.service.name).after_clean_deploy
            await self.submit(ev.WatchAsked(at=self.console.engine.clock.now(), length=length, reason=reason))

    async def watch_anyway(self) -> None:
        """Watch a target that could not be verified."""
        reason = await self._reason("watch it although it is not verified, why? ", "watching")
        if reason:
            at = self.console.engine.clock.now()
            await self.submit(ev.WatchAsked(at=at, length=self.console.watch_for(self.service.name), reason=reason))

    async def extend(self, length: timedelta) -> None:
        """Watch that much longer."""
        incident = self.incident
        if incident is None or incident.watch is None:
            return
        at = self.console.engine.clock.now()
        await self.submit(ev.WatchExtended(at=at, until=max(at, incident.watch.deadline) + length))

    async def edit_post(self) -> None:
        """Other words for the first post; they go on record."""
        incident = self.incident
        if incident is None:
            return
        now = self.console.engine.notices.preview(incident).text.replace(NO_WIDTH, "")
        said = await self.console.screen.ask("post: ", initial=" ".join(now.split()))
        if said:
            await self.submit(ev.PostChosen(at=self.console.engine.clock.now(), text=said))

    async def choose_post(self, *, post: bool) -> None:
        """Decide whether anything is posted for this incident; it goes on record."""
        await self.submit(ev.PostChosen(at=self.console.engine.clock.now(), post=post))

    async def posted(self, channel: str) -> None:
        """The person says that they told people themselves."""
        at = self.console.engine.clock.now()
        by_hand = Delivery(
            milestone=Milestone.CLOSED, channel=channel, at=at, delivered=True, detail=f"says {self.console.engine.by}",
            by_hand=True,
        )  # fmt: skip
        await self.submit(ev.DeliveryRecorded(at=at, delivery=by_hand))

    async def look_again(self) -> None:
        """Ask the host once more instead of deciding."""
        await self.submit(ev.CheckAgain(at=self.console.engine.clock.now()))

    async def finish(self, closing: Closing, question: str) -> None:
        """Close the incident, with the reason on record."""
        reason = await self._reason(question, "closing")
        if reason:
            at = self.console.engine.clock.now()
            await self.submit(ev.CloseAsked(at=at, closing=closing, reason=reason))

    async def note(self, text: str) -> None:
        """Put a line on record."""
        await self.submit(ev.DecisionNoted(at=self.console.engine.clock.now(), text=text))

    async def _reason(self, question: str, then: str) -> str | None:
        """Ask for the reason that goes on record; `then` is what is being done once it is given."""
        self.busy = ""
        self.console.screen.changed()
        reason = await self.console.screen.ask(question)
        if reason:
            self.busy = then
            self.console.screen.changed()
        return reason

    async def submit(self, event: ev.Event) -> None:
        """Hand an event to the walk. Raises InvalidTransition when the state does not allow it."""
        if self.walk is None:
            raise RuntimeError("no incident is open")
        await self.walk.submit(event)

    # ── meanwhile ────────────────────────────────────────────────────────────────────────────────────────────────

    def output(self, step: str, raw: bytes) -> None:
        """Take what a step prints, as it comes."""
        for line in self._framers.setdefault(step, Framer()).feed(raw):
            self.heard.append(redact(line.text))
        self.console.screen.changed()

    def lead(self, walk: IncidentRunner) -> None:
        """Lead this walk from now on."""
        self.walk = walk
        self.console.engine.evidence.follow((self.service,), must=True)
        walk.subscribe(self._news)

    def look_on(self, onlooker: Onlooker) -> None:
        """Show what another console on this machine leads."""
        self.walk = onlooker
        onlooker.subscribe(self._news)

    def _news(self) -> None:
        """After every change; what runs on the host is read again when the incident has come to another state."""
        incident = self.incident
        if incident is not None and incident.state is not self._seen:
            self._seen = incident.state
            settled = incident.state in (State.VERIFYING, State.WATCHING, State.FAILED, State.CLOSED)
            if settled and not isinstance(self.walk, Playback):
                self.console.screen.begin_work(lambda: self.console.board.refresh(self.service.name))
        self.console.screen.changed()

    @property
    def taken(self) -> bool:
        """True where somebody else has the incident on the host."""
        return isinstance(self.error, TakenByOther)


def may_plan(incident: Incident) -> bool:
    """True where the incident's state allows another plan."""
    if incident.state is State.PLANNED or incident.settling is not None or not incident.open:
        return False
    return incident.asking is not None and incident.asking is not Question.OUTCOME_UNKNOWN
