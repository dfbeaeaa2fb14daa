"""Carries effects out: steps (`steps`), observations, checks, looks of a watch, putting the host in order (`close`).

Every method ends in one event.
"""

from datetime import datetime

from msgspec.structs import replace

from tui.engine.concurrency import meanwhile
from tui.engine.hosts import guard_claim
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.incident.close import Settler
from tui.engine.incident.downtime import Downtime
from tui.engine.incident.steps import Note, Output, Ports, StepRunner, plan_of
from tui.engine.monitor import health_probing
from tui.engine.monitor.error_rates import Evidence
from tui.engine.ports import ProcessPort
from tui.engine.releases.keeper import Keeper
from tui.incident import events as ev
from tui.incident import landed, own_site, running_state_check, verify, watch
from tui.model.errors import HostKeyRefused, LinkError
from tui.model.evidence import Measurement, Phase
from tui.model.health import ProbeOutcome
from tui.model.incident import Closing, Incident, Sample, WatchKind
from tui.model.ledger import Remark, RemarkKind, Served
from tui.model.observation import RunningState
from tui.model.outcome import Lost, TimedOut
from tui.model.plan import Plan
from tui.model.verification import Verdict
from tui.text.clean import clean_line


class HostEffectHandler:
    """Performs one incident's effects on real drivers."""

    def __init__(
        self,
        ports: Ports,
        output: Output | None = None,
        processes: ProcessPort | None = None,
        keeper: Keeper | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self._fleet, self._links, self._probes, _, self._clock = ports
        self._evidence = evidence
        self._steps = StepRunner(ports, output, processes, keeper)
        self._settler = Settler(ports.links, ports.clock, ports.journal, keeper)
        self._note: Note | None = None
        """takes what is seen beside an effect's own end; None: no step was carried out here"""
        self._watched: dict[tuple[str, datetime], running_state_check.Standing] = {}
        """what ran when a watch of the deploy itself began"""

    @property
    def downtime(self) -> Downtime | None:
        """The measuring of how long a service that stops first does not answer."""
        return self._steps.downtime

    async def run_step(self, incident: Incident, step: str, note: Note) -> ev.StepEnded:
        """Carry out one step of the incident's plan; what is seen on the way goes to `note`."""
        self._note = note
        return await self._steps.run_step(incident, step, note)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def observe(self, incident: Incident) -> ev.Observed | ev.NotObserved:
        """The running state, on a connection opened after the loss."""
        serves = False
        try:
            found = await self._observed(incident)
            serves = isinstance(found, ev.Observed) and _serves(incident, found.current)
            return found
        finally:
            if not serves:
                await self._steps.healthy_row.drop()

    async def _observed(self, incident: Incident) -> ev.Observed | ev.NotObserved:
        try:
            if _was_lost(incident) and not incident.looks:
                await self._links.host(incident.host).drop()
            current = await self._links.current(incident.host, incident.app)
            current = await self._links.with_pods(incident.host, current)
            if landed.worth_asking_neighbours(current, incident.sent_at):
                around = await self._links.neighbours(incident.host, incident.app)
                current = replace(current, neighbours=around)
        except (LinkError, UnexpectedReply) as error:
            final = isinstance(error, HostKeyRefused) and error.changed
            return ev.NotObserved(at=self._clock.now(), why=str(error), final=final)
        return ev.Observed(at=current.at, current=current)

    async def verify(self, incident: Incident) -> ev.ChecksDone:
        """Identity is first: health of the wrong release says nothing. Host and service are asked together."""
        plan = plan_of(incident)
        service, serving = self._fleet.service(incident.service), self._steps.serving
        fell = serving is not None and serving.fell
        async with meanwhile() as begin:
            row = (
                None
                if service is None
                else begin(self._steps.healthy_row.check(service, since=incident.served_at, fell=fell))
            )
            current = await self._links.current(incident.host, incident.app)
            current = await self._links.with_pods(incident.host, current)
            await self._left(incident, plan, current)
            healthy = None if row is None else await row
        proofs = verify.identity(plan, current)
        if current.pods is not None and service is not None:
            before = self._steps.identity_before.get(incident.id)
            now = await health_probing.ask_identity(self._probes, service)
            where = service.identity.url if service.identity else None
            proofs = verify.by_answer(proofs, verify.unproven(plan, before, now, where))
        checks = [*proofs, verify.processes(plan, current)]
        if service is not None and healthy is not None:
            checks.append(healthy.check)
            if healthy.check.verdict is Verdict.PASSED:
                await self._links.ledger.healthy(plan.host, plan.app, healthy.at, own_site.address(service))
            checks.extend(await health_probing.smoke(self._probes, service))
            before = self._steps.identity_before.get(incident.id)
            if plan.proves:
                checks.extend(await health_probing.identity(self._probes, service, before, again=plan.again))
            else:
                now = await health_probing.ask_identity(self._probes, service)
                where = service.identity.url if service.identity else None
                checks.append(verify.unproven(plan, before, now, where))
        await self._serves_again(incident, plan)
        return ev.ChecksDone(at=self._clock.now(), checks=tuple(checks))

    async def _serves_again(self, incident: Incident, plan: Plan) -> None:
        """Put on record since when the service answers well, also for the next plan's promise; looked for on, where it
        does not yet."""
        serving = self._steps.serving
        if serving is None or self._note is None or not serving.answers:
            return
        found = await serving.end()
        if found is None:
            return
        await self._note(found)
        if found.bad and incident.confirmed_at is not None:
            seconds = max(0.0, (found.at - incident.confirmed_at).total_seconds())
            took = Served(app=plan.app, way=plan.way, at=found.at, seconds=seconds)
            await self._links.ledger.served(plan.host, took)

    async def _left(self, incident: Incident, plan: Plan, current: RunningState) -> None:
        """This machine remembers what was left, too: neither release may have a holder that could say so."""
        if plan.forward:
            if plan.target.commit is not None and landed.serves(plan, current):
                reason = f"gone forward to by incident {incident.known_as}"
                remark = Remark(kind=RemarkKind.GOOD, commit=plan.target.commit, at=current.at, reason=reason)
                await self._links.ledger.remark(plan.host, plan.app, remark)
            return
        if plan.proves and not plan.again and plan.leaving.commit is not None and landed.serves(plan, current):
            reason = f"left by incident {incident.known_as}"
            remark = Remark(kind=RemarkKind.BAD, commit=plan.leaving.commit, at=current.at, reason=reason)
            await self._links.ledger.remark(plan.host, plan.app, remark)

    async def look(self, incident: Incident) -> ev.HealthSampled | ev.ForeignChangeSeen:
        """One look of a watch: health, and whether what runs is still ours."""
        service = self._fleet.service(incident.service)
        seen = None if service is None else await health_probing.probe(self._probes, service)
        now = self._clock.now()
        if seen is not None and self._evidence is not None:
            self._evidence.saw(incident.service, seen)
        if seen is not None and seen.outcome is ProbeOutcome.HEALTHY:
            where = None if service is None else own_site.address(service)
            await self._links.ledger.healthy(incident.host, incident.app, seen.at, where)
        judged, note = None, ""
        try:
            if incident.guarding and (why := await guard_claim.lost(self._links, incident)):
                return ev.ForeignChangeSeen(at=now, what=why)
            judged = await self._judge(incident)
        except (LinkError, UnexpectedReply) as error:
            note = f"the host could not be asked: {error}"  # not measured; the health sample below counts by itself
        if judged is not None and judged.stray:
            return ev.ForeignChangeSeen(at=now, what=judged.stray)
        healthy = {ProbeOutcome.HEALTHY: True, ProbeOutcome.UNHEALTHY: False}.get(seen.outcome) if seen else None
        if judged is not None:
            note = judged.note
            healthy = None if judged.excused and not healthy else healthy
        seconds = seen.seconds if seen else None
        why = "" if healthy or seen is None else clean_line(seen.detail, 200)
        return ev.HealthSampled(at=now, sample=Sample(at=now, healthy=healthy, seconds=seconds, note=note, why=why))

    async def _judge(self, incident: Incident) -> running_state_check.Judged | None:
        """The running state against what the watch began with; None while a deploy is at work."""
        current = await self._links.current(incident.host, incident.app)
        watched = incident.watch
        if current.locked or watched is None:
            return None
        ours = plan_of(incident) if watched.kind is WatchKind.AFTER_ROLLBACK else None
        key = (incident.id, watched.opened_at)
        known = self._watched.get(key) or running_state_check.begin(
            current, ours, incident.latest, guarding=incident.guarding
        )
        if running_state_check.moved(known, current):
            current = replace(current, neighbours=await self._links.neighbours(incident.host, incident.app))
        judged = running_state_check.judge(known, current, ours)
        self._watched[key] = judged.standing
        return judged

    async def measure(self, incident: Incident, phase: Phase) -> ev.Measured:
        """The word of every source on a phase; nothing changes, nothing waits for it."""
        service, now = self._fleet.service(incident.service), self._clock.now()
        if service is None or self._evidence is None:
            return ev.Measured(at=now, measurement=Measurement(at=now, phase=phase, rates=()))
        since, until = watch.window(incident, phase, now)
        if phase is Phase.BEFORE or since is None:
            since = self._evidence.baseline(service, until, since)
        found = await self._evidence.measure(service, phase, min(since, until), until)
        return ev.Measured(at=found.at, measurement=found)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def settle(self, incident: Incident, closing: Closing) -> ev.Settled | ev.Unsettled:
        """Leave the host in order. Raises where something may be left: the incident stays open then."""
        await self.close()
        order = await self._settler.put_in_order(incident)
        return ev.Settled(at=self._clock.now(), left_over=order.left, frozen=order.frozen)

    async def close(self) -> None:
        """End what measures in the background."""
        await self._steps.close()


def _serves(incident: Incident, current: RunningState) -> bool:
    """True if this look alone proves that the plan's target serves."""
    return incident.plan is not None and not current.locked and landed.serves(incident.plan, current)


def _was_lost(incident: Incident) -> bool:
    last = incident.runs[-1] if incident.runs else None
    return last is None or last.outcome is None or isinstance(last.outcome, Lost | TimedOut)
