"""The sandboxes that most incidents are played on: the host in this process, and its console too where it can be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Sandbox


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Sandbox]:
    """For everything that is not about processes."""
    with local_sandbox(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
def local_slow(tmp_path: Path) -> Iterator[Sandbox]:
    """Deploys take about a second, so that something can happen in their middle."""
    with local_sandbox(tmp_path, pace="0.25", speed=5) as sandbox:
        yield sandbox


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Sandbox]:
    """Time goes twice as fast only: a watch to its end has to see nearly all of it, on a busy machine too."""
    with local_sandbox(tmp_path, speed=2) as sandbox:
        yield sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LocalSandbox]:
    """In the machine's time, for consoles that are processes: `typed` to on a terminal, or killed (`process`)."""
    with local_sandbox(tmp_path, speed=1) as sandbox:
        yield sandbox


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[LocalSandbox]:
    """The same with deploys of some seconds."""
    with local_sandbox(tmp_path, pace="0.25", speed=1) as sandbox:
        yield sandbox
