"""Taking everything of ours away: what is somebody's stays, one refusal keeps no other, the oldest goes first."""

import pytest

from tests.fake_host import APP, World
from tui.dokku import commands, holders
from tui.engine.releases import removal
from tui.engine.releases.keeper import Keeper
from tui.engine.releases.removal import Removal, Removed
from tui.model.errors import LinkError, Refused, TakenByOther
from tui.model.outcome import TimedOut


async def plan(world: World, *, stale: bool = False) -> Removal:
    return await removal.plan(world.links, world.service, lambda _: stale)


async def remove(world: World, wanted: Removal) -> Removed:
    keeper = Keeper(world.links, world.clock, "me@box", 5)
    return await removal.remove(world.links, keeper, wanted, world.said.append)


async def test_all_holders_go_oldest_first_and_the_record_last() -> None:
    world = World()
    first, second = world.holder(1), world.holder(2)
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1", "ROLLBACK_BY": "ana"}
    wanted = await plan(world, stale=True)
    assert wanted.names == (first, second, world.record)
    assert removal.lines(wanted)[0] == f"apps:destroy {first} --force"
    done = await remove(world, wanted)
    assert done == Removed(gone=wanted.names) and world.host.ours == {}


async def test_a_frozen_app_keeps_its_record_and_an_incident_its_holders() -> None:
    world = World()
    world.host.ours[world.record] = {
        "ROLLBACK_STATE": "frozen",
        "ROLLBACK_INCIDENT": "i",
        "ROLLBACK_DEPLOY_BRANCH": "b",
    }
    with pytest.raises(Refused, match="its record holds the deploy branch b"):
        await plan(world)
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1", "ROLLBACK_BY": "ana"}
    with pytest.raises(TakenByOther, match="ana has incident inc1"):
        await plan(world)


async def test_one_that_stays_keeps_no_other_and_says_why() -> None:
    world = World()
    first, second = world.holder(1), world.holder(2)
    world.host.ours[first] = {"THEIRS": "1"}
    done = await remove(world, await plan(world))
    assert done.gone == (second,) and [name for name, _ in done.stays] == [first]
    assert world.said == [f"{first} stays: {first} carries no config of ours", f"{second} is gone"]


async def test_an_end_that_was_not_heard_is_no_stay() -> None:
    world = World()
    holder = world.holder(1)
    world.host.says(commands.apps_destroy(holder), TimedOut(after=60.0))
    done = await remove(world, await plan(world))
    assert done.gone == () and world.said[0].startswith(f"{holder} may be there still")


async def test_a_host_that_is_gone_before_anything_went_is_an_error_and_after_that_a_rest() -> None:
    world = World()
    first, second = world.holder(1), world.holder(2)
    wanted = await plan(world)
    world.host.says(commands.config_export(second), LinkError("the host is gone"))
    done = await remove(world, wanted)
    assert (done.gone, done.stays) == ((first,), ((second, "the host is gone"),))
    world.host.says(commands.config_export(holders.holder_name(APP, 1, world.clock.now())), LinkError("gone"))
    with pytest.raises(LinkError):
        await remove(world, Removal(service="api", app=APP, host="main", holders=wanted.holders[1:]))
