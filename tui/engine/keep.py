"""Keeping what runs: a holder app, never deployed, that retains the running release's image.

create → forbid deploys → push `FROM dokku/APP:latest` → did what runs change meanwhile? → seal → read the seal back.
Anything that does not hold up on the way destroys the holder again: a holder that might contain something else than
its name says is worse than none. Measured: 4-7 s on 0.35.15, about 10 s on 0.38.27.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from tui.dokku import commands, kept, reports, tree
from tui.engine import releases
from tui.engine.links import Links, unusable
from tui.engine.ports import ClockPort
from tui.incident import choose
from tui.model.errors import AlreadyThere, Refused
from tui.model.host import Capabilities
from tui.model.observation import Current, differences
from tui.model.plan import PushSpec
from tui.model.push import PushEnd, Reported, outcome_of
from tui.model.release import Release, Target, TargetKind
from tui.model.service import Service
from tui.model.text import decode

SOURCES = ("Procfile", "app.json", "nginx.conf.sigil", "CHECKS")
"""files that Dokku reads from the source, at their usual paths"""
KEEP_BRANCH = "main"
TRIES = 3
Say = Callable[[str], None]


class Keeper:
    """Keeps releases of services on one set of links."""

    def __init__(self, links: Links, clock: ClockPort, by: str, retention: int) -> None:
        self._links = links
        self._clock = clock
        self._by = by
        self._retention = retention

    async def keep(self, service: Service, say: Say) -> Release:
        """Keep what the service runs now. Raises AlreadyThere when it is kept, Refused when it must not be kept."""
        found = await releases.listing(self._links, service)
        running = choose.running(found.releases, found.current)
        if running.holder is not None:
            await self._stamp(service, running)
            raise AlreadyThere(f"{running.name} is what runs, and it is kept as {running.holder}")
        commit = known_to_run(found.current)
        files = await self.files(service, found.current, commit)
        for _ in range(TRIES):
            holder = await self._create(service, found.current, commit)
            if holder is not None:
                break
            say("another keep took the same number; trying the next one")
        else:
            raise Refused(f"{service.app}: other keeps were faster {TRIES} times", "try again")
        say(f"keeping {service.app} as {holder}")
        try:
            await self._fill(service, holder, found.current, files)
        except BaseException:
            await asyncio.shield(self.destroy(service.host, holder))
            raise
        for old in await self.expired(service):
            say(f"retention: {old} goes")
            await self.destroy(service.host, old)
        return await releases.holder_release(self._links, service.host, holder)

    async def files(self, service: Service, current: Current, commit: str) -> dict[str, str]:
        """The running release's own files, from a branch that stands at what runs."""
        branch = next((name for name, tip in current.refs if tip == commit), None)
        if branch is None:
            raise Refused(
                f"no branch of {service.app} stands at {commit[:10]}, so its Procfile and app.json cannot be read",
                "push that commit to a branch of the app, or deploy again",
            )
        host = self._links.host(service.host)
        found = await self._links.git.archive(host, service.app, branch, SOURCES)
        return {path: decode(content) for path, content in found.items()}

    # ── the steps ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _create(self, service: Service, current: Current, commit: str) -> str | None:
        """A new holder with its facts and deploys forbidden; None when another keep took the same number."""
        now = self._clock.now()
        names = await releases.names(self._links, service.host)
        number = kept.next_number(service.app, names)
        holder = kept.holder_name(service.app, number, now)
        await self._write(service.host, commands.apps_create(holder))
        try:
            rivals = [
                parsed_name
                for parsed_name in await releases.names(self._links, service.host)
                if (p := kept.parse_holder(parsed_name)) and p.app == service.app and p.number == number
            ]
            if rivals and holder != min(rivals):
                await self.destroy(service.host, holder, ours=True)
                return None
            pairs = kept.holder_pairs(
                release=number,
                commit=commit,
                source=current.source,
                deployed_at=deployed_at(current),
                kept_at=now,
                kept_by=self._by,
                last_served=now,
            )
            known = await self._links.capabilities(service.host)
            for argv in forbid(holder, known, pairs):
                await self._write(service.host, argv)
        except BaseException:
            await asyncio.shield(self.destroy(service.host, holder, ours=True))
            raise
        return holder

    async def _fill(self, service: Service, holder: str, before: Current, files: dict[str, str]) -> None:
        parsed = kept.parse_holder(holder)
        if parsed is None:
            raise ValueError(holder)
        await self._push(service, holder, parsed.number, files)
        now = await self._links.current(service.host, service.app)
        changed = list(differences(before, now))
        if now.locked:
            changed.append("a deploy is running")
        if changed:
            raise Refused(f"{service.app} changed while it was kept: {'; '.join(changed)}", "keep it again")
        await self._write(service.host, commands.git_set_branch(holder, kept.SEAL_BRANCH))
        await self._write(service.host, commands.builder_set(holder, "selected", "null"))
        branch = reports.git_report(await self._links.tell(service.host, commands.git_report(holder))).branch
        running = reports.ps_report(await self._links.tell(service.host, commands.ps_report(holder))).running
        if branch != kept.SEAL_BRANCH or running != "false":
            raise Refused(f"{holder} could not be sealed: branch {branch}, running {running}", "it was removed again")

    async def _push(self, service: Service, holder: str, number: int, files: dict[str, str]) -> None:
        host = self._links.host(service.host)
        user, _, machine = self._by.partition("@")
        spec = PushSpec(
            app=holder,
            branch=KEEP_BRANCH,
            parent=None,
            files=tree.keep_tree(service.app, number, files),
            message=tree.keep_message(app=service.app, number=number, by=self._by),
            author=f"{user} <{user}@{machine or 'localhost'}>",
            at=self._clock.now().replace(microsecond=0),
            commit="",
            expect=((KEEP_BRANCH, None),),
        )
        spec = replace(spec, commit=self._links.git.commit_id(spec))

        async def send() -> PushEnd:
            return await self._links.git.push(host, spec, timeout=300.0)

        end = await self._links.gate.record(service.host, ("git-receive-pack", holder), "-", send, outcome_of)
        if not isinstance(end, Reported):
            raise Refused(f"{holder} could not be filled: {end}", "it was removed again")

    async def _stamp(self, service: Service, running: Release) -> None:
        if running.holder is not None:
            pairs = kept.mark_pairs(last_served=self._clock.now())
            await self._write(service.host, commands.config_set(running.holder, pairs))

    async def _write(self, host: str, argv: tuple[str, ...]) -> None:
        answer = await self._links.gate.write(self._links.host(host), host, argv, timeout=120.0)
        if not answer.ok:
            raise unusable(answer)

    # ── removal ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def expired(self, service: Service) -> tuple[str, ...]:
        """Holders beyond the retention, oldest first; none while an incident is open."""
        found = await releases.listing(self._links, service)
        if found.record is not None and not found.record.frozen:
            return ()
        counted = [r for r in choose.newest_first(found.releases) if r.holder is not None and r.bad is None]
        spared = {r.holder for r in counted if r.running} | {_previous(found.releases)}
        over = [r.holder for r in counted[self._retention :] if r.holder is not None and r.holder not in spared]
        return tuple(reversed(over))

    async def destroy(self, host: str, holder: str, *, ours: bool = False) -> None:
        """Destroy a holder: only an app whose name has the form, that was never deployed and whose config is ours."""
        if kept.parse_holder(holder) is None:
            raise Refused(f"{holder} is no holder", "nothing was destroyed")
        config = await self._links.config(host, holder)
        if config is None:
            return
        if not ours and config.get("ROLLBACK_SCHEMA") != "1":
            raise Refused(f"{holder} carries no config of ours", "look at it and destroy it by hand if it is yours")
        told = await self._links.tell(host, commands.ps_report(holder))
        if reports.ps_report(told).deployed is not False:
            raise Refused(f"{holder} was deployed", "look at it: a holder never runs")
        await self._write(host, commands.apps_destroy(holder))


