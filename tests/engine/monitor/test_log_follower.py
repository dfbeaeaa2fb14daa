"""Following a log: against a stream that does as it is told, then against a pretend host that breaks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.stage import HandClock, NoStream
from tui.engine.monitor.log_follower import Following, LogFollower
from tui.engine.monitor.log_overlap import compare
from tui.model.errors import LinkError
from tui.model.outcome import Exited, Lost, Outcome


class Told:
    """A stream that brings what it is given, and ends as it is told."""

    def __init__(self, asked: int) -> None:
        self.asked = asked
        self.outcome: Outcome | None = None
        self.stderr = b""
        self.closed = False
        self._queue: asyncio.Queue[bytes | Outcome | LinkError] = asyncio.Queue()

    def put(self, what: bytes | Outcome | LinkError) -> None:
        self._queue.put_nowait(what)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            match await self._queue.get():
                case bytes() as chunk if chunk:
                    yield chunk
                case LinkError() as error:
                    raise error
                case bytes():
                    return
                case outcome:
                    self.outcome = outcome
                    return

    async def close(self) -> None:
        self.closed = True
        self.put(b"")


class Clock:
    """Time that goes on when somebody sleeps, and only then."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._at + timedelta(seconds=sum(self.slept))

    def monotonic(self) -> float:
        return 1000.0 + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Bench:
    """A follower and the streams that it asked for."""

    def __init__(self, spool: Callable[[bytes], None] | None = None) -> None:
        self.streams: list[Told] = []
        self.clock = Clock()
        self.changes = 0
        self._changed = asyncio.Event()
        self.follower = LogFollower(self._start, self.clock, spool=spool)
        self.follower.subscribe(self._note)

    def _start(self, lines: int) -> Told:
        self.streams.append(Told(lines))
        return self.streams[-1]

    def _note(self) -> None:
        self.changes += 1
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_texts(self, *wanted: str) -> None:
        await self.until(lambda: self.texts() == list(wanted))

    def texts(self) -> list[str]:
        ring = self.follower.ring
        return [
            f"-- {ring.notes[n]}" if n in ring.notes else ring.line(n).decode() for n in range(ring.first, ring.last)
        ]


def line(second: int, text: str, process: str = "web.1") -> str:
    return f"2026-11-24T12:00:{second:02}.000000001Z app[{process}]: {text}"


def sent(*lines: str) -> bytes:
    return "".join(f"{one}\n" for one in lines).encode()


async def test_the_beginning_is_put_in_order_of_time_across_processes() -> None:
    bench = Bench()
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)
    a, b, c = line(1, "first"), line(2, "second", "worker.1"), line(3, "third")
    bench.streams[0].put(sent(a, c, b))
    await bench.until_texts(a, b, c)
    assert str(bench.follower.state) == "streaming"
    assert bench.follower.received == 3
    await bench.follower.stop()
    assert str(bench.follower.state) == "ended"
    assert bench.streams[0].closed


async def test_an_app_that_is_never_quiet_is_shown_all_the_same() -> None:
    bench = Bench()
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)

    async def chatter() -> None:
        while True:
            bench.streams[0].put(sent(line(1, "and on")))
            await asyncio.sleep(0.02)

    task = asyncio.create_task(chatter())
    await bench.until(lambda: bench.follower.ring.last > 0)
    task.cancel()
    await bench.follower.stop()


async def test_a_lost_stream_is_attached_again_without_what_was_there() -> None:
    bench = Bench()
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)
    a, b, c = line(1, "one"), line(2, "two"), line(3, "three")
    bench.streams[0].put(sent(a, b))
    bench.streams[0].put(Lost(why="cut"))
    await bench.until(lambda: len(bench.streams) == 2)
    coloured = f"\x1b[33m{b[:31]}\x1b[0m{b[31:]}"
    bench.streams[1].put(sent(a, coloured, c))
    await bench.until_texts(
        a,
        b,
        "-- 12:00:00Z stream lost: link lost: cut",
        "-- 12:00:01Z attached again after 1.0 s: nothing is missing",
        c,
    )
    await bench.follower.stop()


async def test_a_gap_and_a_new_container_are_told_apart() -> None:
    bench = Bench()
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)
    bench.streams[0].put(sent(line(1, "old"), line(1, "old", "worker.1")))
    bench.streams[0].put(Exited(code=0))
    await bench.until(lambda: len(bench.streams) == 2)
    many = [line(40, f"later {n}", "worker.1") for n in range(bench.streams[1].asked)]
    bench.streams[1].put(sent(line(41, "booting"), *many))
    await bench.until(lambda: bench.follower.ring.last > 100)
    assert [t for t in bench.texts() if t.startswith("--")] == [
        "-- 12:00:00Z stream ended: its containers stopped or were replaced",
        "-- 12:00:01Z attached again after 1.0 s: a new container of web.1; "
        "lines of up to 1 s may be missing of worker.1",
    ]
    await bench.follower.stop()


