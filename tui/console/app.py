"""The application: panels on a desk, keys, the rhythm of drawing, and a start that paints before it thinks.

The first screen needs no engine: it is painted, then the engine is built (its drivers cost more to import than the
whole screen), then polling begins. Nothing in here decides anything about an incident; `front` and the engine do.
"""

import asyncio
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from tui.console import actions, rows, views
from tui.console.desk import Desk
from tui.console.keyboard import Keyboard
from tui.console.layout import SMALLEST
from tui.console.opened import Opened
from tui.console.palette import Palette
from tui.console.rows import Row
from tui.console.widgets.ask import AskLine, Live
from tui.console.widgets.board import ServiceTable
from tui.console.widgets.hint import HintBar
from tui.console.widgets.log_panel import LogPanel
from tui.console.widgets.panel import Panel
from tui.console.widgets.work import WorkPanel
from tui.console.words import QUESTIONS
from tui.incident import telling
from tui.model.errors import ConsoleError
from tui.model.incident import Question
from tui.model.redact import redact

if TYPE_CHECKING:  # the first screen is painted before any of these is imported
    from tui.console.front import Front
    from tui.console.pages.leave import Open
    from tui.console.pages.page import Page
    from tui.engine.board import Board
    from tui.engine.engine import Engine
    from tui.model.service import Service

DRAW_AFTER = 0.1
"""seconds in which changes are collected before they are drawn: ten frames a second at most"""
SAVE_EVERY = timedelta(seconds=15)
"""between two saves of the board for the next start's first screen"""
NOTES = (
    "Signs: ● OK, ▲ needs attention, ■ down or failed, ? not known or too old. Every state is a word, too.",
    "Capital letters begin what may change a host; none of them changes anything by itself: a plan with its exact "
    "commands comes first, the cursor stands on Cancel, and a key held down or pressed twice chooses nothing.",
    "Closing a panel changes nothing. What was sent to a host is finished there, whatever happens to this terminal.",
)
ALARMS = frozenset({Question.WATCH_BREACHED, Question.VERIFY_FAILED, Question.OUTCOME_UNKNOWN, Question.WHAT_NEXT})


