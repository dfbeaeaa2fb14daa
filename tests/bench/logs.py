"""The log panel: how fast it takes lines in, what they cost, and how keys and terminal fare meanwhile."""

import re
import shutil
import tempfile
import tracemalloc
from itertools import islice
from pathlib import Path
from statistics import median
from time import monotonic, process_time

from tests.bench.harness import Bench, Effort, Finding, interleaved, module, on_pty, percentile, ratio
from tests.bench.logapp import CHUNK, LAST, lines
from tui.console.setup import Setup
from tui.console.terminal import describe, prepare
from tui.engine.monitor.log_ring import LogRing, packer

APP = "tests.bench.logapp"
COLOURS = re.compile(rb"\x1b[\[(][0-9;]*[A-Za-z]")


def _environ(kind: str) -> dict[str, str]:
    """The panel runs as the console does; its peers as Textual comes."""
    environ = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    if kind == "panel":
        prepare(describe(environ, Setup()), environ)
    return environ


def _file(folder: str, count: int) -> Path:
    path = Path(folder) / f"log-{count}"
    with path.open("wb") as out:
        out.writelines(islice(lines(), count))
        out.write(LAST + b"\n")
    return path


def ingest(effort: Effort) -> list[Finding]:
    """A burst, from its first byte to its last line on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = _file(folder, effort.lines), _file(folder, 5 * effort.lines)  # `Log` would take a minute for many

        told: dict[str, list[dict[str, float]]] = {"panel": [], "log": []}

        def taken(kind: str, path: Path) -> float:
            with on_pty(module(APP, kind, "burst", str(path)), environ=_environ(kind)) as pty:
                done: dict[str, float] = pty.report("done")
            if path == few:
                told[kind].append(done)
            return done["seconds"]

        def cat() -> float:
            with on_pty(["cat", str(many)], raw=True) as pty:
                begun = monotonic()
                pty.pump(lambda: LAST in pty.tail[-100:])
                return monotonic() - begun

        cases = {
            "panel few": lambda: taken("panel", few),
            "log few": lambda: taken("log", few),
            "panel many": lambda: taken("panel", many),
            "cat many": cat,
        }
        found = interleaved(cases, effort.rounds)
    seconds = {name: round(median(values), 3) for name, values in found.items()}
    cpu = {kind: [one["cpu"] for one in every] for kind, every in told.items()}
    profile = {
        "processor time, the panel's / Log's": f"{median(cpu['panel']):.2f} / {median(cpu['log']):.2f} s, "
        f"a ratio of {ratio(cpu['log'], cpu['panel']):.1f}",
        "of the panel's seconds, from the last line's arrival to its frame, of which there are four a second": (
            f"{median(one['waited'] for one in told['panel']):.2f} of {seconds['panel few']:.2f} s"
        ),
    }
    return [
        Finding(
            name="log: ingest against Textual's Log",
            value=ratio(found["log few"], found["panel few"]),
            unit="x",
            limit=10,
            least=True,
            detail={"seconds": seconds, "lines": effort.lines},
            profile=profile,
        ),
        Finding(
            name="log: ingest against cat into a raw pty",
            value=ratio(found["cat many"], found["panel many"]),
            unit="x",
            limit=1,
            least=True,
            detail={"seconds": seconds, "lines": 5 * effort.lines},
        ),
    ]


def opening(effort: Effort) -> list[Finding]:
    """A large file, from the start of the program to its last line on screen, against lnav where that is installed."""
    if shutil.which("lnav") is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = _file(folder, 5 * effort.lines)

        def panel() -> float:
            with on_pty(module(APP, "panel", "burst", str(path)), environ=_environ("panel")) as pty:
                pty.report("done")
                return monotonic() - pty.started

        def lnav() -> float:
            with on_pty(["lnav", str(path)], environ={"TERM": "xterm-256color", "HOME": folder}) as pty:
                pty.pump(lambda: LAST in COLOURS.sub(b"", pty.tail))
                return monotonic() - pty.started

        found = interleaved({"panel": panel, "lnav": lnav}, effort.rounds)
    return [
        Finding(
            name="log: a file opened to its last line against lnav",
            value=ratio(found["panel"], found["lnav"]),
            unit="x",
            limit=1,
            detail={"seconds": {name: round(median(values), 3) for name, values in found.items()}},
        )
    ]


def memory(effort: Effort) -> list[Finding]:
    """Bytes held for bytes that came, chunk by chunk as they come."""
    whole = b"".join(islice(lines(), effort.lines))
    ring = LogRing(cap=2 * len(whole))
    tracemalloc.start()
    try:
        for position in range(0, len(whole), CHUNK):
            ring.feed(whole[position : position + CHUNK])
        packer().submit(int).result()  # what came before it is packed
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    absent = re.compile(b"no line has this", re.MULTILINE)
    begun = process_time()
    assert ring.find(absent, 0) is None
    speed = len(whole) / 1e6 / (process_time() - begun)
    return [
        Finding(name="log: stored against raw bytes", value=held / len(whole), unit="x", limit=0.4),
        Finding(name="log: search in what is stored", value=speed, unit="MB/s CPU", limit=100, least=True),
    ]


def _latencies(kind: str, rate: int, effort: Effort, drain: float | None) -> list[float]:
    found: list[float] = []
    with on_pty(module(APP, kind, "paced", str(rate)), environ=_environ(kind)) as pty:
        pty.report("ready")
        pty.pump_for(min(1.5, effort.seconds))
        pty.drain_from_now(drain)
        pty.pump_for(min(2.0, effort.seconds))
        end = monotonic() + effort.seconds
        while monotonic() < end:
            wanted = f"<key{len(found) + 1}>".encode()
            begun = monotonic()
            pty.type(b"x")
            pty.pump(lambda wanted=wanted: wanted in pty.tail)  # type: ignore[misc]
            found.append(monotonic() - begun)
            pty.pump_for(0.037)
    return found


def keys(effort: Effort) -> list[Finding]:
    """From a key to its effect on the screen while 50,000 lines a second arrive."""
    waits = [wait for _ in range(effort.rounds) for wait in _latencies("panel", 50_000, effort, None)]
    middle, longest = 1000 * median(waits), 1000 * max(waits)
    return [
        Finding(
            name="log: key p99 at 50,000 lines/s",
            value=1000 * percentile(waits, 0.99),
            unit="ms",
            limit=50,
            detail={"keys": len(waits), "p50": middle, "max": longest},
            profile={f"milliseconds, median / longest of {len(waits)}": f"{middle:.0f} / {longest:.0f}"},
        )
    ]


def output(effort: Effort) -> list[Finding]:
    """Bytes written while a log streams."""
    out: list[Finding] = []
    for columns, rows, limit in ((80, 24, 12.0), (120, 40, 30.0)):
        argv = module(APP, "panel", "paced", "1000")
        with on_pty(argv, columns=columns, rows=rows, environ=_environ("panel")) as pty:
            pty.report("ready")
            pty.pump_for(min(2.0, effort.seconds))
            before, begun = pty.bytes, monotonic()
            pty.pump_for(effort.seconds)
            value = (pty.bytes - before) / 1024 / (monotonic() - begun)
        out.append(
            Finding(name=f"log: written while streaming, {columns}x{rows}", value=value, unit="KiB/s", limit=limit)
        )
    return out


def slow(effort: Effort) -> list[Finding]:
    """A key on a terminal that takes 30 kB a second, with the gate and without."""
    found = interleaved(
        {
            "panel": lambda: median(_latencies("panel", 1000, effort, 30_000)),
            "ungated": lambda: median(_latencies("ungated", 1000, effort, 30_000)),
        },
        max(1, effort.rounds // 2),
    )
    milliseconds = {name: round(1000 * median(values)) for name, values in found.items()}
    return [
        Finding(
            name="log: key p50 at 30 kB/s against no gate, 30 frames/s",
            value=ratio(found["panel"], found["ungated"]),
            unit="x",
            limit=0.1,
            detail={"milliseconds": milliseconds},
        )
    ]


BENCHES: dict[str, Bench] = {
    "log-ingest": ingest,
    "log-open": opening,
    "log-memory": memory,
    "log-keys": keys,
    "log-output": output,
    "log-slow": slow,
}
