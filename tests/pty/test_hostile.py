"""What comes from outside tries to take the terminal, its title, its clipboard: it is shown, and that is all."""

import re
from pathlib import Path

from tests.pty.terminals import Pty, console, environment, pty_of
from tests.sandboxes import running_sandbox

TITLE, CLIPBOARD = "\x1b]0;TAKEN\x07", "\x1b]52;c;VEFLRU4=\x07"
EVIL = f"{TITLE}{CLIPBOARD}\x1b[2J\x1b[31mred\x9b2J\x1bPq#TAKEN\x1b\\ \x1b_TAKEN\x1b\\ \u202etxt [/foo] [b]bold"
LINES = (
    "before them",
    EVIL,
    "[/foo] [red]markup[/red] [@click=app.exit]go[/]",
    "x" * 1_000_000,
    "half of a character: \udce2\udc82 end",
    "a line\rover itself",
    "after them",
)
TAKING = re.compile(r"\x1b\](?:0|1|2|52);[^\x07\x1b]*|\x1b[P_^][^\x1b]*TAKEN|\x9b|\x1b\[2J\x1b\[31mred|\u202e")


def unharmed(screen: Pty) -> None:
    taken: list[str] = TAKING.findall(screen.raw.decode("utf-8"))
    assert not taken


def test_log_lines_commits_names_and_answers_leave_the_terminal_alone(tmp_path: Path) -> None:
    with running_sandbox(tmp_path / "box") as box:
        box.pull("deploy", app="scenextras", message=f"{EVIL} subject", author=f"{EVIL} <a@b>", wait=True)
        with pty_of(console(box.services, "--watch", "5s"), environment(tmp_path / "state")) as screen:
            screen.shows("gateway")
            screen.shows("4 OK")
            for name in ("transcription", "api"):
                screen.type(b"j")
                screen.shows(f"LOGS {name}")
            box.pull("log", app="scenextras", lines=list(LINES))
            screen.shows("after them")
            screen.type(b"l")
            screen.type(b"f")  # hold still
            screen.type(b"k" * 8)
            screen.shows("[/foo] [red]markup[/red] [@click=app.exit]go[/]")
            screen.type(b"13")
            screen.shows("RELEASES api")
            screen.shows("RUNNING      ␛]0;TAKEN")
            screen.type(b"c")
            screen.shows("COMMANDS")
            screen.type(b"q")
            assert screen.end() == 0
            unharmed(screen)
            screen.assert_clean()
