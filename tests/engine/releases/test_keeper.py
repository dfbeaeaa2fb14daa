"""Keeping, step by step: what is begun and does not come to its end is taken back, or named."""

import asyncio

import pytest

from tests.conformance.sources import VERSIONS
from tests.fake_host import APP, World
from tui.dokku import commands, holders
from tui.dokku.holders import SEAL_BRANCH
from tui.engine.hosts.connections import UnexpectedReply
from tui.engine.releases import retention
from tui.engine.releases.keep_turns import Turns
from tui.engine.releases.keeper import TRIES, Keeper
from tui.model.errors import AlreadyThere, LinkError, Refused, Undone, Unfinished
from tui.model.outcome import Lost, TimedOut
from tui.model.push import Declined, NotSent, TipMoved, Unheard
from tui.model.release import Release

FIRST = holders.holder_name(APP, 1, World().clock.now())


def keeper(world: World, turns: Turns | None = None) -> Keeper:
    return Keeper(world.links, world.clock, "me@box", 5, turns=turns)


async def keep(world: World) -> Release:
    return await keeper(world).keep(world.service, world.said.append)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_kept_release_is_forbidden_to_deploy_then_filled_then_sealed(version: str) -> None:
    world = World(version)
    made = await keep(world)
    assert (made.holder, made.sealed, made.commit, made.number) == (FIRST, True, world.commit, 1)
    sent = [argv[0] for argv in world.host.written]
    forbid = "ps:set" if version == "0.38.27" else "config:set"
    assert sent.index("apps:create") < sent.index(forbid) < sent.index("git:set")
    (pushed,) = world.git.pushed
    assert pushed.app == FIRST and pushed.expect == (("main", None),)
    assert world.host.branches[FIRST] == SEAL_BRANCH
    assert world.said == [f"keeping {APP} as {FIRST}"]


async def test_what_is_kept_and_has_its_image_is_not_kept_twice() -> None:
    world = World()
    await keep(world)
    world.clock._passed += 60
    world.host.written.clear()
    with pytest.raises(AlreadyThere, match=f"kept as {FIRST}"):
        await keep(world)
    assert {argv[0] for argv in world.host.written} <= {"config:set", "docker-options:add"}, (
        "a stamp, and a look allowed"
    )


@pytest.mark.parametrize(
    "end",
    [
        Declined(reason="no space left"),
        NotSent(why="the link ended"),
        TipMoved(branch="main", expected=None, found="1"),
    ],
    ids=lambda end: type(end).__name__,
)
async def test_a_holder_that_was_not_filled_is_taken_back(end: object) -> None:
    world = World()
    world.git.ends = [end]  # type: ignore[list-item]
    with pytest.raises(Undone, match=r"could not be filled: .*; what was begun is undone"):
        await keep(world)
    assert world.host.ours == {} and world.host.dropped == 0


async def test_a_push_without_a_word_gets_its_time_before_the_holder_goes() -> None:
    world = World()
    world.git.ends = [Unheard(outcome=Lost(why="the link ended"))]
    with pytest.raises(Undone):
        await keep(world)
    assert world.host.ours == {} and world.host.dropped == 1
    assert world.clock.monotonic() >= 5, "what was sent on the old link may arrive still"


async def test_what_cannot_be_taken_back_is_named_with_the_command_that_does() -> None:
    world = World()
    world.git.ends = [Declined(reason="no space left")]
    world.host.says(commands.apps_destroy(FIRST), LinkError("the host is gone"))
    with pytest.raises(Unfinished, match=f"{FIRST} may be left on the host, half-made: the host is gone") as found:
        await keep(world)
    assert found.value.fix == "rollback keep api"


async def test_a_holder_that_nobody_knows_to_be_ours_and_carries_facts_stays() -> None:
    world = World()
    world.host.says(commands.apps_create(FIRST), TimedOut(after=120.0))
    world.host.ours[FIRST] = {}

    def signed(argv: tuple[str, ...]) -> None:
        if argv == commands.apps_create(FIRST):
            world.host.ours[FIRST] = {"ROLLBACK_SCHEMA": "1"}

    del world.host.ours[FIRST]
    world.host.before = signed
    with pytest.raises(Undone):
        await keep(world)
    assert FIRST in world.host.ours, "another console has just made it"


async def test_a_holder_that_the_host_deployed_is_stopped_and_left_for_a_person() -> None:
    world = World()
    told = world.host._recording(("ps:report", FIRST, "--format", "json"))[1]
    world.host.says(commands.ps_report(FIRST), (0, told.replace('"running":"false"', '"running":"true"'), ""))
    world.host.takes("ps:stop")
    with pytest.raises(Unfinished, match="which a holder must never be; it was stopped"):
        await keep(world)
    assert commands.ps_stop(FIRST) in world.host.written and FIRST in world.host.ours


async def test_what_changed_meanwhile_is_not_kept_under_the_old_name() -> None:
    world = World()

    def deploys(argv: tuple[str, ...]) -> None:
        if argv[0] == "git-receive-pack":
            world.host.says(("config:get", APP, "GIT_REV"), (0, f"{'d' * 40}\n", ""))
            world.git.tips["main"] = "d" * 40

    world.host.before = deploys
    with pytest.raises(Undone, match="changed while it was kept"):
        await keep(world)
    assert world.host.ours == {}