class ConsoleApp(App[int]):
    """The console."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = actions.bindings(actions.EVERYWHERE)
    where = actions.EVERYWHERE
    DEFAULT_CSS = """
    Screen { background: ansi_default; color: ansi_default; overflow: hidden; }
    """

    def __init__(
        self,
        make_engine: "Callable[[Callable[[str], str]], Engine]",
        *,
        palette: Palette,
        watch_for: timedelta | None,
        exports: Path,
        saved_board: "Callable[[Board], None] | None" = None,
        copy_out: Callable[[str, str], str] | None = None,
    ) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.palette = palette
        self.front: Front | None = None
        self.failure: ConsoleError | None = None
        """why the console could not start, if so"""
        self._make_engine = make_engine
        self._watch_for = watch_for
        self._exports = exports
        self._saved_board = saved_board
        self._saved_at: datetime | None = None
        self._copy_out = copy_out
        self._notice: tuple[str, str] = ("", "ok")
        self._due = False
        self._told_found = False
        self._asked: dict[str, Question | None] = {}
        self._secrets: deque[tuple[str, asyncio.Future[str | None]]] = deque()
        """passphrases that are waited for"""
        self._untold: set[tuple[str, str, str]] = set()
        self._timeline_stamp: object = None
        self._header = Panel(palette, "header", titled=False)
        self._board = ServiceTable(palette, "board")
        self._work = WorkPanel(palette, "work", clock=self._monotonic, run=self.begin_work, copy=self.copy)
        self._logs = LogPanel(palette, "logs", self, exports)
        self._timeline = Panel(palette, "timeline")
        self._hint = HintBar(palette, "hint", titled=False)
        self._small = Panel(palette, "small", titled=False)
        self._ask = AskLine(palette, "ask")
        self._desk = Desk(
            self._header, self._board, self._work, self._logs, self._timeline, self._hint, self._ask, self._small
        )
        self.keyboard = Keyboard((self._board, self._work, self._logs), self._ask)
        self._opened = Opened(self._work)

    # ── start and end ────────────────────────────────────────────────────────────────────────────────────────────

    def compose(self) -> ComposeResult:
        """One desk."""
        yield self._desk

    def on_mount(self) -> None:
        """Paint what there is, then build the engine."""
        self._header.show((), [((" starting", "bold"),)])
        self._desk.arrange_again()
        self._ask.changed = self._asks
        self.keyboard.settle()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.run_worker(self._started(), exit_on_error=False, group="start")

    async def _started(self) -> None:
        loop = asyncio.get_running_loop()

        def passphrase(prompt: str) -> str:
            asked = asyncio.run_coroutine_threadsafe(self._ask_secret(prompt), loop)
            return asked.result() or ""

        try:
            engine = await asyncio.to_thread(self._built, passphrase)
        except ConsoleError as error:
            self.failure = error
            self.exit(return_code=2)
            return
        from tui.console.front import Front
        from tui.engine.board import Board

        board = Board(engine)
        watch_for = self._watch_for or engine.fleet.watch.after_rollback
        self.front = Front(self, engine, board, watch_for, self._exports)
        self._desk.services = len(engine.fleet.services)
        board.subscribe(self.changed)
        board.start()
        engine.notices.subscribe(self.changed)
        engine.notices.start()
        engine.duty.subscribe(self.changed)
        engine.duty.ask()
        engine.evidence.follow(sorted(engine.fleet.services, key=lambda s: s.order))
        self.set_interval(1.0, self._draw)
        self._desk.arrange_again()
        self._draw()
        for warning in engine.fleet.warnings[:1]:
            more = len(engine.fleet.warnings) - 1
            tail = f" (and {more} more: rollback check)" if more > 0 else ""
            self.notice(f"services.yaml: {warning}{tail}", "warn")
        await self.front.look_for_open()

    def _built(self, passphrase: Callable[[str], str]) -> "Engine":
        """In a thread: imports and files must not hold up the screen."""
        import tui.console.front
        import tui.engine.board  # noqa: F401

        return self._make_engine(passphrase)

    async def shut(self) -> None:
        """End the polls and the engine's part; what was sent goes on at its host. Called after the screen is gone."""
        if self.front is not None:
            self._save_board(self.front)
            await self.front.board.stop()
            await self.front.stop_logs()
            await self.front.engine.close()

    def _save_board(self, front: "Front") -> None:
        """What the next start shows first."""
        self._saved_at = front.engine.clock.now()
        if self._saved_board is not None:
            self._saved_board(front.board)

    def _monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def begin_work(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin an action; a fault of ours is shown and never ends the console."""
        self.run_worker(self._guarded(work), exit_on_error=False)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ConsoleError as error:
            self.notice(rows.safe(f"{error.message} {error.fix}"), "down")
        except Exception as error:  # noqa: BLE001 - the edge: shown to the person, the console stays
            self.notice(rows.safe(f"a fault of the console: {type(error).__name__}: {error}"), "down")
        self.changed()

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def changed(self) -> None:
        """Something is new; it is drawn soon, together with whatever else is new by then."""
        if not self._due:
            self._due = True
            self.set_timer(DRAW_AFTER, self._draw)

    def _draw(self) -> None:
        """Everything that is shown, from what is known now. A fault in here is shown and draws again in a second: it
        must not take the console away from somebody in the middle of a rollback."""
        self._due = False
        front = self.front
        if front is None or not self._desk.is_mounted:
            return
        try:
            self._draw_all(front)
        except Exception as error:  # noqa: BLE001 - shown to the person
            self._notice = (rows.safe(f"a fault of the console: {type(error).__name__}: {error}"), "down")
            self._draw_hint()

    def _fatal_error(self) -> None:
        """As Textual, but without the values of variables and without secrets."""
        trace = redact(traceback.format_exc())
        self._exit_renderables.append(Text(trace))
        self._close_messages_no_wait()

    def _draw_all(self, front: "Front") -> None:
        now = front.engine.clock.now()
        incidents = front.incidents()
        self._notice_questions(front)
        self._notice_untold(front)
        statuses = front.board.statuses()
        self._board.draw(statuses, incidents, now)
        self._work.draw()
        self._draw_header(front, now)
        if self._timeline.display:
            self._draw_timeline(front)
        self._draw_hint()
        self._follow_log(front)
        if not self._told_found and all(s.listed_at is not None or s.trouble for s in statuses):
            self._told_found = True
            front.onward.tell_found()
        if self._saved_at is None or now - self._saved_at >= SAVE_EVERY:
            self._save_board(front)
        for faults in (front.board.errors, front.engine.notices.errors):
            if faults:
                self.notice(rows.safe(faults.pop(0)), "down")

    def _follow_log(self, front: "Front") -> None:
        """The log of the service at the cursor; an incident's log goes on being taken in meanwhile."""
        name = self._board.selected
        if name is not None:
            self._logs.follow(front.log_of(name), name)

    def _draw_header(self, front: "Front", now: datetime) -> None:
        fleet = front.engine.fleet
        selected = fleet.service(self._board.selected or "") or fleet.services[0]
        host = fleet.host(selected.host)
        row = views.header(
            environment=fleet.environment,
            host=host,
            link=front.board.link(host.name),
            read_only=front.engine.gate.read_only,
            by=front.engine.by,
            incident=front.incident(self._board.selected),
            now=now,
            cells=self._header.size.width,
            palette=self.palette,
        )
        self._header.show((), [row])

    def _draw_timeline(self, front: "Front") -> None:
        incident = front.incident(self._board.selected)
        room = max(1, self._timeline.size.height - 1)
        if incident is not None and front.timeline:
            title, content = (("TIMELINE ", "title"), (incident.id, "dim")), front.timeline[-room:]
        else:
            sent = list(front.engine.gate.trail)[-room:]
            title = (("COMMANDS SENT ", "title"), ("newest last", "dim"))
            content = [views.trail_row(one) for one in sent]
        self._timeline.show(title, list(content))

    def _draw_hint(self) -> None:
        if self._hint.display:
            self._hint.draw(self.screen, *self._notice)

    def _notice_questions(self, front: "Front") -> None:
        """A question that nobody is looking at is said in the last row, with a bell when it is an alarm."""
        for name, wizard in front.wizards.items():
            incident = wizard.incident
            asking = incident.asking if incident is not None else None
            if self._asked.get(name) is asking:
                continue
            self._asked[name] = asking
            self.begin_work(lambda: front.read_timeline(self._board.selected))
            if asking in ALARMS:
                self.bell()
                if self._work.page is not wizard:
                    self.notice(f"{name}: {QUESTIONS[asking]} (5 shows it)", "down")
        if any(w.walk is not None for w in front.wizards.values()):
            self._read_timeline_when_new(front)

    def _notice_untold(self, front: "Front") -> None:
        """What could not be told to people is said once in the last row, whatever page is open."""
        for name, wizard in front.wizards.items():
            incident = wizard.incident
            for one in telling.standing(incident.deliveries) if incident is not None else ():
                key = (name, one.milestone, one.channel)
                if one.delivered:
                    self._untold.discard(key)
                elif key not in self._untold:
                    self._untold.add(key)
                    self.notice(rows.safe(f"{name}: NOT DELIVERED: {one.channel}: {one.detail}"), "warn")

    def _read_timeline_when_new(self, front: "Front") -> None:
        incident = front.incident(self._board.selected)
        stamp: object = None
        if incident is not None:
            counts = (len(incident.runs), len(incident.decisions), len(incident.deliveries))
            stamp = (incident.id, incident.since, *counts)
        if stamp != self._timeline_stamp:
            self._timeline_stamp = stamp
            self.begin_work(lambda: front.read_timeline(self._board.selected))

    def on_desk_fitted(self) -> None:
        """Everything has another place."""
        columns, lines = SMALLEST
        have = self._desk.size
        said = f"need {columns}x{lines}, have {have.width}x{have.height}; q quits"
        under_way = self.front.under_way() if self.front is not None else []
        content: list[Row] = [((said, "warn"),)]
        content += [((f"{i.service}: {i.state.value} goes on", "run"),) for i in under_way]
        self._small.show((), content)
        self.keyboard.settle()
        self.call_after_refresh(self._draw)

    # ── the surface that pages see ───────────────────────────────────────────────────────────────────────────────

    def open_page(self, page: "Page") -> None:
        """Show a page in the work panel, and give it the keys: only as the consequence of the person's last word."""
        if not self.keyboard.decides():
            how = "5 shows it" if page.name == "wizard" else "press its key again to see it"
            self.notice(f"{page.name}: not opened, you went on to something else meanwhile; {how}", "warn")
            return
        before = self._opened.page
        if before is not page and before is not None and before.name != "wizard":
            self.begin_work(before.closed)
        self._desk.work = True
        self._desk.arrange_again()
        self._opened.put(page, self.keyboard.at)
        self._board.pinned = True
        self.keyboard.go(self._work)
        self.changed()

    def close_work(self) -> None:
        """Close the page: the one under it shows again, else the work panel goes; the keys go where they were."""
        if not self.keyboard.decides():
            return
        before = self._opened.page
        came_from = self._opened.close()
        if before is not None and before.name != "wizard":
            self.begin_work(before.closed)
        if self._opened.page is None:
            self._desk.work = False
            self._desk.zoomed = None
            self._board.pinned = False
        self._desk.arrange_again()
        self.keyboard.go(came_from or self._board)
        self.changed()

    def notice(self, text: str, look: str = "ok") -> None:
        """Say something in the last row until it is dismissed."""
        self._notice = (redact(text), look)
        self.changed()

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None:
        """One line from the person; the keys go back to where they were."""
        return await self._asking(prompt, wanted=wanted, initial=initial)

    def ask_for(self, prompt: str, initial: str) -> Awaitable[str | None]:
        """One line, which may be empty; the line has the keys at once."""
        return self._asking(prompt, initial=initial, empty=True)

    async def _ask_secret(self, prompt: str) -> str | None:
        """A host's key needs its passphrase: the line does not open by itself, a key opens it."""
        waited: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._secrets.append((prompt, waited))
        self.notice(f"{prompt.rstrip(': ')} is needed: i types it", "warn")
        return await waited

    def action_passphrase(self) -> None:
        """Type what a host's key needs."""
        prompt, waited = self._secrets[0]
        answer = self._asking(prompt, secret=True)

        async def ask() -> None:
            said = await answer
            if self._secrets and self._secrets[0][1] is waited:
                self._secrets.popleft()
            if not waited.done():
                waited.set_result(said)

        self.begin_work(ask)

    def _asking(
        self,
        prompt: str,
        *,
        wanted: str | None = None,
        initial: str = "",
        secret: bool = False,
        empty: bool = False,
        live: Live | None = None,
    ) -> Awaitable[str | None]:
        """Open the line now; the answer can be awaited. Without a key of the person's it is not opened: None."""
        if not self.keyboard.decides():
            return _nothing()
        self._desk.asking = True
        self._desk.arrange_again()
        asked = self._ask.ask(prompt, wanted=wanted, initial=initial, secret=secret, empty=empty, live=live)
        return self._answered(asked)

    async def _answered(self, answer: Awaitable[str | None]) -> str | None:
        said = await answer
        self.keyboard.renewed()
        return said

    def _asks(self) -> None:
        """The line asks, or asks no more: the very next key goes where it belongs."""
        self._desk.asking = self._ask.asking
        self._desk.arrange_again()
        self.keyboard.settle()
        self.changed()

    async def copy(self, text: str, name: str) -> bool:
        """To a file always, to the terminal's clipboard where it takes it; says whether that was possible."""
        if self._copy_out is None:
            return False
        try:
            self.notice(self._copy_out(redact(self.palette.text(text)), name))
        except OSError as error:
            self.notice(f"not copied: {error}", "down")
            return False
        return True

    def select(self, service: str) -> None:
        """Put the cursor on this service."""
        if self.keyboard.decides():
            self._board.selected = service
            self.changed()

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def on_event(self, event: events.Event) -> None:
        """Keys are handled here, each one whole before the next; everything else as Textual does."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            with self.keyboard.pressed():
                await self._key(event)
                await asyncio.sleep(0)  # what the key began takes its first step: it may open a page or the line
        elif isinstance(event, events.Paste):
            if self._ask.asking:
                self._ask.paste(event.text)
        elif isinstance(event, events.MouseDown) and not event.is_forwarded:
            with self.keyboard.pressed():
                await super().on_event(event)
                self.keyboard.clicked()
        else:
            await super().on_event(event)

    async def _key(self, event: events.Key) -> None:
        """The application's own keys, then the line's while it asks, else those of the panel that has the keys."""
        self.app_focus = True
        self.keyboard.settle()
        if event.key != "enter" or self._ask.asking or self.keyboard.at is not self._work:
            self._work.note(event.key)
        if await self._check_bindings(event.key, priority=True):
            return
        if self._ask.asking:
            await self._ask.press(event)
        else:
            await self._check_bindings(event.key)

    def action_focus_next(self) -> None:
        """Tab: the next panel."""
        self._turn(1)

    def action_focus_previous(self) -> None:
        """Shift-Tab: the panel before."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        if self.keyboard.decides():
            self.keyboard.turn(step)
            self.changed()

    def on_service_table_selected(self) -> None:
        """Logs and header follow the cursor."""
        self.changed()

    def action_filter_services(self) -> None:
        """Filter the table."""

        answer = self._asking("filter services: ", initial=self._board.filter, empty=True)

        async def ask() -> None:
            said = await answer
            if said is not None:
                self._board.filter = said

        self.begin_work(ask)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the table of actions lets the key do anything here; what would do nothing is not offered."""
        return actions.possible(action, self, started=self.front is not None)

    @property
    def dismissable(self) -> bool:
        """Whether Esc has something to dismiss or close."""
        return bool(self._notice[0]) or self._desk.work

    @property
    def passphrase_wanted(self) -> bool:
        """Whether a host's key waits for its passphrase."""
        return bool(self._secrets)

    @property
    def anything_held(self) -> bool:
        """Whether a service is held or frozen on its host by somebody else."""
        return self.front is not None and bool(self.front.held())

    @property
    def incident_at_hand(self) -> bool:
        """Whether an incident is open, or the service at the cursor had one here."""
        return self.front is not None and self.front.incident(self._board.selected) is not None

    @property
    def on_its_incident(self) -> bool:
        """Whether the page of the incident of the service at the cursor has the keys."""
        led = self.front.wizards.get(self._board.selected or "") if self.front is not None else None
        return led is not None and self._opened.page is led and self.keyboard.at is self._work

    def _on_row(self, work: "Callable[[Front, Service], Awaitable[None]]") -> None:
        """Begin this for the service at the cursor as it is now, wherever the cursor goes meanwhile."""
        front, name = self.front, self._board.shown
        if front is None:
            return
        if name is None:
            self.notice("no service is shown: / changes the filter", "warn")
            return
        service = front.service(name)
        self.begin_work(lambda: work(front, service))

    def action_rollback(self) -> None:
        """Begin the walk for the service at the cursor; where an incident is open on another, ask which."""
        self._on_row(lambda front, service: front.begin(service))

    def action_wizard(self) -> None:
        """Show the incident that is open."""
        front = self.front
        if front is not None:
            selected = self._board.selected
            self.begin_work(lambda: front.show_open(selected))

    def action_releases(self) -> None:
        """The release picker."""

        async def show(front: "Front", service: "Service") -> None:
            front.releases(service)
            await front.board.refresh(service.name, every_source=True)

        self._on_row(show)

    def action_timeline(self) -> None:
        """What happened."""
        front = self.front
        if front is not None:
            selected = self._board.selected
            front.show_timeline(selected)
            self.begin_work(lambda: front.read_timeline(selected))

    def action_trail(self) -> None:
        """What was sent."""
        if self.front is not None:
            self.front.show_trail()

    def action_held(self) -> None:
        """What is held on the hosts."""
        if self.front is not None:
            self.front.onward.show_held()

    def action_postmortem(self) -> None:
        """The post-mortem of the incident at hand, else of the last one."""
        front = self.front
        if front is not None:
            selected = self._board.selected
            self.begin_work(lambda: front.last_postmortem(selected))

    def action_keep(self) -> None:
        """Keep what the service at the cursor runs."""
        self._on_row(lambda front, service: front.keep(service))

    def action_freeze(self) -> None:
        """Hold deploys back."""
        self._on_row(lambda front, service: front.freeze(service))

    def action_unfreeze(self) -> None:
        """Let deploys through again."""
        self._on_row(lambda front, service: front.unfreeze(service))

    def action_everything(self) -> None:
        """All services back to their previous releases."""
        front = self.front
        if front is not None:
            self.begin_work(front.onward.everything)

    def action_refresh_now(self) -> None:
        """Ask the service and its host now."""

        async def ask(front: "Front", service: "Service") -> None:
            await asyncio.gather(front.board.look(service.name), front.board.refresh(service.name))

        self._on_row(ask)

    def action_focus_board(self) -> None:
        """The keys go to the services, the very next one too."""
        self._go(self._board)

    def action_focus_logs(self) -> None:
        """The keys go to the log, the very next one too."""
        self._go(self._logs)

    def _go(self, panel: Widget) -> None:
        if self.keyboard.decides():
            self.keyboard.go(panel)
            self.changed()

    def action_zoom(self) -> None:
        """Give the panel with the keys what the others can spare; health and log stay."""
        here = "work" if self.focused is self._work else "logs"
        self._desk.zoomed = None if self._desk.zoomed else here
        self._desk.arrange_again()
        self.changed()

    def action_help(self) -> None:
        """The keys that work here."""
        from tui.console.offered import bound
        from tui.console.pages.keys import Help

        self.open_page(Help(bound(self, self.screen, self._board.shown), list(NOTES)))

    def action_palette(self) -> None:
        """Actions by name: what is typed finds them, Enter runs the one at the cursor."""
        from tui.console.offered import bound, services
        from tui.console.pages.keys import CommandPalette

        names = [s.name for s in self.front.engine.fleet.services] if self.front is not None else []
        found = bound(self, self.screen, self._board.shown) + services(names, self._go_to)
        page = CommandPalette(found)
        self.open_page(page)

        def typed(text: str) -> None:
            page.query = text
            self._work.draw()

        answer = self._asking("command: ", empty=True, live=Live(typed=typed, steer=self._work.steer))

        async def ask() -> None:
            said = await answer
            chosen = self._work.choice if said is not None and self._opened.page is page else None
            if self._opened.page is page:
                self.close_work()
            if chosen is not None and chosen.do is not None:
                await chosen.do()

        self.begin_work(ask)

    def _go_to(self, service: str) -> None:
        self._board.go_to(service)
        self._go(self._board)

    def action_close(self) -> None:
        """Dismiss the notice, else close the page; never anything else."""
        if self._notice[0]:
            self._notice = ("", "ok")
            self.changed()
        elif self._desk.work:
            self.close_work()

    def action_interrupt(self) -> None:
        """Ctrl-C never leaves by itself: it says what leaving means, where anything is open, else how to leave."""
        if self._ask.asking:
            self._ask.answer(None)
        elif self.left_open():
            self.action_leave()
        else:
            self.notice("q leaves the console", "warn")

    def left_open(self) -> "list[Open]":
        """The incidents that are open when the console is left now."""
        return self.front.left_open() if self.front is not None else []

    def action_leave(self) -> None:
        """Leave; where an incident is open, say what goes on without this console first."""
        if not self.left_open():
            self.exit(0)
            return
        from tui.console.pages.leave import Leave

        if self._ask.asking:  # Ctrl-Q: what was being typed is not said
            self._ask.answer(None)
        self.open_page(Leave(self.left_open, stay=self.close_work, leave=lambda: self.exit(0)))

    def export_text(self) -> str:
        """The screen as text, for saving and for tests."""
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def _nothing() -> None:
    """No answer: nobody was asked."""
