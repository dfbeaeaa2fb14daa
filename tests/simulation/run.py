"""One seed: a world, its operators and its faults; then the faults end, and everything has to come to a true end."""

import asyncio
import gc
import hashlib
import logging
import random
import shutil
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from time import process_time
from typing import Any

from tests.simulation import invariants
from tests.simulation.faults import Faults
from tests.simulation.loop import BEGINS, Seeded, Universe
from tests.simulation.operators import Operators, put_in_order
from tests.simulation.standins import ENTROPY, install
from tests.simulation.truth import Truth
from tests.simulation.world import APP, World

VERSIONS = ("0.35.15", "0.38.27")
CALM = 180.0
"""simulated seconds after the faults in which the host ends what it was doing"""


@dataclass(kw_only=True)
class Found:
    """What came of one seed."""

    seed: int
    plant: str | None = None
    """the planted bug"""
    broken: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    digest: str = ""
    """of the trace and of every scheduling decision: equal when a run repeats"""
    simulated: float = 0.0
    cpu: float = 0.0
    commands: int = 0


class Prepared:
    """A world as it is before anything happens; made once, then used by one seed (of a child process, usually)."""

    def __init__(self, version: str) -> None:
        logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
        self.loop = Universe()
        install()
        ENTROPY.seed(version)
        self.world = World(self.loop, version)
        self.loop.run_until_complete(self._warm())

    async def _warm(self) -> None:
        """Everything that is imported late is imported, and what a first use costs is paid."""
        await self.world.build()
        for words in (("api", "--list"), ("api", "previous", "--plan"), ("status",), ("incidents",)):
            await self.world.command("bastion", *words)
        await asyncio.sleep(BEGINS - self.loop.time())
        self.world.processes.clear()
        self.world.trace.clear()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)  # a seed is over before there is much to collect

    def run(self, seed: int, plant: Callable[[], AbstractContextManager[Any]] = nullcontext) -> Found:
        """Everything that the seed decides."""
        began = process_time()
        ENTROPY.seed(f"entropy {seed}")
        rng = random.Random(f"world {seed}")
        self.loop.begin(Seeded(random.Random(f"order {seed}"), deviation=rng.choice((0.0, 0.02, 0.2, 1.0))))
        self.world.own_files()
        start = self.loop.time()
        found = Found(seed=seed)
        with plant():
            try:
                found.broken = self.loop.run_until_complete(_live(self.world, rng))
            except Exception as error:  # noqa: BLE001 - the loop's own complaint is a finding, too
                found.broken = [f"{type(error).__name__}: {error}: {traceback.format_exc()[-1500:]}"]
        found.trace = self.world.trace
        found.simulated = self.loop.time() - start
        found.commands = len(self.world.processes)
        found.digest = hashlib.sha256(
            f"{self.loop.order_hash} {self.loop.steps}\n{chr(10).join(found.trace)}\n{found.broken}".encode()
        ).hexdigest()[:16]
        shutil.rmtree(self.world.copy)
        found.cpu = process_time() - began
        return found

    def close(self) -> None:
        """Its files are gone."""
        self.world.remove()


async def _live(world: World, rng: random.Random) -> list[str]:
    truth = Truth(world)
    began = truth.standing(world.host.machine.app(APP))
    faults, operators = Faults(world, rng), Operators(world, rng)
    world.note(f"faults: {faults.count} of {', '.join(faults.kinds)}; pushes: {operators.pushes}")
    faults.begin()
    await operators.act()
    await faults.end()
    world.note("the faults end")
    await asyncio.sleep(CALM)
    broken = await put_in_order(operators)
    for process in world.processes:
        broken += invariants.of_process(process, truth)
        broken += invariants.of_status(process, truth)
    broken += invariants.of_run(truth, invariants.Journals(world))
    broken += invariants.of_the_end(truth, began)
    return broken
