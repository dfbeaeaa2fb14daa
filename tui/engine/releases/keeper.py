"""Keeping what runs: a holder app, never deployed, that retains the running release's image.

create → forbid deploys → push `FROM dokku/APP:latest` → did what runs change meanwhile? → seal → read the seal back →
allow to look at its image. What is kept already is looked at, and kept again where its image is gone. Anything that
does not hold up on the way destroys the holder again: a holder that might contain something else than its name says is
worse than none. Where that is not possible either, it is named: keeping again takes it away. Once the seal was read
back the release is kept, no matter what fails afterwards. Measured: 4-7 s on 0.35.15, about 10 s on 0.38.27.
"""

import asyncio
import sys
from datetime import timedelta
from typing import assert_never

from msgspec.structs import replace

from tui.dokku import builders, commands, commit_files, holders, k3s, refusals, reports
from tui.engine.concurrency import ended, meanwhile, together
from tui.engine.hosts import incident_record
from tui.engine.hosts.app_config import ConfigRead
from tui.engine.hosts.connections import HostConnections, UnexpectedReply, unusable
from tui.engine.hosts.gate import OUTSIDE
from tui.engine.ports import ClockPort
from tui.engine.releases import catalog, keep_content, kept_before, last_deploy, retention, sealing
from tui.engine.releases.catalog import Listing
from tui.engine.releases.keep_content import HolderContent, Say
from tui.engine.releases.keep_turns import Turns
from tui.model.errors import ConsoleError, LinkError, Refused, Undone, Unfinished
from tui.model.observation import RunningState, differences
from tui.model.outcome import Answer, describe
from tui.model.plan import PushSpec
from tui.model.push import Declined, NotSent, PushEnd, Reported, TipMoved, Unheard, outcome_of
from tui.model.release import Release
from tui.model.service import Service
from tui.releases import what_runs
from tui.releases.keepable import deployed_at, known_to_run
from tui.text.clean import clean_line

KEEP_BRANCH = "main"
TRIES = 4
UNDER_WAY = timedelta(minutes=2)
"""a holder without a seal that is younger than this may be somebody's keep at work"""
LOOK_AGAIN = 1.0
"""seconds between two looks at somebody else's keep"""


