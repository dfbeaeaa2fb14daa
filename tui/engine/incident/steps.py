"""The steps of a plan, carried out one at a time. Every step ends in one event.

What a step's end means for the plan is said here, in `StepResult`: a command that only writes notes or settings is done
when it exits 0 (what matters is read back later), the push is only ever proven by observation, which the core asks for.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, assert_never

from tui.dokku import build_gate, commands, holders, k3s, refusals, reports
from tui.engine.change_signal import told
from tui.engine.concurrency import together
from tui.engine.error_edge import worded
from tui.engine.hosts import guard_claim, held_words, incident_record
from tui.engine.hosts.connections import HostConnections, UnexpectedReply, unusable
from tui.engine.incident.downtime import Downtime
from tui.engine.incident.healthy_row import HealthyRow
from tui.engine.incident.prefetch import Ahead
from tui.engine.incident.serving_again import Serving
from tui.engine.monitor import health_probing
from tui.engine.ports import ClockPort, JournalPort, ProbePort, ProcessPort
from tui.engine.releases import build_facts, catalog, kept_before, restore_builder, stop_first
from tui.engine.releases.keeper import Keeper
from tui.incident import events as ev
from tui.model.errors import AlreadyThere, JournalError, LinkError, Refused, Unfinished, Unreachable
from tui.model.incident import Incident, StepResult
from tui.model.observation import differences
from tui.model.outcome import Answer, Exited, Lost, NeverStarted, Outcome, Overflowed, Signalled, TimedOut, describe
from tui.model.plan import DECISIVE, Plan, Step, StepKind, Where
from tui.model.push import Declined, NotSent, PushEnd, Reported, TipMoved, Unheard, outcome_of
from tui.model.service import Fleet, Service
from tui.releases import restart_risk
from tui.text.clean import clean_line, decode

Note = Callable[[ev.Event], Awaitable[object]]
"""takes an event that is none of the effect's own end"""
Output = Callable[[str, bytes], None]
"""step id and raw bytes of its output, as they come"""


class Ports(NamedTuple):
    """The world outside, as one console holds it."""

    fleet: Fleet
    links: HostConnections
    probes: ProbePort
    journal: JournalPort
    clock: ClockPort


