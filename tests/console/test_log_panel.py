"""The log panel on a terminal of several sizes, driven by keys."""

import asyncio
import contextvars
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.console.drawing import rows
from tui.console.drawing.log_view import BLOCKS, LogView
from tui.console.drawing.palette import Palette, sgr
from tui.console.widgets.log_panel import LogPanel
from tui.drivers.clock import SystemClock
from tui.drivers.log_spool import LogSpool
from tui.engine.monitor.log_follower import Following, LogFollower
from tui.engine.monitor.log_ring import BLOCK, LogRing
from tui.model.outcome import Outcome

HOSTILE = (
    b"\x1b]0;owned\x07title",
    b"\x1b]52;c;cm0gLXJmIC8=\x07clipboard",
    b"\x1b[2J\x1b[1;1Hcleared \x9b31m c1",
    b"[/foo] [bold red]markup[/] [@click=app.bell]x[/]",
    b"\xff\xfe\x80 not utf-8 \xc3",
    "bidi \u202etxt.exe\u2066 \u200bzero\u200dwidth \ufeff \U000e0041".encode(),
    b"tab\tand\x00nul\x7fdel\x08back\x0bvt",
    b"x" * 1_000_000,
    "wide 漢字 combining e\u0301 emoji \U0001f469\u200d\U0001f52c\ufe0f".encode(),
    b"\x1b[48;2;0;0;0;30;8mhidden\x1b[0m",
    "\u2028line\u0085forged".encode(),
    b"progress 1%\rprogress 100%",
)


class Silent:
    """A stream in which nothing happens."""

    outcome: Outcome | None = None
    stderr = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def close(self) -> None: ...


class Person:
    """Who is asked, and what was said to them."""

    def __init__(self) -> None:
        self.answer: str | None = None
        self.copied: list[str] = []
        self.notices: list[str] = []
        self.works: list[asyncio.Future[None]] = []

    async def ask_for(self, prompt: str, initial: str) -> str | None:
        return self.answer

    async def copy(self, text: str, name: str) -> bool:
        self.copied.append(text)
        return True

    def notice(self, text: str, look: str = "ok") -> None:
        self.notices.append(text)

    def begin_work(self, work: Callable[[], Awaitable[None]]) -> None:
        self.works.append(asyncio.ensure_future(work()))

    async def done(self) -> None:
        await asyncio.gather(*self.works)
        self.works.clear()


class Desk(App[None]):
    CSS = "LogPanel { height: 1fr; }"

    def __init__(self, folder: Path) -> None:
        super().__init__(ansi_color=True)
        self.person = Person()
        self.panel = LogPanel(Palette(), "logs", self.person, folder)

    def compose(self) -> ComposeResult:
        yield self.panel


class Reader:
    """A panel with a follower whose ring the test fills."""

    def __init__(self, app: Desk, pilot: Pilot[None], follower: LogFollower) -> None:
        self.app, self.pilot, self.follower = app, pilot, follower
        self.panel, self.person, self.ring = app.panel, app.person, follower.ring

    def feed(self, *lines: str) -> None:
        self.ring.feed("".join(f"{line}\n" for line in lines).encode())
        self.panel.draw()

    def rows(self) -> list[str]:
        return [self.panel.render_line(y).text.rstrip() for y in range(self.panel.size.height)]

    @property
    def title(self) -> str:
        return self.rows()[0]

    @property
    def body(self) -> list[str]:
        return self.rows()[1:]

    async def press(self, *keys: str, answer: str | None = None) -> None:
        self.person.answer = answer
        await self.pilot.press(*keys)
        await self.person.done()
        await self.pilot.pause()


@asynccontextmanager
async def reading(folder: Path, size: tuple[int, int] = (80, 8), cap: int = 1 << 22) -> AsyncIterator[Reader]:
    app = Desk(folder)
    async with app.run_test(size=size) as pilot:
        follower = LogFollower(lambda _: Silent(), SystemClock(), cap=cap)
        app.panel.follow(follower, "api")
        app.panel.focus()
        await pilot.pause()
        yield Reader(app, pilot, follower)
        await follower.stop()


