"""A sandbox in the test's own loop, at 1/200 of the recorded pauses, and a guest who is connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.guest import Guest, visiting
from tui.sandbox.pace import Pace
from tui.sandbox.sandbox_process import SandboxOptions, World

ALMOST_AT_ONCE = Pace(factor=1 / 200)


@pytest.fixture
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Parametrise indirectly with a version to get another than 0.35.15."""
    dokku = getattr(request, "param", "0.35.15")
    async with World(SandboxOptions(dokku=dokku, pace=ALMOST_AT_ONCE, state=str(tmp_path / "state"))) as world:
        yield world


@pytest.fixture
async def guest(world: World) -> AsyncIterator[Guest]:
    async with visiting(world.about) as guest:
        yield guest
