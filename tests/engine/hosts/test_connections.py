"""What runs, put together from five answers: nothing is taken to be absent because it was not told."""

import asyncio
import gc
from functools import partial
from typing import Any

import pytest

from tests.conformance.sources import VERSIONS
from tests.fake_host import APP, World
from tui.dokku import commands
from tui.dokku.reports import AppReport
from tui.engine.concurrency import together
from tui.engine.hosts.connections import Foreknown, UnexpectedReply
from tui.model.errors import LinkError
from tui.model.outcome import Answer, TimedOut


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_runs_is_read_from_both_versions(version: str) -> None:
    world = World(version)
    found = await world.links.current("main", APP)
    assert (found.branch, found.tip, found.git_rev, found.metadata) == ("main", *(world.commit,) * 3)
    assert found.containers and found.locked is False and not found.stale_lock
    assert world.host.written == []


async def test_no_container_is_believed_only_from_a_host_that_says_so() -> None:
    world = World()
    inspect, report = commands.ps_inspect(APP), commands.ps_report(APP)
    told, stopped = world.host._recording(inspect)[1], world.host._recording(report)[1]
    world.host.says(inspect, (1, "", " !     No containers found\n"))
    world.host.says(report, (0, stopped.replace('"running":"true"', '"running":"false"'), ""))
    assert (await world.links.current("main", APP)).containers == ()
    world.host.says(inspect, (1, "", " !     one is retired\n"), (0, told, ""))
    world.host.says(report, (0, stopped, ""))
    assert (await world.links.current("main", APP)).containers, "asked again: one was retired while it looked"
    world.host.says(inspect, (1, "", " !     one is retired\n"))
    with pytest.raises(UnexpectedReply):
        await world.links.current("main", APP)
    world.host.says(inspect, TimedOut(after=20.0))
    with pytest.raises(UnexpectedReply) as found:
        await world.links.current("main", APP)
    assert found.value.unsure


async def test_an_app_that_is_not_there_is_said_to_be_so_whatever_its_repository_says() -> None:
    world = World()
    world.host.says(commands.apps_report(APP), (20, "", f" !     App {APP} does not exist\n"))
    world.host.says(commands.git_report(APP), (20, "", f" !     App {APP} does not exist\n"))
    with pytest.raises(UnexpectedReply, match="does not exist"):
        await world.links.current("main", APP)


async def test_no_question_is_left_unasked_by_who_gives_up_at_once(recwarn: pytest.WarningsRecorder) -> None:
    """A coroutine that nobody awaits writes a warning to the terminal, over what is drawn there."""
    for turns in range(4):
        asking = asyncio.create_task(World().links.current("main", APP))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        gc.collect()
    assert [str(one.message) for one in recwarn] == []


@pytest.mark.parametrize(("builds", "stale"), [("[]", True), ('[{"id":"1","display_status":"running"}]', False)])
async def test_a_lock_without_a_build_that_lives_is_one_of_a_build_that_died(builds: str, stale: bool) -> None:
    world = World()
    locked = world.host._recording(commands.apps_report(APP))[1].replace('"false"', '"true"')
    world.host.says(commands.apps_report(APP), (0, locked, ""))
    world.host.says(commands.builds_list(APP), (0, builds, ""))
    found = await world.links.current("main", APP)
    assert (found.stale_lock, found.locked) == (stale, not stale)


async def test_where_no_record_of_builds_is_told_the_lock_is_believed() -> None:
    world = World("0.35.15")
    locked = world.host._recording(commands.apps_report(APP))[1].replace('"false"', '"true"')
    world.host.says(commands.apps_report(APP), (0, locked, ""))
    found = await world.links.current("main", APP)
    assert (found.stale_lock, found.locked) == (False, True)


async def test_what_a_host_can_do_is_asked_once_and_again_after_a_failure() -> None:
    world = World()
    world.host.says(("version",), LinkError("the host is gone"), (0, "dokku version 0.38.27\n", ""))
    with pytest.raises(LinkError):
        await world.links.capabilities("main")
    assert (await world.links.capabilities("main")).builds
    asked = len(world.host.sent)
    await world.links.capabilities("main")
    assert len(world.host.sent) == asked


async def test_a_host_that_was_upgraded_meanwhile_is_asked_anew() -> None:
    """What keeps an app from being deployed on 0.35 is ignored by 0.38: a keep by old facts would keep nothing."""
    world = World("0.35.15")
    told = (0, "dokku version 0.35.15\n", ""), (0, "dokku version 0.38.27\n", "")
    world.host.says(("version",), *told)
    assert (await world.links.capabilities("main")).skip_deploy == "config"
    await world.clock.sleep(30)
    assert (await world.links.capabilities("main")).skip_deploy == "config", "one plan goes by one answer"
    await world.clock.sleep(30)
    found = await world.links.capabilities("main")
    assert (found.version, found.skip_deploy, found.builds) == ("0.38.27", "property", True)


