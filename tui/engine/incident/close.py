"""Leaving a host in order at the end of an incident: branch, checks, builder, half-made holders, record.

The host is looked at before anything is changed, so that it can be done again after any failure or death. The record
goes last: as long as it is there, every console knows who has something on the host.
"""

import msgspec

from tui.dokku import commands, holders
from tui.engine.concurrency import together
from tui.engine.hosts import gate, guard_claim, incident_record
from tui.engine.hosts.connections import HostConnections
from tui.engine.ports import ClockPort, JournalPort
from tui.engine.releases import restore_builder, stop_first
from tui.engine.releases.keeper import Keeper
from tui.incident import landed
from tui.model.incident import Incident, State, StepResult, StepRun
from tui.model.observation import RunningState, differences
from tui.model.outcome import Exited
from tui.model.plan import DECISIVE, Plan, StepKind
from tui.model.value import Value
from tui.ways import plan_warnings, signature


class Order(Value):
    """The state in which the host was left."""

    left: tuple[str, ...] = ()
    """what a person has to do, in words with the command that does it"""
    frozen: bool = False
    """deploys are held back still"""


class Settler:
    """Puts hosts in order for incidents of this machine."""

    def __init__(self, links: HostConnections, clock: ClockPort, journal: JournalPort, keeper: Keeper | None) -> None:
        self._links = links
        self._clock = clock
        self._journal = journal
        self._keeper = keeper

    async def put_in_order(self, incident: Incident) -> Order:
        """Raises LinkError, UnexpectedReply, Unreadable where something may be left; then it can be called again."""
        plan = incident.plan
        if plan is None or not (incident.runs or plan.record_of == incident.known_as):
            # nothing was ever taken on the host but by a guard
            free = incident.guard is None or await guard_claim.let_go(self._links, self._clock, self._journal, incident)
            return Order() if free else Order(left=(_taken_over(incident),))
        host, app = incident.host, incident.app
        if _lost(incident, plan):
            # explained by test_what_was_lost_gets_its_time_on_a_new_connection_before_the_host_is_looked_at
            # what was sent may arrive still: on the new connection it has had its time
            await self._links.host(host).drop()
            await self._clock.sleep(incident_record.SIGNED_WITHIN)
        seen, current = await together(incident_record.read(self._links, host, app), self._links.current(host, app))
        mine = await self._is_mine(incident, plan, seen)
        if seen is None or seen.incident is None:
            # an unfreeze takes the record last; and whether an unsigned one is ours may have taken time
            current = await self._links.current(host, app)
        left: list[str] = []
        await self._holders(incident, left)
        if mine or seen is None:
            current = await self._branch(incident, plan, current)
            checks = await self._checks(incident, plan, left)
            builder = await self._builder(incident, plan, current, left)
            if seen is not None:
                await self._record(incident, needed=holders.is_frozen(current.branch) or not checks or not builder)
            elif current.branch == holders.frozen_branch(incident.known_as):
                # explained by test_a_freeze_whose_record_somebody_removed_gets_it_back
                await self._record_anew(incident, plan)
        await self._lock(incident, plan, seen)
        await self._deploy_lock(incident, current, left)
        frozen = holders.is_frozen(current.branch)
        if frozen:
            left.append(f"deploys of {app} are frozen until `rollback unfreeze {incident.service}`")
            if seen is not None and seen.unheld is not None:
                left.append(plan_warnings.unheld(app, seen.unheld))
        return Order(left=tuple(left), frozen=frozen)

    async def _is_mine(self, incident: Incident, plan: Plan, seen: holders.IncidentRecord | None) -> bool:
        """True if the record is this incident's: signed so, or created by it and not signed by anybody."""
        if seen is None or seen.incident is not None:
            return seen is not None and seen.incident == incident.known_as
        run = _run(incident, plan, holders.incident_record(incident.app))
        if run is None or run.result is StepResult.REFUSED:
            return False
        if run.result is StepResult.DONE:
            return True
        return await incident_record.abandoned(self._links, self._clock, incident.host, incident.app, seen)

    async def _branch(self, incident: Incident, plan: Plan, current: RunningState) -> RunningState:
        """The deploy branch as it was, unless the target serves or may come to serve; what runs, with it."""
        mine = holders.frozen_branch(incident.known_as)
        before = plan.before.branch if plan.before.branch != mine else plan.old_branch
        kept_frozen = incident.state is State.UNCERTAIN or landed.serves(plan, current)
        if current.branch != mine or kept_frozen or before is None:
            return current
        await self._write(incident, commands.git_set_branch(incident.app, before))
        return msgspec.structs.replace(current, branch=before)

    async def _checks(self, incident: Incident, plan: Plan, left: list[str]) -> bool:
        """Give the team's setting back; False where that must wait, because a deploy may be running."""
        if not plan.stops:
            return True
        if incident.state is State.UNCERTAIN:
            left.append(
                f"checks of {incident.app} may be disabled still, as a deploy may be running: when it has ended, "
                f"`rollback unfreeze {incident.service}`"
            )
            return False
        await stop_first.restore(self._links, plan, incident.id)
        return True

    async def _builder(self, incident: Incident, plan: Plan, current: RunningState, left: list[str]) -> bool:
        """Give the team's builder back once deploys are let through; False where that must wait."""
        if not plan.restore or holders.is_frozen(current.branch):
            return True
        if incident.state is State.UNCERTAIN:
            left.append(
                f"{incident.app} may have the builder dockerfile selected still, as a deploy may be running: when it "
                f"has ended, `rollback unfreeze {incident.service}`"
            )
            return False
        await restore_builder.give_back(self._links, incident.host, incident.app, plan.restore, incident.id)
        return True

    async def _holders(self, incident: Incident, left: list[str]) -> None:
        """A keep of this incident that did not come to its end is taken away again."""
        if self._keeper is None:
            return
        for holder in await self._begun(incident):
            if await self._keeper.within(incident.id).clear(incident.host, holder):
                continue
            left.append(f"{holder} is half-made, and was deployed: look at it, then `apps:destroy {holder} --force`")

    async def _begun(self, incident: Incident) -> tuple[str, ...]:
        """The holders whose creation this incident began, by its journal."""
        found: list[str] = []
        for sent in await gate.recorded(self._journal, incident.id):
            match sent.argv:
                case ("apps:create", name) if holders.holds(name, incident.app) and name not in found:
                    found.append(name)
        return tuple(found)

    async def _record(self, incident: Incident, *, needed: bool) -> None:
        """The record holds the old branch and the old checks; once both are given back it goes."""
        if needed:
            pairs = (("ROLLBACK_STATE", "frozen"),)
            await incident_record.sign(self._links, incident.host, incident.app, pairs, incident.id)
            return
        await incident_record.remove(self._links, incident.host, holders.incident_record(incident.app), incident.id)

    async def _record_anew(self, incident: Incident, plan: Plan) -> None:
        """The record of a freeze of this program that somebody removed meanwhile, by hand or by an unfreeze that we
        overtook: without it nobody but this machine knows the team's branch."""
        name = holders.incident_record(incident.app)
        signed = signature.signed(plan)
        if not signed:
            return
        if not await incident_record.created(self._links, incident.host, name, incident.id):
            return  # somebody begins an incident: the record is theirs
        pairs = tuple({**signed, "ROLLBACK_STATE": "frozen"}.items())
        await incident_record.sign(self._links, incident.host, incident.app, pairs, incident.id)

    async def _lock(self, incident: Incident, plan: Plan, seen: holders.IncidentRecord | None) -> None:
        """The lock of a take-over that this incident began."""
        name = holders.takeover_lock(incident.app)
        run = _run(incident, plan, name)
        if run is None or run.result is StepResult.REFUSED:
            if incident.guard is not None:  # it may have died when it claimed the deploy
                await guard_claim.clear(
                    self._links, self._clock, self._journal, incident.host, incident.app, incident.id
                )
            return
        if run.outcome != Exited(code=0) and (seen is None or seen.incident != incident.known_as):
            if seen is not None and seen.incident != plan.record_of:
                return  # somebody else took it over, and the lock is theirs
            if not await incident_record.abandoned(self._links, self._clock, incident.host, incident.app, seen):
                return
        await incident_record.remove(self._links, incident.host, name, incident.id)

    async def _deploy_lock(self, incident: Incident, current: RunningState, left: list[str]) -> None:
        """The lock that our deploy left when the host restarted under it: 0.35 takes its file for a running deploy.

        Only as long as nothing was tried since: a lock that may be somebody's is theirs.
        """
        last = incident.latest
        if not current.locked or last is None or incident.sent_at is None:
            return
        failed = incident.state is State.FAILED and bool(last.locked)
        if not failed and not landed.deploy_died(last, incident.sent_at):
            return
        since = differences(msgspec.structs.replace(last, branch=current.branch, tip=current.tip), current)
        if last.git_rev == current.git_rev and not since:
            await self._write(incident, commands.apps_unlock(incident.app))
        else:
            left.append(f"{incident.app} is locked: by a deploy that runs, or by the one that died (`apps:unlock`)")

    async def _write(self, incident: Incident, argv: tuple[str, ...]) -> None:
        await self._links.write_checked(incident.host, argv, timeout=30.0, incident=incident.id)


def _taken_over(incident: Incident) -> str:
    return (
        f"somebody is just taking {incident.app} over: the guard's claim is theirs; where nobody is at it any more, "
        f"`rollback unfreeze {incident.service}` removes it"
    )


def _lost(incident: Incident, plan: Plan) -> bool:
    """True if nobody knows how the last command ended, and nothing was begun after which the host was asked."""
    last = incident.runs[-1] if incident.runs else None
    step = next((s for s in plan.steps if last is not None and s.id == last.step), None)
    if last is None or step is None or step.kind in DECISIVE:
        return False
    return last.result in (None, StepResult.UNKNOWN)


def _run(incident: Incident, plan: Plan, creates: str) -> StepRun | None:
    """The run of the step that creates this record or lock."""
    step = next((s for s in plan.steps if s.kind is StepKind.RECORD and s.argv[1] == creates), None)
    return incident.run_of(step.id) if step is not None else None
