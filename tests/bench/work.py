"""What a night costs besides pictures: the journal's entries, looks at health, a whole rollback against its push."""

import asyncio
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import monotonic, process_time
from typing import IO, NamedTuple

from tests.bench.harness import Bench, Effort, Finding, interleaved, ratio
from tests.config import test_many
from tests.sandboxes import Sandbox, running_sandbox
from tests.simulation import test_keep_pace, test_pace
from tests.simulation.child import in_child, with_world
from tui import bootstrap, config
from tui.drivers.clock import SystemClock
from tui.drivers.health_http import HttpProbes
from tui.drivers.journal import Journal
from tui.drivers.ssh.slots import CHANNELS
from tui.engine.engine import Engine
from tui.incident import events as ev
from tui.model.health import ProbeOutcome
from tui.model.plan import Plan
from tui.model.release import Target, TargetKind
from tui.model.service import Expect
from tui.ways.facts import Options

ENTRY = "x" * 264
WORKS = "transcription"
"""a service of the sandbox with a worker"""
ANSWERS = """\
import asyncio
async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nConnection: close\\r\\n\\r\\nready")
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def journal(effort: Effort) -> list[Finding]:
    """An entry, on disk before the call returns, against writing and syncing the same bytes.

    Its profile: the same writing and syncing done in a thread, as the journal does it lest a screen wait for a disk.
    """
    count = max(10, effort.lines // 1000)
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        book = Journal(Path(folder) / "journal.sqlite")
        at = datetime.now(UTC)

        async def entries() -> float:
            times = []
            for _ in range(count):
                begun = monotonic()
                await book.append("bench", "event", ENTRY, at)
                times.append(monotonic() - begun)
            return median(times)

        def write(plain: IO[bytes]) -> None:
            plain.write(ENTRY.encode())
            os.fsync(plain.fileno())

        def written() -> float:
            times = []
            with (Path(folder) / "plain").open("ab", buffering=0) as plain:
                for _ in range(count):
                    begun = monotonic()
                    write(plain)
                    times.append(monotonic() - begun)
            return median(times)

        async def in_a_thread() -> float:
            times = []
            with (Path(folder) / "plain").open("ab", buffering=0) as plain:
                for _ in range(count):
                    begun = monotonic()
                    await asyncio.get_running_loop().run_in_executor(thread, write, plain)
                    times.append(monotonic() - begun)
            return median(times)

        cases = {
            "entry": lambda: runner.run(entries()),
            "plain": written,
            "in a thread": lambda: runner.run(in_a_thread()),
        }
        with ThreadPoolExecutor(1) as thread:
            found = interleaved(cases, effort.rounds)
        runner.run(book.close())
    milliseconds = {name: round(1000 * median(values), 3) for name, values in found.items()}
    value, hop = ratio(found["entry"], found["plain"]), ratio(found["in a thread"], found["plain"])
    profile = {
        "write and fsync": f"1 ({milliseconds['plain']} ms)",
        "to a thread and back, so that no screen waits for a disk": f"{hop - 1:.2f}",
        "SQLite, and the entry made harmless": f"{value - hop:.2f}",
    }
    detail = {"milliseconds": milliseconds}
    name = "journal: an entry / write and fsync"
    return [Finding(name=name, value=value, unit="x", limit=1.6, detail=detail, profile=profile)]


def health(effort: Effort) -> list[Finding]:
    """Processor time of a look at health, as shares of a core at the rates that matter."""
    count = max(20, effort.lines // 400)
    argv = [sys.executable, "-c", ANSWERS]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server, asyncio.Runner() as runner:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/ready"
        probes, expect = HttpProbes(SystemClock()), Expect(text="ready")

        async def looks(number: int) -> float:
            begun = process_time()
            for _ in range(number):
                assert (await probes.probe(url, expect)).outcome is ProbeOutcome.HEALTHY
            return (process_time() - begun) / number

        runner.run(looks(5))  # the library is imported with the first look
        each = median(runner.run(looks(count)) for _ in range(effort.rounds))
        runner.run(probes.close())
        server.terminate()
    detail = {"milliseconds_each": round(1000 * each, 3)}
    return [
        Finding(name="health: 4 services each second", value=400 * each, unit="% core", limit=2, detail=detail),
        Finding(name="health: 1,000 every 5 s", value=20_000 * each, unit="% core", limit=25, detail=detail),
    ]


def rollback(effort: Effort) -> list[Finding]:
    """From the word to the end of the proof, against nothing but the push of the same commit, at a real host's pace."""
    pace = "recorded" if effort.seconds >= 1 else "fast"

    parts: list[Parts] = []

    def on_a_host(work: str) -> float:
        with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder), pace=pace) as box:
            seconds, found = asyncio.run(_carried_out(box, work))
        parts.extend(found)
        return seconds

    rounds = max(1, effort.rounds // 3)
    found = interleaved({work: partial(on_a_host, work) for work in ("whole", "push")}, rounds)
    seconds = {name: round(median(values), 1) for name, values in found.items()}
    limits = (1.05, 5.0) if pace == "recorded" else (None, None)
    bare = median(found["push"])
    profile = {
        f"{name}, against the bare push": f"{median(one[at] for one in parts) / bare:.2f}"
        for at, name in enumerate(Parts._fields)
    }
    return [
        Finding(
            name="rollback: all of it / its bare push",
            value=ratio(found["whole"], found["push"]),
            unit="x",
            limit=limits[0],
            detail={"seconds": seconds},
            profile={name.replace("_", " "): value for name, value in profile.items()},
        ),
        Finding(
            name="rollback: from the word to the pack",
            value=median(one.the_word_to_the_push for one in parts),
            unit="s",
            limit=limits[1],
        ),
    ]


def own_check(effort: Effort) -> list[Finding]:
    """A rollback whose commit brings a check of ours for a worker, against the push of the release as it is, for whose
    worker Dokku waits its 10 s."""
    pace = "recorded" if effort.seconds >= 1 else "fast"

    def on_a_host(work: str) -> float:
        with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder), pace=pace) as box:
            mode = "dokku" if work == "push" else "auto"
            file = Path(box.services)
            file.write_text(file.read_text().replace(f"  {WORKS}:\n", f"  {WORKS}:\n    checks: {mode}\n"))
            return asyncio.run(_carried_out(box, work, WORKS))[0]

    found = interleaved({work: partial(on_a_host, work) for work in ("whole", "push")}, max(1, effort.rounds // 3))
    seconds = {name: round(median(values), 1) for name, values in found.items()}
    return [
        Finding(
            name="rollback: with our check of one of two / a push without",
            value=ratio(found["whole"], found["push"]),
            unit="x",
            limit=0.75 if pace == "recorded" else None,
            detail={"seconds": seconds},
            profile={"of the push, Dokku's wait for the worker": "10 s, ours 3", "web's own check stays": "as it is"},
        )
    ]


class Parts(NamedTuple):
    """Seconds of a rollback."""

    the_word_to_the_push: float
    """record, signature, freeze: one command after the other"""
    the_push: float
    """with the looks and commands beside it"""
    the_proof: float
    """from the end of the push to the end of the verification and what is put in order"""


async def _carried_out(box: Sandbox, work: str, service: str = "api") -> tuple[float, list[Parts]]:
    os.environ["ROLLBACK_STATE_DIR"] = str(box.state)
    engine = bootstrap.engine(box.services)
    try:
        plan = await engine.plan(engine.service(service), Target(kind=TargetKind.PREVIOUS), Options())
        if work == "push" and plan.push is not None:
            box.pull("command", command=f"git:set {plan.app} deploy-branch {plan.push.branch}")
        begun = monotonic()
        if work == "push":
            assert plan.push is not None
            await engine.git.push(engine.links.host(plan.host), plan.push, timeout=120)
            return monotonic() - begun, []
        parts = await _whole(engine, plan)
        return monotonic() - begun, [parts]
    finally:
        await engine.close()


async def _whole(engine: Engine, plan: Plan) -> Parts:
    walk = await engine.open(plan, "bench")
    confirmed = engine.clock.now()
    await walk.submit(ev.Confirmed(at=confirmed, by="bench"))
    done = await walk.settled()
    assert done.closing is not None, done.failure
    push = done.run_of("push")
    assert push is not None and push.ended_at is not None
    moments = (confirmed, push.started_at, push.ended_at, engine.clock.now())
    return Parts(*((after - before).total_seconds() for before, after in pairwise(moments)))


def waiting(effort: Effort) -> list[Finding]:
    """What people wait for where each of a host's commands takes 0.4 s, in simulated seconds: computing costs none."""
    found = with_world(lambda prepared: in_child(prepared, test_pace.played))
    rows: list[tuple[str, float, float | None]] = [
        ("the word to the push", found["word to push"], 1.5),
        ("a plan", found["plan"][0], None),
        ("status of 4 apps", found["status"][0], 1.2),
        ("the first status of a machine", found["first status"][0], 1.2),
        ("check of 4 apps", found["check"][0], 4.0),
        ("previous --yes, all of it", found["rollback"][0], None),
    ]
    told = [Finding(name=f"waiting: {name}, 0.4 s a command", value=v, unit="s", limit=most) for name, v, most in rows]
    asked, at_once = found["first status"].commands, CHANNELS["control"]
    first = next(one for one in told if "first status" in one.name)
    first.profile = {
        "commands (16 of them read a holder's config, once for this machine)": str(asked),
        "at once on one connection, of the ten that sshd allows": str(at_once),
        "hence one after the other": f"{-(-asked // at_once)} times 0.4 s",
    }
    return told


def kept(effort: Effort) -> list[Finding]:
    """`keep --all` of four services of one host against one keep, at the recorded pace, in simulated seconds."""
    found = test_keep_pace.played()
    one, four = found["one"].seconds, found["four"].seconds
    detail = {"seconds": {name: round(told.seconds, 1) for name, told in found.items()}}
    name = "keep --all of 4, max_parallel 4 / one keep"
    return [Finding(name=name, value=four / one, unit="x", limit=2.0, detail=detail)]


def listed(effort: Effort) -> list[Finding]:
    """`--list` on a host with 1,000 holders against one with 5, each command 0.4 s, in simulated seconds."""
    found = with_world(
        lambda prepared: {count: in_child(prepared, partial(test_pace.listed, count)) for count in (5, 1_000)}
    )
    return [
        Finding(
            name="--list, host with 1,000 holders / with 5",
            value=found[1_000].seconds / found[5].seconds,
            unit="x",
            limit=2.0,
            detail={"commands": {count: told.commands for count, told in found.items()}},
        )
    ]


def services(effort: Effort) -> list[Finding]:
    """Processor time of reading a services.yaml of 1,000 services."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "services.yaml"
        file.write_text(test_many.text(1000))
        times = []
        for _ in range(max(3, effort.rounds)):
            begun = process_time()
            assert len(config.load(file, environ={}).services) == 1000
            times.append(process_time() - begun)
    return [Finding(name="services.yaml: 1,000 services", value=min(times), unit="s CPU", limit=0.3)]


BENCHES: dict[str, Bench] = {
    "journal": journal,
    "health": health,
    "rollback": rollback,
    "own-check": own_check,
    "waiting": waiting,
    "keep": kept,
    "list": listed,
    "services": services,
}
