"""A row's reads: each command that is sent, and that what is remembered never hides what another machine did."""

import asyncio
import json

import pytest

from tests.conformance.sources import VERSIONS
from tests.fake_host import APP, World
from tui.dokku import commands, holders
from tui.drivers.keyed_hash import KeyedDigest
from tui.engine.concurrency import meanwhile, together
from tui.engine.hosts.app_config import ConfigWatch
from tui.engine.hosts.overview import HostReads, Overview
from tui.engine.releases import catalog
from tui.engine.releases.app_status import standing
from tui.engine.releases.catalog import Listing
from tui.model.errors import LinkError, UnexpectedReply
from tui.model.outcome import Answer, TimedOut
from tui.model.release import Release
from tui.ways import redeploy_current as anew

ALL = ("apps:report",)
OURS = f"{0xABC:040x}"
"""a commit of this program"""


def watch(world: World) -> ConfigWatch:
    return ConfigWatch(world.links, world.ledger, world.clock, None)


async def row(configs: ConfigWatch, world: World) -> Listing:
    async with meanwhile() as begin:
        return await standing(configs, world.service, HostReads(world.links, "main", (), begin))


async def overview(world: World) -> Overview:
    async with meanwhile() as begin:
        return await HostReads(world.links, "main", (APP,), begin).overview()


def read(world: World) -> list[str]:
    """The holders whose config was read since the last time, by their names."""
    names = [argv[-1] for argv in world.host.sent if argv[0] == "config:export" and holders.is_ours(argv[-1])]
    world.host.sent.clear()
    return names


def rolled_back(world: World, number: int, attempt: str = "inc1.1") -> None:
    """Another machine has gone back to that release: its commit is on the deploy branch, its label on the container."""
    inspected = json.loads(world.host._recording(commands.ps_inspect(APP))[1])
    for container in inspected:
        container["Config"]["Labels"] |= {"rollback.release": str(number), "rollback.attempt": attempt}
    world.host.says(commands.ps_inspect(APP), (0, json.dumps(inspected), ""))
    said = world.host._recording(commands.apps_report(APP))[1].replace(world.commit, OURS)
    world.host.says(commands.apps_report(APP), (0, said, ""))
    world.host.says(ALL, (0, world.host._recording(ALL)[1].replace(_metadata(world), OURS), ""))
    world.host.says(commands.config_get(APP, "GIT_REV"), (0, f"{OURS}\n", ""))
    world.git.tips["main"] = OURS


def _metadata(world: World) -> str:
    from tui.dokku import app_reports

    found = app_reports.apps(world.host._recording(ALL)[1].encode())
    assert found is not None
    return found[APP].metadata or ""


@pytest.fixture(params=VERSIONS)
def world(request: pytest.FixtureRequest) -> World:
    made = World(request.param)
    commit = _metadata(made)  # the two recordings are of different days
    said = made.host._recording(commands.apps_report(APP))[1].replace(made.commit, commit)
    made.host.says(commands.apps_report(APP), (0, said, ""))
    made.host.says(commands.config_get(APP, "GIT_REV"), (0, f"{commit}\n", ""))
    made.commit = made.git.tips["main"] = commit
    return made


async def test_a_row_costs_five_commands_one_of_them_for_all_apps_once_the_holders_are_known(world: World) -> None:
    first, second = world.holder(1), world.holder(2)
    found = await row(watch(world), world)
    assert {r.holder for r in found.releases if r.holder} == {first, second}
    assert all(r.sealed is None and not any(way.available for way in r.ways) for r in found.releases if r.holder)
    assert sorted(read(world)) == [first, second]
    await row(watch(world), world)
    # and git-upload-pack, which the fake host does not count
    assert sorted(world.host.sent) == sorted(
        [ALL, commands.ps_inspect(APP), commands.git_report(APP), commands.config_get(APP, "GIT_REV")]
    )


async def test_a_new_holder_is_read_and_one_whose_keep_had_not_ended_is_read_again(world: World) -> None:
    world.holder(1)
    world.host.ours[(young := world.holder(2))] = {}
    await row(watch(world), world)
    read(world)
    world.host.ours[young] = {"ROLLBACK_SCHEMA": "1", "ROLLBACK_COMMIT": world.commit}
    third = world.holder(3)
    found = await row(watch(world), world)
    assert sorted(read(world)) == sorted([young, third])
    assert next(r for r in found.releases if r.running).holder == young


async def test_a_rollback_by_another_machine_is_named_from_the_one_holder_that_its_label_names(world: World) -> None:
    names = [world.holder(n) for n in (1, 2, 3)]
    await row(watch(world), world)
    read(world)
    world.host.ours[names[1]]["ROLLBACK_SERVED_AS"] = OURS
    rolled_back(world, 2)
    found = await row(watch(world), world)
    assert next(r for r in found.releases if r.running).holder == names[1]
    assert read(world) == [names[1]]


async def test_what_the_label_does_not_prove_is_asked_of_every_holder_and_named_as_a_listing_names_it(
    world: World,
) -> None:
    names = [world.holder(n) for n in (1, 2, 3)]
    await row(watch(world), world)
    read(world)
    world.host.ours[names[2]]["ROLLBACK_SERVED_AS"] = OURS  # the console that went back to 2 had died
    rolled_back(world, 2)
    world.host.says(commands.config_get(APP, "GIT_REV"), (0, f"{1:040x}\n", ""))
    found = await row(watch(world), world)
    assert sorted(read(world)) == names
    listed = await catalog.listing(world.links, world.service)
    assert _running(found.releases) == _running(listed.releases)


