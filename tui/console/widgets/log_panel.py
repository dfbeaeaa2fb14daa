"""The log panel: draws what is visible of a ring, a few times a second, and only when the terminal keeps up."""

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.console import actions_and_keys
from tui.console.drawing import log_time, log_title
from tui.console.drawing.log_view import TROUBLE, LogView
from tui.console.drawing.palette import Palette
from tui.console.drawing.rows import Row
from tui.console.log_search import TooSlow
from tui.console.terminal import writer_idle
from tui.console.widgets.panel import Panel
from tui.text.redact import HEAD, Redactor

if TYPE_CHECKING:
    from tui.engine.monitor.log_follower import LogFollower

PAINT_EVERY = 0.25
"""seconds between frames while lines keep coming: at 80x24 less than 12 KiB/s at any rate of lines"""
PAINT_SOON = 0.05
"""seconds to the frame of a line that comes after a silence"""
PATIENT = 0.5
"""seconds to the next try when the terminal has not taken the last frame yet"""


class Asking(Protocol):
    """Who asks the person for a line of text, and takes copies and notices."""

    def ask_for(self, prompt: str, initial: str) -> Awaitable[str | None]: ...

    async def copy(self, text: str, name: str) -> bool: ...

    def notice(self, text: str, look: str = "ok") -> None: ...

    def begin_work(self, work: Callable[[], Awaitable[None]]) -> None: ...