async def test_what_changed_before_its_turn_came_is_read_anew_and_kept_at_the_first_try() -> None:
    world, turns, new = World(), Turns(lambda _: 1), "d" * 40
    waits = asyncio.Event()

    def read(argv: tuple[str, ...]) -> None:
        if argv[0] == "builder:report":
            waits.set()

    world.host.before = read
    async with turns.of(world.service.host):
        keeping = asyncio.create_task(keeper(world, turns=turns).keep(world.service, world.said.append))
        await waits.wait()
        for _ in range(100):  # whatever it still reads
            await asyncio.sleep(0)
        assert world.host.written == [], "it is another one's turn"
        told = world.host._recording(commands.apps_report(APP))[1].replace(world.commit, new)
        world.host.says(commands.apps_report(APP), (0, told, ""))
        world.host.says(("config:get", APP, "GIT_REV"), (0, f"{new}\n", ""))
        world.git.tips["main"] = new
    made = await keeping
    assert made.commit == new and len(world.git.pushed) == 1


async def test_a_keep_within_an_incident_waits_for_nobodys_turn() -> None:
    world, turns = World(), Turns(lambda _: 1)
    async with turns.of(world.service.host):
        made = await keeper(world, turns=turns).within("i-1").keep(world.service, world.said.append)
    assert made.holder == FIRST


async def test_the_greater_name_gives_way_and_the_keep_ends_after_so_many_others() -> None:
    world = World()

    def another(argv: tuple[str, ...]) -> None:
        """Somebody makes a holder of the same number right after ours, each time, and it is never finished."""
        if argv[0] == "apps:create" and argv[1] == holders.holder_name(APP, 1, world.clock.now()):
            world.host.ours[f"{APP}--r1--pre-deploy-20261123-215959"] = {}

    world.host.before = another
    with pytest.raises(Undone, match=f"other keeps were faster {TRIES} times"):
        await keep(world)
    assert [name for name in world.host.ours if name.endswith("220000")] == []


async def test_an_interrupt_takes_back_what_was_begun_and_passes() -> None:
    world = World()

    def interrupted(argv: tuple[str, ...]) -> None:
        if argv[0] == "git-receive-pack":
            raise asyncio.CancelledError

    world.host.before = interrupted
    with pytest.raises(asyncio.CancelledError):
        await keep(world)
    assert world.host.ours == {}


async def test_retention_lets_the_oldest_go_and_spares_what_runs_and_what_previous_means() -> None:
    world = World()
    names = [world.holder(number) for number in (1, 2, 3, 4)]
    assert await retention.expired(world.links, world.service, 2) == (names[0], names[1])
    world.host.ours[names[1]]["ROLLBACK_BAD"] = "it leaks"
    assert await retention.expired(world.links, world.service, 2) == (names[0],), "a bad one counts for nothing"


async def test_nothing_is_let_go_while_an_incident_is_open() -> None:
    world = World()
    for number in (1, 2, 3):
        world.holder(number)
    world.host.ours[world.record] = {"ROLLBACK_INCIDENT": "inc1", "ROLLBACK_SINCE": "2026-11-23T22:00:00Z"}
    assert await retention.expired(world.links, world.service, 1) == ()


# ── taking away ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_only_what_is_certainly_ours_is_destroyed() -> None:
    world = World()
    holder = world.holder(1)
    with pytest.raises(Refused, match="is no holder"):
        await keeper(world).destroy("main", APP)
    world.host.ours[holder] = {"SECRET": "theirs"}
    with pytest.raises(Refused, match="carries no config of ours"):
        await keeper(world).destroy("main", holder)
    told = world.host._recording(("ps:report", holder, "--format", "json"))[1]
    world.host.ours[holder] = {"ROLLBACK_SCHEMA": "1"}
    world.host.says(commands.ps_report(holder), (0, told.replace('"deployed":"false"', '"deployed":"true"'), ""))
    with pytest.raises(Refused, match="was deployed"):
        await keeper(world).destroy("main", holder)
    assert world.host.written == []


async def test_one_that_is_gone_needs_no_destroying_and_a_half_made_one_is_ours() -> None:
    world = World()
    await keeper(world).destroy("main", FIRST)
    assert world.host.written == []
    world.host.ours[FIRST] = {"DOKKU_PROXY_PORT": "80"}
    await keeper(world).destroy("main", FIRST)
    assert world.host.ours == {}


async def test_only_what_was_never_finished_is_cleared() -> None:
    world = World()
    sealed, open_one = world.holder(1), world.holder(2, sealed=False)
    assert await keeper(world).clear("main", sealed) and sealed in world.host.ours
    assert await keeper(world).clear("main", open_one) and open_one not in world.host.ours
    assert await keeper(world).clear("main", open_one), "gone is as good as cleared"


async def test_a_host_that_does_not_say_is_not_taken_to_have_nothing() -> None:
    world = World()
    world.host.says(commands.git_report(FIRST), (1, "", " !     permission denied\n"))
    with pytest.raises(UnexpectedReply, match="permission denied"):
        await keeper(world).clear("main", FIRST)
