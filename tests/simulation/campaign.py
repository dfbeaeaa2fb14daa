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
import time
from collections.abc import Iterator
from pathlib import Path

from tests.simulation import planted
from tests.simulation.run import VERSIONS, Found, Prepared

ROOT = Path(__file__).parents[2]


FOUND = Path(__file__).parent / "seeds" / "planted.json"
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


def search(first: int, count: int, plant: str | None, jobs: int, seconds: float | None, excused: str) -> int:
    """Seeds from `first` on; prints those that failed."""
    began, failed, done, simulated, cpu = time.monotonic(), [], 0, 0.0, 0.0
    for found in run(first, count, plant, jobs, seconds):
        done, simulated, cpu = done + 1, simulated + found.simulated, cpu + found.cpu
        found.broken = [words for words in found.broken if not (excused and re.match(excused, words))]
        if found.broken:
            failed.append(found.seed)
            say(f"seed {found.seed}:")
            for words in found.broken:
                say(f"    {words[:300]}")
            sys.stdout.flush()
    took = time.monotonic() - began
    say(
        f"{done} seeds from {first}, {len(failed)} failed; {simulated:.0f} simulated seconds in {took:.0f} s, "
        f"{cpu / max(done, 1):.2f} s of CPU a seed"
    )
    return 1 if failed else 0


def known() -> str:
    """What is known to be wrong and is being worked on, as one pattern; empty when nothing is."""
    return "|".join(json.loads((Path(__file__).parent / "seeds" / "known.json").read_text()))


def version_of(seed: int) -> str:
    """Which Dokku it is about."""
    return VERSIONS[seed % len(VERSIONS)]


def run(first: int, count: int, plant: str | None, jobs: int, seconds: float | None = None) -> Iterator[Found]:
    """Each seed's result, as they come; the same worlds whatever `jobs` is."""
    out, into = os.pipe()
    children = [_worker(range(first + n, first + count, jobs), plant, seconds, into) for n in range(jobs)]
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
                os.waitpid(child, 0)


def _worker(seeds: range, plant: str | None, seconds: float | None, into: int) -> int:
    """A process that prepares a world and runs its seeds, each in a child of its own."""
    if child := os.fork():
        return child
    began = time.monotonic()
    try:
        for version in VERSIONS:
            mine = [seed for seed in seeds if version_of(seed) == version]
            prepared = Prepared(version) if mine else None
            for seed in mine:
                if prepared is not None and (seconds is None or time.monotonic() - began < seconds):
                    _one(prepared, seed, plant, into)
            if prepared is not None:
                prepared.close()
    finally:
        os._exit(0)


def _one(prepared: Prepared, seed: int, plant: str | None, into: int) -> None:
    """One seed in a child, which dies with everything it changed."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(REAL_LIMIT)
    try:
        try:
            found = prepared.run(seed, planted.PLANTED[plant] if plant else planted.nothing)
        except BaseException as error:  # noqa: BLE001 - the harness's own fault is reported as the seed's
            found = Found(seed=seed, broken=[f"the simulation itself: {error!r}"])
        found.trace, found.broken = [], [words[:330] for words in found.broken[:8]]
        raw = pickle.dumps(found)
        os.write(into, len(raw).to_bytes(2, "big") + raw)  # at most PIPE_BUF bytes: in one piece
    finally:
        os._exit(0)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {REAL_LIMIT} s")


def hunt(plant: str, first: int, count: int, jobs: int) -> int:
    """The first seed that a planted bug breaks and the product does not; it is written to seeds/planted.json."""
    tried = 0
    for found in run(first, count, plant, jobs):
        tried += 1
        if not found.broken:
            continue
        plain = next(run(found.seed, 1, None, 1)).broken
        if new := [words for words in found.broken if words not in plain]:
            say(f"{plant}: seed {found.seed}, after {tried}: {new[0]}")
            kept = json.loads(FOUND.read_text()) if FOUND.exists() else {}
            kept[plant] = {"seed": found.seed, "after": tried, "broken": _kind(new[0])}
            FOUND.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
            return 0
    say(f"{plant}: not found within {tried} seeds")
    return 1


def _kind(words: str) -> str:
    """What is broken, without what differs from run to run."""
    return words.partition(":")[0]