def known_to_run(current: Current) -> str:
    """The commit that is known to run. Raises Refused, with the reason, where it is not known for certain.

    The image `dokku/APP:latest` is only what runs after a deploy that succeeded: GIT_REV is written before a build, the
    metadata after its success, so the two agree only then.
    """
    if not current.serving:
        raise Refused(f"{current.app} runs nothing that could be kept", "deploy it first")
    if current.locked:
        raise Refused(f"a deploy of {current.app} is running", "keep it when the deploy has ended")
    commit = current.commit
    if commit is None:
        source = current.source or "unknown"
        raise Refused(
            f"{current.app} was deployed by {source}: what runs is known by no commit", "deploy it by git push"
        )
    if current.git_rev != commit:
        raise Refused(
            f"{current.app}: {commit[:10]} was deployed, but {(current.git_rev or 'unknown')[:10]} was tried after it, "
            "so the image may be another one",
            "deploy a good release first",
        )
    return commit


def forbid(holder: str, known: Capabilities, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], ...]:
    """The commands that keep a holder from ever being deployed or cleaned up, and write its facts.

    0.35 obeys two variables (the value has to be the word `true`), 0.38 ignores them and has properties instead.
    """
    settings: list[tuple[str, str]] = []
    properties: list[tuple[str, ...]] = []
    if known.skip_deploy == "property":
        properties.append(commands.ps_set(holder, "skip-deploy", "true"))
    else:
        settings.append(("DOKKU_SKIP_DEPLOY", "true"))
    if known.skip_cleanup == "property":
        properties.append(commands.builder_set(holder, "skip-cleanup", "true"))
    else:
        settings.append(("DOKKU_SKIP_CLEANUP", "true"))
    return (*properties, commands.config_set(holder, (*settings, *pairs)))


def deployed_at(current: Current) -> datetime | None:
    """When what runs was started last: the best the host can tell of the deploy."""
    return max((c.started_at for c in current.containers if c.running and c.started_at), default=None)


def _previous(known: tuple[Release, ...]) -> str | None:
    try:
        return choose.choose(Target(kind=TargetKind.PREVIOUS), known).release.holder
    except Refused:
        return None