class Keeper:
    """Keeps releases of services on one set of links."""

    def __init__(
        self,
        links: HostConnections,
        clock: ClockPort,
        by: str,
        most: int,
        incident: str = OUTSIDE,
        turns: Turns | None = None,
    ) -> None:
        """`most`: releases of an app that stay kept. `turns`: how many at once; None: whoever asks sees to that."""
        self._incident = incident
        """whose journal says what is sent"""
        self._turns = turns or Turns(lambda _: sys.maxsize)
        self._links = links
        self._clock = clock
        self._by = by
        self._most = most

    def within(self, incident: str) -> "Keeper":
        """The same, as part of an incident: its journal then knows which holder was begun."""
        return Keeper(self._links, self._clock, self._by, self._most, incident)

    async def keep(self, service: Service, say: Say, config: ConfigRead | None = None) -> Release:
        """Keep what the service runs now. `config` reads its variables anyhow.

        Raises AlreadyThere when it is kept, Refused when it must not be kept, LinkError and UnexpectedReply before
        anything was begun, Undone where what was begun was taken back, Unfinished where a holder may be left on the
        host.
        """
        for _ in range(TRIES):
            found, _ = await together(
                catalog.listing(self._links, service, config=config), self._links.capabilities(service.host)
            )
            config, content = None, await self._content(service, found, say)
            async with self._turns.of(service.host) as waited:
                if waited and await self._changed(service, found.current):
                    continue
                holder = await self._begin(service, found, content, say)
                if holder is None:
                    say(f"somebody else is keeping {service.app} at this moment")
                    continue
                return await self._end(service, holder, found, say)
        raise Undone(f"{service.app}: other keeps were faster {TRIES} times", "try again")

    async def _content(self, service: Service, found: Listing, say: Say) -> HolderContent | ConsoleError | None:
        """The content of a holder of what runs, or why it is not kept; None where it is kept already, and only an image
        that is gone from there would make this a question."""
        running = what_runs.running(found.releases, found.current)
        return None if running.holder and running.sealed else await self._of_what_runs(service, found, say)

    async def _of_what_runs(self, service: Service, found: Listing, say: Say) -> HolderContent | ConsoleError:
        try:
            known_to_run(found.current)
            await last_deploy.check(self._links, service)
            return await keep_content.read(self._links, service, found.current, say)
        except ConsoleError as error:
            return error

    async def _changed(self, service: Service, before: RunningState) -> bool:
        now = await self._links.current(service.host, service.app)
        return bool(now.locked or differences(before, now))

    async def _end(self, service: Service, holder: str, found: Listing, say: Say) -> Release:
        """What is done once the release is kept."""
        async with meanwhile() as begin:
            described = begin(self._described(service.host, holder))
            await retention.let_older_go(self._links, service, self._most, self.destroy, say)
            for trouble in await kept_before.allow_all(self._links, service.host, found.releases, self._write):
                say(trouble)
            return await described

    async def _described(self, host: str, holder: str) -> Release:
        """The new holder by its own word; by its name where it cannot be asked."""
        try:
            return await catalog.holder_release(self._links, host, holder)
        except (LinkError, UnexpectedReply):
            return replace(holders.release_from_config(holder, {}), sealed=True)

    async def _begin(
        self, service: Service, found: Listing, read: HolderContent | ConsoleError | None, say: Say
    ) -> str | None:
        """A holder that is filled and sealed; None where somebody else's keep has to be waited for first."""
        if await self._others_are_at_it(service, found, say):
            return None
        running = what_runs.running(found.releases, found.current)
        lost = await kept_before.lost(self._links, self._clock, service, found.releases, running, self._write)
        content = read or await self._of_what_runs(service, found, say)
        if isinstance(content, ConsoleError):
            raise kept_before.refusal(lost, content) if isinstance(content, Refused) else content
        if lost is not None:
            say(f"the image of {lost.holder} is gone from the host: {lost.name} is kept again")
            content = await kept_before.content(self._links, service.host, lost, content)
        holder = await self._name(service, found)
        if holder is None:
            return None
        created = False
        try:
            answer = await self._send(service.host, commands.apps_create(holder))
            if refusals.read(answer) is refusals.Refusal.NAME_TAKEN:
                return None
            if not answer.ok:
                raise unusable(answer)
            created = True
            say(f"keeping {service.app} as {holder}")
            await self._sign(service, holder, found.current, content, kept_before.pairs(lost))
            if trouble := await self._fill(service, holder, found.current, content):
                say(f"{holder}: {trouble}")
        except _Runs as runs:
            raise Unfinished(
                f"{holder} was deployed by the host, which a holder must never be; {runs}",
                f"look at it, then destroy it: apps:destroy {holder} --force",
            ) from None
        except BaseException as error:
            await ended(self._take_back(service, holder, error, created=created), after=error)
            if isinstance(error, _Outrun):
                return None
            if isinstance(error, ConsoleError):
                raise Undone(f"{error.message}; what was begun is undone", error.fix) from error
            raise
        return holder

    async def _take_back(self, service: Service, holder: str, error: BaseException, *, created: bool) -> None:
        """Destroy a holder that did not come to its end. Raises Unfinished where it may be left on the host.

        `created` False: nobody knows whether it was created by us, so one that carries facts is somebody else's.
        """
        host = service.host
        try:
            if isinstance(error, asyncio.CancelledError) or (isinstance(error, UnexpectedReply) and error.unsure):
                # explained by test_a_push_without_a_word_gets_its_time_before_the_holder_goes
                await self._links.host(host).drop()  # what was sent on the old link may arrive still: it gets its time
                await self._clock.sleep(incident_record.SIGNED_WITHIN)
            # explained by test_a_holder_that_nobody_knows_to_be_ours_and_carries_facts_stays
            if not created and "ROLLBACK_SCHEMA" in (await self._links.config(host, holder) or ()):
                return
            await self.destroy(host, holder, ours=True)
        except ConsoleError as again:
            why = error.message if isinstance(error, ConsoleError) else "it was interrupted"
            raise Unfinished(
                f"{service.app} was not kept: {why}; {holder} may be left on the host, half-made: {again.message}",
                f"rollback keep {service.name}",
            ) from error

    async def _others_are_at_it(self, service: Service, found: Listing, say: Say) -> bool:
        """Wait for a keep that is under way; take away what a keep that died has left."""
        now, taken = self._clock.now(), False
        for release in found.releases:
            if release.holder is None or release.sealed is not False:
                continue
            began = holders.time_of(release.holder)
            if timedelta(0) <= now - began < UNDER_WAY:
                await self._wait_for(service.host, release.holder, UNDER_WAY - (now - began), say)
                return True
            say(f"{release.holder} was never finished: it is taken away")
            try:
                await self.destroy(service.host, release.holder)
                taken = True
            except Refused as error:
                say(f"{release.holder} stays: {error.message}; {error.fix}")
        return taken

    async def _wait_for(self, host: str, holder: str, longest: timedelta, say: Say) -> None:
        """Until somebody else's holder is sealed or gone, or too old to be worked on still."""
        say(f"waiting for {holder}, which somebody else is filling")
        until = self._clock.monotonic() + longest.total_seconds()
        while self._clock.monotonic() < until:
            answer = await self._links.ask(host, commands.git_report(holder))
            if refusals.is_missing(answer):
                return
            if answer.ok and reports.git_report(answer.stdout).branch == holders.SEAL_BRANCH:
                return
            await self._clock.sleep(LOOK_AGAIN)

    # ── the steps ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _name(self, service: Service, found: Listing) -> str | None:
        """A new holder's name; None when another keep was faster."""
        names = await catalog.names(self._links, service.host)
        if {name for name in names if holders.holds(name, service.app)} - {r.holder for r in found.releases}:
            return None  # it may hold what runs now
        return holders.holder_name(service.app, holders.next_number(service.app, names), self._clock.now())

    async def _sign(
        self,
        service: Service,
        holder: str,
        current: RunningState,
        content: HolderContent,
        more: tuple[tuple[str, str], ...],
    ) -> None:
        """Forbid deploys of the new holder, have its Dockerfile build it, and write its facts.

        Raises _Outrun when another keep was faster.
        """
        outrun, scheduler = await together(
            self._outrun(service, holder), self._links.ask(service.host, k3s.scheduler_report(holder))
        )
        if outrun:
            raise _Outrun
        await sealing.on_the_host(scheduler, service.host, holder, self._write)
        at = holders.time_of(holder)
        pairs = holders.holder_pairs(
            release=holders.number_of(holder),
            commit=content.commit,
            source=current.source,
            image=current.metadata if current.source == builders.IMAGE else None,
            builder=content.shape.builder,
            config_keys=content.config_keys,
            deployed_at=deployed_at(current),
            kept_at=at,
            kept_by=self._by,
            last_served=at,
        )
        known = await self._links.capabilities(service.host)
        selected = commands.builder_set(holder, "selected", builders.DOCKERFILE)
        for argv in (*holders.forbid(holder, known, (*pairs, *more)), selected):
            await self._write(service.host, argv)

    async def _outrun(self, service: Service, holder: str) -> bool:
        """True if another keep has the same number and the lower name: the greater one gives way."""
        names = await catalog.names(self._links, service.host)
        same = (n for n in names if holders.holds(n, service.app) and holders.number_of(n) == holders.number_of(holder))
        # explained by test_the_greater_name_gives_way_and_the_keep_ends_after_so_many_others
        return min(same, default=holder) < holder

    async def _fill(self, service: Service, holder: str, before: RunningState, content: HolderContent) -> str:
        number = holders.number_of(holder)
        await self._push(service, holder, number, content.tree(number, before))
        told, outrun, now = await together(
            self._links.ask_checked(service.host, commands.ps_report(holder)),
            self._outrun(service, holder),
            self._links.current(service.host, service.app),
        )
        if reports.ps_report(told).running != "false":
            stopped = await self._send(service.host, commands.ps_stop(holder))
            raise _Runs("it was stopped" if stopped.ok else f"it could not be stopped: {unusable(stopped).message}")
        if outrun:
            raise _Outrun
        changed = list(differences(before, now))
        if now.locked:
            changed.append("a deploy is running")
        if changed:
            raise Refused(f"{service.app} changed while it was kept: {'; '.join(changed)}", "keep it again")
        return await sealing.seal(self._links, service.host, holder, self._write)

    async def _push(self, service: Service, holder: str, number: int, files: commit_files.Tree) -> None:
        host = self._links.host(service.host)
        user, _, machine = self._by.partition("@")
        spec = PushSpec(
            app=holder,
            branch=KEEP_BRANCH,
            parent=None,
            files=files,
            message=commit_files.keep_message(app=service.app, number=number, by=self._by),
            author=f"{user} <{user}@{machine or 'localhost'}>",
            at=self._clock.now().replace(microsecond=0),
            commit="",
            expect=((KEEP_BRANCH, None),),
        )
        spec = replace(spec, commit=self._links.git.commit_id(spec))

        async def send() -> PushEnd:
            return await self._links.git.push(host, spec, timeout=300.0)

        argv = ("git-receive-pack", holder)
        end = await self._links.gate.record(service.host, argv, self._incident, send, outcome_of)
        match end:
            case Reported():
                return
            case TipMoved():
                raise Refused(f"{holder} could not be filled: somebody else pushed to it")
            case NotSent(why=why):
                raise Refused(f"{holder} could not be filled: {why}")
            case Declined(reason=reason):
                raise Refused(f"{holder} could not be filled: {clean_line(reason, 200)}")
            case Unheard(outcome=outcome):
                raise UnexpectedReply(f"{holder} could not be filled: {describe(outcome)}", unsure=True)
            case _:
                assert_never(end)

    async def _send(self, host: str, argv: tuple[str, ...]) -> Answer:
        return await self._links.gate.write(self._links.host(host), host, argv, timeout=120.0, incident=self._incident)

    async def _write(self, host: str, argv: tuple[str, ...]) -> None:
        await self._links.write_checked(host, argv, timeout=120.0, incident=self._incident)

    # ── removal ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def clear(self, host: str, holder: str) -> bool:
        """Destroy a holder of this console's own that was never finished; False where it was deployed, and stays.

        One that is finished is a kept release like any other. Raises LinkError, UnexpectedReply.
        """
        answer = await self._links.ask(host, commands.git_report(holder))
        if refusals.is_missing(answer):
            return True
        if not answer.ok:
            raise unusable(answer)
        if reports.git_report(answer.stdout).branch == holders.SEAL_BRANCH:
            return True
        try:
            await self.destroy(host, holder, ours=True)
        except Refused:
            return False
        return True

    async def destroy(self, host: str, holder: str, *, ours: bool = False) -> None:
        """Destroy a holder: only an app whose name has the form, that was never deployed and whose config is ours.

        One without any config is half-made: whoever creates a holder writes its config within seconds.
        """
        if holders.parse_holder(holder) is None:
            raise Refused(f"{holder} is no holder", "nothing was destroyed")
        config = await self._links.config(host, holder)
        if config is None:
            return
        theirs = any(not key.startswith("DOKKU_") for key in config)
        if not ours and theirs and config.get("ROLLBACK_SCHEMA") != "1":
            raise Refused(f"{holder} carries no config of ours", f"look at it, then: apps:destroy {holder} --force")
        told = await self._links.ask_checked(host, commands.ps_report(holder))
        if reports.ps_report(told).deployed is not False:
            raise Refused(f"{holder} was deployed", "look at it: a holder never runs")
        answer = await self._send(host, commands.apps_destroy(holder))
        if not answer.ok and not refusals.is_missing(answer):
            raise unusable(answer)


class _Outrun(Exception):
    """Another keep took the same number and has the lower name."""


class _Runs(Exception):
    """The holder was deployed; what was done about it."""
