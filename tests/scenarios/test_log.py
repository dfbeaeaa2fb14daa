"""A log followed over real SSH, on a host whose links break and whose containers are replaced."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.harness import LocalSandbox, local_sandbox
from tests.sandboxes import Sandbox
from tui import bootstrap
from tui.engine.monitor.log_follower import Following, LogFollower

APP = "scenextras-transcription"


class Watched:
    """A follower, and what it has."""

    def __init__(self, box: Sandbox, follower: LogFollower) -> None:
        self.box, self.follower = box, follower
        self._changed = asyncio.Event()
        follower.subscribe(self._changed.set)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(40):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def pull(self, string: str, **values: object) -> None:
        await asyncio.to_thread(self.box.pull, string, **values)

    async def until_said(self, text: str) -> None:
        await self.until(lambda: any(text in line for line in self.lines()))

    def lines(self) -> list[str]:
        ring = self.follower.ring
        return [ring.line(n).decode() for n in range(ring.first, ring.last)]

    def notes(self) -> list[str]:
        return list(self.follower.ring.notes.values())


@asynccontextmanager
async def following(box: LocalSandbox, monkeypatch: pytest.MonkeyPatch, app: str = APP) -> AsyncIterator[Watched]:
    monkeypatch.setenv("ROLLBACK_STATE_DIR", str(box.state))
    engine = bootstrap.engine(box.services, clock=box.clock)
    (service,) = [s for s in engine.fleet.services if s.app == app]
    follower = LogFollower(lambda lines: engine.logs(service, lines), engine.clock)
    watched = Watched(box, follower)
    follower.start()
    try:
        yield watched
    finally:
        await follower.stop()
        await engine.close()


async def test_a_cut_link_is_said_and_nothing_is_lost_or_told_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_sandbox(tmp_path) as box:
        async with following(box, monkeypatch) as log:
            await log.pull("log", app=APP, lines=["before the cut"], process="web")
            await log.until_said("before the cut")
            await log.pull("cut")
            await log.until(lambda: log.follower.state is Following.LOST)
            await log.pull("log", app=APP, lines=["during the cut"], process="web")
            await log.until_said("during the cut")
            said = log.notes()
            lines = log.lines()
    assert said[0].split(" ", 1)[1].startswith("stream lost: ")
    assert said[1].endswith("nothing is missing")
    assert len([line for line in lines if line.endswith("before the cut")]) == 1
    stamped = [line for line in lines if "app[" in line]
    assert len(stamped) == len(set(stamped))


async def test_a_deploy_replaces_the_container_and_the_new_one_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_sandbox(tmp_path) as box:
        async with following(box, monkeypatch, "scenextras") as log:
            await log.pull("log", app="scenextras", lines=["of the old one"])
            await log.until_said("of the old one")
            await log.pull("deploy", app="scenextras", version="v1.6.0", wait=True)
            await log.until(lambda: len(log.notes()) >= 2)
            await log.pull("log", app="scenextras", lines=["of the new one"])
            await log.until_said("of the new one")
            said = log.notes()
    assert "its containers stopped or were replaced" in said[0]
    assert "a new container of web.1" in said[1]


async def test_a_container_that_docker_restarts_keeps_its_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_sandbox(tmp_path) as box:
        async with following(box, monkeypatch) as log:
            await log.pull("log", app=APP, lines=["before"], process="web")
            await log.until_said("before")
            await log.pull("restart_container", app=APP, process="web")
            await log.pull("log", app=APP, lines=["after"], process="web")
            await log.until_said("after")
            assert log.notes() == []