class LogPanel(Panel, can_focus=True):
    """One service's log, or several as one."""

    class LogChosen(Message):
        """Another log is wanted, or one more."""

    BINDINGS: ClassVar[list[BindingType]] = actions_and_keys.bindings(actions_and_keys.LOG)
    where = actions_and_keys.LOG

    def __init__(self, palette: Palette, name: str, asking: Asking, exports: Path) -> None:
        super().__init__(palette, name)
        self.look = LogView()
        self.follower: LogFollower | None = None
        self._asking = asking
        self._exports = exports
        self._service = ""
        self.several = False
        """the logs of all services that the table shows are wanted, as one"""
        self._due = False
        self._drawn_at = 0.0
        self._hits: tuple[int, int] | None = None
        """its place among the lines that matched then, and their number"""
        self._shown_from = 0
        self._shown_to = -1
        self._steps: deque[Callable[[], Awaitable[None]]] = deque()
        """steps from match to match that were asked for, the first one under way"""
        self._unsubscribe: Callable[[], None] | None = None

    # ── what to show ─────────────────────────────────────────────────────────────────────────────────────────────

    def follow(self, follower: "LogFollower | None", name: str, services: tuple[str, ...] = ()) -> None:
        """Show this log from now on; how it is looked at stays. `services`: whose lines it has, if several."""
        if follower is self.follower:
            return
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.follower, self._service = follower, name
        self.look.top = None
        self.look.services = services
        self.look.set_filter(self.look.filter_words)
        self.look.set_search(self.look.words)
        self.look.at, self._hits = None, None
        self._unsubscribe = follower.subscribe(self.changed) if follower is not None else None
        self.draw()

    def changed(self) -> None:
        """Something came; drawn with the next frame."""
        if not self._due:
            self._due = True
            delay = max(PAINT_SOON, PAINT_EVERY - (monotonic() - self._drawn_at))
            self.call_later(self.set_timer, delay, self._frame)  # whoever says so may know no app: a timer must

    def _frame(self) -> None:
        if not writer_idle(self.app):
            self.set_timer(PATIENT, self._frame)  # the frame is dropped before it is written: the next one is newer
            return
        self._due = False
        self.draw()

    def draw(self) -> None:
        """One frame."""
        self._drawn_at = monotonic()
        follower = self.follower
        if follower is None or not self.size.height:
            self.show((("LOGS ", "title"),), [])
            return
        ring = follower.ring
        height = self.size.height - (1 if self.size.height > 1 else 0)
        page, self._shown_from, self._shown_to = self.look.page(ring, self.size.width, height)
        if not page:
            page = [log_title.nothing(follower, self.look)]
        if self.look.too_slow:
            words, self.look.too_slow = self.look.too_slow, ""
            self._hits = None
            self._asking.notice(f"{words}: takes too long in this log, given up; try the words themselves", "warn")
        if self.look.behind(ring):
            self.changed()
        said = log_title.title(self._service, follower, self.look, self._shown_to, self._hits)
        self.show(said, page)

    def _fitted(self, row: Row) -> Row:
        """The row as it is: the rest of it, further to the right, is shown by the arrow keys."""
        return row

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _to(self, number: int | None) -> None:
        self.look.top = number
        self.draw()

    def action_line(self, step: int) -> None:
        """One line; going up holds the view, coming to the end follows again."""
        if self.follower is None:
            return
        ring = self.follower.ring
        top = self.look.moved(ring, step, self._shown_from)
        if step > 0 and self._shown_to >= ring.last - 1:
            self._to(None)
        else:
            self._to(top)

    def action_page(self, step: int) -> None:
        """A window's height."""
        for_lines = max(1, self.size.height - 2)
        self.action_line(step * for_lines)

    def action_side(self, step: int) -> None:
        """Move to the side by half a window; following does not touch it."""
        self.look.left = max(0, self.look.left + step * max(8, self.size.width // 2))
        self.draw()

    def action_oldest(self) -> None:
        """The oldest line kept."""
        if self.follower is not None:
            self._to(self.follower.ring.first)

    def action_newest(self) -> None:
        """Follow."""
        self._to(None)

    def action_follow(self) -> None:
        """Hold where it is, or follow."""
        self._to(self._shown_from if self.look.top is None else None)

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────

    def action_search(self) -> None:
        """Search upwards from the newest line shown; n and N go on."""

        answer = self._asking.ask_for("search: ", self.look.words)

        async def ask() -> None:
            said = await answer
            if said is None:
                return
            self.look.set_search(said)
            self._hits = None
            self._steps.clear()
            if said:
                self._go(self._first_match)
            self.draw()

        self._asking.begin_work(ask)

    def action_again(self, step: int) -> None:
        """The next match up (n) or down (N): the newest lines are at the bottom."""
        if self.look.search is not None:
            self._go(lambda: self._next_match(step))

    def action_trouble(self, step: int) -> None:
        """The next error up (e) or down (E)."""
        self._go(lambda: self._next_trouble(step))

    def _go(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take one step after the other; 32 MB are looked through beside everything else."""
        self._steps.append(step)
        if len(self._steps) == 1:
            self._asking.begin_work(self._take_steps)

    async def _take_steps(self) -> None:
        while self._steps:
            try:
                await self._steps[0]()
            except TooSlow:
                self.look.too_slow = self.look.words
                self.look.set_search("")
                self.draw()
            if self._steps:
                self._steps.popleft()

    async def _first_match(self) -> None:
        await self._find(self._shown_to, forward=False)

    async def _next_match(self, step: int) -> None:
        here = self._shown_to if self.look.at is None else self.look.at
        await self._find(here - 1 if step > 0 else here + 1, forward=step < 0)

    async def _find(self, start: int, *, forward: bool) -> None:
        follower, wanted = self.follower, self.look.search
        if follower is None or wanted is None:
            return
        found = await self.look.find(follower.ring, wanted, start, forward=forward)
        if follower is not self.follower or wanted is not self.look.search:
            return  # the person went on to something else
        if found is None:
            self._asking.notice(f"no more {self.look.words}", "warn")
            return
        self.look.at = found
        self._show_line(found)
        hits = await self.look.place(follower.ring, found)
        if wanted is self.look.search and self.look.at == found:
            self._hits = hits
            self.draw()

    async def _next_trouble(self, step: int) -> None:
        follower = self.follower
        if follower is None:
            return
        at = self.look.at
        here = at if at is not None and self._shown_from <= at <= self._shown_to else self._shown_to + 1
        start = here - 1 if step > 0 else here + 1
        found = await self.look.find(follower.ring, TROUBLE, start, forward=step < 0)
        if follower is not self.follower:
            return
        if found is None:
            self._asking.notice("no more errors that way", "warn")
            return
        self.look.at = found
        self._show_line(found)

    def _show_line(self, number: int) -> None:
        if self.follower is not None:
            self._to(self.look.around(self.follower.ring, number, max(1, self.size.height - 1)))

    def line_at_hand(self) -> str:
        """The line that was found last, without its looks, where it is shown; empty where none is."""
        at, follower = self.look.at, self.follower
        if follower is None or at is None or not self._shown_from <= at <= self._shown_to:
            return ""
        return self.look.words_of(follower.ring, at)

    def action_filter(self) -> None:
        """Only lines that match; `!` in front inverts."""

        answer = self._asking.ask_for("filter (! inverts): ", self.look.filter_words)

        async def ask() -> None:
            said = await answer
            if said is not None:
                self.look.set_filter(said)
                self._to(None)

        self._asking.begin_work(ask)

    def action_context(self, step: int) -> None:
        """Lines shown around each match of the filter: 0 to 9."""
        self.look.context = max(0, min(9, self.look.context + step))
        self.look.set_filter(self.look.filter_words)
        self.draw()

    # ── looks ────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_wrap(self) -> None:
        """Long lines on several rows, or cut."""
        self.look.wrap = not self.look.wrap
        self.draw()

    def action_together(self) -> None:
        """The logs of all services that the table shows as one, or that of the service at the cursor."""
        self.several = not self.several
        self.post_message(self.LogChosen())

    def action_time(self, minutes: int) -> None:
        """So many minutes further, by the time of the first line shown."""
        follower = self.follower
        if follower is None or not len(follower.ring):
            return
        found = log_time.line_at(follower.ring, self._shown_from, timedelta(minutes=minutes))
        if found is None:
            self._asking.notice("no line of that time is kept", "warn")
        elif found >= follower.ring.last:
            self._to(None)
        else:
            self._to(found)

    def action_stamps(self) -> None:
        """Times, or more room."""
        self.look.stamps = not self.look.stamps
        self.draw()

    def action_colours(self) -> None:
        """The app's own colours, or none."""
        self.look.colours = not self.look.colours
        self.draw()

    # ── taking along ─────────────────────────────────────────────────────────────────────────────────────────────

    def action_save(self) -> None:
        """Everything that came to a file whose path stays on screen: as it came, but without secrets."""
        follower = self.follower
        if follower is None:
            return
        path = self._exports / f"log-{self._service}-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"

        async def save() -> None:
            try:
                lines = await asyncio.to_thread(_written, path, await follower.whole())
            except OSError as error:
                self._asking.notice(f"not saved: {error}", "down")
                return
            self._asking.notice(f"saved {lines} lines: {path}")

        self._asking.begin_work(save)

    async def action_copy(self) -> None:
        """Copy what is visible, as text."""
        text = "\n".join("".join(piece for piece, _ in row) for row in self._rows)
        await self._asking.copy(text, f"log-{self._service}")

    def on_resize(self, event: events.Resize) -> None:
        """Another window."""
        self.draw()
        self._shown = self.lines()
        self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        self.action_line(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        self.action_line(3)


def _written(path: Path, parts: Iterator[bytes]) -> int:
    """In a thread. Lines written; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    count = 0
    redactor = Redactor()
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        out.write(HEAD.encode())
        for part in parts:
            out.write(redactor.feed(part))
            count += part.count(b"\n")
        out.write(redactor.flush())
    return count
