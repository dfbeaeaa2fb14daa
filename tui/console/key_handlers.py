"""What keys do, by the names of the table of actions: those that work from the first picture on."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from tui.console.frame import NO_NOTICE, Frame
from tui.console.keyboard_focus import Keyboard
from tui.console.ports import Screen
from tui.console.prompt import Prompt
from tui.console.widgets.ask import Live

if TYPE_CHECKING:  # pages are imported when one is opened: the first screen has none
    from tui.console.pages.leave import Open

NOTES = (
    "Signs: ● OK, ▲ needs attention, ■ down or failed, ? not known or too old. Every state is a word, too.",
    "Capital letters begin what may change a host; none of them changes anything by itself: a plan with its exact "
    "commands comes first, the cursor stands on Cancel, and a key held down or pressed twice chooses nothing.",
    "Closing a panel changes nothing. What was sent to a host is finished there, whatever happens to this terminal.",
)


class Commands:
    """The keys that need no engine."""

    def __init__(
        self,
        screen: Screen,
        frame: Frame,
        prompt: Prompt,
        keyboard: Keyboard,
        left_open: "Callable[[], Sequence[Open]]",
    ) -> None:
        self._screen = screen
        self._frame = frame
        self._prompt = prompt
        self._keyboard = keyboard
        self._left_open = left_open
        """says which incidents are open when the console is left now"""

    # ── when they are possible ───────────────────────────────────────────────────────────────────────────────────

    @property
    def dismissable(self) -> bool:
        """True while a notice is shown, a page is open, or services are left out by what was searched for."""
        return bool(self._frame.notice[0]) or self._frame.panels.work or bool(self._frame.board.filter)

    @property
    def passphrase_wanted(self) -> bool:
        """True while a host's key waits for its passphrase."""
        return self._prompt.secret_wanted

    # ── what they do ─────────────────────────────────────────────────────────────────────────────────────────────

    def focus_board(self) -> None:
        """The keys go to the services, the very next one too."""
        self._go(self._frame.board)

    def focus_logs(self) -> None:
        """The keys go to the log, the very next one too."""
        self._go(self._frame.logs)

    def _go(self, panel: Widget) -> None:
        if self._keyboard.decides():
            self._keyboard.go(panel)
            self._screen.changed()

    def filter_services(self) -> None:
        """Show the services that what is typed fits, while it is typed; Esc shows those from before again."""
        board, before = self._frame.board, self._frame.board.filter

        def typed(text: str) -> None:
            board.filter = text
            self._screen.changed()

        answer = self._prompt.ask_live("search services: ", Live(typed=typed, steer=board.steer), initial=before)

        async def ask() -> None:
            said = await answer
            board.filter = before if said is None else said

        self._screen.begin_work(ask)

    def passphrase(self) -> None:
        """Type what a host's key needs."""
        self._prompt.type_secret()

    def zoom(self) -> None:
        """Give the panel with the keys what the others can spare; health and log stay."""
        work, panels = self._frame.work, self._frame.panels
        here = "work" if work.screen.focused is work else "logs"
        panels.zoomed = None if panels.zoomed else here
        panels.arrange_again()
        self._screen.changed()

    def help(self) -> None:
        """Show the keys that work here."""
        from tui.console.available_actions import bound
        from tui.console.pages.keys import Help

        work = self._frame.work
        self._screen.open_page(Help(bound(work.app, work.screen, self._frame.board.shown), list(NOTES)))

    def palette(self) -> None:
        """Actions by name: what is typed finds them, Enter runs the one at the cursor."""
        from tui.console.available_actions import bound, services
        from tui.console.pages.keys import CommandPalette

        work, board = self._frame.work, self._frame.board
        page = CommandPalette(bound(work.app, work.screen, board.shown) + services(board.names, self._go_to))
        self._screen.open_page(page)

        def typed(text: str) -> None:
            page.query = text
            work.draw()

        answer = self._prompt.ask_live("command: ", Live(typed=typed, steer=work.steer))

        async def ask() -> None:
            said = await answer
            chosen = work.choice if said is not None and work.page is page else None
            if work.page is page:
                self._screen.close_work()
            if chosen is not None and chosen.do is not None:
                await chosen.do()

        self._screen.begin_work(ask)

    def _go_to(self, service: str) -> None:
        self._frame.board.go_to(service)
        self._go(self._frame.board)

    def close(self) -> None:
        """Dismiss the notice, else close the page, else show all services again; never anything else."""
        if self._frame.notice[0]:
            self._frame.notice = NO_NOTICE
            self._screen.changed()
        elif self._frame.panels.work:
            self._screen.close_work()
        elif self._frame.board.filter:
            self._frame.board.filter = ""
            self._screen.changed()

    def interrupt(self) -> None:
        """Ctrl-C never leaves by itself: it says what leaving means, where anything is open, else how to leave."""
        if self._prompt.asking:
            self._prompt.cancel()
        elif self._left_open():
            self.leave()
        else:
            self._screen.notice("q leaves the console", "warn")

    def leave(self) -> None:
        """Leave; where an incident is open, say what goes on without this console first."""
        if not self._left_open():
            self._screen.leave()
            return
        from tui.console.pages.leave import Leave

        if self._prompt.asking:  # Ctrl-Q: what was being typed is not said
            self._prompt.cancel()
        page = Leave(self._left_open, stay=self._screen.close_work, leave=self._screen.leave)
        self._screen.open_page(page)
