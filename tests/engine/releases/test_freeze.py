"""Freezing and its undoing: what a failure half-way leaves is taken back, or named."""

import asyncio

import pytest

from tests.fake_host import APP, World
from tui.dokku import commands, holders
from tui.engine.releases.freeze import Freezer, UnfreezeWord, begun_here, remembered
from tui.model.errors import AlreadyThere, LinkError, Refused, TakenByOther, Undone, Unfinished
from tui.model.outcome import Lost

FROZEN = holders.frozen_branch("inc1")
SET = commands.git_set_branch(APP, FROZEN)
SIGNED = {"ROLLBACK_INCIDENT": "inc1", "ROLLBACK_STATE": "frozen", "ROLLBACK_DEPLOY_BRANCH": "main"}


def freezer(world: World) -> Freezer:
    return Freezer(world.links, world.clock, world.journal)


async def freeze(world: World) -> str:
    return (await freezer(world).freeze(world.service, "inc1", "me@box")).branch


async def test_a_freeze_writes_the_teams_branch_down_before_it_takes_it_away() -> None:
    world = World()
    assert await freeze(world) == FROZEN == world.host.branches[APP]
    config = world.host.ours[world.record]
    assert (config["ROLLBACK_DEPLOY_BRANCH"], config["ROLLBACK_STATE"]) == ("main", "frozen")
    assert [argv[0] for argv in world.host.written] == ["apps:create", "config:set", "git:set"]
    assert await begun_here(world.journal, world.service, "inc1")
    assert await remembered(world.journal, world.service, "inc1") == "main", "should the record be gone"


async def test_what_is_frozen_held_or_left_over_is_not_frozen_again() -> None:
    world = World()
    await freezer(world).freeze(world.service, "inc1", "me@box", "the database moves $(date)")
    with pytest.raises(AlreadyThere, match=r"is frozen by inc1: the database moves \$\(date\)"):
        await freeze(world)
    world.host.branches[APP] = "main"
    with pytest.raises(Refused, match="deploys go through"):
        await freeze(world)
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "other", "ROLLBACK_BY": "ana"}
    with pytest.raises(TakenByOther, match="ana has incident other"):
        await freeze(world)


async def test_of_two_at_once_the_second_one_is_told_and_changes_nothing() -> None:
    world = World()

    def faster(argv: tuple[str, ...]) -> None:
        if argv[0] == "apps:create":
            world.host.ours[world.record] = {}

    world.host.before = faster
    with pytest.raises(TakenByOther, match="has just taken"):
        await freeze(world)
    assert [argv[0] for argv in world.host.written] == ["apps:create"]


@pytest.mark.parametrize("how", [(1, "", " !     disk full\n"), Lost(why="the link ended")], ids=["said no", "lost"])
@pytest.mark.parametrize("at", ["config:set", "git:set"])
async def test_a_step_that_failed_takes_the_record_back(how: object, at: str) -> None:
    world = World()
    if at == "config:set":
        world.host.before = lambda argv: world.host.says(argv, how) if argv[0] == at else None  # type: ignore[arg-type]
    else:
        world.host.says(SET, how)  # type: ignore[arg-type]
    with pytest.raises(Undone, match=r"was not frozen: .*; what was begun is undone"):
        await freeze(world)
    assert world.host.ours == {} and world.host.branches.get(APP, "main") == "main"


async def test_a_branch_that_was_set_although_its_end_was_lost_is_given_back() -> None:
    world = World()

    def arrives(argv: tuple[str, ...]) -> None:
        if argv == SET:
            world.host.branches[APP] = FROZEN

    world.host.before = arrives
    world.host.says(SET, Lost(why="the link ended"))
    with pytest.raises(Undone):
        await freeze(world)
    assert world.host.branches[APP] == "main" and world.host.ours == {} and world.host.dropped == 1


async def test_what_cannot_be_undone_is_named() -> None:
    world = World()
    world.host.says(SET, (1, "", " !     disk full\n"))
    world.host.says(commands.apps_destroy(world.record), LinkError("the host is gone"))
    with pytest.raises(Unfinished, match="could not be undone: the host is gone") as found:
        await freeze(world)
    assert found.value.fix == "rollback unfreeze api"


