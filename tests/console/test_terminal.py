"""What is decided of a terminal, what is written to its clipboard, the last board, the writer that never waits."""

import base64
import json
import os
import re
import select
import stat
import subprocess
import sys
import threading
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cli import command_parsers
from tui.console import board_cache, clipboard, splash
from tui.console.setup import Setup
from tui.console.terminal import Terminal, describe
from tui.console.textual_driver import SHORT, Writer

UTF8 = {"LANG": "en_GB.UTF-8"}


@pytest.mark.parametrize(
    ("environ", "colors"),
    [
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "screen"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "true"),
        ({"TERM": "xterm-direct"}, "true"),
        ({"TERM": "vt100"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
    ],
)
def test_colours(environ: dict[str, str], colors: str) -> None:
    assert describe(environ, Setup()).colors == colors
    assert describe(environ, Setup(colour=False)).colors == "none"


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        (UTF8, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "C.utf8"}, False),
        ({"LANG": "de_DE.UTF-8@euro"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "de_DE"}, True),
    ],
)
def test_ascii(environ: dict[str, str], ascii_only: bool) -> None:
    assert describe(environ, Setup()).ascii is ascii_only
    assert describe(environ, Setup(ascii_only=True)).ascii


def test_far_away() -> None:
    inside = {**UTF8, "TERM": "xterm", "SSH_CONNECTION": "a b c d"}
    assert describe(inside, Setup(low_bandwidth=True)) == Terminal(
        colors="16", ascii=False, mouse=False, low_bandwidth=True
    )
    assert describe(inside, Setup(mouse=True)).mouse


# ── the clipboard ────────────────────────────────────────────────────────────────────────────────────────────────


def carried(sequence: str) -> str:
    """The text that a terminal takes out of a bare sequence."""
    found = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert found, sequence
    return base64.b64decode(found[1]).decode()


@given(st.text(max_size=3000))
def test_every_text_arrives_through_every_wrapping(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert carried(clipboard.sequence(text, {"TERM": "xterm"})) == text
    tmux = clipboard.sequence(text, {"TERM": "screen-256color", "TMUX": "/tmp/tmux,1,0"})
    wrapped = re.fullmatch(r"\x1bPtmux;((?:\x1b\x1b|[^\x1b])*)\x1b\\(.*)", tmux, re.DOTALL)
    assert wrapped
    assert carried(wrapped[1].replace("\x1b\x1b", "\x1b")) == carried(wrapped[2]) == text
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", clipboard.sequence(text, {"TERM": "screen"}), re.DOTALL)
    assert all(len(piece) <= 768 for piece in pieces)
    assert carried("".join(pieces)) == text


def test_a_copy_is_always_a_file_too(tmp_path: Path) -> None:
    sent: list[str] = []
    small = clipboard.copy("ssh dokku@host", sent.append, {"TERM": "xterm"}, tmp_path / "new", "../plan api")
    assert (small.parent, small.read_text(), len(sent)) == (tmp_path / "new", "ssh dokku@host\n", 1)
    assert stat.S_IMODE(small.stat().st_mode) == 0o600
    large = "x" * 60_000
    path = clipboard.copy(large, sent.append, {"TERM": "xterm"}, tmp_path / "new", "../plan api")
    assert (path.read_text(), len(sent)) == (large + "\n", 1), "what terminals would cut is not sent at all"
    assert path != small


# ── the last board and the splash ────────────────────────────────────────────────────────────────────────────────

ROW = {"service": "api", "health": "OK", "release": "release:4", "detail": "", "at": "2026-11-24T02:13:05Z"}
BOARD = {
    "schema": 1, "at": "2026-11-24T02:13:07Z", "environment": "staging", "services": "/etc/s.yaml", "rows": [ROW],
}  # fmt: skip


def test_the_board_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    board_cache.store(str(tmp_path / "new"), BOARD)
    assert board_cache.read(str(tmp_path / "new")) == BOARD
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["board.json"]
    assert stat.S_IMODE((tmp_path / "new" / "board.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"null", b"[]", b"\xff", b"1 2", b"[" * 100_000, b'{"schema": 2}', b'{"schema": 1, "rows": 5}',
        json.dumps(BOARD).encode() + b"x", json.dumps({**BOARD, "rows": [{**ROW, "health": 5}]}).encode(),
        json.dumps({**BOARD, "rows": ["api"]}).encode(), json.dumps({**BOARD, "at": None}).encode(),
        json.dumps({**BOARD, "rows": [{**ROW, "at": 5}]}).encode(), b"[" + b" " * 300_000 + b"]",
    ],
)  # fmt: skip
def test_a_broken_board_is_no_board(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "board.json").write_bytes(raw)
    assert board_cache.read(str(tmp_path)) is None


def test_what_is_no_file_is_no_board(tmp_path: Path) -> None:
    assert board_cache.read(str(tmp_path / "none")) is None
    os.mkfifo(tmp_path / "board.json")  # nobody writes: must not wait
    assert board_cache.read(str(tmp_path)) is None


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(), st.lists))
def test_the_bare_scanner_reads_as_json_does(value: object) -> None:
    assert board_cache._parsed(json.dumps(value)) == value
    assert board_cache._parsed(json.dumps({"key": value})) == {"key": value}


