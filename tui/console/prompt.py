"""The one line that asks: it opens only as the consequence of a person's key, passphrases included.

Whether a key may open it is decided in `keyboard_focus`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable

from tui.console.keyboard_focus import Keyboard
from tui.console.panel_layout import PanelContainer
from tui.console.ports import Screen
from tui.console.widgets.ask import AskLine, Live


class Prompt:
    """One console's line, and the passphrases that wait for it."""

    def __init__(self, line: AskLine, panels: PanelContainer, keyboard: Keyboard, screen: Screen) -> None:
        self._line = line
        self._panels = panels
        self._keyboard = keyboard
        self._screen = screen
        self._secrets: deque[tuple[str, asyncio.Future[str | None]]] = deque()
        line.changed = self._settle

    @property
    def asking(self) -> bool:
        """True while the line is open."""
        return self._line.asking

    async def ask(self, prompt: str, *, wanted: str | None = None, initial: str = "") -> str | None:
        """One line from the person, or None where they would not say; with `wanted` only that text is taken."""
        return await self._open(prompt, wanted=wanted, initial=initial)

    def ask_for(self, prompt: str, initial: str) -> Awaitable[str | None]:
        """One line, which may be empty. The line is open when this returns; the answer can be awaited."""
        return self._open(prompt, initial=initial, empty=True)

    def ask_live(self, prompt: str, live: Live, *, initial: str = "") -> Awaitable[str | None]:
        """Ask as `ask_for` does; `live` is told what is typed meanwhile."""
        return self._open(prompt, initial=initial, empty=True, live=live)

    def cancel(self) -> None:
        """Close the line without an answer."""
        self._line.answer(None)

    # ── passphrases ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def secret_wanted(self) -> bool:
        """True while a host's key waits for its passphrase."""
        return bool(self._secrets)

    async def secret(self, prompt: str) -> str | None:
        """A host's key needs its passphrase: a notice says so, and a key opens the line."""
        waited: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._secrets.append((prompt, waited))
        self._screen.notice(f"{prompt.rstrip(': ')} is needed: i types it", "warn")
        return await waited

    def type_secret(self) -> None:
        """Open the line for the passphrase that has waited longest."""
        prompt, waited = self._secrets[0]
        answer = self._open(prompt, secret=True)

        async def ask() -> None:
            said = await answer
            if self._secrets and self._secrets[0][1] is waited:
                self._secrets.popleft()
            if not waited.done():
                waited.set_result(said)

        self._screen.begin_work(ask)

    # ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(
        self,
        prompt: str,
        *,
        wanted: str | None = None,
        initial: str = "",
        secret: bool = False,
        empty: bool = False,
        live: Live | None = None,
    ) -> Awaitable[str | None]:
        """Open the line now; the answer can be awaited. Where no key of the person's led here it stays closed."""
        if not self._keyboard.decides():
            return _nothing()
        self._panels.asking = True
        self._panels.arrange_again()
        asked = self._line.ask(prompt, wanted=wanted, initial=initial, secret=secret, empty=empty, live=live)
        return self._answered(asked)

    async def _answered(self, answer: Awaitable[str | None]) -> str | None:
        said = await answer
        self._keyboard.renewed()
        return said

    def _settle(self) -> None:
        """The line opened or closed: the very next key goes where it belongs."""
        self._panels.asking = self._line.asking
        self._panels.arrange_again()
        self._keyboard.settle()
        self._screen.changed()


async def _nothing() -> None:
    """No answer: nobody was asked."""
