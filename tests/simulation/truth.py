"""The simulated host's own truth over time: what serves, what is frozen, who asked for what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.loop import PROCESS, wall
from tests.simulation.machines import Process
from tests.simulation.world import APP, World
from tui.sandbox.host import Call
from tui.sandbox.machine import App

WATCHED = (APP,)
"""the apps that something is done to"""
WRITES = (
    "apps:create", "apps:destroy", "config:set", "config:unset", "git:set", "git:sync", "git:from-image", "builder:set",
    "ps:set", "ps:stop", "ps:start", "checks:disable", "checks:enable", "checks:skip", "checks:set",
)  # fmt: skip
"""commands that change a host; a push is one from the moment its pack is there"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An app as it is at one moment."""

    serves: str | None
    """the commit whose content answers; None: nothing does"""
    attempt: str | None
    metadata: str
    branch: str | None
    record: str | None
    """the incident on the record; empty: not signed yet; None: there is no record"""
    lock: bool
    """whether somebody is just taking the record over"""
    checks: tuple[str, str]
    builder: str
    """the builder that is selected for the app"""
    holders: tuple[tuple[str, str], ...]
    """name and bad mark of each"""

    @property
    def frozen(self) -> bool:
        """Whether deploys are held back."""
        return (self.branch or "").startswith("frozen-by-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Something that changes the host, begun."""

    at: float
    line: str
    app: str
    process: Process | None
    """None: CI or a colleague"""
    commit: str | None = None
    """of a push"""
    before: Standing | None = None


class Truth:
    """Watches the host."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.history: dict[str, list[tuple[float, Standing]]] = {}
        self.writes: list[Write] = []
        self.live: list[Callable[[Write], None]] = []
        self._senders: dict[int, Process | None] = {}
        host = world.host
        self._call, self._reached = host.call, host.faults.reached
        host.call = self._called  # type: ignore[method-assign]
        host.faults.reached = self._phase  # type: ignore[method-assign, assignment]
        self._begin = host.faults.begin
        host.faults.begin = self._begun  # type: ignore[method-assign, assignment]
        world.look = self.look  # what a command changed last is seen at its end, not when the next one is typed
        self.look()

    def look(self) -> None:
        """Note what changed since the last look."""
        for name in WATCHED:
            app = self.world.host.machine.apps.get(name)
            past = self.history.setdefault(name, [])
            if app is None:
                continue
            now = self.standing(app)
            if not past or past[-1][1] != now:
                past.append((wall_now(self.world), now))

    def standing(self, app: App) -> Standing:
        """As it is now."""
        machine = self.world.host.machine
        serving = machine.serving(app)
        record = machine.apps.get(f"{app.name}--incident")
        return Standing(
            serves=serving[0].content.commit if serving else None,
            attempt=serving[0].labels.get("rollback.attempt") if serving else None,
            metadata=app.metadata,
            branch=app.properties.get("git-deploy-branch"),
            record=None if record is None else record.config.get("ROLLBACK_INCIDENT", ""),
            lock=f"{app.name}--takeover" in machine.apps,
            checks=(app.checks_disabled, app.checks_skipped),
            builder=app.properties.get("builder-selected", ""),
            holders=tuple(
                sorted(
                    (name, other.config.get("ROLLBACK_BAD", ""))
                    for name, other in machine.apps.items()
                    if name.startswith(f"{app.name}--r")
                )
            ),
        )

    def during(self, app: str, since: float, until: float) -> list[Standing]:
        """Every state the app was in within that time."""
        self.look()
        past = self.history[app]
        found = [standing for at, standing in past if since <= at <= until]
        before = [standing for at, standing in past if at < since]
        return [*before[-1:], *found]

    def at(self, app: str, moment: float) -> Standing:
        """The state at that moment."""
        return self.during(app, moment, moment)[-1]

    def _called(self, client: Any, line: str) -> Call:
        self.look()
        call = self._call(client, line)
        self._senders[call.number] = self._sender(call)
        words = line.split()
        if words and words[0] in WRITES:
            self._wrote(call, next((w for w in words[1:] if not w.startswith("--")), ""), None)
        return call

    async def _begun(self, call: Call) -> None:
        await self._begin(call)
        if self.sender(call) is not None:
            await self.world.odd(call)

    def _phase(self, call: Call, phase: str) -> None:
        self.look()
        if phase == "received":
            self._wrote(call, call.args[0].strip("'/"), phase)
        self._reached(call, phase)

    def _wrote(self, call: Call, app: str, phase: str | None) -> None:
        of = self.world.host.machine.apps.get(app)
        known = of is not None and "--" not in app
        write = Write(
            at=wall_now(self.world),
            line=call.line,
            app=app.partition("--")[0],
            process=self.sender(call),
            commit=phase,
            before=self.standing(of) if of is not None and known else None,
        )
        self.writes.append(write)
        who = "CI" if write.process is None else write.process.machine.name
        self.world.note(f"  host ← {who}: {call.line}{' (pack received)' if phase else ''}")
        for hear in self.live:
            hear(write)

    def sender(self, call: Call) -> Process | None:
        """Whose connection it came over, which may have ended meanwhile."""
        return self._senders[call.number]

    def _sender(self, call: Call) -> Process | None:
        door = getattr(call.client, "_door", None)
        if door is None:
            return None
        port = door.connection.get_extra_info("peername")[1]
        for connection in self.world.loop.net._connections:
            if connection.client.sockname[1] == port:
                found = connection.client._ctx.get(PROCESS)
                return found if isinstance(found, Process) else None
        return None


def wall_now(world: World) -> float:
    """The world's clock, also outside the loop."""
    return wall() if world.loop.is_running() else 0.0
