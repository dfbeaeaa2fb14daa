"""The list of an app's releases: what is asked for it, what is said of a source that could not be asked, and what an
earlier list still knows."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tests.fake_host import APP, World
from tests.incident.facts import T0
from tui.console.drawing import labels
from tui.dokku import commands, holders
from tui.engine.releases import catalog
from tui.engine.service_monitor import ServiceStatus
from tui.model.errors import LinkError, UnexpectedReply
from tui.model.history import Commit
from tui.model.holder_look import HolderLook, ImageState
from tui.model.ledger import Ledger, Sighting
from tui.model.observation import RunningState
from tui.model.release import Source, Target, TargetKind, WayBack
from tui.releases import choose_release
from tui.ways import NAMES
from tui.ways.way import Seen

SERVICE = stage.service("api")
OTHER = "b" * 40


def trouble(found: catalog.Listing, source: Source) -> str:
    return next(one.trouble for one in found.asked if one.source is source)


async def test_holders_of_this_app_alone_are_read_and_each_is_asked_for_its_seal() -> None:
    world = World()
    one, two = world.holder(1), world.holder(2, sealed=False)
    world.host.ours[f"{APP}-two--r1--pre-deploy-20261123-210001"] = {}
    met = asyncio.Event()
    found = await catalog.listing(world.links, world.service, met)
    kept = {r.holder: r.sealed for r in found.releases if r.holder}
    assert kept == {one: True, two: False} and met.is_set()
    assert world.host.written == []


async def test_a_list_that_lacks_the_app_itself_is_no_list_of_what_is_kept() -> None:
    """As where a plugin shows each key's user a part of the apps: nothing kept would be said of what is."""
    world = World()
    world.holder(1)
    world.host.says(("apps:list",), (0, "=====> My Apps\nother\n", ""))
    with pytest.raises(UnexpectedReply, match=f"`apps:list` does not name {APP}"):
        await catalog.listing(world.links, world.service)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (commands.config_export, (0, '{"A": ', "")),
        (commands.config_export, (1, "", " !     boom\n")),
        (commands.git_report, (0, "garbage\n", "")),
    ],
)
async def test_a_holder_that_cannot_be_read_costs_itself_alone(argv: Any, said: tuple[int, str, str]) -> None:
    world = World()
    names = [world.holder(number) for number in (1, 2, 3)]
    world.host.says(argv(names[1]), said)
    found = await catalog.listing(world.links, world.service)
    told = {r.holder: (r.unread is not None, r.commit is None) for r in found.releases if r.holder}
    assert told == {names[0]: (False, False), names[1]: (True, True), names[2]: (False, False)}
    lost = next(r for r in found.releases if r.holder == names[1])
    assert (lost.number, lost.sealed) == (2, None), "nobody takes away what could not be read"
    assert [(w.way, w.available) for w in lost.ways if w.way == "kept"] == [("kept", False)]
    assert any("could not be read" in w.reason for w in lost.ways)
    assert {one.holder for one in (await world.links.ledger.known("h", APP)).reads} <= {names[0], names[2]}
    chosen = choose_release.choose(Target(kind=TargetKind.PREVIOUS), found.releases)
    assert chosen.release.holder == names[2]
    world.host.says(argv(names[1]), (1, "", ""))
    world.host.says(argv(names[2]), said)
    again = choose_release.choose(
        Target(kind=TargetKind.PREVIOUS), (await catalog.listing(world.links, world.service)).releases
    )
    assert again.release.holder != names[2]
    assert any(name == "release:3" and "could not be read" in why for name, why in again.skipped)


async def test_a_frozen_branch_without_a_record_is_a_record_that_was_lost() -> None:
    world = World()
    world.host.branches[APP] = "frozen-by-inc1"
    found = await catalog.listing(world.links, world.service)
    assert found.record is not None and found.record.gone and found.record.incident == "inc1"
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc2", "ROLLBACK_STATE": "frozen"}
    found = await catalog.listing(world.links, world.service)
    assert found.record is not None and not found.record.gone and found.record.incident == "inc2"


async def test_every_source_is_asked_and_one_that_is_mute_takes_nothing_from_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.holder(1)
    commit = Commit(id=OTHER, parent=None, subject="Add a page", author="ana", at=T0)

    async def history(*_: object) -> tuple[Commit, ...]:
        return (commit,)

    monkeypatch.setattr(world.git, "history", history)
    found = await catalog.catalogue(world.links, world.service, NAMES)
    assert OTHER in {r.commit for r in found.releases} and trouble(found, Source.REPOSITORY) == ""

    async def gone(*_: object) -> tuple[Commit, ...]:
        raise LinkError("the host is gone")

    monkeypatch.setattr(world.git, "history", gone)
    world.links.histories.clear()
    found = await catalog.catalogue(world.links, world.service, NAMES)
    assert trouble(found, Source.REPOSITORY) == "the host is gone"
    assert any(r.holder for r in found.releases)