class StepRunner:
    """Carries out the steps of one incident's plan on real drivers."""

    def __init__(
        self, ports: Ports, output: Output | None, processes: ProcessPort | None, keeper: Keeper | None
    ) -> None:
        self._fleet, self._links, self._probes = ports.fleet, ports.links, ports.probes
        self._journal, self._clock = ports.journal, ports.clock
        self._output = output
        self._processes = processes
        self._keeper = keeper
        self.serving: Serving | None = None
        """looks when the service answers well again"""
        self.downtime: Downtime | None = None
        """measures how long a service that stops first does not answer"""
        self.healthy_row = HealthyRow(ports.probes, ports.clock)
        """asked for from the end of a deploy on"""
        self._ahead = Ahead(ports.links, ports.clock)
        self.identity_before: dict[str, str | None] = {}
        """incident → what its service said of itself before it was replaced"""

    async def run_step(self, incident: Incident, step: str, note: Note) -> ev.StepEnded:
        """Carry out one step of the incident's plan; what is seen on the way goes to `note`."""
        plan = plan_of(incident)
        todo = next(s for s in plan.steps if s.id == step)
        service = self._fleet.service(plan.service)
        if todo.kind in DECISIVE and service is not None:
            await self.healthy_row.drop()
            await self._measure(incident, plan, step, service, note)
        self._ahead.begin(plan, todo, incident.id)
        ended: ev.StepEnded | None = None
        try:
            ended = await self._carried_out(incident, plan, todo)
            # a program of this machine may end before the deploy that it asks for
            done = ended.result is StepResult.DONE and todo.where is Where.HOST
            if todo.kind in DECISIVE and done and service is not None:
                self.healthy_row.begin(service)
            return ended
        finally:
            if todo.kind in DECISIVE or ended is None or ended.result is not StepResult.DONE:
                await self._ahead.drop()

    async def _measure(self, incident: Incident, plan: Plan, step: str, service: Service, note: Note) -> None:
        """Look from now on how long the service does not answer, and when it does again."""

        def unmeasured(error: BaseException) -> None:
            said = f"how long {plan.service} does not answer is not measured any more: {worded(error)}\n"
            self._heard(incident.id, step, said.encode())

        if plan.stops:
            # explained by test_a_second_attempt_ends_the_measuring_of_the_first
            if self.downtime is not None:  # of an attempt before, whose service may never have come back
                await self.downtime.end()
            self.downtime = Downtime(self._probes, self._clock, service, note, unmeasured)
            self.downtime.begin()
        if self.serving is not None:
            await self.serving.end()
        self.serving = Serving(self._probes, self._clock, service, unmeasured)
        self.serving.begin()

    async def close(self) -> None:
        """End what measures and asks in the background."""
        await self._ahead.drop()
        await self.healthy_row.drop()
        if self.serving is not None:
            await self.serving.end()
        if self.downtime is not None:
            await self.downtime.end()

    async def _carried_out(self, incident: Incident, plan: Plan, todo: Step) -> ev.StepEnded:
        try:
            match todo.kind:
                case StepKind.COMPARE:
                    return await self._compare(plan, todo)
                case StepKind.PUSH:
                    return await self._push(incident, plan, todo)
                case StepKind.DEPLOY:
                    return await self._deploy(incident, plan, todo)
                case StepKind.RECORD:
                    return await self._record(incident, plan, todo)
                case (
                    StepKind.COMMAND
                    | StepKind.FREEZE
                    | StepKind.MARK
                    | StepKind.CHECKS
                    | StepKind.SETTING
                    | StepKind.STOP
                ):
                    answer = await self._links.gate.write(
                        self._links.host(plan.host),
                        plan.host,
                        todo.argv,
                        timeout=todo.timeout,
                        incident=incident.id,
                        on_output=lambda raw, _: self._heard(incident.id, todo.id, raw),
                    )
                    ended = self._of_answer(todo, answer)
                    if todo.kind is StepKind.MARK and ended.result is StepResult.DONE:
                        trouble = await self._mark_kept(incident, plan)
                        return self._ended(todo, answer.outcome, StepResult.FAILED, trouble) if trouble else ended
                    return ended
                case StepKind.KEEP:
                    return await self._keep(incident, plan, todo)
                case _:
                    assert_never(todo.kind)
        except (LinkError, JournalError) as error:  # the gate lets nothing out before it is on record
            return self._ended(todo, NeverStarted(why=error.message), StepResult.FAILED, error.message)

    async def _keep(self, incident: Incident, plan: Plan, step: Step) -> ev.StepEnded:
        """Keep what is left. A plan that says so promises a way out: without one nothing is stopped or replaced."""
        service = self._fleet.service(plan.service)
        if service is None or self._keeper is None:
            raise ValueError(f"{plan.service} cannot be kept here")
        then = "nothing was stopped" if plan.stops else "it was not left"
        failed = f"{plan.leaving.name} could not be kept, so {then}"
        try:
            keeper = self._keeper.within(incident.id)
            made = await keeper.keep(service, lambda text: self._heard(incident.id, step.id, f"{text}\n".encode()))
        except AlreadyThere:
            return self._ended(step, Exited(code=0), StepResult.DONE, "")
        except (Refused, UnexpectedReply, LinkError) as error:
            return self._ended(step, Exited(code=1), StepResult.REFUSED, f"{failed}: {error.message}")
        except Unfinished as error:
            return self._ended(step, Lost(why=error.message), StepResult.UNKNOWN, f"{failed}: {error.message}")
        return self._ended(step, Exited(code=0), StepResult.DONE, f"kept as {made.holder}")

    async def _mark_kept(self, incident: Incident, plan: Plan) -> str:
        """Mark what was kept on the way out bad as well: the plan could not know its holder's name. Returns trouble, in
        words."""
        run, service = incident.run_of("keep"), self._fleet.service(plan.service)
        if run is None or run.result is not StepResult.DONE or service is None or plan.leaving.holder is not None:
            return ""
        pairs = holders.mark_pairs(bad=f"left by incident {incident.id}")
        try:
            found = (await catalog.listing(self._links, service)).releases
        except (UnexpectedReply, reports.Unreadable) as error:
            return f"what was kept could not be marked bad: {error.message}"
        for holder in (r.holder for r in found if r.holder and r.commit and r.commit == plan.leaving.commit):
            argv = commands.config_set(holder, pairs)
            answer = await self._links.gate.write(
                self._links.host(plan.host), plan.host, argv, timeout=30.0, incident=incident.id
            )
            if not answer.ok:
                return f"{holder} could not be marked bad: {unusable(answer).message}"
        return ""

    def _of_answer(self, step: Step, answer: Answer) -> ev.StepEnded:
        said = refusals.said(answer)
        match answer.outcome:
            case Exited(code=0):
                return self._ended(step, answer.outcome, StepResult.DONE, "")
            case Exited():
                return self._ended(step, answer.outcome, StepResult.FAILED, f"{step.title}: {said}", reported=True)
            case NeverStarted(why=why):
                return self._ended(step, answer.outcome, StepResult.FAILED, f"{step.title}: not sent: {why}")
            case Lost() | TimedOut() | Signalled() | Overflowed():
                return self._ended(
                    step, answer.outcome, StepResult.UNKNOWN, f"{step.title}: {describe(answer.outcome)}"
                )
            case _:
                assert_never(answer.outcome)

    async def _record(self, incident: Incident, plan: Plan, step: Step) -> ev.StepEnded:
        answer = await incident_record.create(self._links, plan.host, step.argv[1], incident.id)
        if incident_record.taken(answer):
            why = await held_words.taken(self._links, plan.service, plan.host, plan.app, step.argv[1])
            return self._ended(step, answer.outcome, StepResult.REFUSED, why)
        if answer.ok and step.argv[1] == holders.takeover_lock(plan.app):
            # under the lock the record must still be what the plan saw; its signature is what the next step replaces
            words = "the incident's record changed hands since the plan"
            try:
                now = await incident_record.read(self._links, plan.host, plan.app)
            except (LinkError, UnexpectedReply) as error:
                return self._ended(step, answer.outcome, StepResult.FAILED, error.message)
            if now is None or now.incident != plan.record_of:
                return self._ended(step, answer.outcome, StepResult.FAILED, words)
        return self._of_answer(step, answer)

    async def _compare(self, plan: Plan, step: Step) -> ev.StepEnded:
        try:
            if plan.gate:
                now, told = await together(self._ahead.current(plan), self._ahead.gate(plan))
                gate = build_facts.seen_by_gate(told, plan.app, now)
            else:
                now, gate = await self._ahead.current(plan), ()
        except UnexpectedReply as error:
            return self._ended(step, Lost(why=error.message), StepResult.REFUSED, error.message)
        changed = [*differences(plan.before, now), *build_gate.changes(plan.gate, gate)]
        if now.locked:
            changed.append("a deploy is running")
        for branch, tip in plan.push.expect if plan.push else ():
            if dict(now.refs).get(branch) != tip and not any(branch in words for words in changed):
                changed.append(f"branch {branch} moved")
        if changed:
            return self._ended(
                step, Exited(code=0), StepResult.REFUSED, f"not as planned any more: {'; '.join(changed)}"
            )
        unread = build_gate.unread(plan.gate, gate)
        detail = f"the host did not tell again: {', '.join(unread)}" if unread else ""
        return self._ended(step, Exited(code=0), StepResult.DONE, detail)

    async def _push(self, incident: Incident, plan: Plan, step: Step) -> ev.StepEnded:
        spec = plan.push
        if spec is None:
            raise ValueError("a push step without a commit")
        host = self._links.host(plan.host)
        why, _ = await together(self._ahead.closed(plan, incident.id), self._ask_identity(incident, plan))
        if incident.guard is not None:
            why = await guard_claim.lost(self._links, incident) or why
        if why:
            return self._ended(step, NeverStarted(why=why), StepResult.REFUSED, f"nothing was sent: {why}")

        async def send() -> PushEnd:
            return await self._links.git.push(
                host, spec, timeout=step.timeout, on_progress=lambda raw: self._heard(incident.id, step.id, raw)
            )

        end = await self._links.gate.record(plan.host, step.argv, incident.id, send, outcome_of)
        match end:
            case TipMoved(branch=branch, expected=expected, found=found):
                words = f"branch {branch} moved since the plan: {expected or 'none'} → {found or 'none'}"
                return self._ended(step, NeverStarted(why=words), StepResult.REFUSED, words)
            case NotSent(why=why):
                return self._ended(step, NeverStarted(why=why), StepResult.REFUSED, f"nothing was sent: {why}")
            case Reported(exit=code):
                return self._ended(step, Exited(code=code or 0), StepResult.DONE, "")
            case Declined(reason=reason, exit=code, progress=progress):
                refusal = refusals.read(progress)
                words = refusals.told(refusal) if refusal else clean_line(reason, 300)
                if refusals.leaves_its_image(progress):
                    words += restart_risk.after_failure(plan.app)
                if refusal is refusals.Refusal.HELM_BUSY:
                    words += f"; {k3s.ways_out(plan.app)}"
                if refusal is refusals.Refusal.NO_IMAGE:
                    words += await self._image_gone(incident, plan)
                words += await self._give_back(incident, plan)
                return self._ended(step, Exited(code=code or 1), StepResult.UNKNOWN, words, reported=True)
            case Unheard(outcome=outcome):
                return self._ended(step, outcome, StepResult.UNKNOWN, f"push: {describe(outcome)}")
            case _:
                assert_never(end)

    async def _ask_identity(self, incident: Incident, plan: Plan) -> None:
        """Remember what the service says of itself before it is replaced."""
        service = self._fleet.service(plan.service)
        if service is not None and incident.id not in self.identity_before:
            self.identity_before[incident.id] = await health_probing.ask_identity(self._probes, service)

    async def _deploy(self, incident: Incident, plan: Plan, step: Step) -> ev.StepEnded:
        """One command that changes what serves. Whatever it says, the host is asked afterwards."""
        await self._ask_identity(incident, plan)
        if step.where is Where.LOCAL:
            answer = await self._here(incident, plan, step)
        else:
            answer = await self._links.gate.write(
                self._links.host(plan.host),
                plan.host,
                step.argv,
                timeout=step.timeout,
                incident=incident.id,
                on_output=lambda raw, _: self._heard(incident.id, step.id, raw),
            )
        if isinstance(answer.outcome, NeverStarted):
            words = f"{step.title}: {answer.outcome.why}"
            return self._ended(step, answer.outcome, StepResult.REFUSED, words)
        if not isinstance(answer.outcome, Exited) or answer.ok:
            return self._of_answer(step, answer)
        refusal = refusals.read(answer)
        words = refusals.told(refusal) if refusal else _last_line(answer)
        if refusals.leaves_its_image(answer) and step.where is Where.HOST:
            words += restart_risk.after_failure(plan.app)
        if refusal is refusals.Refusal.HELM_BUSY:
            words += f"; {k3s.ways_out(plan.app)}"
        detail = f"{step.title}: {describe(answer.outcome)}: {words}" + await self._give_back(incident, plan)
        return self._ended(step, answer.outcome, StepResult.UNKNOWN, detail, reported=True)

    async def _image_gone(self, incident: Incident, plan: Plan) -> str:
        """The holder says so from now on, lest anybody's `previous` chooses it again; what went wrong, in words."""
        if plan.target.holder is None:
            return ""
        argv = commands.config_set(plan.target.holder, holders.mark_pairs(bad=kept_before.GONE))
        try:
            answer = await self._links.gate.write(
                self._links.host(plan.host), plan.host, argv, timeout=30.0, incident=incident.id
            )
        except LinkError as error:
            return f" (its holder could not be marked: {error.message})"
        return "" if answer.ok else f" (its holder could not be marked: {describe(answer.outcome)})"

    async def _give_back(self, incident: Incident, plan: Plan) -> str:
        """A deploy of the host's failed: checks and builder are set as before at once; what went wrong, in words."""
        try:
            if plan.stops:
                await stop_first.restore(self._links, plan, incident.id)
        except (LinkError, UnexpectedReply) as error:
            return f" (its checks are still disabled: {error.message})"
        try:
            await restore_builder.give_back(self._links, plan.host, plan.app, plan.restore, incident.id)
        except (LinkError, UnexpectedReply) as error:
            return f" (the builder dockerfile is selected still: {error.message})"
        return ""

    async def _here(self, incident: Incident, plan: Plan, step: Step) -> Answer:
        """A program of this machine. It passes the gate as well: what it does changes a host."""
        processes = self._processes
        if processes is None:
            raise Unreachable("this console cannot run programs of this machine")

        async def send() -> Answer:
            return await processes.run(
                step.argv,
                timeout=step.timeout,
                guard=incident.id,
                on_output=lambda raw, _: self._heard(incident.id, step.id, raw),
                env={"ROLLBACK_SERVICE": plan.service, "ROLLBACK_APP": plan.app},
            )

        return await self._links.gate.record(plan.host, step.argv, incident.id, send, lambda answer: answer.outcome)

    def _heard(self, incident: str, step: str, raw: bytes) -> None:
        self._journal.spool(incident, raw)
        if self.downtime is not None:
            self.downtime.heard(raw)
        if self._output is not None:
            # explained by test_whoever_shows_the_output_may_fail_and_the_step_does_not
            told(self._output, step, raw)

    def _ended(
        self, step: Step, outcome: Outcome, result: StepResult, detail: str, *, reported: bool = False
    ) -> ev.StepEnded:
        return ev.StepEnded(
            at=self._clock.now(), step=step.id, outcome=outcome, result=result, detail=detail, reported=reported
        )


def plan_of(incident: Incident) -> Plan:
    """The plan that is carried out. Raises ValueError where there is none."""
    if incident.plan is None:
        raise ValueError("the incident has no plan")
    return incident.plan


def _last_line(answer: Answer) -> str:
    lines = decode(answer.stderr or answer.stdout).split("\n")
    return clean_line(next((line for line in reversed(lines) if line.strip()), ""), 300)
