"""When what runs may be left by the word `previous`, and what is said where the last deploy never went live."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests import stage
from tests.incident.facts import T0
from tui.engine.releases import previous_twice
from tui.engine.releases.catalog import Listing
from tui.model.errors import Refused
from tui.model.release import Arrival, Came
from tui.model.service import Service

SERVICE = stage.service("api")
HOST = stage.fleet(SERVICE).hosts[0]
LONGEST = timedelta(minutes=30)
FAILED = "e" * 40


def came_back() -> Listing:
    """What runs came back just now by the rollback of inc1."""
    found = stage.listing(SERVICE, T0)
    back = Arrival(kind=Came.BACK, attempt="inc1.1", at=T0, by="ana@desk")
    running = next(r for r in found.releases if r.running)
    releases = tuple(replace(r, came=back) if r is running else r for r in found.releases)
    current = replace(
        found.current, containers=tuple(replace(c, attempt="inc1.1", started_at=T0) for c in found.current.containers)
    )
    return replace(found, releases=releases, current=current)


def failed() -> Listing:
    """A deploy was tried after what serves."""
    found = stage.listing(SERVICE, T0)
    return replace(found, current=replace(found.current, git_rev=FAILED))


async def well(_: Service) -> bool:
    return True


async def sick(_: Service) -> bool:
    return False


async def unasked(_: Service) -> bool:
    raise AssertionError("nothing was tried: nobody has to look")


def test_another_incidents_rollback_is_not_gone_back_from_and_its_own_may_be() -> None:
    now = T0 + timedelta(minutes=1)
    with pytest.raises(Refused, match=r"came back to .* by a rollback of ana@desk"):
        previous_twice.not_further(SERVICE, came_back(), "inc2", now, LONGEST)
    previous_twice.not_further(SERVICE, came_back(), "inc1", now, LONGEST)
    previous_twice.not_further(SERVICE, stage.listing(SERVICE, T0), "inc2", now, LONGEST)


async def test_a_deploy_that_never_went_live_is_told_only_while_what_runs_is_healthy() -> None:
    found = failed()
    running = next(r for r in found.releases if r.running)
    words = await previous_twice.never_live(SERVICE, HOST, found, running, well)
    assert words.startswith(f"the last deploy ({FAILED[:10]}) never went live: what runs is the old release")
    assert running.name in words and "make restarts safe again: " in words
    assert await previous_twice.never_live(SERVICE, HOST, found, running, sick) == ""


async def test_where_nothing_was_tried_or_a_build_runs_nobody_looks() -> None:
    found = stage.listing(SERVICE, T0)
    running = next(r for r in found.releases if r.running)
    assert await previous_twice.never_live(SERVICE, HOST, found, running, unasked) == ""
    locked = replace(failed(), current=replace(failed().current, locked=True))
    assert await previous_twice.never_live(SERVICE, HOST, locked, running, unasked) == ""
