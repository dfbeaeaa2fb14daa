"""Many seeds: each in a child process that begins from the same prepared world."""

import contextlib
import hashlib
import json
import os
import pickle
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic as real_now  # what `time` says is simulated from `install` on
from typing import Any

from tests.simulation import planted
from tests.simulation.run import VERSIONS, Found, Prepared

ROOT = Path(__file__).parents[2]
SEEDS = Path(__file__).parent / "seeds"
FAILED, FOUND = SEEDS / "failed.json", SEEDS / "planted.json"
Work = tuple[int, str | None]
"""a seed, and the bug that is planted"""
REAL_LIMIT = 120
"""seconds of this machine that one seed may take"""


def say(text: str) -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def first_seed() -> int:
    """Where this tree's seeds begin: a run of the same tree is the same run."""
    tree = ["git", "ls-files", "-s", "tui", "tests/simulation"]
    listed = subprocess.run(tree, cwd=ROOT, capture_output=True, check=True)
    return int.from_bytes(hashlib.sha256(listed.stdout).digest()[:4], "big")


def version_of(seed: int) -> str:
    """Which Dokku it is about."""
    return VERSIONS[seed % len(VERSIONS)]


def replay(seed: int, plant: str | None) -> int:
    """One seed, here, with its trace."""
    prepared = Prepared(version_of(seed))
    try:
        found = prepared.run(seed, planted.PLANTED[plant] if plant else planted.nothing)
    finally:
        prepared.close()
    for line in (*found.trace, "", *(f"BROKEN: {words}" for words in found.broken)):
        say(line)
    cost = f"{found.simulated:.0f} s in {found.cpu:.2f} s of CPU"
    say(f"seed {seed}: {len(found.broken)} broken, {cost}, {found.digest}")
    return 1 if found.broken else 0


def search(first: int, count: int, jobs: int, seconds: float) -> int:
    """Every seed that ever failed, then `count` from `first` on, then more until `seconds` are over."""
    began, failed, done, simulated, cpu = real_now(), 0, 0, 0.0, 0.0
    kept = [int(seed) for seed in json.loads(FAILED.read_text())]
    seeds = [*kept, *range(first, first + count)]
    for found in run(seeds, jobs=jobs, more=seconds):
        done, simulated, cpu = done + 1, simulated + found.simulated, cpu + found.cpu
        if found.broken:
            failed += 1
            say(f"seed {found.seed}:")
            for words in found.broken:
                say(f"    {words}")
    took = real_now() - began
    cost = f"{simulated:.0f} simulated seconds in {took:.0f} s, {cpu / max(done, 1):.2f} s of CPU a seed"
    say(f"{len(kept)} kept seeds and {done - len(kept)} from {first}, {failed} failed; {cost}")
    return 1 if failed or done < len(seeds) else 0


def hunt(plant: str, first: int, count: int, jobs: int) -> int:
    """The first seed that a planted bug breaks and the product does not; it is written to seeds/planted.json."""
    tried = 0
    for found in run(range(first, first + count), plant, jobs=jobs):
        tried += 1
        if found.broken and (new := _new(found, next(run([found.seed], jobs=1), found))):
            say(f"{plant}: seed {found.seed}, after {tried}: {new}")
            told: dict[str, Any] = json.loads(FOUND.read_text()) if FOUND.exists() else {}
            told[plant] = {"seed": found.seed, "after": tried, "broken": new}
            FOUND.write_text(json.dumps(dict(sorted(told.items())), indent=2) + "\n")
            return 0
    say(f"{plant}: not found within {tried} seeds")
    return 1


def again(jobs: int) -> int:
    """The seed that found each planted bug finds it still."""
    missed = 0
    told: dict[str, Any] = json.loads(FOUND.read_text())
    planted_in = {plant: int(told[plant]["seed"]) for plant in told}
    works = [(seed, plant) for plant, seed in planted_in.items()] + [(seed, None) for seed in {*planted_in.values()}]
    came = {(found.seed, found.plant): found for found in _run(works, jobs=jobs)}
    for plant, seed in planted_in.items():
        found = came.get((seed, plant))
        new = _new(found, came.get((seed, None), found)) if found is not None and found.broken else ""
        say(f"{plant}: {new or 'NOT FOUND'}")
        missed += not new
    return 1 if missed else 0


def _new(found: Found, without: Found) -> str:
    """What is broken with the planted bug, and is not so without it; ids of incidents and commits do not matter."""
    plain = {_kind(words) for words in without.broken}
    return next((words for words in found.broken if _kind(words) not in plain), "")


def _kind(words: str) -> str:
    return re.sub(r"[0-9a-f-]{8,}", "…", words.partition(": ")[0])


def run(seeds: Sequence[int], plant: str | None = None, *, jobs: int, more: float = 0.0) -> Iterator[Found]:
    """Each seed's result, as they come; `more`: seconds until which further seeds follow the last."""
    yield from _run([(seed, plant) for seed in seeds], jobs=jobs, more=more)


def _run(works: Sequence[Work], *, jobs: int, more: float = 0.0) -> Iterator[Found]:
    until = real_now() + more
    out, into = os.pipe()
    children = [_worker(works, n, jobs, until, into) for n in range(jobs)]
    os.close(into)
    with os.fdopen(out, "rb") as results:
        try:
            while len(size := results.read(2)) == 2:
                found: Found = pickle.loads(results.read(int.from_bytes(size, "big")))
                yield found
        finally:
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)
            for child in children:
                os.waitpid(child, 0)


def _worker(works: Sequence[Work], n: int, jobs: int, until: float, into: int) -> int:
    """A process that prepares worlds and runs every `jobs`-th seed, each in a child of its own."""
    if child := os.fork():
        return child
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    prepared: dict[str, Prepared] = {}
    try:
        for seed, plant in _mine(works, n, jobs, until):
            version = version_of(seed)
            if version not in prepared:
                prepared[version] = Prepared(version)
            _one(prepared[version], seed, plant, into)
    finally:
        for one in prepared.values():
            one.world.remove()
        os._exit(0)


def _mine(works: Sequence[Work], n: int, jobs: int, until: float) -> Iterator[Work]:
    yield from works[n::jobs]
    last, plant = works[-1]
    following = last + 1 + n
    while real_now() < until:
        yield following, plant
        following += jobs


def _one(prepared: Prepared, seed: int, plant: str | None, into: int) -> None:
    """One seed in a child, which dies with everything it changed."""
    if child := os.fork():
        os.waitpid(child, 0)
        return
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(REAL_LIMIT)
    try:
        try:
            found = prepared.run(seed, planted.PLANTED[plant] if plant else planted.nothing)
        except BaseException as error:  # noqa: BLE001 - the harness's own fault is reported as the seed's
            found = Found(seed=seed, broken=[f"the simulation itself: {error!r}"])
        found.plant = plant
        found.trace, found.broken = [], [words[:330] for words in found.broken[:8]]
        raw = pickle.dumps(found)
        os.write(into, len(raw).to_bytes(2, "big") + raw)  # at most PIPE_BUF bytes: in one piece
    finally:
        os._exit(0)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {REAL_LIMIT} s")
