"""Whether a deploy failed since the last good one: asked of the newest first, and of the others only where it built
nothing."""

import json

import pytest

from tests.fake_host import APP, World
from tui.dokku import commands
from tui.engine.releases import last_deploy
from tui.model.errors import Refused

BUILT, NOTHING = "-----> Building scenextras from Dockerfile\n", "-----> No changes detected\n"


def failed(*outputs: str | None, kind: str = "build") -> World:
    """A host on which these attempts failed, newest first; None: nobody may ask for its output."""
    world = World()
    builds = [{"id": f"b{n}", "display_status": "failed", "kind": kind, "source": f"s{n}"} for n in range(len(outputs))]
    world.host.says(commands.builds_list(APP), (0, json.dumps(builds), ""))
    for number, output in enumerate(outputs):
        if output is not None:
            world.host.says(commands.builds_output(APP, f"b{number}"), (0, output, ""))
    return world


@pytest.mark.parametrize(
    ("world", "named"),
    [
        (failed(BUILT, None, None), "s0"),
        (failed(NOTHING, BUILT, NOTHING), "s1"),
        (failed(NOTHING, NOTHING, ""), "s2"),
        (failed(None, None, kind="deploy"), "s0"),
    ],
    ids=["the newest", "an older one", "without output nothing is known", "a restart"],
)
async def test_one_that_may_have_built_is_named_and_no_more_are_asked_than_needed(world: World, named: str) -> None:
    with pytest.raises(Refused, match=rf"the last deploy \({named}\) is failed"):
        await last_deploy.check(world.links, world.service)


@pytest.mark.parametrize("world", [failed(), failed(NOTHING), failed(NOTHING, NOTHING, NOTHING)])
async def test_attempts_that_built_nothing_are_no_reason(world: World) -> None:
    await last_deploy.check(world.links, world.service)
