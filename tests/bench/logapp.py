"""The program that is measured: the console's log panel, or Textual's `Log`, on whatever terminal it finds.

`python -m tests.bench.logapp panel|ungated|log burst FILE` takes a file as fast as it can;
`… paced RATE` takes so many lines a second until it is ended. A key `x` is answered in the first row.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from time import monotonic, process_time

from textual.app import App, ComposeResult
from textual.widgets import Log

from tests.bench.harness import say
from tui.console.drawing.palette import Palette
from tui.console.widgets import log_panel
from tui.console.widgets.log_panel import LogPanel
from tui.console.widgets.panel import Panel
from tui.drivers.clock import SystemClock
from tui.engine.monitor.log_follower import LogFollower
from tui.model.outcome import Outcome

CHUNK = 65_536
LAST = b"THE-LAST-LINE"


class Stream:
    """Chunks as the SSH driver would bring them."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.outcome: Outcome | None = None
        self.stderr = b""
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def close(self) -> None:
        """Nothing is held."""


class Nobody:
    """Who would be asked for a word to search for."""

    async def ask_for(self, prompt: str, initial: str) -> str | None:
        return None

    async def copy(self, text: str, name: str) -> bool:
        return False

    def notice(self, text: str, look: str = "ok") -> None: ...

    def begin_work(self, work: Callable[[], Awaitable[None]]) -> None: ...


class Measured(App[None]):
    """One log, and a row that answers keys."""

    CSS = "#keys { height: 1; } LogPanel, Log { height: 1fr; }"
    BINDINGS = [("x", "answer", "Answer")]  # noqa: RUF012 - as Textual wants it

    def __init__(self, kind: str, source: Callable[[], AsyncIterator[bytes]]) -> None:
        super().__init__(ansi_color=True)
        palette = Palette()
        self.kind = kind
        self._source = source
        self._answers = 0
        self._keys = Panel(palette, "keys", titled=False)
        self._panel = LogPanel(palette, "logs", Nobody(), Path())
        self._peer = Log(max_lines=100_000)
        self._follower = LogFollower(lambda _: Stream(source()), SystemClock())
        self._begun = 0.0
        self._cpu = 0.0
        self._taken = 0.0

    def compose(self) -> ComposeResult:
        yield self._keys
        yield self._peer if self.kind == "log" else self._panel

    def on_mount(self) -> None:
        self._keys.show((), [(("<key0>", ""),)])
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._begun, self._cpu = monotonic(), process_time()
        say(ready=True)
        if self.kind == "log":
            self._task = asyncio.create_task(self._into_log())
            return
        self._panel.follow(self._follower, "api")
        draw, feed = self._panel.draw, self._follower.ring.feed

        def fed(raw: bytes) -> int:
            count = feed(raw)
            self._taken = monotonic()
            return count

        def drawn() -> None:
            draw()
            follower = self._follower
            if follower.ring.last and LAST in follower.ring.lines(follower.ring.last - 3, follower.ring.last):
                self.call_after_refresh(self._done)

        self._panel.draw = drawn  # type: ignore[method-assign]
        self._follower.ring.feed = fed  # type: ignore[method-assign]
        self._follower.start()

    async def _into_log(self) -> None:
        """As well as `Log` can: whole lines, in batches of a thirtieth of a second."""
        rest, batch, flushed = b"", list[str](), monotonic()
        async for chunk in self._source():
            *lines, rest = (rest + chunk).split(b"\n")
            batch.extend(line.decode("utf-8", "replace") for line in lines)
            if monotonic() - flushed > 1 / 30:
                self._peer.write_lines(batch)
                batch, flushed = [], monotonic()
                await asyncio.sleep(0)
        self._peer.write_lines(batch)
        self.call_after_refresh(self._done)

    def _done(self) -> None:
        now = monotonic()
        waited = now - self._taken if self._taken else 0.0
        say(done={"seconds": now - self._begun, "cpu": process_time() - self._cpu, "waited": waited})

    def action_answer(self) -> None:
        self._answers += 1
        self._keys.show((), [((f"<key{self._answers}>", ""),)])


async def burst(file: Path) -> AsyncIterator[bytes]:
    """The file in chunks, others getting their turn after each; then silence, as a log does."""
    with file.open("rb") as read:
        while chunk := read.read(CHUNK):
            yield chunk
            await asyncio.sleep(0)
    await asyncio.Event().wait()


async def burst_and_end(file: Path) -> AsyncIterator[bytes]:
    """The same, ending."""
    with file.open("rb") as read:
        while chunk := read.read(CHUNK):
            yield chunk
            await asyncio.sleep(0)


async def paced(rate: int) -> AsyncIterator[bytes]:
    """So many lines a second, in at most a hundred chunks a second."""
    begun, sent, made = monotonic(), 0, lines()
    while True:
        due = int((monotonic() - begun) * rate) - sent
        if due > 0:
            sent += due
            yield b"".join(next(made) for _ in range(due))
        await asyncio.sleep(max(0.01, 1 / rate))


def lines() -> Iterator[bytes]:
    """Lines as `logs` brings them: 130 bytes, coloured prefix, no two alike."""
    number = 0
    while True:
        number += 1
        yield (
            b"\x1b[36m2026-11-24T12:%02d:%02d.%09dZ app[web.1]:\x1b[0m GET /api/transcriptions/%08x "
            b"status=200 duration=%dms request=%012x\n"
        ) % (number // 6000 % 60, number // 100 % 60, number, number * 2654435761 % 2**32, number % 97, number * 7919)


def main(kind: str, how: str, what: str) -> None:
    """Run until ended."""
    if kind == "ungated":
        setattr(log_panel, "writer_idle", lambda app: True)  # noqa: B010 - a name that it imported
        log_panel.PAINT_EVERY = 1 / 30

    def source() -> AsyncIterator[bytes]:
        if how == "paced":
            return paced(int(what))
        return burst_and_end(Path(what)) if kind == "log" else burst(Path(what))

    Measured(kind, source).run(mouse=False)


if __name__ == "__main__":
    main(*sys.argv[1:4])
