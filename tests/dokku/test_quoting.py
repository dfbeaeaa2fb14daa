"""What we send against the real xargs and the real echo that split it on a host."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.dokku import commands
from tui.dokku.quoting import exec_string
from tui.model.host import Form

words = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=12)


def split_as_a_host(line: str) -> list[str]:
    """`xargs -n 1` runs /bin/echo once for each word."""
    done = subprocess.run(["xargs", "-n", "1"], input=line.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\n")[:-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(words.filter(bool), min_size=1, max_size=4))
def test_every_word_that_is_sent_arrives_as_it_is(found: list[str]) -> None:
    argv = ("config:set", *found)
    try:
        line = exec_string(argv, Form.FORCED)
    except ValueError:
        return
    assert tuple(split_as_a_host(line)) == argv


@pytest.mark.parametrize("word", ["-n", "-e", "-E", "-ne", "-nn", "--help", "--version", "a\nb", "\x1b"])
def test_what_would_not_arrive_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"vanish|control"):
        exec_string(("logs", word), Form.FORCED)


def test_git_commands_know_no_quotes() -> None:
    assert (
        exec_string(commands.git_set_branch("api", "frozen-by-1"), Form.FORCED)
        == "git:set api deploy-branch frozen-by-1"
    )
    for value in ("two words", "", "it's", 'a"b', "back\\slash"):
        with pytest.raises(ValueError, match="blanks"):
            exec_string(("git:set", "api", "deploy-branch", value), Form.FORCED)


def test_git_services_are_written_as_git_writes_them() -> None:
    assert exec_string(("git-receive-pack", "api"), Form.FORCED) == "git-receive-pack 'api'"
    shell = exec_string(("git-upload-pack", "api"), Form.SHELL)
    assert shell == "cd /home/dokku 2>/dev/null; dokku git-upload-pack 'api'"
    with pytest.raises(ValueError, match="no app"):
        exec_string(("git-receive-pack", "x'; rm -rf /"), Form.FORCED)


def test_an_unrestricted_login_needs_the_program_and_gets_quotes() -> None:
    assert exec_string(("config:set", "api", "A=b c"), Form.SHELL) == "dokku config:set api 'A=b c'"


def test_logs_ask_for_lines_in_the_way_that_arrives() -> None:
    assert commands.logs("api", 50) == ("logs", "api", "--num", "50")
    assert exec_string(commands.logs("api", 50, tail=True), Form.FORCED) == "logs api --num 50 -t"
