"""Holding deploys of an app back, and letting them through again.

`git:set APP deploy-branch frozen-by-…` makes every push to the team's branch deploy nothing (exit 0, with a warning in
CI's log). The old branch is on the incident record, because clearing the setting is not the same as restoring it.
A freeze is undone again where a step of it fails, and everything that a console which died has left is put in order by
`unfreeze`: what is frozen, and what is a record, is told by the host alone.

A rollback's own freeze is a step of its plan (`ways/plan`); `engine/incident/close` gives the branch back where the
target does not serve. On screen a freeze is a job (`console/jobs`), and an unfreeze a page (`console/pages/unfreeze`).
"""

import asyncio

from msgspec.structs import replace

from tui.dokku import commands, holders, reports, shell_lines
from tui.dokku.config_values import restored, stamp, wrap
from tui.dokku.quoting import git_takes
from tui.engine.concurrency import ended
from tui.engine.hosts import gate, incident_record
from tui.engine.hosts.connections import HostConnections, UnexpectedReply, unusable
from tui.engine.hosts.gate import OUTSIDE
from tui.engine.ports import ClockPort, JournalPort
from tui.engine.releases import catalog, restore_builder, stop_first
from tui.engine.releases.catalog import Listing
from tui.model import observation
from tui.model.errors import AlreadyThere, ConsoleError, LinkError, Refused, TakenByOther, Undone, Unfinished
from tui.model.history import Commit
from tui.model.service import Service
from tui.model.value import Value
from tui.releases import what_runs
from tui.ways import plan_warnings


class TeamBranch(Value):
    """The team's branch: its commits beside what runs."""

    branch: str
    tip: str | None
    serves: str | None
    """the commit that serves: the release's own, where a rollback brought it"""
    settled: bool | None
    """the branch's tip is what runs; False: a rebuild would deploy the tip. None: what runs is known by no commit"""
    pushed: tuple[Commit, ...] = ()
    """newest first: on the branch, and not what runs"""
    more: bool = False
    """older ones may be missing: what runs is not among the newest of the branch"""
    bad: tuple[tuple[str, str], ...] = ()
    """commits of them that are marked bad, each with the reason"""
    trouble: str = ""
    """why the branch could not be read, if so"""


class Unfrozen(Value):
    """The result of an unfreeze."""

    service: str
    app: str
    standing: TeamBranch
    next_deploy: str
    """the exact command that deploys the tip"""
    push: str
    """the exact command of the next normal deploy"""


class Frozen(Value):
    """The result of a freeze."""

    branch: str
    """the deploy branch that nobody pushes to"""
    unheld: str = ""
    """that deploys go live all the same, in words; empty where they are held back"""


class UnfreezeWord(Value):
    """A person's word on an unfreeze."""

    branch: str | None = None
    """the team's branch, where nobody knows it"""
    take_over: bool = False
    """the record of somebody else goes, too"""


NO_WORD = UnfreezeWord()


