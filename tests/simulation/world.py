"""One simulated world: a Dokku host with four services, the operators' machines, and the network between them."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from detangle import spawn

import tui.sandbox.commands
from tests.simulation.loop import Universe
from tests.simulation.machines import Machine, Process
from tui.sandbox.client import CommandRefused
from tui.sandbox.control import Control
from tui.sandbox.fake_teammate import Colleague
from tui.sandbox.host import Call, SandboxHost
from tui.sandbox.http import Request, Response
from tui.sandbox.machine import AppMissing
from tui.sandbox.pace import Pace
from tui.sandbox.seed import seed
from tui.sandbox.server import SshHouse
from tui.sandbox.services import service_lines
from tui.sandbox.web import speak

T = TypeVar("T")
assert tui.sandbox.commands.__all__

DOKKU = "10.0.0.2"
"""the host's address"""
ENDLESS = b"and so on\n" * 50_000
"""output that is written again and again until somebody hangs up"""
APP = "scenextras"
"""the app most is done to: its release is sick, four older ones are kept"""
SHM = Path("/dev/shm")


class World:
    """Everything there is."""

    def __init__(self, loop: Universe, version: str) -> None:
        self.loop = loop
        self.folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=SHM if SHM.is_dir() else None))
        self.copy = self.folder
        self.host = SandboxHost(version=version, pace=Pace(factor=1.0))
        self.house = SshHouse(self.host, self.folder)
        self.control = Control(self.host, self.house)
        self.colleague = Colleague(self.host)
        self.machines: dict[str, Machine] = {}
        self.processes: list[Process] = []
        self.trace: list[str] = []
        self.look: Callable[[], None] = lambda: None
        """notes how the host is, when a process begins and when it ends"""
        self.strange: list[tuple[str, bytes | Callable[[Call], None]]] = []
        """what the next command that begins so does instead or at first"""
        self.lies: bytes | None = None
        """what every request to a service is answered with"""
        self._respond = self.host.sites._respond
        self.host.sites._respond = self._answer  # type: ignore[method-assign]

    async def build(self) -> None:
        """As it is before anything happens; the host's code runs on the host."""
        await spawn(self._host(), host=DOKKU)
        for name in ("bastion", "laptop"):
            state = self.folder / name
            state.mkdir(mode=0o700)
            services = self.folder / f"{name}.yaml"
            services.write_text(self._services(), encoding="utf-8")
            self.machines[name] = Machine(name=name, state=state, services=services, program=self.ci_push)

    async def ci_push(self, argv: tuple[str, ...]) -> int:
        """`ci-push VERSION HEALTH`: what a team's pipeline does; its exit code."""
        _, version, health = argv
        behaviour: dict[str, object] = {"health": health, "check": "ok"} if health != "ok" else {}
        told = {"app": APP, "version": version, "wait": True, "force": True, "behaviour": behaviour}
        self.note(f"CI: pushes {version}")
        try:
            done = await self.on_host(self.colleague.push(told))
        except (AppMissing, ValueError) as error:
            self.note(f"CI: {error}")
            return 1
        self.note(f"CI: → {done.get('status')}")
        return 0 if done.get("status") == "ok" else 1

    async def _host(self) -> None:
        await seed(self.host)
        await self.house.listen()
        self.host._start(self.host._retire_timer())
        self.host._start(self._life())

    async def _answer(self, name: str, request: Request) -> Response:
        if self.lies is None:
            return await self._respond(name, request)
        return Response(status=200, body=self.lies, headers={"Content-Type": "application/json"})

    async def odd(self, call: Call) -> None:
        """What is armed for this command, before it begins. Raises Refused where it ends with that."""
        for armed in list(self.strange):
            prefix, what = armed
            if not call.line.startswith(prefix):
                continue
            self.strange.remove(armed)
            if callable(what):
                call.args = call.line.split()[1:]
                what(call)
                continue
            while what is ENDLESS and not call.client.gone:
                call.write(ENDLESS)
                await call.client.drain()
                await asyncio.sleep(0.05)
            call.write(what)
            raise CommandRefused(0)

    async def _life(self) -> None:
        """A second of users and of logs, for the app that is looked at."""
        while True:
            await asyncio.sleep(1.0)
            app = self.host.machine.apps.get(APP)
            if app is None:
                continue
            self.host.sites.second_of_users(app)
            for container in self.host.machine.containers_of(app):
                if container.running:
                    speak(container, 1.0)

    def _services(self) -> str:
        key = self.house._host_key.export_public_key().decode().split()
        known = self.folder / "hosts"
        known.write_text(f"[{DOKKU}]:{self.house.port} {key[0]} {key[1]}\n", encoding="utf-8")
        lines = [
            "version: 1",
            "environment: simulation",
            "hosts:",
            f"  dokku: {{ssh: 'dokku@{DOKKU}:{self.house.port}', identity_file: {self.house.identity_file}, "
            f"known_hosts: {known}}}",
            "services:",
        ]
        lines += service_lines(self.host, named="dokku", address=DOKKU)
        place = next(number for number, text in enumerate(lines) if text == f"    app: {APP}")
        lines.insert(place, "    guard: {on_breach: roll-back}")
        return "\n".join([*lines, ""])

    async def on_host(self, work: Coroutine[Any, Any, T]) -> T:
        """Awaited as the host's own code."""
        return await spawn(work, host=DOKKU)

    def note(self, text: str) -> None:
        """A line of the trace. Names of folders are the only thing in it that no seed decides."""
        harmless = text.replace(str(self.copy), "FOLDER").replace(str(self.folder), "FOLDER")
        self.trace.append(f"{self.loop.time():9.3f}  {harmless}")

    async def command(self, machine: str, *argv: str) -> Process:
        """One command, to its end."""
        process = self.begin(machine, *argv)
        await process.over.wait()
        return process

    def begin(self, machine: str, *argv: str) -> Process:
        """One command, begun."""
        process = Process(self.machines[machine], argv)
        self.processes.append(process)
        self.note(f"{machine}: {process.words}")
        self.look()
        process.at_end = self.look
        process.start()
        return process

    def own_files(self) -> None:
        """From here on nobody else writes to these machines' disks."""
        self.copy = Path(tempfile.mkdtemp(prefix="seed-", dir=self.folder))
        for machine in self.machines.values():
            machine.state = Path(shutil.copytree(machine.state, self.copy / machine.name))

    def remove(self) -> None:
        """Its files."""
        shutil.rmtree(self.folder, ignore_errors=True)
