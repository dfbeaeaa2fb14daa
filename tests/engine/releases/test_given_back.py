"""Checks and builder are set as the team had them, and only where they are otherwise now."""

import pytest

from tests.fake_host import APP, World
from tui.dokku import build_gate, commands
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.releases import restore_builder, stop_first
from tui.model.errors import LinkError

CHECKS = commands.report("checks", APP)
BUILDER = commands.report("builder", APP)


async def test_checks_that_are_as_before_are_not_set_again() -> None:
    world = World()
    now = await stop_first.checks(world.links, "main", APP)
    assert now is not None
    await stop_first.give_back(world.links, "main", APP, (now.disabled, now.skipped))
    assert world.host.written == []


async def test_checks_that_we_disabled_are_enabled_again() -> None:
    world = World()
    now = await stop_first.checks(world.links, "main", APP)
    assert now is not None
    world.host.takes("checks:enable", "checks:disable", "checks:skip")
    await stop_first.give_back(world.links, "main", APP, ("web", "none"))
    assert [argv[0] for argv in world.host.written][-1] == "checks:disable"


async def test_where_the_host_does_not_say_how_they_are_set_they_are_set() -> None:
    world = World()
    world.host.says(CHECKS, (1, "", " !     no\n"))
    assert await stop_first.checks(world.links, "main", APP) is None
    world.host.takes("checks:enable")
    await stop_first.give_back(world.links, "main", APP, ("none", "none"))
    assert world.host.written == [commands.checks_enable(APP)]


async def test_a_setting_that_the_host_refuses_is_an_error() -> None:
    world = World()
    world.host.says(CHECKS, (1, "", ""))
    world.host.says(commands.checks_enable(APP), (1, "", " !     disk full\n"))
    with pytest.raises(UnexpectedReply, match="disk full"):
        await stop_first.give_back(world.links, "main", APP, ("none", "none"))


@pytest.mark.parametrize("restore", [(), ((build_gate.SELECTED, "dockerfile"),)])
async def test_a_builder_that_the_plan_did_not_change_is_not_asked_for(restore: tuple[tuple[str, str], ...]) -> None:
    world = World()
    await restore_builder.give_back(world.links, "main", APP, restore)
    assert world.host.sent == []


async def test_a_builder_that_somebody_set_since_is_theirs() -> None:
    world = World()
    told = "=====> scenextras builder information\n       Builder selected:  {}\n"
    restore = ((build_gate.SELECTED, "pack"),)
    world.host.says(BUILDER, (0, told.format("nixpacks"), ""))
    await restore_builder.give_back(world.links, "main", APP, restore)
    assert world.host.written == []
    world.host.says(BUILDER, (0, told.format("dockerfile"), ""))
    await restore_builder.give_back(world.links, "main", APP, restore)
    assert commands.builder_set(APP, "selected", "pack") in world.host.written
    world.host.says(BUILDER, LinkError("the host is gone"))
    with pytest.raises(LinkError):
        await restore_builder.give_back(world.links, "main", APP, restore)
