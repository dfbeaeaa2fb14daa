"""Signals at the end of a command line: none of them changes its exit code, wherever in the end they come."""

import subprocess
import sys

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
