"""Keeping what was kept before: only an image that was seen to be gone is kept again."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from tests import stage
from tests.dokku.test_holder_looks import HOLDER as THERE
from tests.dokku.test_holder_looks import NEW
from tests.fake_host import APP, World
from tests.incident.facts import T0
from tui.dokku import build_settings, holder_looks, holders
from tui.engine.hosts import holder_looks as looks
from tui.engine.releases import kept_before
from tui.engine.releases.keep_content import HolderContent
from tui.model.errors import AlreadyThere, LinkError, Refused
from tui.model.holder_look import HolderLook, ImageState
from tui.model.release import Arrival, Came, Release
from tui.model.service import Service

BARE = "\n".join(line.replace("--entrypoint=/rollback-looks-only", "") for line in NEW.splitlines())


def kept(world: World, number: int, **more: Any) -> Release:
    holder = world.holder(number)
    release = holders.release_from_config(holder, world.host.ours[holder])
    return replace(release, **{"sealed": True, **more})


def seen(release: Release, image: ImageState) -> Release:
    return replace(release, looked=HolderLook(holder=release.holder or "", image=image, at=T0))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[ImageState]:
    """What looks find, one after the other; the last one repeats."""
    found: list[ImageState] = [ImageState.THERE]

    async def look(links: object, host: str, app: str, holder: str) -> HolderLook:
        image = found.pop(0) if len(found) > 1 else found[0]
        return HolderLook(holder=holder, image=image, at=T0, why="no answer" if image is ImageState.UNKNOWN else "")

    monkeypatch.setattr(looks, "look", look)
    return found


async def lost(world: World, running: Release, *others: Release) -> Release | None:
    async def write(host: str, argv: tuple[str, ...]) -> None:
        await world.links.gate.write(world.host, host, argv, timeout=20)

    return await kept_before.lost(world.links, world.clock, world.service, (running, *others), running, write)


async def test_what_was_never_kept_or_not_sealed_is_kept_as_any_other(answers: list[ImageState]) -> None:
    world = World()
    running = kept(world, 1)
    assert await lost(world, replace(running, holder=None)) is None
    assert await lost(world, replace(running, sealed=None)) is None
    assert world.host.sent == []


async def test_an_image_that_is_gone_is_kept_again(answers: list[ImageState]) -> None:
    world = World()
    answers[:] = [ImageState.GONE]
    running = kept(world, 1)
    assert await lost(world, running) is running
    assert world.host.written == []


async def test_an_image_that_is_there_is_kept_and_served_until_now(answers: list[ImageState]) -> None:
    world = World()
    running = kept(world, 1)
    with pytest.raises(AlreadyThere, match=f"kept as {running.holder}$"):
        await lost(world, running)
    assert world.host.ours[running.holder or ""]["ROLLBACK_LAST_SERVED"]


async def test_an_image_that_is_not_known_is_not_kept_twice_and_said(answers: list[ImageState]) -> None:
    world = World()
    answers[:] = [ImageState.UNKNOWN]
    running = kept(world, 1)
    world.host.says(
        holder_looks.options_report(running.holder or ""), (0, NEW.replace(THERE, running.holder or ""), "")
    )
    with pytest.raises(AlreadyThere, match="whether its image is still there is not known: no answer"):
        await lost(world, running)


async def test_a_holder_of_an_older_console_is_allowed_to_be_looked_at_first(answers: list[ImageState]) -> None:
    world = World()
    answers[:] = [ImageState.UNKNOWN, ImageState.GONE]
    running = kept(world, 1)
    world.host.says(holder_looks.options_report(running.holder or ""), (0, BARE, ""))
    assert await lost(world, running) is running
    assert world.host.written == [holder_looks.allow(running.holder or "")]


async def test_others_that_were_never_seen_are_allowed_too_and_trouble_with_one_keeps_nothing(
    answers: list[ImageState],
) -> None:
    world = World()
    running, other = kept(world, 2), kept(world, 1)
    for one in (running, other):
        world.host.says(holder_looks.options_report(one.holder or ""), (0, BARE, ""))
    world.host.says(holder_looks.allow(other.holder or ""), LinkError("the host is gone"))
    with pytest.raises(AlreadyThere, match=f"{other.holder}: its image cannot be looked for: the host is gone"):
        await lost(world, running, other)
    with pytest.raises(AlreadyThere) as found:
        await lost(world, running, seen(other, ImageState.THERE))
    assert "cannot be looked for" not in found.value.message


async def test_the_new_holder_gets_the_commit_and_the_files_of_the_lost_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    gone = kept(world, 1)
    known = HolderContent(
        commit="f" * 40,
        shape=build_settings.Shape(app=APP),
        files=(("Procfile", "web: ./new\n"),),
        config_keys=(),
        predeploy=False,
    )
    world.git.files = {}
    found = await kept_before.content(world.links, "main", gone, known)
    assert (found.commit, found.files) == (gone.commit, known.files), "what it does not say is as what runs says"

    async def archive(*_: object) -> Mapping[str, bytes]:
        return {f"{holders.FILES_FOLDER}/Procfile": b"web: ./old\n"}

    monkeypatch.setattr(world.git, "archive", archive)
    found = await kept_before.content(world.links, "main", gone, known)
    assert dict(found.files)["Procfile"] == "web: ./old\n"
    assert await kept_before.content(world.links, "main", replace(gone, holder=None), known) is known


def test_marks_go_along_and_the_loss_of_the_image_is_none() -> None:
    service: Service = stage.service("api")
    came = Arrival(kind=Came.BACK, attempt="inc1.1", at=T0, by="ana@desk")
    one = replace(stage.release(service, 3), served_as=("a" * 40,), came=came)
    words = dict(kept_before.pairs(replace(one, bad=kept_before.GONE)))
    assert holders.BAD not in words and words[holders.CAME].startswith("back,inc1.1,")
    assert holders.BAD in dict(kept_before.pairs(replace(one, bad="it lost orders")))
    assert kept_before.pairs(None) == ()


def test_a_lost_holder_is_let_go_only_once_its_release_is_kept_again() -> None:
    world = World()
    gone, again, other = kept(world, 1), kept(world, 2), kept(world, 3)
    gone = seen(gone, ImageState.GONE)
    again = replace(again, commit=gone.commit)
    assert kept_before.superseded((gone, again, other)) == (gone.holder,)
    assert kept_before.superseded((gone, replace(again, sealed=None), other)) == ()
    assert kept_before.superseded((gone, seen(again, ImageState.GONE), other)) == ()


def test_a_refusal_with_a_lost_image_says_that_there_is_no_way_back() -> None:
    world = World()
    refused = Refused("a build runs", "wait")
    assert kept_before.refusal(None, refused) is refused
    one = kept(world, 1)
    words = kept_before.refusal(one, refused)
    assert (
        words.message
        == f"the image of {one.holder} is gone from the host, and {one.name} cannot be kept again: {refused}"
    )
    assert words.fix == "wait"
