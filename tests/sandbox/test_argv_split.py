"""How the forced command splits its line: xargs' quotes, echo's options, git's blanks."""

from __future__ import annotations

import pytest

from tests.sandbox.guest import Guest
from tui.sandbox.argv_split import UnmatchedQuote, split_command


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("logs api -n 20", ["logs", "api", "20"]),
        ("logs api -ne 20", ["logs", "api", "20"]),
        ("logs api --num 20", ["logs", "api", "--num", "20"]),
        ("config:get api -e", ["config:get", "api", ""]),
        ("config:get api -E", ["config:get", "api", ""]),
        ("config:get api -x", ["config:get", "api", "-x"]),
        ("config:get api -num", ["config:get", "api", "-num"]),
        ("config:set a 'K=two words' \"L=it's\"", ["config:set", "a", "K=two words", "L=it's"]),
        (r"config:set a K=two\ words", ["config:set", "a", "K=two words"]),
        ("config:set a K=", ["config:set", "a", "K="]),
        ("config:set a ''", ["config:set", "a", ""]),
        ("apps:list && id", ["apps:list", "&&", "id"]),
        ("apps:list $HOME `id`", ["apps:list", "$HOME", "`id`"]),
        ("", []),
        # git's own commands are split on blanks alone
        ("git:set api deploy-branch 'a b'", ["git:set", "api", "deploy-branch", "'a", "b'"]),
        ("git:set api -n x", ["git:set", "api", "-n", "x"]),
        ("git-receive-pack 'api'", ["git-receive-pack", "api"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert split_command(line) == words


@pytest.mark.parametrize(("line", "kind"), [("apps:list 'x", "single"), ('apps:list "x', "double"), ("it's", "single")])
def test_an_open_quote_is_xargs_own_error(line: str, kind: str) -> None:
    with pytest.raises(UnmatchedQuote, match=f"unmatched {kind} quote"):
        split_command(line)


async def test_help_and_version_turn_into_echos_text(guest: Guest) -> None:
    for word, said in (("--help", "Usage: echo [SHORT-OPTION]..."), ("--version", "echo (GNU coreutils) 9.7 Packaged")):
        done = await guest.run(word)
        assert done.exit == 1
        assert done.err.startswith(f" !     `{said}")
        assert done.err.endswith(
            " is not a dokku command.\n !     See `dokku help` for a list of available commands.\n"
        )


async def test_a_vanished_flag_shows_a_hundred_lines(guest: Guest) -> None:
    assert len((await guest.ok("logs scenextras -n 20")).splitlines()) == 100
    assert len((await guest.ok("logs scenextras --num 20")).splitlines()) == 20
    done = await guest.run("logs -n 3 scenextras")
    assert (done.exit, done.err) == (20, " !     App 3 does not exist\n")


async def test_dokkus_own_flags_stand_before_the_command(guest: Guest) -> None:
    assert (await guest.ok("--quiet apps:list")).splitlines()[0] == "scenextras"
    assert await guest.ok("--app scenextras ps:report --running") == "true\n"


async def test_nothing_is_a_shell_and_no_command_is_the_help(guest: Guest) -> None:
    for line in ("ls /", "docker ps", "apps:list; id", "ps:rollback scenextras", "tags:list scenextras"):
        done = await guest.run(line)
        assert (done.exit, done.out) == (1, "")
        assert done.err.startswith(f" !     `{line}` is not a dokku command.")
    assert (await guest.run("")).out == await guest.ok("help")