async def test_attempts_back_off_and_say_why_and_what_brings_nothing_is_no_news() -> None:
    bench = Bench()
    bench.follower.start()
    for n in range(8):
        await bench.until(lambda n=n: len(bench.streams) == n + 1)  # type: ignore[misc]
        bench.streams[n].put(LinkError("no route to host", "look at the network"))
    await bench.until(lambda: len(bench.streams) == 9)
    assert bench.clock.slept == [1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0]
    assert bench.texts() == []
    await bench.follower.stop()


async def test_being_told_of_a_replacement_attaches_at_once() -> None:
    bench = Bench()
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)
    bench.streams[0].put(sent(line(1, "old")))
    await bench.until(lambda: bench.follower.ring.last == 1)
    await bench.follower.attach_again("container replaced: a by b")
    await bench.until(lambda: len(bench.streams) == 2)
    bench.streams[1].put(sent(line(2, "new")))
    await bench.until(lambda: bench.follower.ring.last == 4)
    assert bench.texts()[1] == "-- 12:00:00Z container replaced: a by b"
    assert bench.clock.slept == [0.0]
    await bench.follower.stop()


async def test_everything_received_is_spooled_and_a_full_disk_stops_only_that() -> None:
    kept: list[bytes] = []

    def spool(raw: bytes) -> None:
        if len(kept) == 1:
            raise OSError(28, "No space left on device")
        kept.append(raw)

    bench = Bench(spool)
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)
    bench.streams[0].put(sent(line(1, "one")))
    await bench.until(lambda: len(kept) == 1)
    bench.streams[0].put(sent(line(2, "two")))
    await bench.until(lambda: bench.follower.ring.last == 3)
    assert kept == [sent(line(1, "one"))]
    assert "No space left" in bench.texts()[2]
    assert not bench.follower.spooling
    await bench.follower.stop()


async def test_a_reader_that_never_looks_costs_no_memory() -> None:
    bench = Bench()
    bench.follower.ring.cap = 256 * 1024
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)
    for n in range(200):
        bench.streams[0].put(sent(*(line(n % 60, "x" * 100) for _ in range(100))))
    await bench.until(lambda: bench.follower.received == 20_000)
    assert bench.follower.ring.size <= bench.follower.ring.cap
    assert bench.follower.ring.dropped + len(bench.follower.ring) == 20_000
    await bench.follower.stop()


@pytest.mark.parametrize("asked", [1, 2, 100])
def test_lines_that_repeat_are_left_out_as_often_as_they_were_there(asked: int) -> None:
    again = compare([b"tick", b"tick"], [b"tick", b"tick", b"tick"], asked)
    assert (again.fresh, again.known, again.gaps, again.renewed) == ((b"tick",), 2, (), ())


def test_a_line_that_the_ring_cut_is_known_again() -> None:
    long = b"x" * 20_000
    assert compare([long[:16_384] + "… (3616 bytes more)".encode()], [long], 100).fresh == ()


async def test_the_rate_counts_what_is_written_now() -> None:
    bench = Bench()
    bench.follower.start()
    await bench.until(lambda: len(bench.streams) == 1)
    bench.streams[0].put(sent(*(line(1, str(n)) for n in range(100))))
    await bench.until(lambda: bench.follower.received == 100)
    bench.clock.slept.append(1.0)
    assert bench.follower.rate == 0
    for _ in range(200):
        bench.streams[0].put(sent(line(2, "now")))
    await bench.until(lambda: bench.follower.received == 300)
    bench.clock.slept.append(1.0)
    assert bench.follower.rate == 100, "of the two seconds in which anything was counted"
    bench.clock.slept.append(3.0)
    assert bench.follower.rate == 40
    bench.clock.slept.append(10.0)
    assert bench.follower.rate == 0
    await bench.follower.stop()


async def test_a_fault_of_ours_is_the_end_of_one_attempt_and_not_of_following() -> None:
    clock, attempts = HandClock(), 0

    def start(lines: int) -> NoStream:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise RecursionError("a fault of ours")
        return NoStream(b"line\n")

    follower = LogFollower(start, clock)
    follower.start()
    await clock.advance(0.5)
    assert follower.state is Following.LOST
    assert "RecursionError" in follower.why
    await clock.advance(5)
    assert attempts == 3
    await follower.stop()
