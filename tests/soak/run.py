"""One soak: sandboxes, a console in a terminal, cuts and log lines, and a reading a minute."""

import contextlib
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.pty.terminals import Pty, environment, pty_of
from tests.sandboxes import Sandbox, running_sandbox

APPS = 4
"""services of one sandbox"""
TICK = 0.5
"""seconds between two rounds of log lines"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the console has to bear."""

    minutes: float
    hosts: int = 2
    services: int = APPS
    """of each host"""
    lines: int = 20
    """log lines a second of each service"""
    cuts: float = 5.0
    """of one host's links, a minute"""
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the console's process held at one moment."""

    minute: float
    rss: float
    """MB"""
    tasks: int
    descriptors: int
    cuts: int
    """so far"""


def soak(folder: Path, load: Load) -> list[Reading]:
    """Play it. Raises AssertionError where the console ends by itself."""
    chance = random.Random(load.seed)
    with _hosts(folder, load) as (boxes, services), _console(folder, services) as terminal:
        terminal.shows("SERVICES")
        readings: list[Reading] = []
        began, cuts = time.monotonic(), 0
        next_cut, next_reading, next_lines = chance.expovariate(load.cuts / 60), 60.0, 0.0
        while (now := time.monotonic() - began) < load.minutes * 60:
            assert terminal.read(0.05), f"the console ended:\n{terminal.text}"
            if now >= next_cut:
                chance.choice(boxes).pull("cut")
                cuts, next_cut = cuts + 1, now + chance.expovariate(load.cuts / 60)
            if now >= next_lines:
                _write_lines(boxes, load)
                next_lines = now + TICK
            if now >= next_reading or not readings:
                readings.append(_read(terminal.pid, folder, now, cuts))
                next_reading = (now // 60 + 1) * 60
        readings.append(_read(terminal.pid, folder, load.minutes * 60, cuts))
        terminal.type(b"q")
        terminal.end()
        return readings


@contextlib.contextmanager
def _hosts(folder: Path, load: Load) -> Iterator[tuple[list[Sandbox], Path]]:
    with contextlib.ExitStack() as stack:
        boxes = [
            stack.enter_context(running_sandbox(folder / f"host{n}", scenario="bad-release")) for n in range(load.hosts)
        ]
        merged = yaml.safe_load(Path(boxes[0].services).read_text())
        merged["hosts"], every = {}, {}
        for number, box in enumerate(boxes):
            document = yaml.safe_load(Path(box.services).read_text())
            (host,) = document["hosts"].values()
            merged["hosts"][f"h{number}"] = host
            for name, service in list(document["services"].items())[: load.services]:
                every[f"{name}-{number}"] = {**service, "host": f"h{number}"}
        merged["services"] = every
        services = folder / "services.yaml"
        services.write_text(yaml.safe_dump(merged))
        yield boxes, services


@contextlib.contextmanager
def _console(folder: Path, services: Path) -> Iterator[Pty]:
    environ = environment(folder / "state", SOAK_TASKS=str(folder / "tasks"), PYTHONPATH=str(Path(__file__).parents[2]))
    argv = [sys.executable, "-m", "tests.soak.inside", "--services", str(services)]
    with pty_of(argv, environ, rows=40, columns=120) as terminal:
        yield terminal


def _write_lines(boxes: list[Sandbox], load: Load) -> None:
    lines = [f"GET /scene/{n} 200 {n * 7 % 90} ms" for n in range(max(1, round(load.lines * TICK)))]
    for box in boxes:
        apps = [name for name, app in box.look()["apps"].items() if app["deployed"] and "--" not in name]
        for app in apps[: load.services]:
            box.pull("log", app=app, lines=lines)


def _read(pid: int, folder: Path, now: float, cuts: int) -> Reading:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    told = folder / "tasks"
    return Reading(
        minute=now / 60,
        rss=resident / 1024,
        tasks=int(told.read_text()) if told.exists() else 0,
        descriptors=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        cuts=cuts,
    )


def grows(readings: list[Reading]) -> list[str]:
    """What the last third holds more than the third before it: 8 MB, 10 tasks or 10 descriptors and more."""
    third = len(readings) // 3
    if third == 0:
        return []
    before, last = readings[-2 * third : -third], readings[-third:]
    margins = {"rss": 8.0, "tasks": 10, "descriptors": 10}
    found = []
    for name, margin in margins.items():
        was, is_ = (max(getattr(one, name) for one in part) for part in (before, last))
        if is_ > was + margin:
            found.append(f"{name} grew from {was:.0f} to {is_:.0f}")
    return found
