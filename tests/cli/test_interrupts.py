"""Signals at the end of a command line: none of them changes its exit code, wherever in the end they come."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STORM = """
import asyncio, os, signal, sys, threading
from tui.cli import interrupts

number, over = signal.Signals[sys.argv[1]], threading.Event()
signal.signal(signal.SIGINT, lambda *_: None)  # as the program does before anything is imported

def storm():
    while not over.is_set():
        os.kill(os.getpid(), number)

async def command():
    told = []
    with interrupts.taken(lambda: told.append("outer")):
        with interrupts.taken(lambda: told.append("inner")):
            threading.Thread(target=storm).start()
            while len(told) < 10:
                await asyncio.sleep(0.001)
    return set(told)

with asyncio.Runner(loop_factory=interrupts.Loop) as runner:
    told = runner.run(command())
over.set()
print(*told)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_storm_of_signals_is_told_to_the_innermost_and_ends_nothing(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", STORM, name], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "inner", "")


def test_after_the_last_word_no_signal_changes_the_exit_code_to_the_very_end(tmp_path: Path) -> None:
    """The interpreter gives signals back while it ends: one that comes then would kill it."""
    environment = {**os.environ, "ROLLBACK_STATE_DIR": str(tmp_path / "state")}
    services = Path(__file__).parents[2] / "services.yaml"
    command = [sys.executable, "-m", "tui", "--services", str(services), "incidents", "--json"]
    for _ in range(5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            assert b"items" in process.stdout.readline()
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
            assert process.returncode == 0
