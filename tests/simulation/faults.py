"""What the world does to an operator: each fault begins, may last, and ends for good when the liveness phase begins."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

from detangle import SimLoop

from tests.simulation.machines import Machine
from tests.simulation.world import APP, DOKKU, ENDLESS, World
from tui.sandbox.armed_faults import Fault, When
from tui.sandbox.host import Call
from tui.sandbox.scenario import misbehave

Strike = Callable[["Faults"], Coroutine[Any, Any, None]]


class Faults:
    """The fault model of one run. Which kinds there are, and how many, is a trait of the seed."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.tasks: list[asyncio.Task[None]] = []
        self.restarts = 0
        kinds = list(KINDS)
        self.kinds = rng.sample(kinds, rng.randint(1, 5))
        self.count = rng.choice((0, 1, 1, 2, 2, 3, 4, 6))
        self.span = rng.choice((20.0, 60.0, 120.0))

    def begin(self) -> None:
        """Let them come."""
        for _ in range(self.count):
            name = self.rng.choice(self.kinds)
            after = self.rng.random() * self.span
            self.tasks.append(self.world.loop.create_task(self._one(name, after)))

    async def _one(self, name: str, after: float) -> None:
        await asyncio.sleep(after)
        self.world.note(f"  fault: {name}")
        await KINDS[name](self)

    async def end(self) -> None:
        """Heal everything."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        loop: SimLoop = self.world.loop
        loop.net.heal()
        loop.net.config = loop.config.net
        if self.world.house._listener is None:
            await self.world.on_host(self.world.house.listen(self.world.house.port))
        self.world.strange.clear()
        self.world.lies = None
        armed = self.world.host.faults
        armed._silent = [call for call in armed._silent if not call.client.gone]
        armed.clear()
        for machine in self.world.machines.values():
            machine.disk.full = machine.disk.locked = False
            machine.disk.kill_at = None
            machine.disk.torn = b""
            machine.clock = 0.0

    async def lasting(self, *choice: float) -> None:
        """Some seconds."""
        await asyncio.sleep(self.rng.choice(choice))

    def machine(self) -> Machine:
        """One of the operators'."""
        return self.world.machines[self.rng.choice(("bastion", "bastion", "laptop"))]


# ── the link ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def cut(faults: Faults) -> None:
    """Every SSH connection is reset, as seen from both ends, or from the host's only."""
    one_sided = faults.rng.random() < 0.4
    for connection in list(faults.world.loop.net._connections):
        if connection.server.sockname == (DOKKU, faults.world.house.port) and not connection.closed():
            if one_sided:
                connection.server.abort()
            else:
                connection.reset(ConnectionResetError(104, "Connection reset by peer"))


async def frozen(faults: Faults) -> None:
    """Nothing passes for a while; nobody is told."""
    machine = faults.machine()
    faults.world.loop.net.disconnect(machine.name, DOKKU)
    await faults.lasting(3.0, 12.0, 60.0)
    faults.world.loop.net.reconnect(machine.name, DOKKU)


async def refused(faults: Faults) -> None:
    """The SSH port is closed; what is connected stays, or dies as well."""
    house = faults.world.house
    await house.unlisten()
    if faults.rng.random() < 0.6:
        await cut(faults)
    await faults.lasting(2.0, 10.0, 40.0)
    if house._listener is None:
        await faults.world.on_host(house.listen(house.port))


async def slow(faults: Faults) -> None:
    """Every packet takes its time."""
    loop = faults.world.loop
    loop.net.config = replace(loop.config.net, latency=(0.05, faults.rng.choice((0.3, 1.0))))
    await faults.lasting(5.0, 20.0)
    loop.net.config = loop.config.net


async def split(faults: Faults) -> None:
    """What is written arrives in pieces, down to single bytes."""
    loop = faults.world.loop
    pieces = faults.rng.choice((3, 8, 40))
    loop.net.config = replace(loop.config.net, fragment=0.5, max_fragments=pieces)
    await faults.lasting(5.0, 20.0)
    loop.net.config = loop.config.net