def _running(releases: tuple[Release, ...]) -> str:
    return next(r for r in releases if r.running).name


async def test_a_rebuild_after_a_rollback_by_another_machine_is_seen(world: World) -> None:
    world.holder(1)
    await row(watch(world), world)
    names = [name for name in world.host.ours if holders.holds(name, APP)]
    world.host.ours[names[0]]["ROLLBACK_SERVED_AS"] = OURS
    rolled_back(world, 1)
    world.host.says(commands.ps_inspect(APP), (0, world.host._recording(commands.ps_inspect(APP))[1], ""))
    world.git.tips |= {"main": world.commit, "frozen-by-inc1": OURS}
    found = await row(watch(world), world)
    assert next(r for r in found.releases if r.running).said == "rebuilt"


async def test_after_a_deploy_that_failed_what_cures_it_is_known_for_two_more_reads(world: World) -> None:
    older, runs = world.holder(1), world.holder(2, ROLLBACK_COMMIT=world.commit)
    await row(watch(world), world)
    world.host.sent.clear()
    world.host.says(commands.config_get(APP, "GIT_REV"), (0, f"{OURS}\n", ""))
    found = await row(watch(world), world)
    running = next(r for r in found.releases if r.running)
    assert (running.holder, running.sealed) == (runs, True)
    assert anew.cure(world.service, world.links.described("main"), running) == "rollback api current"
    asked = [argv for argv in world.host.sent if argv[-1] in (older, runs) or argv == commands.apps_report(APP)]
    assert sorted(asked) == sorted([commands.apps_report(APP), commands.config_export(runs), commands.git_report(runs)])


async def test_variables_and_the_commit_that_was_tried_come_with_one_read_and_are_seldom_asked(
    world: World, tmp_path: object
) -> None:
    configs = ConfigWatch(world.links, world.ledger, world.clock, KeyedDigest(tmp_path / "key"))  # type: ignore[operator]
    export, get = commands.config_export(APP), commands.config_get(APP, "GIT_REV")
    world.host.says(export, (0, json.dumps({"GIT_REV": world.commit, "SECRET": "canary"}), ""))
    found = await row(configs, world)
    assert found.current.git_rev == world.commit
    assert world.host.sent.count(export) == 1 and get not in world.host.sent
    assert [name for name, _ in (await world.ledger.known("main", APP)).configs[-1].keys] == ["SECRET"]
    await row(configs, world)
    assert world.host.sent.count(export) == 1 and world.host.sent.count(get) == 1, "a minute has not passed"
    await world.clock.sleep(61)
    world.host.says(export, (0, "no JSON", ""))
    assert (await row(configs, world)).current.git_rev == world.commit
    assert world.host.sent.count(export) == 2 and world.host.sent.count(get) == 2


async def test_the_apps_of_a_host_are_asked_for_once_for_all_who_ask_and_by_name_where_one_report_is_broken(
    world: World,
) -> None:
    one, two = await together(*(overview(world) for _ in range(2)))
    assert world.host.sent == [ALL] and one == two and APP in one.names and one.reports[APP].locked is False
    listed = world.host._recording(commands.apps_list())[1]
    for broken in (
        (1, world.host._recording(ALL)[1], " !     App x is broken\n"),
        (0, "", ""),
        (0, world.host._recording(ALL)[1].replace("App locked", "App bolted"), ""),
    ):
        world.host.says(ALL, broken)
        found = await overview(world)
        assert set(found.names) == {name for name in listed.split() if name.startswith(APP)} and not found.reports
    assert (await row(watch(world), world)).current.metadata == world.commit


async def test_an_app_that_is_not_there_is_said_to_be_so(world: World) -> None:
    world.host.says(ALL, (0, world.host._recording(ALL)[1].replace(f"=====> {APP} app", "=====> other app"), ""))
    world.host.says(commands.apps_report(APP), (20, "", f" !     App {APP} does not exist\n"))
    with pytest.raises(UnexpectedReply, match="does not exist"):
        await row(watch(world), world)


async def test_a_host_that_is_lost_in_the_middle_is_said_to_be_lost(world: World) -> None:
    real = world.host.run

    async def run(argv: tuple[str, ...], **how: object) -> Answer:
        if argv == ALL:
            await asyncio.sleep(0.01)
        return await real(argv, **how)  # type: ignore[arg-type]

    world.host.run = run  # type: ignore[method-assign]
    world.host.says(commands.ps_inspect(APP), LinkError("the host is gone"))
    with pytest.raises(LinkError, match="gone"):
        await row(watch(world), world)
    world.host.says(ALL, TimedOut(after=20.0))
    with pytest.raises(UnexpectedReply, match="apps:report"):
        await overview(world)
    assert commands.apps_list() not in world.host.sent


async def test_a_record_that_was_made_after_the_apps_were_listed_is_no_lost_one(world: World) -> None:
    listed = world.host._recording(ALL)[1]
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc2", "ROLLBACK_STATE": "executing"}
    world.host.says(ALL, (0, listed, ""))
    world.host.branches[APP] = "frozen-by-inc2"
    found = await row(watch(world), world)
    assert found.record is not None and (found.record.incident, found.record.gone) == ("inc2", False)
    del world.host.ours[world.record]
    found = await row(watch(world), world)
    assert found.record is not None and (found.record.incident, found.record.gone) == ("inc2", True)