class Freezer:
    """Freezes and unfreezes services for one console."""

    def __init__(self, links: HostConnections, clock: ClockPort, journal: JournalPort) -> None:
        self._links = links
        self._clock = clock
        self._journal = journal

    # ── freezing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def freeze(self, service: Service, incident: str, by: str, reason: str = "") -> Frozen:
        """Freeze outside of an incident; the reason is on the record, for whoever comes upon it.

        Raises AlreadyThere, TakenByOther, Refused, LinkError, UnexpectedReply where nothing was changed, Undone where
        it is not any more, Unfinished where something of it is left on the host.
        """
        host, app = service.host, service.app
        found = await incident_record.read(self._links, host, app)
        branch = await deploy_branch(self._links, host, app)
        if holders.is_frozen(branch):
            who = f"by {branch.removeprefix(holders.FROZEN_BY)}"
            why = f": {found.reason}" if found is not None and found.reason else ""
            raise AlreadyThere(f"{app} is frozen {who}{why}", f"rollback unfreeze {service.name}")
        if found is not None and found.frozen:
            words = f"the record of {found.incident or 'an earlier freeze'} is left on {app}, and deploys go through"
            raise Refused(words, f"rollback unfreeze {service.name}: removes it; then freeze again")
        if found is not None:
            raise TakenByOther(_held(found), f"rollback unfreeze {service.name}: says what can be done")
        if not git_takes(branch):
            argv = commands.git_set_branch(app, plan_warnings.plain_branch(branch))
            fix = shell_lines.ssh_line(self._links.described(host), argv)
            raise Refused(plan_warnings.branch_lost(app, branch), fix)
        frozen = holders.frozen_branch(incident)
        report = reports.apps_report(await self._links.ask_checked(host, commands.apps_report(app)))
        unheld = observation.unheld(report.source, report.metadata) or ""
        pairs = (
            *holders.record_pairs(incident, by, self._clock.now(), "frozen"),
            ("ROLLBACK_DEPLOY_BRANCH", branch),
            *(((holders.UNHELD, unheld),) if unheld else ()),
            *(((holders.REASON, wrap(reason)),) if reason else ()),
        )
        created = await incident_record.create(self._links, host, holders.incident_record(app), incident)
        if incident_record.taken(created):
            raise TakenByOther(f"somebody else has just taken {app}", "rollback status")
        try:
            if not created.ok:
                raise unusable(created)
            await ended(self._write(host, commands.config_set(holders.incident_record(app), pairs), incident))
            await ended(self._write(host, commands.git_set_branch(app, frozen), incident))
            if (now := await deploy_branch(self._links, host, app)) != frozen:
                raise UnexpectedReply(f"its deploy branch is {now}", "try again")
        except BaseException as error:
            await ended(self._undo(service, incident, branch, error), after=error)
            if isinstance(error, ConsoleError):
                raise Undone(f"{app} was not frozen: {error.message}; what was begun is undone", error.fix) from error
            raise
        return Frozen(branch=frozen, unheld=plan_warnings.unheld(app, unheld) if unheld else "")

    async def _undo(self, service: Service, incident: str, branch: str, error: BaseException) -> None:
        """Take a freeze back that did not come to its end. Raises Unfinished where that is not possible either."""
        host, app = service.host, service.app
        try:
            if isinstance(error, UnexpectedReply | LinkError):
                await self._links.host(host).drop()
            if isinstance(error, asyncio.CancelledError) or (isinstance(error, UnexpectedReply) and error.unsure):
                await self._clock.sleep(incident_record.SIGNED_WITHIN)  # what was sent on the old link may arrive still
            seen = await incident_record.read(self._links, host, app)
            # explained by test_a_branch_that_was_set_although_its_end_was_lost_is_given_back
            if await deploy_branch(self._links, host, app) == holders.frozen_branch(incident):
                await self._write(host, commands.git_set_branch(app, branch), incident)
            if seen is None:
                return
            unsigned = seen.incident is None
            if unsigned and not await incident_record.abandoned(self._links, self._clock, host, app, seen):
                return
            if unsigned or seen.incident == incident:
                await incident_record.remove(self._links, host, holders.incident_record(app), incident)
        except ConsoleError as again:
            why = error.message if isinstance(error, ConsoleError) else "it was interrupted"
            raise Unfinished(
                f"{app} was not frozen: {why}; and what was begun could not be undone: {again}",
                f"rollback unfreeze {service.name}",
            ) from error

    # ── unfreezing ───────────────────────────────────────────────────────────────────────────────────────────────

    async def preview(self, service: Service, word: UnfreezeWord) -> TeamBranch:
        """The team's branch as unfreezing would find it. Raises as `unfreeze` does."""
        found = await catalog.listing(self._links, service)
        return await standing(self._links, service, found, await self._to_restore(service, found, word))

    async def unfreeze(self, service: Service, word: UnfreezeWord) -> Unfrozen:
        """Give branch, checks and builder back, and remove the record.

        Raises AlreadyThere, TakenByOther, Refused, LinkError, UnexpectedReply where nothing was sent, Unfinished after
        that.
        """
        sent = self._links.gate.sent
        try:
            return await self._unfreeze(service, word)
        except (LinkError, UnexpectedReply) as error:
            if self._links.gate.sent == sent:
                raise
            raise Unfinished(
                f"{service.app} may be unfrozen, or half so: {error.message}", f"rollback unfreeze {service.name}"
            ) from error

    async def _unfreeze(self, service: Service, word: UnfreezeWord) -> Unfrozen:
        host, app = service.host, service.app
        found = await catalog.listing(self._links, service)
        branch = await self._to_restore(service, found, word)
        held, lock = found.record, holders.takeover_lock(app)
        locked = lock in await catalog.names(self._links, host)
        at_work = locked or (held is not None and held.incident is None)
        if at_work and not await incident_record.abandoned(self._links, self._clock, host, app, held):
            raise TakenByOther(f"somebody is just opening an incident on {app}", "rollback status")
        if found.current.branch != branch:
            await self._write(host, commands.git_set_branch(app, branch))
            if (now := await deploy_branch(self._links, host, app)) != branch:
                raise UnexpectedReply(f"the deploy branch is {now}, not {branch}")
        if held is not None and held.checks is not None:
            await stop_first.give_back(self._links, host, app, held.checks)
        await restore_builder.give_back(self._links, host, app, await self._settings(service, found))
        current = await self._links.current(host, app)
        if held is not None and not held.gone:
            await incident_record.remove(self._links, host, holders.incident_record(app))
        if locked:
            await incident_record.remove(self._links, host, lock)
        at = self._links.described(host)
        return Unfrozen(
            service=service.name,
            app=app,
            standing=await standing(self._links, service, replace(found, current=current, record=None), branch),
            next_deploy=shell_lines.ssh_line(at, commands.git_sync_own(app, branch)),
            push=shell_lines.next_deploy(at, app, branch, (held and held.unheld) or found.current.unheld),
        )

    async def team_branch(self, service: Service, found: Listing) -> str | None:
        """The branch that the team deploys, as the host or this machine's journal has it. None: nobody knows."""
        branch = found.current.branch
        if found.record is not None and found.record.deploy_branch:
            return found.record.deploy_branch
        if branch is None or not holders.is_frozen(branch):
            return branch
        return await remembered(self._journal, service, branch.removeprefix(holders.FROZEN_BY))

    async def _settings(self, service: Service, found: Listing) -> tuple[tuple[str, str], ...]:
        """The settings to put back, as the record has them, or this machine's journal where the record is gone."""
        held = found.record
        if held is None or not held.gone or held.incident is None:
            return held.restore if held is not None else ()
        return restored(await remembered(self._journal, service, held.incident, holders.RESTORE) or "")

    async def _to_restore(self, service: Service, found: Listing, word: UnfreezeWord) -> str:
        """The branch to give back. Raises AlreadyThere, TakenByOther, Refused where nothing may be unfrozen."""
        held, branch = found.record, found.current.branch
        await self._may_unfreeze(service, held, word)
        if branch is not None and not holders.is_frozen(branch):
            if held is None and holders.takeover_lock(service.app) not in await catalog.names(
                self._links, service.host
            ):
                raise AlreadyThere(f"{service.app} is not frozen")
            return branch
        known = await self.team_branch(service, found)
        if known is not None and not git_takes(known):  # set with quotes as part of its name: nobody can send that
            known = None
        if known is not None and word.branch not in (None, known):
            raise Refused(
                f"{service.app} was frozen on branch {known}, not {word.branch}", f"rollback unfreeze {service.name}"
            )
        branches = tuple(name for name, _ in found.current.refs if not holders.is_frozen(name))
        named = known or word.branch
        if named is None or (known is None and branches and named not in branches):
            there = ", ".join(branches) or "none"
            which = branches[0] if len(branches) == 1 else "NAME"
            what = f"nobody knows which branch of {service.app} was deployed before"
            if named is not None:
                what = f"{service.app} has no branch {named}"
            raise Refused(f"{what}; branches there: {there}", f"rollback unfreeze {service.name} --branch {which}")
        return named

    async def _may_unfreeze(self, service: Service, held: holders.IncidentRecord | None, word: UnfreezeWord) -> None:
        """A record that is not of a closed incident is somebody's: this machine's, or another's."""
        if held is None or (held.frozen and not held.gone):
            return
        for row in await self._journal.open_incidents():
            if row.service == service.name and (held.incident is None or _is_of(row.id, held.incident)):
                fix = f"rollback resume {held.incident or row.id}"
                raise Refused(f"incident {row.id} on {service.name} is open here", fix)
        if held.frozen or held.incident is None or word.take_over:
            return
        if not await begun_here(self._journal, service, held.incident):
            way = f"rollback unfreeze {service.name} --take-over --reason TEXT"
            raise TakenByOther(_held(held), f"ask them; where nobody is at it any more: {way}")

    async def _write(self, host: str, argv: tuple[str, ...], incident: str = OUTSIDE) -> None:
        await self._links.write_checked(host, argv, timeout=60.0, incident=incident)


