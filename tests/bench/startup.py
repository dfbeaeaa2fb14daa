"""How soon there is something to see: the console against an empty Textual app, the splash against a bare interpreter.

Processor time, not wall time: nearly all of a start is imports, and other programs of the machine stretch the clock.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.bench.harness import Bench, Effort, Finding, interleaved, on_pty, ratio
from tests.sandboxes import running_sandbox
from tui.console import board_cache

REPORT = """
import json, os, resource
def report():
    used = resource.getrusage(resource.RUSAGE_SELF)
    os.write(int(os.environ["BENCH_FD"]), (json.dumps({"cpu": used.ru_utime + used.ru_stime}) + "\\n").encode())
"""
EMPTY = (
    REPORT
    + """
from textual.app import App
class Empty(App):
    def on_mount(self):
        self.call_after_refresh(self.painted)
    def painted(self):
        report()
        self.exit()
Empty().run()
"""
)
CONSOLE = (
    REPORT
    + """
from tui.__main__ import main
from tui.console import terminal
prepare = terminal.prepare
def with_a_look(*arguments):
    prepare(*arguments)
    from tui.console.app import ConsoleApp
    def painted(self):
        report()
        self.exit(0)
    ConsoleApp._start = painted
terminal.prepare = with_a_look
main()
"""
)
SPLASH = "import os; from tui.console import splash; splash.begin([], os.environ) or os.abort(); os._exit(0)"
NOTHING = "import os; os._exit(0)"


def first_paint(effort: Effort) -> list[Finding]:
    """Processor time from the process's start to its first picture, last board and arguments included."""
    with tempfile.TemporaryDirectory() as state:
        _keep_a_board(state)

        def paint(script: str) -> Callable[[], float]:
            def run() -> float:
                environ = {"ROLLBACK_STATE_DIR": state, "ROLLBACK_SERVICES": "shipped", "LANG": "C.UTF-8"}
                with on_pty([sys.executable, "-c", script], environ=environ) as pty:
                    return float(pty.report("cpu"))

            return run

        found = interleaved({"console": paint(CONSOLE), "empty": paint(EMPTY)}, effort.rounds)
    value = ratio(found["console"], found["empty"])
    each = {name: median(values) for name, values in found.items()}
    profile = {
        "milliseconds": f"{1000 * each['console']:.0f} / {1000 * each['empty']:.0f}",
        **_imports([sys.executable, "-c", "import tui.console.start, tui.console.app"], dict(os.environ)),
    }
    name = "first paint / empty Textual app, CPU"
    return [Finding(name=name, value=value, unit="x", limit=1.3, detail={**found}, profile=profile)]


def splash(effort: Effort) -> list[Finding]:
    """Processor time of the last known board on the screen, against an interpreter that does nothing."""
    with tempfile.TemporaryDirectory() as state:
        _keep_a_board(state)
        environ = {**os.environ, "ROLLBACK_STATE_DIR": state, "TERM": "xterm-256color"}
        found = interleaved(
            {"splash": lambda: _cpu(SPLASH, environ), "nothing": lambda: _cpu(NOTHING, environ)}, effort.rounds * 3
        )
    value = ratio(found["splash"], found["nothing"])
    return [Finding(name="splash / python that does nothing, CPU", value=value, unit="x", limit=2.0, detail={**found})]


def _cpu(script: str, environ: dict[str, str]) -> float:
    master, slave = os.openpty()
    try:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", script], stdin=slave, stdout=slave, env=environ, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        os.close(master)
        os.close(slave)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def _keep_a_board(state: str) -> None:
    row = {"health": "OK", "release": "release:4", "detail": "", "at": "2026-11-24T02:13:05Z"}
    rows = [{"service": name, **row} for name in ("api", "gateway", "search", "transcription")]
    services = str(Path("services.yaml").resolve())
    board = {"schema": 1, "at": "2026-11-24T02:13:05Z", "environment": "production", "services": services, "rows": rows}
    board_cache.store(state, board)


def status_json(effort: Effort) -> list[Finding]:
    """Processor time of `rollback status SERVICE --json`, from start to end, against a Python that imports asyncssh."""
    argv = [str(Path(sys.executable).with_name("rollback")), "status", "search", "--json", "--services"]
    with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder), pace="fast") as box:
        environ = {**os.environ, "ROLLBACK_STATE_DIR": str(box.state)}
        argv = [*argv, box.services]
        cases = {
            "status": lambda: _used(argv, environ),
            "asyncssh": lambda: _used([sys.executable, "-c", "import asyncssh"], environ),
        }
        cases["status"]()  # what a machine reads once
        found = interleaved(cases, 2 * effort.rounds)
        imports = _imports([sys.executable, *argv], environ)
    each = {name: median(values) for name, values in found.items()}
    name = "status --json of one service / import asyncssh, CPU"
    profile = {"milliseconds": f"{1000 * each['status']:.0f} / {1000 * each['asyncssh']:.0f}", **imports}
    return [
        Finding(
            name=name,
            value=ratio(found["status"], found["asyncssh"]),
            unit="x",
            limit=1.6,
            detail={**found},
            profile=profile,
        )
    ]


def _used(argv: list[str], environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


SHARES = {
    "asyncssh": ("asyncssh", "cryptography"),
    "HTTP": ("httpx", "httpcore", "anyio", "h11", "socksio", "idna", "certifi"),
    "YAML": ("yaml",),
    "Textual": ("textual", "rich", "markdown_it", "mdit_py_plugins", "pygments"),
    "this program": ("tui",),
}
"""packages that are imported together"""


def _imports(argv: list[str], environ: dict[str, str]) -> dict[str, str]:
    """The shares of packages in the time of importing, as `-X importtime` measures them in one run."""
    argv = [argv[0], "-X", "importtime", *argv[1:]]
    done = subprocess.run(argv, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    found = dict.fromkeys((*SHARES, "all others"), 0)
    for line in done.stderr.decode().splitlines():
        words = line.removeprefix("import time:").split("|")
        if line.startswith("import time:") and words[0].strip().isdigit():
            package = words[2].strip().partition(".")[0]
            share = next((name for name, packages in SHARES.items() if package in packages), "all others")
            found[share] += int(words[0])
    whole = max(1, sum(found.values()))
    return {f"of all imports, {name}": f"{spent / whole:.0%}" for name, spent in found.items() if spent}


BENCHES: dict[str, Bench] = {"first-paint": first_paint, "splash": splash, "status-json": status_json}