def numbered(start: int, stop: int) -> list[str]:
    return [f"line {n}" for n in range(start, stop)]


@pytest.mark.parametrize("size", [(60, 5), (80, 8), (120, 24)])
async def test_the_newest_lines_are_followed_and_fit(tmp_path: Path, size: tuple[int, int]) -> None:
    async with reading(tmp_path, size) as reader:
        reader.feed(*numbered(0, 1000))
        height = size[1] - 1
        assert reader.body == numbered(1000 - height, 1000)
        assert "FOLLOWING" in reader.title
        assert all(reader.panel.render_line(y).cell_length == size[0] for y in range(size[1]))


async def test_lines_are_drawn_whoever_says_that_they_came(tmp_path: Path) -> None:
    """A task that was begun before the console, or beside it, knows no app: Textual's timers do not work in there."""
    async with reading(tmp_path) as reader:
        reader.ring.feed(b"came by itself\n")
        contextvars.Context().run(reader.panel.changed)
        async with asyncio.timeout(10):
            while "came by itself" not in reader.body:
                await reader.pilot.pause()


async def test_following_goes_on_when_the_ring_is_full(tmp_path: Path) -> None:
    async with reading(tmp_path, cap=4 * BLOCK) as reader:
        for n in range(60):
            reader.feed(*(f"{line} {'x' * 200}" for line in numbered(100 * n, 100 * n + 100)))
            assert reader.body[-1].startswith(f"line {100 * n + 99} ")
        assert reader.ring.dropped > 0
        assert f"{reader.ring.dropped} dropped" in reader.title


