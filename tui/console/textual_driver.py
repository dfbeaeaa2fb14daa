"""Textual's terminal driver with four faults taken out, all measured on 8.2.8. Look at each again with every update.

1. Its input thread decodes strictly: one byte that is not UTF-8 (the mouse of old terminals, a tmux that is attached
   again) ends the app, or leaves it deaf. Here such bytes become U+FFFD.
2. A terminal that is gone makes it spin (end of file) or panic (EIO). Here both mean: hung up, as SIGHUP does.
3. Its output thread takes 30 writes ahead and then makes the event loop wait for the terminal: with a link that hangs,
   health, watch and countdown hang too; with a terminal that is gone, for ever. Here the loop never waits: frames are
   dropped, and all is painted again when the terminal takes something.
4. It draws on stderr, so that `rollback 2>file` draws into the file.
"""

import asyncio
import codecs
import os
import selectors
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import IO, Any

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from tui.console import splash

AHEAD = 256 * 1024
"""bytes that may wait for the terminal before frames are dropped"""
SHORT = 64
"""characters: what is shorter switches a mode of the terminal and is never dropped"""
_FRAME_BEGINS = "\x1b[?2026h"
FAREWELL = 2.0
"""seconds that a terminal has to take the last bytes"""


class Writer(threading.Thread):
    """Takes writes without ever waiting and hands them to the terminal."""

    def __init__(self, file: IO[str], *, ahead: int = AHEAD) -> None:
        super().__init__(daemon=True, name="console-output")
        self._file = file
        self._encoding = getattr(file, "encoding", None) or "utf-8"
        self._ahead = ahead
        self._queue: deque[bytes] = deque()
        self._waiting = 0
        self._some = threading.Condition()
        self._ended = False
        self._writing = 0
        self.dropping = False
        self.gone = False
        self.dropped = 0
        """frames that were never written"""
        self.caught_up: Callable[[], None] = lambda: None
        """called, in the writer's thread, when everything waiting is written and something was dropped meanwhile"""

    @property
    def waiting(self) -> int:
        """Bytes that the terminal has not taken yet."""
        return self._waiting

    def write(self, text: str) -> None:
        """Keep it for the terminal; a frame that it cannot take soon is dropped."""
        data = text.encode(self._encoding, "replace")
        with self._some:
            if self.gone or self._ended:
                return
            behind = self._waiting + len(data) > self._ahead and (self._writing or self._queue)
            if len(text) > SHORT and (self.dropping or behind):
                self._drop()
                return
            if self.dropping and (text == _FRAME_BEGINS or (self._queue and self._queue[-1] == data)):
                return  # the frame itself is not written; its marks must not pile up
            self._queue.append(data)
            self._waiting += len(data)
            self._some.notify()

    def _drop(self) -> None:
        self.dropped += 1
        if not self.dropping:
            self.dropping = True
            short = [data for data in self._queue if len(data) <= SHORT]
            self.dropped += len(self._queue) - len(short)
            self._queue = deque(short)
            self._waiting = sum(map(len, short))

    def run(self) -> None:
        """Until it is stopped and everything is written, or the terminal is gone."""
        descriptor = self._file.fileno()
        while True:
            with self._some:
                while not self._queue and not self._ended:
                    self._some.wait()
                if not self._queue:
                    return
                data = self._queue.popleft()
                self._waiting -= len(data)
                self._writing = len(data)
            if not self._put(descriptor, data):
                return
            with self._some:
                self._writing = 0
                repaint = self.dropping and not self._queue
                self.dropping = self.dropping and not repaint
            if repaint:
                self.caught_up()

    def _put(self, descriptor: int, data: bytes) -> bool:
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError:
            self.gone = True
            return False
        return True

    def stop(self) -> None:
        """Write what is left, but do not wait for a terminal that takes nothing any more."""
        with self._some:
            self._ended = True
            self._some.notify()
        self.join(FAREWELL)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def isatty(self) -> bool:
        """True: what is written here goes to the terminal."""
        return True

    def fileno(self) -> int:
        """The terminal's."""
        return self._file.fileno()


class ConsoleDriver(LinuxDriver):
    """The driver of the console; Textual takes it by the name in TEXTUAL_DRIVER."""

    def __init__(
        self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stdout__ is not None
        self._file = sys.__stdout__

    def start_application_mode(self) -> None:
        """Begin as Textual does, with the writer of this file."""
        loop = asyncio.get_running_loop()

        def paint_again() -> None:
            loop.call_soon_threadsafe(lambda: self._app.refresh(layout=True))

        def writer(file: IO[str]) -> Writer:
            made = Writer(file)
            made.caught_up = paint_again
            return made

        module = vars(linux_driver)
        stock, module["WriterThread"] = module["WriterThread"], writer
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # as Textual has it
        finally:
            module["WriterThread"] = stock
        splash.up = splash.used = True

    def mind_size(self) -> None:
        """Draw in the size that the terminal has: of many changes at once Textual may miss the last."""
        size = Size(*self._get_terminal_size())
        if size != self._app.screen.size:
            self._app._size = size
            self._app.screen._screen_resized(size)

    def stop_application_mode(self) -> None:
        """End as Textual does, and switch every mode off that it may have left on."""
        super().stop_application_mode()
        self.write(splash.MODES_OFF)
        splash.up = False

    def run_input_thread(self) -> None:
        """Read as Textual's does, but no byte ends it, and the end of the terminal is a hang-up."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    try:
                        raw = os.read(self.fileno, 4096)
                    except OSError:
                        raw = b""
                    if not raw:
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    for message in parser.feed(decode(raw)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
