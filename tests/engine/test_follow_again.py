"""Attaching again while the old stream is still being read: the reader's own end must not end the follower."""

import asyncio
from pathlib import Path

import pytest

from tests.sandboxes import running_sandbox
from tui import bootstrap
from tui.engine.monitor.log_follower import Following, LogFollower


async def test_asked_to_attach_again_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sandbox(tmp_path) as box:
        monkeypatch.setenv("ROLLBACK_STATE_DIR", str(tmp_path / "state"))
        engine = bootstrap.engine(box.services)
        service = engine.service("api")
        follower = LogFollower(lambda lines: engine.logs(service, lines), engine.clock)
        follower.start()
        try:
            for _ in range(4):
                async with asyncio.timeout(20):
                    while follower.state is not Following.STREAMING:
                        await asyncio.sleep(0.02)
                    received = follower.received
                    while follower.received == received:
                        await asyncio.sleep(0.02)
                await follower.attach_again("container replaced")
            async with asyncio.timeout(20):
                while follower.state is not Following.STREAMING:
                    assert follower.state is not Following.ENDED, follower.why
                    await asyncio.sleep(0.02)
            assert any("container replaced" in note for note in follower.ring.notes.values())
        finally:
            await follower.stop()
            await engine.close()