def _held(found: holders.IncidentRecord) -> str:
    since = f" since {stamp(found.began)}" if found.began else ""
    return f"{found.by or 'somebody'} has incident {found.incident or 'unknown'} on {found.app}{since}"


# ── what this machine's journal knows ────────────────────────────────────────────────────────────────────────────


LONG_AGO = 1000
"""incidents that are looked through"""


async def begun_here(journal: JournalPort, service: Service, incident: str) -> bool:
    """True if this machine's journal has that incident, or freeze, of the service."""
    return bool(await _commands(journal, service, incident))


async def remembered(
    journal: JournalPort, service: Service, incident: str, wanted: str = "ROLLBACK_DEPLOY_BRANCH"
) -> str | None:
    """The value that this machine wrote onto the record of that incident, by its key, should the record be gone."""
    for argv in await _commands(journal, service, incident):
        if argv[:1] != ("config:set",) or holders.incident_record(service.app) not in argv:
            continue
        for word in argv:
            key, _, value = word.partition("=")
            if key == wanted and value:
                return value
    return None


async def _commands(journal: JournalPort, service: Service, incident: str) -> tuple[tuple[str, ...], ...]:
    """The commands that this machine sent for an incident of the service, or for a freeze by hand, which is no
    incident."""
    rows = await journal.incidents(LONG_AGO)
    names = dict.fromkeys((incident, *(r.id for r in rows if r.service == service.name and _is_of(r.id, incident))))
    return tuple([sent.argv for name in names for sent in await gate.recorded(journal, name)])