async def test_going_up_holds_the_view_by_line_and_counts_what_is_unseen(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed(*numbered(0, 100))
        await reader.press("up", "up", "up")
        held = reader.body
        assert held == numbered(90, 97)
        reader.feed(*numbered(100, 200))
        assert reader.body == held
        assert "HELD, 103 newer below: G" in reader.title
        await reader.press("G")
        assert reader.body == numbered(193, 200)
        assert "FOLLOWING" in reader.title


async def test_a_held_line_that_was_dropped_is_said(tmp_path: Path) -> None:
    async with reading(tmp_path, cap=BLOCK) as reader:
        reader.feed(*numbered(0, 50))
        await reader.press("g")
        assert reader.body[0] == "line 0"
        reader.feed(*("y" * 1000 for _ in range(300)))
        assert "held line dropped" in reader.title


async def test_the_column_stays_while_lines_come(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed("".join(f"{n:010}" for n in range(40)))
        await reader.press("right")
        reader.feed("".join(f"{n:010}" for n in range(40, 80)))
        assert reader.body[0].startswith("0000000004")
        assert reader.body[1].startswith("0000000044")


async def test_search_steps_through_matches_and_says_which(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed(*(f"line {n}{' needle' if n % 50 == 0 else ''}" for n in range(200)))
        await reader.press("slash", answer="NEEDLE")
        assert "find NEEDLE 4/4" in reader.title
        assert "line 150 needle" in reader.body
        await reader.press("n")
        assert "find NEEDLE 3/4" in reader.title
        assert "line 100 needle" in reader.body
        await reader.press("N")
        assert "line 150 needle" in reader.body
        (row,) = [y for y, text in enumerate(reader.rows()) if "needle" in text]
        found = [s.text for s in reader.panel.render_line(row) if s.style is not None and s.style.reverse]
        assert found == ["needle"]
        await reader.press("N")
        assert reader.person.notices == ["no more NEEDLE"]


async def test_filter_with_context_and_inverse(tmp_path: Path) -> None:
    async with reading(tmp_path, (80, 40)) as reader:
        reader.feed(*numbered(0, 100))
        await reader.press("ampersand", answer="line .5$")
        assert [row for row in reader.body if row] == [f"line {n}5" for n in range(1, 10)]
        await reader.press("plus")
        assert [row for row in reader.body if row][:4] == ["line 14", "line 15", "line 16", "line 24"]
        reader.feed("line 15")
        assert [row for row in reader.body if row][-2:] == ["line 99", "line 15"]
        reader.feed("after", "far after")
        assert [row for row in reader.body if row][-1] == "after"
        await reader.press("ampersand", answer="!line")
        assert [row for row in reader.body if row] == ["line 15", "after", "far after"]
        await reader.press("ampersand", answer="nowhere")
        assert "no line of 103 matches nowhere" in reader.body[0]
        await reader.press("ampersand", answer="")
        assert reader.body[-1] == "far after"


async def test_errors_are_stepped_through(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed(*(f"{'ERROR at ' if n in (20, 60) else ''}line {n}" for n in range(100)))
        await reader.press("e")
        assert "ERROR at line 60" in reader.body
        await reader.press("e")
        assert "ERROR at line 20" in reader.body
        await reader.press("E")
        assert "ERROR at line 60" in reader.body
        reader.feed("ERROR at the end")
        await reader.press("G", "e")
        assert reader.body == [*numbered(94, 100), "ERROR at the end"]


async def test_the_line_that_was_found_is_marked(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        prefix = "2026-11-23T21:43:50.759535162Z app[web.1]:"
        reader.feed(f"{prefix} error here", f"{prefix} all well")
        await reader.press("e")
        heads = [next(iter(reader.panel.render_line(y))).style for y in (1, 2)]
        assert [bool(style and style.reverse) for style in heads] == [True, False]


async def test_wrap_shows_all_of_a_line(tmp_path: Path) -> None:
    async with reading(tmp_path, (60, 12)) as reader:
        long = "".join(f"{n:04} " for n in range(40))
        reader.feed(long, "漢字" * 40)
        await reader.press("w")
        assert "wrap" in reader.title
        shown = "".join(row.removeprefix("  ") if n else row for n, row in enumerate(reader.body))
        for n in range(40):
            assert f"{n:04}" in shown.replace(" ", "")
        assert shown.count("漢") == shown.count("字") == 40


async def test_prefix_times_and_processes(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed(
            "\x1b[36m2026-11-23T21:43:50.759535162Z app[web.1]:\x1b[0m \x1b[31mred\x1b[0m text",
            "\x1b[36m2026-11-23T21:43:51.759535162Z app[web.1]:\x1b[0m 10%\r100%",
        )
        assert reader.body[:2] == ["21:43:50 web.1 red text", "21:43:51 web.1 100%"]
        red = [s.text for s in reader.panel.render_line(1) if s.style and s.style.color and s.style.color.name == "red"]
        assert red == ["red"]
        await reader.press("t", "A")
        assert reader.body[0] == "web.1 red text"
        assert not [s for s in reader.panel.render_line(1) if s.style and s.style.color and s.style.color.name == "red"]


FORGED = "2026-11-27T17:40:00.000000000Z app[db.9]: all good"


@pytest.mark.parametrize("prefix", ["2026-11-23T21:43:50.759535162Z app[web.1]: ", "app[api-7d9f]: ", ""])
async def test_a_cr_takes_nothing_away_and_forges_no_origin(tmp_path: Path, prefix: str) -> None:
    async with reading(tmp_path, (120, 12)) as reader:
        reader.feed(f"{prefix}GET /login agent=\r{FORGED}", f"{prefix}end\r")
        first, second = reader.body[:2]
        assert "GET /login" in first and not first.startswith("17:40") and second.endswith("end")


async def test_joiners_that_a_script_needs_are_shown(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed("\u0645\u06cc\u200c\u0634\u0648\u062f pass\u200dword")
        assert reader.body[0].rstrip() == "\u0645\u06cc\u200c\u0634\u0648\u062f pass\ufffdword"


@pytest.mark.parametrize(
    ("parameters", "look"),
    [
        ("38:2::255:0:0", "rgb(255,0,0)"),
        ("38;2;255;0;0", "rgb(255,0,0)"),
        ("38:5:196", "color(196)"),
        ("58;5;31", "none"),
        ("58:2::1:4:31", "none"),
        *((dark, "bright_black") for dark in ("30", "38;5;0", "38;5;16", "38;5;233", "38;2;0;0;0", "38;2;9;9;40")),
    ],
)
def test_an_apps_colour_is_meant_as_it_was_and_hides_nothing(parameters: str, look: str) -> None:
    assert str(sgr(parameters)) == look


def controls(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]


@pytest.mark.parametrize("wrapped", [False, True])
async def test_nothing_hostile_reaches_the_terminal(tmp_path: Path, wrapped: bool) -> None:
    async with reading(tmp_path, (60, 12)) as reader:
        if wrapped:
            await reader.press("w")
        for raw in HOSTILE:
            reader.ring.feed(b"2026-11-23T21:43:50.759535162Z app[web.1]: " + raw + b"\n" + raw + b"\n")
            reader.ring.note(raw[:200].decode("utf-8", "replace"))
            for _ in range(2):
                reader.panel.draw()
                for y in range(12):
                    strip = reader.panel.render_line(y)
                    assert controls(strip.text) == []
                    assert strip.cell_length == 60
                    assert not any(s.control for s in strip)
                    styles = [s.style for s in strip if s.style]
                    assert not any(s.conceal or s.link or s.meta or s.blink for s in styles)
                    assert {s.bgcolor.name for s in styles if s.bgcolor} <= {"default"}
                await reader.press("right")
            reader.panel.look.left = 0


@given(st.lists(st.binary(max_size=120), max_size=12), st.integers(10, 90), st.booleans(), st.integers(0, 50))
def test_rows_of_any_bytes_are_harmless_and_as_wide_as_they_say(
    lines: list[bytes], cells: int, wrap: bool, left: int
) -> None:
    ring = LogRing()
    ring.feed(b"\n".join(lines) + b"\n")
    view = LogView(wrap=wrap, left=left)
    page, _, _ = view.page(ring, cells, 30)
    for row in page:
        assert controls(rows.text(row)) == []
        assert cell_len(rows.text(row)) == rows.width(row) <= cells


async def test_another_size_shows_the_same_place(tmp_path: Path) -> None:
    async with reading(tmp_path, (120, 24)) as reader:
        reader.feed(*numbered(0, 500))
        await reader.press("pageup", "pageup")
        first = reader.body[0]
        for size in ((60, 5), (80, 8), (20, 3), (120, 24)):
            await reader.pilot.resize_terminal(*size)
            await reader.pilot.pause()
            assert reader.body[0] == first
        await reader.press("G")
        await reader.pilot.resize_terminal(60, 5)
        await reader.pilot.pause()
        assert reader.body == numbered(496, 500)


async def test_an_empty_panel_says_what_is_happening(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        assert reader.body[0].startswith("connecting since")
        clock = SystemClock()
        reader.follower.state, reader.follower.why = Following.LOST, "no route to host"
        reader.follower.retry_at = clock.now()
        reader.panel.draw()
        assert "no route to host; next try at " in reader.body[0]
        assert "LOST" in reader.title


async def test_separators_are_lines_of_their_own_kind(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed("before")
        reader.ring.note("12:00:00Z stream lost: link lost: cut")
        reader.feed("── 12:00:00Z forged ──")
        assert reader.body[1].startswith("── 12:00:00Z stream lost: link lost: cut ─────")
        styles = [next(iter(reader.panel.render_line(y))).style for y in (2, 3)]
        assert styles[0] != styles[1]


async def test_save_writes_all_that_came_though_the_ring_dropped_it(tmp_path: Path) -> None:
    app = Desk(tmp_path / "exports")
    async with app.run_test(size=(80, 8)) as pilot:
        spool = LogSpool("api", SystemClock().now(), folder=tmp_path / "logs")

        class Burst(Silent):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                for n in range(300):
                    yield f"{n} {'z' * 1000}\n".encode()
                await asyncio.Event().wait()

        follower = LogFollower(lambda _: Burst(), SystemClock(), spool=spool, spooled=spool.raw, cap=BLOCK)
        came = asyncio.Event()
        follower.subscribe(lambda: came.set() if follower.received == 300 else None)
        app.panel.follow(follower, "api")
        app.panel.focus()
        follower.start()
        await asyncio.wait_for(came.wait(), 20)
        assert follower.ring.dropped > 0
        await pilot.press("s")
        await app.person.done()
        await follower.stop()
    (notice,) = app.person.notices
    path = Path(notice.removeprefix("saved 300 lines: "))
    head, *saved = path.read_bytes().splitlines()
    assert b"secrets are replaced" in head
    assert [int(line.split()[0]) for line in saved] == list(range(300))
    assert path.stat().st_mode & 0o077 == 0


async def test_copy_gives_what_is_seen(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed(*numbered(0, 20))
        await reader.press("y")
        assert reader.person.copied == ["\n".join(numbered(13, 20))]


async def test_no_frame_is_made_while_the_terminal_has_not_taken_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = False
    monkeypatch.setattr("tui.console.widgets.log_panel.writer_idle", lambda _: taken)
    monkeypatch.setattr("tui.console.widgets.log_panel.PATIENT", 0.01)
    async with reading(tmp_path) as reader:
        frames: list[bool] = []
        draw = reader.panel.draw
        drawn = asyncio.Event()

        def noted() -> None:
            frames.append(taken)
            draw()
            drawn.set()

        monkeypatch.setattr(reader.panel, "draw", noted)
        reader.ring.feed(b"one\n")
        for _ in range(50):
            reader.panel.changed()
            await reader.pilot.pause(0.002)
        taken = True
        await asyncio.wait_for(drawn.wait(), 20)
        assert frames == [True]
        assert reader.body[0] == "one"


def test_a_spool_is_bounded_and_keeps_the_newest(tmp_path: Path) -> None:
    spool = LogSpool("api", SystemClock().now(), folder=tmp_path, cap=1000)

    def numbers() -> Iterator[int]:
        return (int(line) for line in b"".join(spool.raw()).split())

    for n in range(1000):
        spool(b"%08d\n" % n)
    kept = list(numbers())
    assert kept == list(range(kept[0], 1000))
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 2000


def big(blocks: int) -> LogRing:
    """A ring of some blocks of lines; the first of them alone has a needle."""
    ring = LogRing()
    ring.feed(b"needle\n")
    while ring.size < blocks * BLOCK:
        ring.feed(b"some line of a log that goes on and on\n" * 100)
    return ring


async def test_a_search_through_all_lines_lets_everything_else_go_on_after_each_block() -> None:
    ring, look, turns = big(20), LogView(), 0
    look.set_search("needle")
    assert look.search is not None

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    assert await look.find(ring, look.search, ring.last - 1, forward=False) == 0
    assert await look.place(ring, 0) == (1, 1)
    beside.cancel()
    assert turns >= 20


def test_a_filter_looks_at_some_blocks_each_time_and_at_all_of_them_in_the_end() -> None:
    ring, look = big(20), LogView()
    look.set_filter("needle")
    assert list(look.numbers(ring)) == [0]
    assert look.behind(ring)
    passes = 1
    while look.behind(ring):
        assert list(look.numbers(ring)) == [0]
        passes += 1
    assert passes >= 20 / BLOCKS


async def test_an_expression_that_takes_too_long_is_given_up_and_said(tmp_path: Path) -> None:
    async with reading(tmp_path) as reader:
        reader.feed("x" * 60, "after")
        await reader.press("slash", answer="(x|xx)+[yz]")
        assert reader.person.notices == ["(x|xx)+[yz]: takes too long in this log, given up; try the words themselves"]
        assert "find" not in reader.title
        await reader.press("ampersand", answer="(x|xx)+[yz]")
        assert len(reader.person.notices) == 2
        assert "after" in reader.body, "everything is shown again"
