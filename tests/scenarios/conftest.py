"""The sandboxes that most incidents are played on: in this process, which is quick, or in processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import local_sandbox
from tests.sandboxes import Sandbox, running_sandbox


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
def box(tmp_path: Path) -> Iterator[Sandbox]:
    """What is about processes: a terminal, a signal, a stream that is closed."""
    with running_sandbox(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Sandbox]:
    """The same with deploys of some seconds."""
    with running_sandbox(tmp_path, pace="0.25") as sandbox:
        yield sandbox