def _is_of(journalled: str, known_as: str) -> bool:
    """True if the journal's incident is the one that hosts know by that id: a run over several has one for each."""
    return journalled == known_as or journalled.startswith(f"{known_as}-")


# ── the team's branch ────────────────────────────────────────────────────────────────────────────────────────────


async def standing(links: HostConnections, service: Service, found: Listing, branch: str) -> TeamBranch:
    """The commits that were pushed to that branch and do not run. A branch that cannot be read is said, never
    raised."""
    current = found.current
    running = what_runs.running(found.releases, current)
    tip = dict(current.refs).get(branch)
    commits, trouble = await catalog.commits(links, service, branch, tip)
    pushed: list[Commit] = []
    for commit in commits:
        if running.is_commit(commit.id):
            break
        pushed.append(commit)
    bad = {r.commit: r.bad for r in found.releases if r.commit and r.bad is not None}
    left = {commit: why for release in found.releases for commit, why in release.left_bad}
    return TeamBranch(
        branch=branch,
        tip=tip,
        serves=running.commit,
        settled=what_runs.settled(replace(current, branch=branch, tip=tip), running),
        pushed=tuple(pushed),
        more=bool(commits) and len(pushed) == len(commits),
        bad=tuple((c.id, bad.get(c.id) or left[c.id]) for c in pushed if c.id in bad or c.id in left),
        trouble=trouble,
    )


async def deploy_branch(links: HostConnections, host: str, app: str) -> str:
    """The app's deploy branch. Raises Refused where the host names none."""
    branch = reports.git_report(await links.ask_checked(host, commands.git_report(app))).branch
    if not branch:
        raise Refused(f"{app} has no deploy branch", "deploy it once by git push")
    return branch
