"""How a command line is taken apart, held against the real xargs and echo of this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tui.sandbox.argv_split import UnmatchedQuote, split_command

needs_xargs = pytest.mark.skipif(shutil.which("xargs") is None, reason="no xargs on this machine")


def really(line: str) -> list[str] | None:
    """What comes out of ``xargs -n 1 <<< line``, one argument a line; None where xargs gives up."""
    done = subprocess.run(
        ["xargs", "-n", "1", "/bin/echo"],
        input=f"{line}\n".encode(),
        capture_output=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    return None if done.returncode else done.stdout.decode().split("\n")[:-1]


def ours(line: str) -> list[str] | None:
    try:
        return split_command(line)
    except UnmatchedQuote:
        return None


@needs_xargs
@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="an0-eE:'\"\\ \t$;|&é", min_size=1, max_size=12))
@example("logs scenextras -n 5")
@example("logs -ne 3 scenextras")
@example("config:set app KEY='two words' OTHER=\"a 'b' c\"")
@example(r"config:set app KEY=a\ b C=\'")
@example("a '' b")
@example("a -e -E -nE -nn -n5 --num b")
@example("apps:list\nid")
@example("a 'open")
@example('a "open')
def test_words_are_those_of_the_real_xargs(line: str) -> None:
    # Whether a newline follows the command on a real host, for a last backslash to take in, was not recorded.
    assume(not re.search(r"\\\Z", line))
    assert ours(f"x {line}") == really(f"x {line}")


def test_git_commands_are_split_on_blanks_and_keep_their_dashes() -> None:
    assert split_command("git-receive-pack '/scenextras'") == ["git-receive-pack", "/scenextras"]
    assert split_command("git:set app deploy-branch -n") == ["git:set", "app", "deploy-branch", "-n"]
    assert split_command("git:set app rev-env-var 'A B'") == ["git:set", "app", "rev-env-var", "'A", "B'"]
