"""The simulation repeats exactly; `python -m tests.simulation` runs many seeds (CI does, after the suite)."""

import subprocess
import sys

import pytest

SEED = 3
"""a watched rollback of the bastion's while CI pushes and a second operator is turned away"""


def replay(seed: int) -> str:
    """The trace of one seed, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", str(seed)], capture_output=True, text=True, check=False
    )
    assert done.stderr == "", done.stderr
    return done.stdout


def told(trace: str) -> list[str]:
    """Without the cost, which is this machine's."""
    return [line for line in trace.splitlines() if "s of CPU" not in line] + trace.split()[-1:]


@pytest.mark.timeout(300)
def test_every_planted_bug_is_found_by_its_seed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--planted"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_seed_repeats_to_the_last_scheduling_decision() -> None:
    first, again = replay(SEED), replay(SEED)
    assert "host ← bastion: git-receive-pack" in first
    assert told(first) == told(again)
