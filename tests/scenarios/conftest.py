"""The two sandboxes that most incidents are played on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandboxes import Sandbox, running_sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path) as sandbox:
        yield sandbox


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Sandbox]:
    """Deploys take some seconds, so that something can happen in their middle."""
    with running_sandbox(tmp_path, pace="0.25") as sandbox:
        yield sandbox