def test_the_state_folder_is_the_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    for environ in ({}, {"XDG_STATE_HOME": "/var/x"}, {"XDG_STATE_HOME": ""}):
        monkeypatch.delenv("XDG_STATE_HOME", raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        wanted = platformdirs.user_state_dir("rollback", appauthor=False)
        assert board_cache.state_folder(environ, sys.platform) == wanted
    assert board_cache.state_folder({"ROLLBACK_STATE_DIR": "/s"}, "linux") == "/s"


@given(st.text(max_size=200), st.integers(1, 200))
def test_a_line_of_the_picture_is_harmless_and_fits(text: str, columns: int) -> None:
    shown = splash._cut(text, columns)
    assert len(shown) <= columns
    assert re.fullmatch(r"[ -~]*", shown)


@given(st.datetimes())
def test_the_calendar_by_hand(at: "object") -> None:
    from datetime import UTC, datetime

    assert isinstance(at, datetime)
    at = at.replace(microsecond=0, tzinfo=UTC)
    assert splash._epoch(f"{at.year}-{at:%m-%d}", f"{at:%H:%M:%S}") == int(at.timestamp())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "5 s ago"), (59, "59 s"), (60, "1 min"), (4 * 3600 + 5, "4 h"), (90 * 86400, "90 d"), (-600, "ahead of this")],
)
def test_ages(seconds: int, words: str) -> None:
    stamp = "2026-11-24T02:13:05Z"
    now = splash._epoch("2026-11-24", "02:13:05") + seconds
    assert splash._age(stamp, now).startswith("as of 02:13:05Z, ")
    assert words in splash._age(stamp, now)
    assert splash._age("yesterday", now) == "as of an unknown time"


def test_the_picture_knows_every_option_of_the_console() -> None:
    for parser, words in (
        (command_parsers.console("rollback"), []),
        (command_parsers.commands("rollback"), ["sandbox"]),
    ):
        if words:
            parser = next(a for a in parser._actions if a.dest == "command").choices["sandbox"]  # type: ignore[index]
        for action in parser._actions:
            if action.dest in ("help", "json", "serve", "accessible"):
                assert splash.shows([*words, action.option_strings[0]]) is None
                continue
            for option in action.option_strings:
                value = [] if action.nargs == 0 else ["30s"]
                assert splash.shows([*words, option, *value]) == (words[0] if words else "console"), option


@pytest.mark.parametrize(
    "line", ["status", "api previous", "--watch", "sandbox --serve", "--watch 30s api", "--nonsense"]
)
def test_no_picture_in_doubt(line: str) -> None:
    assert splash.shows(line.split()) is None


@pytest.mark.parametrize(
    ("line", "named", "same"),
    [
        ("", "", True),
        ("--watch 30s", "", True),
        ("--services /etc/s.yaml", "", True),
        ("--services=/etc/s.yaml", "/etc/other.yaml", True),
        ("--services /etc/../etc/s.yaml --ascii", "", True),
        ("--services /etc/other.yaml", "", False),
        ("", "/etc/s.yaml", True),
        ("", "/etc/other.yaml", False),
    ],
)
def test_only_the_board_of_this_services_file_is_shown(tmp_path: Path, line: str, named: str, same: bool) -> None:
    board_cache.store(str(tmp_path), BOARD)
    environ = {"ROLLBACK_STATE_DIR": str(tmp_path), **({"ROLLBACK_SERVICES": named} if named else {})}
    assert any("LAST SEEN" in shown for shown in splash._board(line.split(), environ)) == same


def test_the_picture_imports_nothing_slow() -> None:
    script = "import sys; before = set(sys.modules); import tui.console.splash; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"tui", "tui.console", "tui.console.splash", "tui.console.board_cache"}


# ── the writer ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_terminal_that_takes_nothing_never_holds_up_the_loop() -> None:
    """Frames are dropped, what switches modes is not, and once it takes something again all is painted again."""
    read, write = os.pipe()
    frame, switch = "x" * 50_000, "\x1b[?1000h"
    caught_up = threading.Event()
    with os.fdopen(write, "w") as file, os.fdopen(read, "rb") as far_end:
        writer = Writer(file, ahead=100_000)
        writer.caught_up = caught_up.set
        writer.start()
        for number in range(50):
            writer.write(frame)  # a pipe takes 64 KiB: a writer that waits would never get past the second one
            writer.write(f"\x1b[{number};1H")
        writer.write(switch)
        assert writer.dropping
        taken = b""
        while not caught_up.is_set():
            if select.select([far_end], [], [], 0.05)[0]:
                taken += os.read(read, 65536)
        writer.write("painted again" + " " * SHORT)
        while b"painted again" not in taken:
            taken += os.read(read, 65536)
        assert switch.encode() in taken
        assert taken.count(b"x") % 50_000 == 0, "a frame was cut in two"
        assert taken.count(b"x") < 50 * 50_000
        assert writer.dropped == 50 - taken.count(b"x") // 50_000
        writer.stop()
        assert not writer.is_alive()


def test_one_frame_larger_than_all_that_may_wait_is_painted() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as file, os.fdopen(read, "rb") as far_end:
        writer = Writer(file, ahead=100)
        writer.start()
        writer.write("x" * 1000)
        assert far_end.read(1000) == b"x" * 1000
        writer.stop()


def test_a_terminal_that_is_gone_takes_everything_silently() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as file:
        writer = Writer(file)
        writer.start()
        writer.write("x")
        writer.join(10)
        for _ in range(1000):
            writer.write("y" * 1000)
        writer.stop()
        assert writer.gone