async def test_a_host_that_named_no_version_is_asked_again_at_once() -> None:
    world = World()
    world.host.says(("version",), (1, "", "dpkg is at work\n"), (0, "dokku version 0.38.27\n", ""))
    assert (await world.links.capabilities("main")).version is None
    assert (await world.links.capabilities("main")).version == "0.38.27"


async def test_a_help_that_was_not_told_is_asked_for_again() -> None:
    world = World()
    there = (0, "    tags:deploy <app> <tag>   Deploys\n", "")
    world.host.says(commands.help_all(), TimedOut(after=20.0), there)
    assert (await world.links.capabilities("main", runbook=True)).runbook == ()
    assert (await world.links.capabilities("main", runbook=True)).runbook == ("tags:deploy",)


async def test_the_help_of_all_commands_is_read_only_for_the_runbook_and_once() -> None:
    world = World()
    text = commands.help_all()
    assert (await world.links.capabilities("main")).builds and text not in world.host.sent
    world.host.says(text, (0, "    tags:deploy <app> <tag>   Deploys\n", ""))
    for _ in range(2):
        assert (await world.links.capabilities("main", runbook=True)).runbook == ("tags:deploy",)
    assert world.host.sent.count(text) == 1 and (await world.links.capabilities("main")).runbook == ("tags:deploy",)


async def test_config_that_was_not_told_is_no_missing_app() -> None:
    world = World()
    holder = world.holder(1)
    assert (await world.links.config("main", holder) or {})["ROLLBACK_SCHEMA"] == "1"
    del world.host.ours[holder]
    assert await world.links.config("main", holder) is None
    world.host.says(commands.config_export(holder), (1, "", " !     permission denied\n"))
    with pytest.raises(UnexpectedReply, match="permission denied"):
        await world.links.config("main", holder)


LIST = commands.apps_list()


async def test_what_several_ask_for_at_once_is_sent_once_and_later_again() -> None:
    world = World()
    first, second = await together(*(world.links.ask_once("main", LIST) for _ in range(2)))
    assert first is second and world.host.sent == [LIST]
    await world.links.ask_once("main", LIST)
    assert world.host.sent == [LIST] * 2


async def test_nobody_is_given_what_was_asked_before_a_change_was_begun() -> None:
    world = World()
    world.host.takes("git:set")

    held = asyncio.Event()
    real = world.host.run

    async def run(argv: tuple[str, ...], **how: Any) -> Answer:
        if argv == LIST and not world.links.gate.begun:
            await held.wait()
        return await real(argv, **how)

    world.host.run = run  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        before = group.create_task(world.links.ask_once("main", LIST))
        await asyncio.sleep(0)
        await world.links.gate.write(world.host, "main", ("git:set", APP, "deploy-branch", "x"), timeout=1)
        later = await world.links.ask_once("main", LIST)
        held.set()
    assert later is not before.result() and world.host.sent.count(LIST) == 2


@pytest.mark.parametrize("end", ["cancelled", "lost"])
async def test_whoever_waits_for_the_answer_of_one_that_gives_up_asks_anew(end: str) -> None:
    world = World()
    if end == "lost":
        names = world.host._own(LIST) or world.host._recording(LIST)
        world.host.says(LIST, LinkError("the link is lost"), names)
    first = asyncio.ensure_future(world.links.ask_once("main", LIST))
    second = asyncio.ensure_future(world.links.ask_once("main", LIST))
    await asyncio.sleep(0)
    if end == "cancelled":
        first.cancel()
    with pytest.raises((LinkError, asyncio.CancelledError)):
        await first
    assert (await second).ok


@pytest.mark.parametrize("after", ["deployed", "failed", "quiet"])
async def test_a_report_that_was_shared_is_not_held_against_what_was_read_after_it(after: str) -> None:
    """It may be some seconds older than the commit that was tried last: only what it still says then is a failure."""
    world, new = World(), "e" * 40
    before = await world.links.report("main", APP)
    said = world.host._recording(commands.apps_report(APP))[1]
    locked = said.replace('"false"', '"true"') if after != "failed" else said
    world.host.says(
        commands.apps_report(APP), (0, said.replace(world.commit, new) if after == "deployed" else locked, "")
    )
    if after != "quiet":
        world.host.says(commands.config_get(APP, "GIT_REV"), (0, f"{new}\n", ""))
    world.host.says(commands.builds_list(APP), (0, '[{"id":"1","display_status":"running"}]', ""))
    world.host.sent.clear()

    async def shared() -> AppReport:
        return before

    tried, branches = partial(world.links.tried, "main", APP), partial(world.links.branches, "main", APP)
    known = Foreknown(report=shared, tried=tried, branches=branches)
    found = await world.links.current("main", APP, known)
    again = world.host.sent.count(commands.apps_report(APP))
    remarks = (await world.ledger.known("main", APP)).remarks
    assert (found.metadata, again, len(remarks)) == {
        "deployed": (new, 2, 0),
        "failed": (world.commit, 1, 1),
        "quiet": (world.commit, 0, 0),
    }[after]