async def test_an_interrupt_is_heard_when_what_was_sent_has_ended_and_undoes_it() -> None:
    world = World()
    task = asyncio.create_task(freeze(world))

    def interrupted(argv: tuple[str, ...]) -> None:
        if argv == SET:
            task.cancel()

    world.host.before = interrupted
    with pytest.raises(asyncio.CancelledError):
        await task
    assert SET in world.host.written
    assert world.host.branches[APP] == "main" and world.host.ours == {}


# ── unfreezing ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_unfreeze_gives_the_branch_back_and_then_the_record_goes() -> None:
    world = World()
    await freeze(world)
    world.host.written.clear()
    done = await freezer(world).unfreeze(world.service, UnfreezeWord())
    assert world.host.written == [commands.git_set_branch(APP, "main"), commands.apps_destroy(world.record)]
    assert (done.standing.branch, done.standing.settled) == ("main", True)
    with pytest.raises(AlreadyThere, match="is not frozen"):
        await freezer(world).unfreeze(world.service, UnfreezeWord())


@pytest.mark.parametrize(
    ("config", "branch"),
    [({}, "main"), (SIGNED, "main"), (SIGNED, FROZEN)],
    ids=["created", "signed", "frozen"],
)
async def test_what_a_freeze_left_whose_console_died_is_put_in_order(config: dict[str, str], branch: str) -> None:
    world = World()
    world.host.ours[world.record] = dict(config)
    world.host.branches[APP] = branch
    await freezer(world).unfreeze(world.service, UnfreezeWord())
    assert world.host.ours == {} and world.host.branches[APP] == "main"
    assert await freeze(world) == FROZEN, "and it can be frozen again"


async def test_a_branch_that_nobody_knows_is_asked_for_and_looked_for() -> None:
    world = World()
    world.host.branches[APP] = holders.frozen_branch("of-somebody")
    world.git.tips["release"] = "e" * 40
    with pytest.raises(Refused, match="nobody knows which branch") as found:
        await freezer(world).unfreeze(world.service, UnfreezeWord())
    assert "main, release" in found.value.message and found.value.fix.endswith("--branch NAME")
    with pytest.raises(Refused, match="has no branch typo"):
        await freezer(world).unfreeze(world.service, UnfreezeWord(branch="typo"))
    assert world.host.written == []
    await freezer(world).unfreeze(world.service, UnfreezeWord(branch="release"))
    assert world.host.branches[APP] == "release"


async def test_another_ones_incident_is_taken_by_a_word_only() -> None:
    world = World()
    config = {"ROLLBACK_INCIDENT": "theirs", "ROLLBACK_BY": "ana", "ROLLBACK_DEPLOY_BRANCH": "main"}
    world.host.ours[world.record] = dict(config)
    world.host.branches[APP] = holders.frozen_branch("theirs")
    with pytest.raises(TakenByOther, match="ana has incident theirs"):
        await freezer(world).unfreeze(world.service, UnfreezeWord())
    await freezer(world).unfreeze(world.service, UnfreezeWord(take_over=True))
    assert world.host.ours == {} and world.host.branches[APP] == "main"


async def test_a_half_unfrozen_app_is_said_to_be_so() -> None:
    world = World()
    await freeze(world)
    world.host.says(commands.apps_destroy(world.record), LinkError("the host is gone"))
    with pytest.raises(Unfinished, match="may be unfrozen, or half so: the host is gone"):
        await freezer(world).unfreeze(world.service, UnfreezeWord())


async def test_a_branch_that_cannot_be_given_back_is_not_frozen_and_one_that_is_can_be_named_anew() -> None:
    """`git:set app deploy-branch "'main'"` sets the quotes, too: these commands know none."""
    world = World()
    world.host.branches[APP] = "'main'"
    with pytest.raises(Refused, match="a freeze could not give it back") as refused:
        await freezer(world).freeze(world.service, "inc1", "me")
    assert "git:set cyc deploy-branch main" in refused.value.fix.replace(APP, "cyc") and world.host.written == []
    world.host.branches[APP] = "frozen-by-inc1"
    world.host.ours[world.record] = {
        "ROLLBACK_INCIDENT": "inc1", "ROLLBACK_STATE": "frozen", "ROLLBACK_DEPLOY_BRANCH": "'main'",
    }  # fmt: skip
    with pytest.raises(Refused, match="nobody knows which branch") as refused:
        await freezer(world).unfreeze(world.service, UnfreezeWord())
    assert "--branch main" in refused.value.fix
    await freezer(world).unfreeze(world.service, UnfreezeWord(branch="main"))
    assert world.host.branches[APP] == "main" and world.record not in world.host.ours
