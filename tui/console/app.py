"""The application: its start and end, its events, the rhythm of drawing, and what pages ask of it.

The first screen needs no engine: it is painted, then the engine is built (its drivers cost more to import than the
whole screen), then polling begins. Nothing in here decides anything about an incident.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.worker import Worker

from tui import garbage
from tui.console import actions_and_keys
from tui.console.drawing import rows
from tui.console.drawing.palette import Palette
from tui.console.frame import Frame
from tui.console.key_handlers import Commands
from tui.console.keyboard_focus import Keyboard
from tui.console.page_stack import PageStack
from tui.console.prompt import Prompt
from tui.console.textual_driver import ConsoleDriver
from tui.console.widgets.hint import HintBar
from tui.model.errors import ConsoleError
from tui.text.redact import redact

if TYPE_CHECKING:  # the first screen is painted before any of these is imported
    from tui.console.alerts import Alerts
    from tui.console.controller import ConsoleController
    from tui.console.page import Page
    from tui.console.pages.leave import Open
    from tui.engine.engine import Engine
    from tui.engine.service_monitor import ServiceMonitor

DRAW_AFTER = 0.1
"""seconds in which changes are collected before they are drawn: ten frames a second at most"""
SAVE_EVERY = timedelta(seconds=15)
"""between two saves of the board for the next start's first screen"""


