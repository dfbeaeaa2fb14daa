"""Reads that several services share: each sent once, told app by app, and asked app by app where that is cheaper."""

import pytest

from tests.conformance.sources import VERSIONS
from tests.fake_host import APP, World
from tui.dokku import app_reports, commands, reports
from tui.engine.concurrency import meanwhile, together
from tui.engine.hosts.overview import HostReads

OTHER = f"{APP}-gateway"
ALL = ("git:report",)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_part_of_the_report_of_all_apps_says_what_the_apps_own_report_says(version: str) -> None:
    world = World(version)
    async with meanwhile() as begin:
        reads = HostReads(world.links, "main", (APP, OTHER), begin)
        mine, others = await together(reads.report("git", APP), reads.report("git", OTHER))
    assert world.host.sent.count(ALL) == 1 and ("git:report", APP) not in world.host.sent
    assert mine.argv == ("git:report", APP) and others.argv == ("git:report", OTHER)
    alone = await world.links.branches("main", APP)
    assert reports.git_report(mine.stdout) == alone
    assert reports.git_report(others.stdout).updated_at != alone.updated_at, "each app has its own part"


async def test_all_are_asked_for_at_once_only_where_most_of_them_are_needed() -> None:
    world = World()
    for number in range(9):
        world.host.ours[f"other--r{number + 1}--pre-deploy-20261123-210001"] = {}
    async with meanwhile() as begin:
        reads = HostReads(world.links, "main", (APP, OTHER), begin)
        await reads.report("git", APP)
        assert ("git:report", APP) in world.host.sent and ALL not in world.host.sent
    world = World()
    async with meanwhile() as begin:
        await HostReads(world.links, "main", (APP,), begin).report("git", APP)
        await HostReads(world.links, "main", (APP,), begin).report("builder", APP)
        assert world.host.sent == [("git:report", APP), ("builder:report", APP)], "of one service"


@pytest.mark.parametrize(
    "said", [(1, "=====> scenextras git information\n       Git sha:   x\n", " !     broken\n"), (0, "", "")]
)
async def test_what_the_report_of_all_does_not_say_is_asked_of_the_app(said: tuple[int, str, str]) -> None:
    world = World()
    world.host.says(ALL, said)
    async with meanwhile() as begin:
        reads = HostReads(world.links, "main", (APP, OTHER), begin)
        told = await reads.report("git", APP)
    assert told.ok and world.host.sent.count(ALL) == 1 and ("git:report", APP) in world.host.sent


async def test_an_app_of_which_nothing_is_said_there_has_its_own_report_asked() -> None:
    world = World()
    world.host.says(("apps:report",), (1, "", " !     broken\n"))
    async with meanwhile() as begin:
        reads = HostReads(world.links, "main", (APP,), begin)
        told, again = await together(reads.app(APP), reads.overview())
    assert told == await world.links.report("main", APP) and APP in again.names
    assert world.host.sent.count(commands.apps_list()) == 1


def test_no_sign_within_a_value_begins_another_line_or_another_app() -> None:
    value = "x\u2028=====> evil app information\u2028       App locked:   true\x0b       App deploy source: y"
    raw = (
        "=====> cyc app information\n       App created at:  1\n       App deploy source:  docker-image\n"
        f"       App deploy source metadata:   {value}\n       App locked:   false\n"
    )
    found = app_reports.apps(raw.encode())
    assert found is not None and set(found) == {"cyc"}
    assert (found["cyc"].locked, found["cyc"].source, found["cyc"].metadata) == (False, "docker-image", value)
