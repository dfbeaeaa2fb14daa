"""A guard that died under the take-over lock: its own lock goes, and nobody else's does."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.fake_host import APP, World
from tests.incident.facts import T0
from tui.dokku import commands, holders
from tui.engine.hosts import guard_claim, incident_record
from tui.engine.incident.close import Settler
from tui.incident import events as ev
from tui.incident.decide import opened
from tui.model.guard import GuardedDeploy, OnBreach
from tui.model.incident import Incident
from tui.model.outcome import Exited, Lost, NeverStarted, Outcome
from tui.model.trail import Sent

LOCK = holders.takeover_lock(APP)
CREATE, DESTROY = commands.apps_create(LOCK), commands.apps_destroy(LOCK)
MINE = {"ROLLBACK_INCIDENT": "inc1", "ROLLBACK_STATE": holders.GUARDING}
OK = Exited(code=0)


def guarding() -> Incident:
    event = ev.Opened(at=T0, incident="inc1", service="api", app=APP, host="main", by="me@box")
    guard = GuardedDeploy(deploy="d", on_breach=OnBreach.ROLL_BACK, length=timedelta(minutes=10))
    return replace(opened(event), guard=guard)


async def journalled(world: World, *said: tuple[tuple[str, ...], Outcome | None], host: str = "main") -> None:
    """What a console that died has put on record of what it sent: intents, and the ends that it heard."""
    for argv, outcome in said:
        sent = Sent(at=T0, host=host, argv=argv, writes=True, incident="inc1")
        for entry in (sent,) if outcome is None else (sent, replace(sent, outcome=outcome)):
            await world.journal.append("inc1", "command", msgspec.json.encode(entry).decode(), T0)


async def clear(world: World) -> bool:
    return await guard_claim.clear(world.links, world.clock, world.journal, "main", APP, "inc1")


@pytest.mark.parametrize(
    "said",
    [
        [(CREATE, None)],
        [(CREATE, OK)],
        [(CREATE, Lost(why="gone"))],
        [(CREATE, OK), (CREATE, Exited(code=1))],
        [(CREATE, OK), (DESTROY, None)],
        [(CREATE, OK), (DESTROY, Exited(code=1))],
    ],
    ids=["no end", "created", "lost", "in the way of itself", "killed while it went", "not destroyed"],
)
async def test_a_lock_that_it_left_goes_once_nobody_is_at_it(said: Any) -> None:
    world = World()
    world.host.ours |= {world.record: dict(MINE), LOCK: {}}
    await journalled(world, *said)
    assert await clear(world)
    assert world.host.written == [DESTROY] and world.clock.monotonic() == incident_record.SIGNED_WITHIN


@pytest.mark.parametrize(
    "said",
    [
        [],
        [(CREATE, Exited(code=1))],
        [(CREATE, NeverStarted(why="no channel"))],
        [(CREATE, OK), (DESTROY, OK)],
        [(commands.apps_create(APP), OK)],
    ],
    ids=["none", "refused", "not sent", "gone", "no lock"],
)
async def test_a_lock_that_is_none_of_its_own_stays_and_nothing_is_asked(said: Any) -> None:
    world = World()
    world.host.ours |= {world.record: dict(MINE), LOCK: {}}
    await journalled(world, *said)
    await journalled(world, (CREATE, OK), host="another")
    assert await clear(world)
    assert world.host.sent == []


@pytest.mark.parametrize("record", [dict(MINE), {}, None], ids=["signed", "unsigned", "none"])
async def test_a_lock_under_which_somebody_acts_meanwhile_stays(record: dict[str, str] | None) -> None:
    world = World()
    world.host.ours[LOCK] = {}
    if record is not None:
        world.host.ours[world.record] = record
    await journalled(world, (CREATE, OK), (commands.apps_create(world.record), OK))
    asked = 0

    def meanwhile(argv: tuple[str, ...]) -> None:
        nonlocal asked
        asked += argv == ("config:export", "--format", "json", world.record)
        if asked == 2:
            world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "theirs"}

    world.host.before = meanwhile
    assert not await clear(world)
    assert world.host.written == []


async def test_a_claim_that_it_created_and_did_not_sign_goes_with_it() -> None:
    world = World()
    world.host.ours[world.record] = {}
    await journalled(world, (commands.apps_create(world.record), OK))
    assert await clear(world)
    assert world.host.written == [commands.apps_destroy(world.record)]


@pytest.mark.parametrize("state", [holders.GUARDING, holders.ABORTED])
async def test_at_its_end_the_claim_goes_also_where_it_was_told_to_stop(state: str) -> None:
    world = World()
    world.host.ours[world.record] = MINE | {"ROLLBACK_STATE": state}
    order = await Settler(world.links, world.clock, world.journal, None).put_in_order(guarding())
    assert order.left == () and world.host.ours == {}


async def test_where_somebody_has_the_lock_the_claim_stays_and_the_way_on_is_named() -> None:
    world = World()
    world.host.ours |= {world.record: dict(MINE), LOCK: {}}
    order = await Settler(world.links, world.clock, world.journal, None).put_in_order(guarding())
    assert "`rollback unfreeze api` removes it" in order.left[0]
    assert world.host.ours == {world.record: MINE, LOCK: {}}