# ── the host ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def restart(faults: Faults) -> None:
    """The host goes down, with everything that runs on it, and comes back."""
    house = faults.world.house
    await house.unlisten()
    restarting = faults.world.control._actions["/restart_host"]({})
    await faults.world.on_host(cast("Coroutine[Any, Any, object]", restarting))
    faults.restarts += 1
    await faults.lasting(2.0, 15.0)
    if house._listener is None:
        await faults.world.on_host(house.listen(house.port))


def armed(kind: str, prefixes: tuple[str, ...], **values: object) -> Strike:
    """A fault of the sandbox's own."""

    async def strike(faults: Faults) -> None:
        when = When(command_prefix=faults.rng.choice(prefixes))
        faults.world.host.faults.arm(Fault(kind=kind, when=when, **values))  # type: ignore[arg-type]

    strike.__doc__ = f"{kind} {values or ''}"
    return strike


PUSH = ("git-receive-pack",)
WRITES = ("config:set", "git:set", "apps:create", "apps:destroy")
READS = ("apps:report", "ps:inspect", "git:report", "git-upload-pack", "apps:list", "config:export")


async def dropped(faults: Faults) -> None:
    """The link dies at one point of the next push."""
    phases = ("received", "received", "received", "build", "built", "release", "checking", "checked", "switched")
    phase = faults.rng.choice((*phases, "deployed"))
    when = When(command_prefix="git-receive-pack", after_phase=phase)
    faults.world.host.faults.arm(Fault(kind="drop_connection", when=when))


async def stalled(faults: Faults) -> None:
    """One command's connection falls silent."""
    when = When(command_prefix=faults.rng.choice(WRITES + READS + PUSH))
    faults.world.host.faults.arm(Fault(kind="stall", when=when, seconds=faults.rng.choice((8.0, 70.0))))


async def failing(faults: Faults) -> None:
    """One of the next commands fails."""
    when = When(command_prefix=faults.rng.choice(WRITES + READS))
    faults.world.host.faults.arm(Fault(kind="fail_command", when=when, exit=faults.rng.choice((1, 15, 20))))


async def deploy_fails(faults: Faults) -> None:
    """The next deploy ends at one of its stages."""
    mode = faults.rng.choice(("build", "release", "check", "crash"))
    faults.world.host.faults.arm(Fault(kind="fail_next_deploy", mode=mode))


async def lock(faults: Faults) -> None:
    """Somebody else's deploy holds the lock."""
    seconds = faults.rng.choice((5.0, 30.0))
    faults.world.host.faults.arm(Fault(kind="hold_lock", app="scenextras", seconds=seconds))


async def another_answers(faults: Faults) -> None:
    """Another app answers the service's requests."""
    faults.world.host.faults.arm(Fault(kind="wrong_app", app="scenextras", by="scenextras-gateway"))
    await faults.lasting(5.0, 30.0)
    app = faults.world.host.machine.apps.get("scenextras")
    if app is not None:
        app.answered_by = ""


async def sick(faults: Faults) -> None:
    """What runs begins to fail, hang or answer slowly, and recovers."""
    ways: tuple[dict[str, object], ...] = (
        {"health": "503"}, {"health": "hang"}, {"latency_ms": 7000}, {"error_rate": 0.5}
    )  # fmt: skip
    how = faults.rng.choice(ways)
    misbehave(faults.world.host, "scenextras", **how)
    await faults.lasting(4.0, 20.0)
    misbehave(faults.world.host, "scenextras", health="ok", latency_ms=0, error_rate=0.0)


async def thawed_by_hand(faults: Faults) -> None:
    """A colleague sets the deploy branch by hand while the next push is read: that deploys nothing, and exits 0."""

    def thaw(call: Call) -> None:
        app = faults.world.host.machine.apps.get(APP)
        if app is not None and call.args and call.args[0].strip("'") == APP:
            app.properties["git-deploy-branch"] = "main"

    faults.world.strange.append(("git-receive-pack", thaw))


async def docker_down(faults: Faults) -> None:
    """Docker ends, and with it every container; what needs it fails until it is back."""
    machine = faults.world.host.machine
    died = [container for container in machine.containers.values() if container.running]
    for container in died:
        container.exit(137)
    for prefix in ("ps:inspect", "ps:report", "git-receive-pack"):
        fault = Fault(kind="fail_command", when=When(command_prefix=prefix), times=1000, stderr=NO_DOCKER)
        faults.world.host.faults.arm(fault)
    await faults.lasting(3.0, 20.0)
    armed = faults.world.host.faults.armed
    armed[:] = [fault for fault in armed if fault.stderr != NO_DOCKER]
    for container in died:
        if container.id in machine.containers:
            container.status, container.started = "running", machine.now()