async def test_commits_behind_a_tip_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world, asked = World(), []

    async def history(host: object, app: str, branch: str, count: int) -> tuple[Commit, ...]:
        asked.append(branch)
        return ()

    monkeypatch.setattr(world.git, "history", history)
    for _ in range(2):
        assert await catalog.commits(world.links, world.service, "main", OTHER) == ((), "")
    assert asked == ["main"]
    found, why = await catalog.commits(world.links, world.service, "main", None)
    assert (found, why) == ((), "branch main has no commit")


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ({"branch": None}, "the app has no deploy branch"),
        ({"branch": "frozen-by-inc1"}, "it is frozen, and nobody knows the team's branch"),
    ],
)
async def test_without_the_teams_branch_no_commits_are_read(now: dict[str, Any], why: str) -> None:
    world = World()
    seen = replace(stage.current(SERVICE, T0), **now)

    async def current(name: str, app: str, known: object = None) -> RunningState:
        return seen

    world.links.current = current  # type: ignore[method-assign]
    found = await catalog.catalogue(world.links, world.service, NAMES)
    assert trouble(found, Source.REPOSITORY).startswith(why)


async def test_a_holder_that_went_meanwhile_is_a_release_of_which_nothing_is_known() -> None:
    world = World()
    holder = holders.holder_name(APP, 7, T0)
    release = await catalog.holder_release(world.links, "main", holder)
    assert (release.number, release.commit, release.sealed) == (7, None, None)
    world.host.says(commands.config_export(holder), LinkError("the host is gone"))
    with pytest.raises(LinkError):
        await catalog.holder_release(world.links, "main", holder)


def test_what_only_an_earlier_list_knows_stays_and_what_both_know_is_as_the_fresh_one_says() -> None:
    fresh = stage.listing(SERVICE, T0)
    git = WayBack(way="git", available=True, seconds=60.0)
    image = stage.release(SERVICE, 1, holder=None, commit=None, image="app:1", origin=Source.REGISTRY)
    gone = stage.release(SERVICE, 2, holder="api-app--r2--pre-deploy-20261101-000000", commit="c" * 40)
    old = replace(
        fresh,
        releases=(*(replace(r, subject="old", bad="was bad", ways=(git,)) for r in fresh.releases), image, gone),
        asked=(catalog.Asked(source=Source.REGISTRY),),
    )
    found = catalog.with_more(replace(fresh, releases=tuple(replace(r, subject="") for r in fresh.releases)), old)
    kept = [r for r in found.releases if r.holder]
    assert all(r.bad is None and r.subject == "old" for r in kept), "marks are the fresh list's, texts stay known"
    assert all({"git", "kept"} <= {w.way for w in r.ways} for r in kept)
    assert image in found.releases and gone.holder not in {r.holder for r in found.releases}
    assert [one.source for one in found.asked] == [Source.HOST, Source.REGISTRY]


def test_a_kept_release_whose_image_is_gone_cannot_be_gone_back_to() -> None:
    found = stage.listing(SERVICE, T0)
    first = next(r for r in found.releases if r.holder)
    look = HolderLook(holder=first.holder or "", image=ImageState.GONE, at=T0 + timedelta(minutes=1))
    after = {r.holder: r for r in catalog.seen(found, SERVICE, look).releases}
    assert after[first.holder].gone and not after[first.holder].ways[0].available
    rest = [r for r in found.releases if r.holder not in (None, first.holder)]
    assert all(after[r.holder] == r for r in rest)


@pytest.mark.parametrize("other", [False, True])
async def test_a_restart_that_makes_containers_anew_is_no_deploy(other: bool) -> None:
    """The same image, attempt and metadata; only where this machine saw it before is the time of its deploy known."""
    deployed, restarted = T0 - timedelta(days=2), T0 - timedelta(minutes=1)
    before = stage.current(SERVICE, T0, 4)
    made = [replace(c, created_at=restarted, image="sha256:new") for c in before.containers]
    now = replace(before, containers=tuple(made))
    last = Sighting(
        source=now.source, metadata="0" * 40 if other else now.metadata, commit=now.commit, attempt=now.attempt,
        first_seen=deployed, last_seen=T0, started_at=deployed, images=("sha256:new",),
    )  # fmt: skip
    told = catalog.Gathered(current=now, holders=(), record=None, ledger=Ledger(sightings=(last,)), asked=())
    found = catalog.listed(told, SERVICE, (), Seen())
    assert found.since == (None if other else deployed)
    status = ServiceStatus(service=SERVICE, listing=found)
    assert labels.deployed_at(status) == (restarted if other else deployed)
