"""The drill's app on the host: made, deployed, and destroyed again where its config carries our marker.

It gets no domain, no port and no web process, so that no request reaches it; nothing of a service's config or storage
is used. Everything goes through the gate under the drill's incident: the journal knows each command before it leaves.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import assert_never

from msgspec.structs import replace

from tui.dokku import builders, commands, drill_files, holders, k3s
from tui.dokku.config_values import stamp
from tui.engine.concurrency import ended
from tui.engine.engine import Engine
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.releases import build_facts, catalog, sealing
from tui.model.drill import MARKER, is_drill
from tui.model.errors import ConsoleError, LinkError, Refused
from tui.model.outcome import describe
from tui.model.plan import PushSpec
from tui.model.push import Declined, NotSent, PushEnd, Reported, TipMoved, Unheard, outcome_of
from tui.model.service import Service
from tui.text.clean import clean_line, decode

BRANCH = "main"
STILL_DEPLOYING = timedelta(minutes=15)
LOOK_AGAIN = 2.0
"""seconds between two looks at a deploy that goes on"""
DEPLOY_LIMIT = 300.0


class Declining(Refused):
    """The host declined a release of the drill's app, and nothing of it serves."""


class DrillApp:
    """One drill's app, under the incident that made it."""

    def __init__(self, engine: Engine, service: Service, incident: str) -> None:
        self._engine, self._service, self._incident = engine, service, incident
        self._links = engine.links

    async def create(self) -> None:
        """Make it, mark it, and take away what requests could come by. Raises LinkError, UnexpectedReply, Refused."""
        host, app = self._service.host, self._service.app
        await ended(self._marked())  # one that was made and not marked could not be destroyed any more
        scheduler = await self._links.ask(host, k3s.scheduler_report(app))
        await sealing.on_the_host(scheduler, host, app, self._write)
        await self._write(host, commands.domains_disable(app))
        await self._write(host, commands.ps_scale(app, (("web", 0), (drill_files.PROCESS, 1))))
        await self._write(host, commands.builder_set(app, "selected", builders.DOCKERFILE))

    async def _marked(self) -> None:
        host, app = self._service.host, self._service.app
        await self._write(host, commands.apps_create(app))
        marks = (
            ("ROLLBACK_SCHEMA", "1"),
            (MARKER, self._incident),
            ("ROLLBACK_BY", self._engine.by),
            ("ROLLBACK_SINCE", stamp(self._engine.clock.now())),
        )
        await self._write(host, commands.config_set(app, marks))

    async def deploy(self, image: str, number: int, parent: str | None) -> str:
        """Push one release; returns its commit. Raises Declining where the host declined it, Refused where nothing was
        sent, LinkError, UnexpectedReply."""
        host, app = self._links.host(self._service.host), self._service.app
        shape = (await build_facts.asked(self._links, self._service.host, app)).shape(app)
        user, _, machine = self._engine.by.partition("@")
        spec = PushSpec(
            app=app,
            branch=BRANCH,
            parent=parent,
            files=drill_files.tree(image, number, shape),
            message=f"Release {number} of a rollback drill\n",
            author=f"{user} <{user}@{machine or 'localhost'}>",
            at=self._engine.clock.now().replace(microsecond=0),
            commit="",
            expect=((BRANCH, parent),),
        )
        spec = replace(spec, commit=self._links.git.commit_id(spec))

        async def send() -> PushEnd:
            return await self._links.git.push(host, spec, timeout=DEPLOY_LIMIT)

        argv = ("git-receive-pack", app)
        end = await self._links.gate.record(self._service.host, argv, self._incident, send, outcome_of)
        self._judge(end, number, image)
        return spec.commit

    @staticmethod
    def _judge(end: PushEnd, number: int, image: str) -> None:
        what = f"release {number} (from {image})"
        match end:
            case Reported():
                return
            case TipMoved():
                raise Refused(f"{what} was not deployed: somebody else pushed to the drill's app")
            case NotSent(why=why):
                raise Refused(f"{what} was not sent: {why}")
            case Declined(reason=reason, progress=progress):
                said = _complaint(decode(progress))
                raise Declining(f"{what} was declined by the host: {clean_line(reason, 120)}{said}")
            case Unheard(outcome=outcome):
                raise UnexpectedReply(f"{what}: {describe(outcome)}", unsure=True)
            case _:
                assert_never(end)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def remove(self, say: Callable[[str], None]) -> tuple[str, ...]:
        """Destroy all that the drill made. Returns what is left, each with the reason. Never raises ConsoleError."""
        left: list[str] = []
        host, app = self._service.host, self._service.app
        try:
            names = await self._quiet(say)
        except ConsoleError as error:
            return (f"{app}: {error.message}",)
        keeper = self._engine.keeper.within(self._incident)
        for name in names:
            try:
                if holders.holds(name, app):
                    await keeper.destroy(host, name)
                elif holders.is_record(name):
                    await incident_record.remove(self._links, host, name, self._incident)
                else:
                    await self._destroy()
            except (Refused, LinkError, UnexpectedReply) as error:
                left.append(f"{name}: {error.message}")
        return tuple(left)

    async def _quiet(self, say: Callable[[str], None]) -> tuple[str, ...]:
        """The apps that are the drill's, its own last, once no deploy of it is at work. Raises ConsoleError."""
        host, app = self._service.host, self._service.app
        names = await catalog.names(self._links, host)
        records = (holders.incident_record(app), holders.takeover_lock(app))
        mine = [name for name in names if holders.holds(name, app) or name in records]
        if app not in names:
            return tuple(mine)
        until, told = self._engine.clock.now() + STILL_DEPLOYING, False
        while True:
            now = await self._links.current(host, app)
            if not now.locked:
                return (*mine, app)
            if self._engine.clock.now() > until:
                raise Refused(f"a deploy of {app} has been running for 15 minutes")
            if not told:
                say(f"waiting until the deploy of {app} that goes on at the host has ended")
                told = True
            await self._engine.clock.sleep(LOOK_AGAIN)

    async def _destroy(self) -> None:
        """Raises Refused unless the app is certainly this drill's."""
        host, app = self._service.host, self._service.app
        config = await self._links.config(host, app)
        if config is None:
            return
        if not is_drill(app) or config.get(MARKER) != self._incident:
            raise Refused(
                f"its config does not carry {MARKER}={self._incident}, so it is not destroyed; "
                f"look at it, then: apps:destroy {app} --force"
            )
        await self._write(host, commands.apps_destroy(app))

    async def _write(self, host: str, argv: tuple[str, ...]) -> None:
        await self._links.write_checked(host, argv, timeout=120.0, incident=self._incident)


def _complaint(progress: str) -> str:
    """The last of the host's own complaints, after a colon; empty where it made none."""
    said = [line.strip() for line in progress.splitlines() if " !  " in line]
    return f": {clean_line(said[-1].lstrip('! '), 160)}" if said else ""
