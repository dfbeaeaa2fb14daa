"""How an app is built, as its host says it; and what a plan is told of the target's files."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tests.conformance.sources import VERSIONS
from tests.fake_host import APP, World
from tests.incident.facts import T0
from tui.dokku import build_settings, commands, holders
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.releases import build_facts
from tui.model.commit_range import CommitRange
from tui.model.errors import LinkError
from tui.model.release import WayBack

SERVICE = stage.service("api")


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_shape_is_read_on_both_versions_and_global_keys_are_asked_once_for_all(version: str) -> None:
    world = World(version)
    of = await build_facts.read(world.links, world.service)
    assert of.app == APP and of.unknown == ()
    keys = [argv for argv in world.host.sent if argv == ("config:keys", "--global")]
    assert len(keys) == 1 and world.host.written == []


async def test_what_was_not_told_is_unknown_by_name() -> None:
    world = World()
    world.host.says(commands.report("builder-dockerfile", APP), (1, "", " !     no\n"))
    of = await build_facts.read(world.links, world.service)
    assert of.unknown
    world.host.says(commands.report("builder", APP), LinkError("the host is gone"))
    with pytest.raises(LinkError):
        await build_facts.read(world.links, world.service)


@pytest.mark.parametrize(("version", "obeys"), [("0.35.15", True), ("0.38.27", False)])
async def test_the_experimental_builder_is_obeyed_by_the_older_version_alone(version: str, obeys: bool) -> None:
    world = World(version)
    assert (await build_facts.gate(world.links, "main", APP)).obeys is obeys


async def test_what_the_gate_saw_changes_with_the_checks_and_the_builder() -> None:
    world = World()
    current = await world.links.current("main", APP)
    before = build_facts.seen_by_gate(await build_facts.gate(world.links, "main", APP), APP, current)
    again = build_facts.seen_by_gate(await build_facts.gate(world.links, "main", APP), APP, current)
    assert before == again
    world.host.says(commands.report("checks", APP), (1, "", " !     no\n"))
    assert build_facts.seen_by_gate(await build_facts.gate(world.links, "main", APP), APP, current) != before


async def test_files_of_a_holder_have_the_paths_they_had(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    folder = holders.FILES_FOLDER

    async def archive(*_: object) -> Mapping[str, bytes]:
        return {f"{folder}/deep/Procfile": b"web: \xff\n", "Dockerfile": b"FROM x\n"}

    monkeypatch.setattr(world.git, "archive", archive)
    assert await build_facts.files_of(world.links, "main", world.holder(1)) == {"deep/Procfile": "web: \ufffd\n"}

    async def unread(*_: object) -> Mapping[str, bytes]:
        raise UnexpectedReply("no such branch")

    monkeypatch.setattr(world.git, "archive", unread)
    with pytest.raises(UnexpectedReply, match=r"the files of .* cannot be read: no such branch"):
        await build_facts.files_of(world.links, "main", world.holder(1))


def test_a_shape_that_cannot_be_kept_forbids_the_ways_that_its_shape_decides() -> None:
    git = WayBack(way="git", available=True, seconds=60.0)
    releases = tuple(replace(r, ways=(*r.ways, git)) for r in stage.listing(SERVICE, T0).releases)
    assert build_facts.possible(releases, None) == releases
    assert build_facts.possible(releases, build_settings.Shape(app=APP)) == releases
    of = build_settings.Shape(app=APP, scheduler="nomad")
    found = build_facts.possible(releases, of)
    assert all(not w.available and w.reason for r in found for w in r.ways if w.way == "kept")


async def test_between_releases_without_commits_nothing_is_asked_and_it_is_said_which() -> None:
    world = World()
    known, unknown = stage.release(SERVICE, 4), stage.release(SERVICE, 3, commit=None)
    found = await build_facts.between(world.links, world.service, known, unknown)
    assert found.unknown == f"{unknown.name} is known by no commit"
    found = await build_facts.between(world.links, world.service, unknown, known)
    assert found.unknown == "what runs now is known by no commit"
    assert world.host.sent == []


async def test_cron_tasks_of_a_commit_are_not_those_of_an_image_that_dokku_reads_in_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dokku takes the app.json of a `git-source-image`, which this login cannot read: that is not none."""
    world = World()
    tree = {"app.json": '{"cron": [{"schedule": "@daily", "command": "./mails"}]}'}

    async def compared(*asked: Any) -> CommitRange:
        return CommitRange(cron=asked[-1](tree.get))

    monkeypatch.setattr(world.git, "between", compared)
    releases = stage.release(SERVICE, 4), stage.release(SERVICE, 3)
    found = await build_facts.between(world.links, world.service, *releases)
    assert found.cron == ("@daily ./mails",)
    of = build_settings.Shape(app=APP, source_image="team/api:1")
    assert (await build_facts.between(world.links, world.service, *releases, of)).cron is None
