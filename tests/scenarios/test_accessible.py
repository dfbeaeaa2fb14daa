"""A whole incident line by line: numbered choices on a terminal, and not one control sequence among its bytes."""

import os
import re

from tests.harness import LocalSandbox
from tests.pty.terminals import pty_of
from tui.cli.options import parse

CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|\x9b")
"""anything but text, tabs and ends of lines"""


def test_a_whole_incident_by_linear_prompts_without_a_control_sequence(box: LocalSandbox) -> None:
    environ = {**box.env(), "TERM": "xterm-256color", "ACCESSIBLE": "1", "LANG": "C.UTF-8"}
    with pty_of(box.argv(), environ, rows=24, columns=200) as terminal:

        def asked(question: str, answer: str) -> None:
            mark = len(terminal.raw)
            terminal.until(lambda: question.encode() in terminal.raw[seen[0] :], question)
            seen[0] = max(mark, len(terminal.raw))
            terminal.type(answer.encode() + b"\n")

        seen = [0]
        asked("which one? number, or q: ", "nothing")
        asked("which one? number, or q: ", str(_number(terminal.raw, "api, ")))
        asked("what is to be done? number, or q: ", "1")
        asked("back to which release? number, or q: ", "1")
        asked("not said] ", "P1")
        asked("afterwards? [y/N] ", "n")
        asked("go back to release:4? [y/N] ", "y")
        terminal.until(lambda: b"api is back on release:4: verified" in terminal.raw, "back")
        asked("what is to be done? number, or q: ", "q")
        asked("which one? number, or q: ", "q")
        while terminal.read(10):
            pass
        said = terminal.raw
        code = os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1])
    assert code == 0, said
    assert box.serves() == "v1.4.0"
    found = CONTROL.search(said)
    assert found is None, said[max(0, found.start() - 80) : found.end() + 20]
    assert b"'nothing' is none of 1 to" in said
    assert all(len(line) < 1000 for line in said.splitlines())


def _number(raw: bytes, name: str) -> int:
    found = re.search(rf"^(\d+)\. {name}".encode(), raw, re.MULTILINE)
    assert found is not None, raw
    return int(found[1])


def test_the_option_is_known_everywhere() -> None:
    assert parse(["--accessible"]).accessible and not parse([]).accessible
    assert parse(["api", "previous", "--accessible"]).accessible
