"""What people and CI do: operators who roll back and go on as the messages say, and the team's pushes."""

import asyncio
import random

from tests.simulation.invariants import names_keep
from tests.simulation.machines import KILLED, Process
from tests.simulation.world import APP, World
from tui.sandbox.scenario import misbehave

SERVICE = "api"
PATIENCE = 3600.0
"""simulated seconds after which a command counts as hanging"""

GIVEN_UP = ("--close", "not-recovered", "--reason", "enough")
OUT_OF_TURN = (
    ("unfreeze", SERVICE, "--yes"),
    ("undo", "--yes"),
    ("status", SERVICE),
    ("keep", SERVICE),
    ("freeze", SERVICE, "--yes"),
    (SERVICE, "previous", "--yes"),
    (SERVICE, "previous", "--yes", "--take-over", "--reason", "nobody answers"),
    (SERVICE, "release:2", "--yes"),
    (SERVICE, "--list"),
    ("resume", "--yes"),
    ("abort", SERVICE, "--yes"),
)


class Operators:
    """The operator model of one run."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.pushes = rng.choice((0, 0, 1, 1, 2, 3))
        self.second = rng.random() < 0.4
        self.guarded = rng.random() < 0.3
        self.actions = rng.choice((1, 1, 2, 3))
        self.healthy = rng.random() < 0.35
        """what runs passes its checks, and people go back for reasons of their own"""
        if self.guarded and rng.random() < 0.8:  # mostly undisturbed, so that it comes to its word
            self.healthy, self.second = True, rng.random() < 0.2
            self.actions, self.pushes = rng.choice((0, 0, 0, 1)), rng.choice((0, 0, 0, 1))
        if self.healthy:
            misbehave(world.host, APP, health="ok", check="", error_rate=0.0, log="")

    async def act(self) -> None:
        """Everybody's part, to its end."""
        parts = [self._operator("bastion", self.actions)] if self.actions else []
        if self.second:
            parts.append(self._later(self.rng.random() * 60.0, "laptop"))
        if self.guarded:
            parts.append(self._guarded(self.rng.choice(("bastion", "laptop"))))
        for _ in range(self.pushes):
            parts.append(self._ci(self.rng.random() * 70.0))
        await asyncio.gather(*parts)

    async def _later(self, after: float, machine: str) -> None:
        await asyncio.sleep(after)
        await self._operator(machine, self.rng.choice((1, 2)))

    async def _operator(self, machine: str, actions: int) -> None:
        process = await self._first(machine)
        for _ in range(actions):
            await asyncio.sleep(self.rng.random() * 8.0)
            process = await self._next(machine, process)

    async def run(self, machine: str, *argv: str) -> Process:
        """One command, with its end in the trace."""
        process = self.world.begin(machine, *argv)
        try:
            async with asyncio.timeout(PATIENCE):
                await process.over.wait()
        except TimeoutError:
            process.kill("it did not end")
            process.why = "hung"
        said = (process.document.get("error") or {}).get("message", "")
        self.world.note(f"{machine}: → {process.code} {process.why or said}")
        return process

    async def _first(self, machine: str) -> Process:
        watch = self.rng.choice(((), (), ("--watch", "30s")))
        loose = self.rng.choice(((), (), (), ("--no-freeze",), ("--keep-current",)))
        targets = ("previous",) * 6 + ("release:3", "release:2", "--list")
        wanted = self.rng.choice(targets[6:-1] if self.healthy else targets)
        if wanted == "--list":
            return await self.run(machine, SERVICE, "--list")
        return await self.run(machine, SERVICE, wanted, "--yes", *watch, *loose)

    async def _next(self, machine: str, last: Process) -> Process:
        """The way on that the last command names, mostly; sometimes what a person does out of turn."""
        rng = self.rng
        if last.code in (5, KILLED) and rng.random() < 0.8:
            return await self.run(machine, "resume", "--yes")
        if last.code in (6, 7) and rng.random() < 0.5:
            return await self.run(machine, "resume", *GIVEN_UP)
        return await self.run(machine, *rng.choice(OUT_OF_TURN))

    async def _ci(self, after: float) -> None:
        await asyncio.sleep(after)
        await self.world.ci_push(self._deploy(0.3))

    def _deploy(self, bad: float) -> tuple[str, ...]:
        health = "503" if self.rng.random() < bad else "ok"
        return "ci-push", f"v1.{self.rng.randint(6, 99)}.0", health

    async def _guarded(self, machine: str) -> None:
        """A deploy as the documentation has it: kept before, guarded, and what its end asks for."""
        await asyncio.sleep(self.rng.random() * 40.0)
        if self.rng.random() < 0.8:
            await self.run(machine, "keep", SERVICE)
        length, most = self.rng.choice(("1m", "2m", "3m")), self.rng.choice(((), (), ("--on-breach", "tell")))
        then = ("--", *self._deploy(0.75)) if self.rng.random() < 0.9 else ()
        process = await self.run(machine, "guard", SERVICE, "--for", length, *most, *then)
        if self.rng.random() < 0.5:
            await self._next(machine, process)


async def put_in_order(operators: Operators) -> list[str]:
    """The liveness phase: what is open is taken up and ended, what is frozen is thawed. Returns what is left."""
    world = operators.world
    used = {process.machine.name for process in world.processes}
    for machine in sorted(used):
        for _ in range(4):
            listed = await operators.run(machine, "incidents")
            still = [row for row in listed.document.get("items", ()) if row["state"] != "closed"]
            if not still:
                break
            for row in still:
                done = await operators.run(machine, "resume", row["incident"], "--yes")
                if done.document.get("state") not in (None, "closed"):
                    await operators.run(
                        machine,
                        "resume",
                        row["incident"],
                        "--close",
                        "not-recovered",
                        "--reason",
                        "the faults are over",
                    )
        else:
            return [f"{machine}: {row['incident']} is open still: {row['state']}" for row in still]
    machine = next(iter(world.machines))
    seen = await operators.run(machine, "status", SERVICE)
    for row in seen.document.get("items", ()):
        if row.get("frozen") or row.get("record"):
            await operators.run(machine, "unfreeze", row["service"], "--yes")
    if any(names_keep(process) for process in world.processes):
        await operators.run(machine, "keep", SERVICE)
    return []
