"""The moving line of a command that takes its time: what is done, how long already, and what was printed last of it."""

import asyncio

import pytest

from tui.cli import narrate
from tui.cli.narrate import Narrator


async def test_it_shows_what_is_printed_now_and_nothing_of_what_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard watches for minutes after the push: the push's last line is no news any more."""
    written: list[str] = []
    told = Narrator(color=False)
    monkeypatch.setattr(told, "_told", True)
    monkeypatch.setattr(told, "_moves", True)

    def write(text: str) -> bool:
        written.append(text)
        return True

    monkeypatch.setattr(told, "_write", write)
    monkeypatch.setattr(narrate, "QUIET_FOR", -1.0)

    async def shown(words: str) -> str:
        while not any(words in line for line in written):
            await asyncio.sleep(0.05)
        line = written[-1]
        written.clear()
        return line

    async with asyncio.timeout(20), told.waiting("the command runs"):
        told.heard("remote: built")
        assert "remote: built" in await shown("the command runs")
        told.doing("watching")
        assert "remote: built" not in await shown("watching")
