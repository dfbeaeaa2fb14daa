"""Both forms of login on a real sshd: Dokku's own forced command, and a shell that knows a program `dokku`."""

import asyncio
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.test_ssh import FORCED, driver, host_of
from tests.sshd import Sshd, real_sshd
from tui.dokku import shell_lines
from tui.drivers.git import Git
from tui.drivers.ssh import SshHost
from tui.model.errors import ConsoleError, LinkError
from tui.model.host import Form
from tui.model.outcome import Exited
from tui.model.service import Host

DOKKU = f"""#!{sys.executable} -S
import sys
if sys.argv[1:] == ["version"]:
    print("dokku version 0.35.15")
else:
    print(*(repr(word) for word in sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """What sshd does for a login without a forced command: the command goes to the user's shell."""
    folder = tmp_path_factory.mktemp("shell")
    program = folder / "dokku"
    program.write_text(DOKKU)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with real_sshd(folder / "sshd", f'PATH={folder}:$PATH exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"') as server:
        yield server


@pytest.fixture(scope="module")
def forced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with real_sshd(tmp_path_factory.mktemp("forced"), FORCED) as server:
        yield server


async def test_a_shell_is_found_out_and_gets_every_word_as_it_is(shell: Sshd) -> None:
    words = ("config:set", "api", "A=b c", "$HOME", "it's", "*", "; id", "`id`", "-n", "--help", "")
    async with driver(host_of(shell), form=None) as host:
        answer = await host.run(words, timeout=10)
        assert host.form is Form.SHELL
        assert answer.stdout.decode().split("\n")[0] == " ".join(repr(word) for word in words)
        assert (await host.run(("version",), timeout=10)).stdout == b"dokku version 0.35.15\n"
        assert host.generation == 1


async def test_the_first_reads_go_out_beside_the_question_and_a_shell_is_asked_them_again(shell: Sshd) -> None:
    async with driver(host_of(shell), form=None) as host:
        told = await asyncio.gather(*(host.run(("apps:report", app), timeout=10) for app in ("api", "web")))
        assert [answer.stdout for answer in told] == [b"'apps:report' 'api'\n", b"'apps:report' 'web'\n"]
        assert await host.greeting() is None, "what a shell says to a bare `version` is no word of Dokku's"
    async with driver(host_of(shell), form=None) as host:
        with pytest.raises(ConsoleError, match="where Git should speak"):
            await Git().refs(host, "api")  # the words of the program `dokku`, not of the shell's own git
        assert host.form is Form.SHELL


async def test_a_forced_command_is_asked_each_read_once_and_greets(forced: Sshd) -> None:
    async with driver(host_of(forced), form=None) as host:
        assert (await host.run(("apps:report", "api"), timeout=10)).stdout == b"apps:report api\n"
        greeting = await host.greeting()
        assert greeting is not None and greeting.stdout.startswith(b"dokku version")


async def test_nothing_that_may_change_a_host_or_means_something_to_a_shell_goes_out_early(
    forced: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[tuple[str, ...]] = []
    real = SshHost.channel

    async def channel(self: SshHost, argv: tuple[str, ...], **how: Any) -> Any:
        if how.get("guess") and self._form is None:
            early.append(argv)
        return await real(self, argv, **how)

    monkeypatch.setattr(SshHost, "channel", channel)
    for words, writes in (
        (("config:set", "api", "A=b"), True),
        (("logs", "api"), False),
        (("apps:report", "$(id)"), False),
        (("apps:report", "api", "--format", "json"), False),
    ):
        async with driver(host_of(forced), form=None) as host:
            await host.run(words, timeout=10, writes=writes)
    assert early == [("apps:report", "api", "--format", "json")]


async def test_streams_and_git_services_ask_for_the_form_too(shell: Sshd) -> None:
    async with driver(host_of(shell), form=None) as host:
        told = b"".join([chunk async for chunk in host.stream(("logs", "api", "--num", "5", "-t"))])
        assert told == b"'logs' 'api' '--num' '5' '-t'\n"
    async with driver(host_of(shell), form=None) as host:
        channel = await host.channel(("git-upload-pack", "api"))
        assert await channel.read() == b"'git-upload-pack' 'api'\n"
        assert await channel.wait() == Exited(code=0)
        await channel.close()


async def test_a_forced_command_is_found_out(forced: Sshd) -> None:
    async with driver(host_of(forced), form=None) as host:
        assert (await host.run(("apps:report", "api"), timeout=10)).stdout == b"apps:report api\n"
        assert host.form is Form.FORCED


async def test_a_host_that_cannot_be_asked_was_sent_nothing(tmp_path: Path) -> None:
    async with driver(Host(name="h", ssh="dokku@127.0.0.1:1", known_hosts=str(tmp_path / "none")), form=None) as host:
        with pytest.raises(LinkError):
            await host.run(("apps:create", "x"), timeout=10, writes=True)


def test_what_people_paste_is_in_the_form_of_the_login() -> None:
    forced, shell = (Host(name="h", ssh="me@h", form=form) for form in (Form.FORCED, Form.SHELL))
    assert shell_lines.ssh_line(forced, ("logs", "api")) == "ssh me@h -- 'logs api'"
    assert shell_lines.ssh_line(shell, ("logs", "api")) == "ssh me@h -- 'dokku logs api'"
    pushes = [shell_lines.push_lines(h, "api", "main", (("Dockerfile", "FROM x\n"),), None) for h in (forced, shell)]
    assert ["--receive-pack=dokku git-receive-pack" in p for p in pushes] == [False, True]