class ConsoleApp(App[int]):
    """The console."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = actions_and_keys.bindings(actions_and_keys.EVERYWHERE)
    where = actions_and_keys.EVERYWHERE
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
        saved_board: "Callable[[ServiceMonitor], None] | None" = None,
        copy_out: Callable[[str, str], str] | None = None,
    ) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.palette = palette
        self.controller: ConsoleController | None = None
        self.failure: ConsoleError | None = None
        """why the console could not start, if so"""
        self._make_engine = make_engine
        self._watch_for = watch_for
        self._exports = exports
        self._saved_board = saved_board
        self._saved_at: datetime | None = None
        self._copy_out = copy_out
        self._due = False
        self._alerts: Alerts | None = None
        self.frame = Frame(palette, self, exports)
        self.keyboard = Keyboard((self.frame.board, self.frame.work, self.frame.logs), self.frame.line)
        self.opened = PageStack(self.frame.work)
        self.prompt = Prompt(self.frame.line, self.frame.panels, self.keyboard, self)
        self.ask, self.ask_for = self.prompt.ask, self.prompt.ask_for
        self.commands = Commands(self, self.frame, self.prompt, self.keyboard, self.left_open)
        self._doers: list[object] = [self.commands]
        """who does the actions of the table; those that need the engine come with it"""

    # ── start and end ────────────────────────────────────────────────────────────────────────────────────────────

    def compose(self) -> ComposeResult:
        """All panels."""
        yield self.frame.panels

    def on_mount(self) -> None:
        """Paint what there is, then build the engine."""
        theme = self.palette.theme
        if theme.ground:
            for widget in (self.screen, self.frame.line.input):
                widget.styles.background, widget.styles.color = theme.ground, theme.text
        self.frame.draw_starting()
        self.frame.panels.arrange_again()
        self.keyboard.settle()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        _: Worker[None] = self.run_worker(self._started, exit_on_error=False, group="start")

    async def _started(self) -> None:
        loop = asyncio.get_running_loop()

        def passphrase(prompt: str) -> str:
            asked = asyncio.run_coroutine_threadsafe(self.prompt.secret(prompt), loop)
            return asked.result() or ""

        try:
            engine = await asyncio.to_thread(self._built, passphrase)
        except ConsoleError as error:
            self.failure = error
            self.exit(return_code=2)
            return
        controller = self._opened_over(engine)
        garbage.begin()
        self._draw()
        self._warn(engine.fleet.warnings)
        await controller.look_for_open()
        await controller.follow_others()

    def _built(self, passphrase: Callable[[str], str]) -> "Engine":
        """In a thread: imports and files must not hold up the screen."""
        import tui.console.alerts
        import tui.console.controller
        import tui.console.service_key_handlers
        import tui.engine.service_monitor  # noqa: F401

        return self._make_engine(passphrase)

    def _opened_over(self, engine: "Engine") -> "ConsoleController":
        """Everything that needs the engine: pages, alerts, the keys about services, and the polls."""
        from tui.console.alerts import Alerts
        from tui.console.controller import ConsoleController
        from tui.console.service_key_handlers import ServiceCommands
        from tui.engine.service_monitor import ServiceMonitor

        board = ServiceMonitor(engine)
        self.controller = controller = ConsoleController(self, engine, board, self._watch_for, self._exports)
        self._alerts = Alerts(self, self.frame, controller)
        self._doers.append(ServiceCommands(self, self.frame, self.keyboard, controller))
        self.frame.panels.services = len(engine.fleet.services)
        board.subscribe(self.changed)
        self._begin_asking(engine, board)
        self.set_interval(1.0, self._draw)
        if isinstance(self._driver, ConsoleDriver):
            self.set_interval(1.0, self._driver.mind_size)
        self.frame.panels.arrange_again()
        return controller

    def _begin_asking(self, engine: "Engine", board: "ServiceMonitor") -> None:
        """Poll, tell people, ask who is on call, count errors, from now on."""
        board.start()
        engine.notices.subscribe(self.changed)
        engine.notices.start()
        engine.duty.subscribe(self.changed)
        engine.duty.ask()
        engine.evidence.follow(sorted(engine.fleet.services, key=lambda s: s.order))

    def _warn(self, warnings: tuple[str, ...]) -> None:
        """The first warning about services.yaml, and how many more there are."""
        for warning in warnings[:1]:
            more = len(warnings) - 1
            tail = f" (and {more} more: rollback check)" if more > 0 else ""
            self.notice(f"services.yaml: {warning}{tail}", "warn")

    async def shut(self) -> None:
        """End the polls and the engine's part; what was sent goes on at its host. Called after the screen is gone."""
        if self.controller is not None:
            self._save_board(self.controller)
            await self.controller.board.stop()
            await self.controller.logs.stop()
            await self.controller.engine.close()

    def left_open(self) -> "list[Open]":
        """The incidents that are open when the console is left now."""
        return self.controller.left_open() if self.controller is not None else []

    def leave(self) -> None:
        """End the console as the person wants it: the exit code is 0."""
        self.exit(0)

    def _fatal_error(self) -> None:
        """As Textual, but without the values of variables and without secrets."""
        trace = redact(traceback.format_exc())
        self._exit_renderables.append(Text(trace))
        self._close_messages_no_wait()

    # ── the rhythm of drawing ────────────────────────────────────────────────────────────────────────────────────

    def changed(self) -> None:
        """Something is new; it is drawn soon, together with all that is new by then."""
        if not self._due:
            self._due = True
            self.call_later(self.set_timer, DRAW_AFTER, self._draw)  # whoever says so may know no app: a timer must

    def _draw(self) -> None:
        """Draw what is known now. A fault in here is shown, and all is drawn again in a second: it must not take the
        console away from somebody in the middle of a rollback."""
        self._due = False
        controller, alerts = self.controller, self._alerts
        if controller is None or alerts is None or not self.frame.panels.is_mounted:
            return
        try:
            self._draw_all(controller, alerts)
        except Exception as error:  # noqa: BLE001 - shown to the person
            self.frame.draw_fault(error)

    def _draw_all(self, controller: "ConsoleController", alerts: "Alerts") -> None:
        now = controller.engine.clock.now()
        alerts.of_incidents()
        statuses = controller.board.statuses()
        self.frame.draw(controller, statuses, now)
        name = self.frame.board.selected
        if name is not None:
            self._follow_logs(controller, name)
        alerts.of_hosts(statuses)
        if self._saved_at is None or now - self._saved_at >= SAVE_EVERY:
            self._save_board(controller)

    def _follow_logs(self, controller: "ConsoleController", name: str) -> None:
        """The log of the service at the cursor, or those of all services that the table shows."""
        logs, shown = self.frame.logs, self.frame.board.rows_shown
        if logs.several and len(shown) > 1:
            follower, names = controller.logs.together(shown)
            logs.follow(follower, f"{len(names)} of {len(shown)} services" if len(names) < len(shown) else "all", names)
        else:
            controller.logs.single()
            logs.follow(controller.logs.of(name), name)

    def _save_board(self, controller: "ConsoleController") -> None:
        """Keep what the next start shows first."""
        self._saved_at = controller.engine.clock.now()
        if self._saved_board is not None:
            self._saved_board(controller.board)

    def on_panel_container_fitted(self) -> None:
        """Everything has another place."""
        self.frame.draw_too_small(self.controller.under_way() if self.controller is not None else [])
        self.keyboard.settle()
        self.call_after_refresh(self._draw)

    def on_log_panel_log_chosen(self) -> None:
        """Another log is wanted."""
        self.changed()

    def on_service_table_selected(self) -> None:
        """Logs and header follow the cursor."""
        self.changed()

    async def on_hint_bar_pressed(self, message: HintBar.Pressed) -> None:
        """A click on a hint is as good as its key."""
        with self.keyboard.pressed():
            self.keyboard.settle()
            await self.run_action(message.action, default_namespace=message.node)  # type: ignore[arg-type]

    def on_work_panel_taken(self) -> None:
        """A second click on a harmless choice is as good as Enter."""
        with self.keyboard.pressed():
            self.frame.work.action_choose()

    # ── what pages ask for ───────────────────────────────────────────────────────────────────────────────────────

    def open_page(self, page: "Page") -> None:
        """Show a page in the work panel, and give it the keys: only as the consequence of the person's last word."""
        if not self.keyboard.decides():
            how = "5 shows it" if page.name == "incident" else "press its key again to see it"
            self.notice(f"{page.name}: not opened, you went on to something else meanwhile; {how}", "warn")
            return
        self.frame.panels.work = True
        self.frame.panels.arrange_again()
        self.opened.put(page, self.keyboard.at)
        self.frame.board.pinned = True
        self.keyboard.go(self.frame.work)
        self.changed()

    def close_work(self) -> None:
        """Close the page: the one under it shows again, else the work panel goes; the keys go where they were."""
        if not self.keyboard.decides():
            return
        came_from = self.opened.close()
        if self.opened.page is None:
            self.frame.panels.work = False
            self.frame.panels.zoomed = None
            self.frame.board.pinned = False
        self.frame.panels.arrange_again()
        self.keyboard.go(came_from or self.frame.board)
        self.changed()

    def notice(self, text: str, look: str = "ok") -> None:
        """Say something in the last row until it is dismissed."""
        self.frame.notice = (redact(text), look)
        self.changed()

    def unsay(self, text: str) -> None:
        """Take a notice back, where the last row still says it."""
        said, look = self.frame.notice
        if text and said.startswith(redact(text)):
            self.notice(said.removeprefix(redact(text)).removeprefix("; "), look)

    async def copy(self, text: str, name: str) -> bool:
        """Copy to a file, and to the terminal's clipboard where it takes it. Returns whether that was possible."""
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
            self.frame.board.selected = service
            self.changed()

    def begin_work(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin an action; a fault of the console is shown and never ends it."""
        # a coroutine would be one that nobody awaits where the console goes before the worker runs
        _: Worker[None] = self.run_worker(partial(self._guarded, work), exit_on_error=False)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except ConsoleError as error:
            self.notice(rows.safe(f"{error.message} {error.fix}"), "down")
        except Exception as error:  # noqa: BLE001 - the edge: shown to the person, the console stays
            self.notice(rows.safe(f"a fault of the console: {type(error).__name__}: {error}"), "down")
        self.changed()

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def on_event(self, event: events.Event) -> None:
        """Keys are handled here, each one whole before the next; everything else as Textual does."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            with self.keyboard.pressed():
                await self._key(event)
                await asyncio.sleep(0)  # what the key began takes its first step: it may open a page or the line
        elif isinstance(event, events.Paste):
            if self.prompt.asking:
                self.frame.line.paste(event.text)
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
        if event.key != "enter" or self.prompt.asking or self.keyboard.at is not self.frame.work:
            self.frame.work.note(event.key)
        if await self._check_bindings(event.key, priority=True):
            return
        if self.prompt.asking:
            await self.frame.line.press(event)
        else:
            await self._check_bindings(event.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing here are not offered."""
        return action != "run" or actions_and_keys.doer(str(parameters[0]), self._doers) is not None

    def action_run(self, name: str) -> None:
        """Do what the table of actions calls by this name."""
        getattr(actions_and_keys.doer(name, self._doers), name)()

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

    def export_text(self) -> str:
        """The screen as text, for saving and for tests."""
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
