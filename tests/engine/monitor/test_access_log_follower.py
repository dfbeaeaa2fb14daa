"""Following an access log: what is counted once, what was missed, what is said of it; streams do as they are told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.monitor.test_log_follower import Told
from tui.engine.monitor.access_log_follower import SHOWN, AccessFollower, hidden, joined
from tui.model.errors import LinkError
from tui.model.outcome import Exited, Lost

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LOST = Lost(why="the link died")


def line(number: int, status: int = 200, agent: str = "Firefox", at: datetime = AT) -> str:
    stamp = at.strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'203.0.113.7 - - [{stamp}] "GET /{number} HTTP/1.1" {status} 73 "-" "{agent}"\n'


class Clock:
    """Time by hand; sleeping is no waiting."""

    def __init__(self) -> None:
        self.at = AT

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - AT).total_seconds()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Bench:
    def __init__(self) -> None:
        self.streams: list[Told] = []
        self.clock = Clock()
        self.follower = AccessFollower(self._start, self.clock, beginning=0.02)
        self.follower.start()

    def _start(self) -> Told:
        self.streams.append(Told(0))
        return self.streams[-1]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.002)

    async def attached(self, *lines: str, number: int = 1) -> Told:
        """The stream has brought its beginning."""
        await self.until(lambda: len(self.streams) == number)
        self.streams[-1].put("".join(lines).encode())
        await self.until(lambda: self.follower.streaming)
        return self.streams[-1]

    async def counted(self, total: int) -> None:
        await self.until(lambda: self.total == total)

    @property
    def total(self) -> int:
        return self.follower.tally.counted(AT - timedelta(hours=1), AT + timedelta(hours=1)).total


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_what_stood_there_before_is_history(bench: Bench) -> None:
    stream = await bench.attached(*[line(n) for n in range(20)])
    assert bench.total == 0
    stream.put((line(20) + line(21, 502)).encode())
    await bench.counted(2)
    found = bench.follower.tally.counted(AT, AT + timedelta(seconds=1))
    assert (found.failed, found.answered) == (1, 1)
    await bench.follower.stop()


async def test_a_line_in_pieces_is_one_line(bench: Bench) -> None:
    stream = await bench.attached(line(0))
    for piece in (line(1)[:30], line(1)[30:60], line(1)[60:]):
        stream.put(piece.encode())
    await bench.counted(1)
    await bench.follower.stop()


async def test_fields_between_tabs_stay_apart_and_a_long_address_is_read_to_its_end(bench: Bench) -> None:
    stream = await bench.attached(line(0))
    labelled = "time:24/Nov/2026:12:00:00 +0000\treq:GET /{} HTTP/1.1\tstatus:502\tua:{}\n"
    stream.put(labelled.format("x", "rollback-console").encode())
    stream.put(labelled.format("x", "a status:200").encode())
    stream.put(line(1, 502).replace("/1 ", "/" + "\\xC3\\xA4" * 4000 + " ").encode())
    await bench.counted(2)
    found = bench.follower.tally.counted(AT - timedelta(hours=1), AT + timedelta(hours=1))
    assert (found.own, found.failed, found.unparsed) == (1, 2, 0)


async def test_a_refusal_is_told_in_the_hosts_own_words(bench: Bench) -> None:
    stream = await bench.attached(line(1))
    stream.stderr = b"bash: warning: setlocale: LC_ALL\n !     No such log\n"
    stream.put(Exited(code=1))
    await bench.until(lambda: not bench.follower.streaming)
    assert bench.follower.why == "stream lost: exit 1: !     No such log"


async def test_what_comes_again_after_a_loss_is_counted_once(bench: Bench) -> None:
    stream = await bench.attached(*[line(n) for n in range(10)])
    stream.put("".join(line(n) for n in range(10, 14)).encode())
    await bench.counted(4)
    stream.put(LOST)
    await bench.until(lambda: not bench.follower.streaming)
    assert "stream lost" in bench.follower.why
    bench.clock.at += timedelta(seconds=8)
    missed = [line(n, at=AT + timedelta(seconds=n - 13)) for n in range(14, 18)]
    await bench.attached(*[line(n) for n in range(8, 14)], *missed, number=2)
    await bench.counted(8)
    assert bench.follower.covered(AT, bench.clock.at) == 1.0
    placed = bench.follower.tally.counted(AT + timedelta(seconds=1), AT + timedelta(seconds=5))
    assert placed.total == 4
    await bench.follower.stop()


async def test_what_may_be_missing_is_not_called_seen(bench: Bench) -> None:
    stream = await bench.attached(*[line(n) for n in range(10)])
    bench.clock.at += timedelta(seconds=10)
    stream.put(LOST)
    await bench.until(lambda: not bench.follower.streaming)
    bench.clock.at += timedelta(seconds=10)
    await bench.attached(*[line(n, at=AT + timedelta(seconds=15)) for n in range(100, 110)], number=2)
    await bench.counted(10)
    assert bench.follower.covered(AT, bench.clock.at) == 0.5
    await bench.follower.stop()


async def test_a_log_that_began_empty_and_is_short_is_whole(bench: Bench) -> None:
    await bench.until(lambda: len(bench.streams) == 1)
    bench.streams[0].put(LinkError("no way there"))
    await bench.attached(line(0), number=2)
    assert bench.total == 0, "nothing was followed before: that is history"
    bench.streams[-1].put(LOST)
    await bench.until(lambda: not bench.follower.streaming)
    await bench.attached(line(0), line(1), number=3)
    await bench.counted(1)
    await bench.follower.stop()


async def test_a_stream_that_fell_silent_is_attached_again(bench: Bench) -> None:
    stream = await bench.attached(line(0))
    stream.put(line(1, agent="rollback-console").encode())
    await bench.until(lambda: bench.follower.saw_own)
    await bench.follower.probed()
    assert bench.follower.streaming
    bench.clock.at += timedelta(seconds=31)
    await bench.follower.probed()
    await bench.until(lambda: len(bench.streams) == 2)
    assert stream.closed
    assert bench.follower.covered(AT, bench.clock.at) < 0.1
    await bench.follower.stop()


async def test_a_log_that_never_shows_a_probe_is_left_alone(bench: Bench) -> None:
    await bench.attached(line(0))
    bench.clock.at += timedelta(minutes=5)
    await bench.follower.probed()
    assert bench.follower.streaming and len(bench.streams) == 1
    await bench.follower.stop()


async def test_a_buffered_log_is_late_and_says_how_much(bench: Bench) -> None:
    stream = await bench.attached(line(0))
    stream.put(line(1, at=AT).encode())
    await bench.counted(1)
    bench.clock.at += timedelta(seconds=20)
    stream.put("".join(line(n, at=AT + timedelta(seconds=15)) for n in range(2, 5)).encode())
    await bench.counted(4)
    assert bench.follower.lag == 5.0
    await bench.follower.stop()


async def test_what_is_not_understood_is_counted_and_shown_without_what_it_says(bench: Bench) -> None:
    stream = await bench.attached(line(0))
    stream.put(b"203.0.113.7|GET /private?order=s3cret|pass\n")
    await bench.until(lambda: bool(bench.follower.unread))
    assert bench.follower.unread == "000.0.000.0|aaa /aaaaaaa?aaaaa=a0aaaa|aaaa"
    assert bench.follower.tally.counted(AT, AT + timedelta(seconds=1)).unparsed == 1
    await bench.follower.stop()


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 40), st.integers(SHOWN, 20))
def test_no_line_is_ever_counted_twice(written: list[int], seen_to: int, shown: int) -> None:
    """A file, seen up to some line; a new stream begins with its last lines. Equal lines may hide one."""
    seen, beginning = written[:seen_to], written[-shown:]
    assert len(beginning) - joined(seen, beginning) <= len(written) - len(seen)


@given(st.integers(1, 40), st.integers(0, 40), st.integers(SHOWN, 20))
def test_of_different_lines_every_one_that_is_shown_is_counted(seen: int, missed: int, shown: int) -> None:
    written = list(range(seen + missed))
    beginning = written[-shown:]
    assert len(beginning) - joined(written[:seen], beginning) == min(missed, len(beginning))


def test_hidden_shows_a_shape_only() -> None:
    assert hidden("Müller|42\x1b[31m").startswith("aaaaaa|00")