NO_DOCKER = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


async def hostile(faults: Faults) -> None:
    """One of the next answers is not what it should be: rubbish, control sequences, nested without end, or endless."""
    words = faults.rng.choice(
        (b"\xff\xfe\x1b]0;owned\x07\x1b[2J", b"[" * 3000, b"{", b"", b"\r\n".join([b"x" * 500] * 400), ENDLESS)
    )
    faults.world.strange.append((faults.rng.choice(READS), words))


async def lying(faults: Faults) -> None:
    """For a while the service's port is answered by something else: HTML, other bytes, or another service's JSON."""
    body = faults.rng.choice(
        (b"<html>welcome</html>", b"\xff\xfe", b"[" * 3000, b'{"status": "ok"}', b'{"status": 1e999}')
    )
    faults.world.lies = body
    await faults.lasting(3.0, 20.0)
    faults.world.lies = None


# ── the operator's machine ───────────────────────────────────────────────────────────────────────────────────────


async def killed_at_entry(faults: Faults) -> None:
    """A process dies at one of the next commits of its journal, before or after it is on disk."""
    faults.machine().disk.kill_at = (faults.rng.randint(0, 25), faults.rng.random() < 0.5)


async def killed(faults: Faults) -> None:
    """Every process of a machine dies now."""
    await killed_on(faults, faults.machine())


async def killed_on(faults: Faults, machine: Machine) -> None:
    """Every process of that machine."""
    for process in faults.world.processes:
        if process.machine is machine:
            process.kill("SIGKILL")


async def torn(faults: Faults) -> None:
    """Every process of a machine dies now, in the middle of writing to its journal."""
    machine = faults.machine()
    machine.disk.torn = faults.rng.randbytes(faults.rng.randint(1, 5000))
    await killed_on(faults, machine)


async def signalled(faults: Faults) -> None:
    """A machine's processes get a signal, perhaps twice."""
    import signal

    machine = faults.machine()
    number = faults.rng.choice((signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
    for _ in range(faults.rng.choice((1, 2))):
        for process in faults.world.processes:
            if process.machine is machine:
                process.signal(number)
        await asyncio.sleep(0.5)


async def disk_full(faults: Faults) -> None:
    """The journal cannot be written for a while."""
    machine = faults.machine()
    machine.disk.full = True
    await faults.lasting(2.0, 20.0)
    machine.disk.full = False


async def disk_locked(faults: Faults) -> None:
    """The journal is locked for a while."""
    machine = faults.machine()
    machine.disk.locked = True
    await faults.lasting(1.0, 10.0)
    machine.disk.locked = False


async def clock_stepped(faults: Faults) -> None:
    """The wall clock of a machine jumps."""
    machine = faults.machine()
    machine.clock += faults.rng.choice((-3600.0, -30.0, 30.0, 3600.0))
    await faults.lasting(10.0, 90.0)
    machine.clock = 0.0


KINDS: dict[str, Strike] = {
    "link cut": cut,
    "link frozen": frozen,
    "port closed": refused,
    "link slow": slow,
    "bytes split": split,
    "host restarted": restart,
    "push dropped": dropped,
    "connection stalled": stalled,
    "command fails": failing,
    "deploy fails": deploy_fails,
    "deploy slow": armed("slow_deploy", PUSH),
    "host's disk full": armed("full_disk", PUSH, times=2),
    "lock held": lock,
    "channels refused": armed("refuse_channel", ("",), times=3),
    "login refused": armed("refuse_login", ("",)),
    "another app answers": another_answers,
    "service sick": sick,
    "killed at an entry": killed_at_entry,
    "killed": killed,
    "journal torn": torn,
    "thawed by hand": thawed_by_hand,
    "Docker down": docker_down,
    "hostile output": hostile,
    "HTTP lies": lying,
    "signalled": signalled,
    "journal's disk full": disk_full,
    "journal locked": disk_locked,
    "clock stepped": clock_stepped,
}
