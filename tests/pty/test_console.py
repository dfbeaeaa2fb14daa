"""The console in a real pty: signals, lost terminals, odd bytes, odd kinds of terminal; always left clean."""

import json
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.pty.terminals import ENTERED, LEFT, MOUSE, console, environment, pty_of

COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)(?:;[0-9;]*)?m")
X10_AND_BAD = b"\x1b[M" + bytes([67, 202, 42]) + b"\xff\xfe\xc3\xb1\xc3"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_in_order(services: str, state: Path, number: signal.Signals, code: int) -> None:
    with pty_of(console(services), environment(state)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.signal(number)
        assert terminal.end() == code
        terminal.assert_clean()
        assert LEFT in terminal.raw
    assert json.loads((state / "board.json").read_text())["rows"][0]["service"] == "api", "it ended before it flushed"


def test_a_terminal_that_is_gone_ends_it(services: str, state: Path) -> None:
    with pty_of(console(services), environment(state)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.hang_up()
        assert terminal.reap() == 129
    assert (state / "board.json").exists()


def test_bytes_that_are_no_utf8_neither_kill_nor_deafen(services: str, state: Path) -> None:
    with pty_of(console(services), environment(state)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.type(X10_AND_BAD)
        terminal.type(b"\x1b\x1b?")
        terminal.shows("HELP")
        terminal.signal(signal.SIGTERM)
        assert terminal.end() == 143


STOCK = """
from textual.app import App
from textual.widgets import Static
class Stock(App):
    def compose(self):
        yield Static("waiting")
    def on_key(self, event):
        if event.key == "k":
            self.query_one(Static).update("heard")
Stock().run()
"""


def test_textual_alone_still_dies_of_them(state: Path) -> None:
    """When this fails, Textual has learned it: the input thread of our driver may go."""
    with pty_of([sys.executable, "-c", STOCK], environment(state)) as terminal:
        terminal.shows("waiting")
        terminal.type(X10_AND_BAD)
        terminal.until(lambda: b"UnicodeDecodeError" in terminal.raw, "dies")


CRASH = """
import os, sys
from tui.console import terminal
from tui.console.setup import Setup
terminal.prepare(terminal.describe(os.environ, Setup()), os.environ)
from textual.app import App
class Crash(App):
    def on_key(self):
        raise RuntimeError("a fault of ours")
    def on_mount(self):
        self.bell()
with terminal.kept():
    app = Crash()
    app.run()
    code = terminal.exit_code(app)
sys.exit(code)
"""


def test_a_crash_leaves_a_traceback_on_the_normal_screen_and_a_code(state: Path) -> None:
    with pty_of([sys.executable, "-c", CRASH], environment(state)) as terminal:
        terminal.until(lambda: b"\x07" in terminal.raw, "runs")
        terminal.type(b"k")
        assert terminal.end() == 1
        terminal.assert_clean()
        assert b"a fault of ours" in terminal.raw[terminal.raw.rindex(LEFT) :]


def test_a_storm_of_sizes(services: str, state: Path) -> None:
    with pty_of(console(services), environment(state)) as terminal:
        terminal.shows("SERVICES 1")
        for number in range(200):
            terminal.resize(10 + number % 40, 20 + number % 150)
            terminal.read(0)
        terminal.resize(30, 100)
        terminal.until(lambda: any(line.startswith("─SERVICES") and line.endswith("─" * 60) and len(line) == 100
                                   for line in terminal.text.splitlines()), "the last size")  # fmt: skip
        terminal.type(b"q")
        assert terminal.end() == 0
        terminal.assert_clean()


@pytest.mark.parametrize("term", ["xterm", "screen", "linux", "tmux-256color", "vt100", "a-terminal-of-tomorrow"])
def test_kinds_of_terminal(services: str, state: Path, term: str) -> None:
    with pty_of(console(services), environment(state, TERM=term)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.type(b"q")
        assert terminal.end() == 0
        terminal.assert_clean()
        assert bool(COLOUR.search(terminal.raw)) == (term != "vt100")
        assert not re.search(rb"\x1b\[[0-9;]*[34]8;2;", terminal.raw), "more colours than it said it has"


@pytest.mark.parametrize("term", ["dumb", ""])
def test_no_screen_no_console(services: str, state: Path, term: str) -> None:
    with pty_of(console(services), environment(state, TERM=term)) as terminal:
        assert terminal.end() == 2
        assert b"rollback status" in terminal.raw
        assert b"\x1b" not in terminal.raw


@pytest.mark.parametrize("how", ["--no-color", "NO_COLOR"])
def test_no_colour_is_asked_for(services: str, state: Path, how: str) -> None:
    words, more = ([how], {}) if how.startswith("-") else ([], {how: "1"})
    with pty_of(console(services, *words), environment(state, COLORTERM="truecolor", **more)) as terminal:
        terminal.shows("UNREACH")
        terminal.type(b"q")
        assert terminal.end() == 0
        assert COLOUR.findall(terminal.raw) == []
        assert re.search(rb"\x1b\[1;7[;m]", terminal.raw), "what is down stands out"


@pytest.mark.parametrize(
    ("words", "more"), [(["--ascii"], {}), ([], {"LANG": "C"}), ([], {"LANG": "de_DE.ISO-8859-1"})]
)
def test_nothing_but_ascii(services: str, state: Path, words: list[str], more: dict[str, str]) -> None:
    with pty_of(console(services, *words), environment(state, **more)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.shows("UNREACH")
        terminal.type(b"?")
        terminal.shows("HELP")
        terminal.type(b"q")
        assert terminal.end() == 0
        assert terminal.raw.isascii()


@pytest.mark.parametrize(
    ("words", "more", "wanted"),
    [
        ([], {}, True),
        (["--no-mouse"], {}, False),
        ([], {"SSH_TTY": "/dev/pts/9"}, False),
        ([], {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}, False),
        (["--mouse"], {"SSH_TTY": "/dev/pts/9"}, True),
    ],
)
def test_the_mouse(services: str, state: Path, words: list[str], more: dict[str, str], wanted: bool) -> None:
    with pty_of(console(services, *words), environment(state, **more)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.type(b"q")
        assert terminal.end() == 0
        assert bool(MOUSE.search(terminal.raw)) == wanted
        terminal.assert_clean()


def test_it_draws_on_the_terminal_even_when_complaints_go_to_a_file(services: str, state: Path, tmp_path: Path) -> None:
    complaints = tmp_path / "stderr"
    argv = ["sh", "-c", 'file=$1; shift; exec "$@" 2>"$file"', "sh", str(complaints), *console(services)]
    with pty_of(argv, environment(state)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.type(b"q")
        assert terminal.end() == 0
        terminal.assert_clean()
    assert complaints.read_text() == ""


def test_the_last_board_is_the_first_picture(services: str, state: Path) -> None:
    for first in (b"no board yet", b"LAST SEEN"):
        with pty_of(console(services), environment(state)) as terminal:
            terminal.shows("SERVICES 1")
            terminal.shows("UNREACH")
            before, _, _ = terminal.raw.partition(b"SERVICES 1")
            assert first in before
            assert before.startswith(ENTERED)
            terminal.type(b"q")
            assert terminal.end() == 0
            terminal.assert_clean()
    assert re.search(rb"UNREACH\s+api .*as of \d\d:\d\d:\d\dZ, \d+ (s|min) ago", before)


def test_a_wrong_file_is_told_on_a_clean_screen(state: Path, tmp_path: Path) -> None:
    with pty_of(console(str(tmp_path / "none.yaml")), environment(state)) as terminal:
        assert terminal.end() == 2
        terminal.assert_clean()
        assert b"none.yaml" in terminal.raw[terminal.raw.rindex(LEFT) :]


FIRST_PAINT = """
import sys
told = sys.argv.pop(1)
from tui.__main__ import main
from tui.console import terminal
prepare = terminal.prepare
def with_a_look(*arguments):
    prepare(*arguments)
    from tui.console.app import ConsoleApp
    def painted(self):
        open(told, "w").write("\\n".join(sys.modules))
        self.exit(0)
    ConsoleApp._start = painted
terminal.prepare = with_a_look
main()
"""


def test_drivers_are_imported_after_the_first_picture(services: str, state: Path, tmp_path: Path) -> None:
    told = tmp_path / "modules"
    argv = [sys.executable, "-c", FIRST_PAINT, str(told), "--services", services]
    with pty_of(argv, environment(state)) as terminal:
        assert terminal.end() == 0
    loaded = set(told.read_text().split())
    assert "textual.app" in loaded
    assert loaded.isdisjoint({"asyncssh", "httpcore", "httpx", "yaml", "sqlite3", "dulwich", "tui.engine.engine"})


def test_what_is_typed_right_after_a_key_that_asks_belongs_to_the_answer(services: str, state: Path) -> None:
    """A paste, or quick fingers: `q` in it must not leave the console."""
    with pty_of(console(services), environment(state)) as terminal:
        terminal.shows("SERVICES 1")
        terminal.type(b"/qqq\r")
        terminal.shows("filter: qqq")
        terminal.type(b"/\x7f\x7f\x7f\r")
        terminal.until(lambda: "filter:" not in terminal.text, "no filter")
        terminal.type(b"q")
        assert terminal.end() == 0
