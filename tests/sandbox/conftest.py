"""A sandbox in the test's own loop, without pauses or at 1/50 of them, and a guest who is connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.guest import Guest, visiting
from tui.sandbox.pace import Pace
from tui.sandbox.world import Options, World

SLOW_ENOUGH_TO_CATCH = Pace(factor=1 / 50)


@pytest.fixture
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Parametrise indirectly with a version to get another than 0.35.15."""
    dokku = getattr(request, "param", "0.35.15")
    async with World(Options(dokku=dokku, pace=SLOW_ENOUGH_TO_CATCH, state=str(tmp_path / "state"))) as world:
        yield world


@pytest.fixture
async def guest(world: World) -> AsyncIterator[Guest]:
    async with visiting(world.about) as guest:
        yield guest
