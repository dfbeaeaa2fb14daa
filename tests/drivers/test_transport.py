"""Both carriers of the link keep the same contract against a real OpenSSH server: asyncssh, and the ssh program."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.drivers.test_ssh import driver
from tests.sshd import Sshd, free_port
from tui.drivers.git import Git
from tui.drivers.ssh import SshHost
from tui.drivers.ssh.openssh import cause
from tui.drivers.ssh.settings import Settings
from tui.model.errors import AuthRefused, HostKeyRefused, LinkError, Unreachable
from tui.model.host import LinkState
from tui.model.outcome import Exited, Lost, TimedOut
from tui.model.service import Host, Transport

FORCED = """case "$SSH_ORIGINAL_COMMAND" in
version) echo dokku version 0.35.15;; sleep*) exec $SSH_ORIGINAL_COMMAND;; cat) exec cat;;
slow) echo begun; exec sleep 30;; fail) echo oops >&2; exit 20;; last) exit 255;; big) exec head -c 3000000 /dev/zero;;
git-*) cd "$HOME"; exec sh -c "$SSH_ORIGINAL_COMMAND";; *) echo "$SSH_ORIGINAL_COMMAND";; esac"""


@pytest.fixture(params=list(Transport))
def target(request: pytest.FixtureRequest, sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Host(
        name="h",
        ssh=sshd.destination,
        identity_file=sshd.identity,
        known_hosts=sshd.known_hosts,
        transport=request.param,
    )


def changed(host: Host, **values: Any) -> Host:
    return Host(**{field: getattr(host, field) for field in host.__struct_fields__} | values)


async def test_commands_streams_and_bytes(target: Host) -> None:
    async with driver(target) as host:
        answer = await host.run(("version",), timeout=20)
        assert (answer.stdout, answer.stderr, answer.outcome) == (b"dokku version 0.35.15\n", b"", Exited(code=0))
        failed = await host.run(("fail",), timeout=20, writes=True)
        assert (failed.stderr, failed.outcome) == (b"oops\n", Exited(code=20))
        assert (await host.run(("last",), timeout=20, writes=True)).outcome == Exited(code=255), "the command's own"
        data = bytes(range(256)) * 1000 + b"~.\r\n\x03\x04\xff"
        assert (await host.run(("cat",), timeout=20, stdin=data)).stdout == data
        assert len((await host.run(("big",), timeout=20)).stdout) == 3_000_000
        assert (await host.run(("sleep", "30"), timeout=0.5, writes=True)).outcome == TimedOut(after=0.5)
        answers = await asyncio.gather(*(host.run(("apps:exists", f"app{i}"), timeout=30) for i in range(12)))
        assert [a.stdout for a in answers] == [f"apps:exists app{i}\n".encode() for i in range(12)]
        assert host.generation == 1
        stream = host.stream(("logs", "x", "-t"))
        assert b"".join([chunk async for chunk in stream]) == b"logs x -t\n"
        assert stream.outcome == Exited(code=0)
        assert host.link.state is LinkState.LIVE


async def test_git_is_spoken(target: Host) -> None:
    assert target.identity_file
    app = Path(target.identity_file).parent / f"app-{target.transport}"  # where the server's HOME is
    subprocess.run(["git", "init", "-q", "--bare", str(app)], check=True)
    empty = subprocess.run(
        ["git", "-C", str(app), "hash-object", "-t", "tree", "-w", "--stdin"], input=b"", capture_output=True
    ).stdout
    made = ["git", "-C", str(app), "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x"]
    commit = subprocess.run([*made, empty.decode().strip()], capture_output=True, check=True).stdout.decode().strip()
    subprocess.run(["git", "-C", str(app), "update-ref", "refs/heads/main", commit], check=True)
    async with driver(target) as host:
        assert await Git().refs(host, app.name) == {"main": commit}


async def test_who_the_host_is_and_who_we_are(target: Host, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    other.write_private_key(str(tmp_path / "stranger"))
    (tmp_path / "stranger").chmod(0o600)
    (tmp_path / "stranger").chmod(0o600)
    wrong = tmp_path / "wrong"
    port = target.ssh.rpartition(":")[2]
    wrong.write_text(f"[127.0.0.1]:{port} {other.export_public_key().decode()}")
    cases: list[tuple[dict[str, Any], type[LinkError], str]] = [
        ({"known_hosts": str(tmp_path / "none")}, HostKeyRefused, "unknown key"),
        ({"known_hosts": str(wrong)}, HostKeyRefused, "another key"),
        ({"identity_file": str(tmp_path / "stranger")}, AuthRefused, "accepts no key"),
        ({"ssh": f"dokku@127.0.0.1:{free_port()}"}, Unreachable, "connection refused"),
        ({"ssh": "dokku@host.invalid"}, Unreachable, "does not resolve"),
    ]
    for values, kind, words in cases:
        async with driver(changed(target, **values)) as host:
            with pytest.raises(kind, match=words) as refused:
                await host.run(("version",), timeout=30)
        assert refused.value.fix, words
        if isinstance(refused.value, HostKeyRefused):
            assert refused.value.changed == (words == "another key")
        assert host.link.state in (LinkState.REFUSED, LinkState.LOST)


async def test_a_write_whose_link_dies_is_lost_and_what_follows_opens_another(target: Host) -> None:
    async with driver(target) as host:
        begun = asyncio.Event()
        writing = asyncio.create_task(
            host.run(("slow",), timeout=30, writes=True, on_output=lambda raw, _: begun.set() if raw else None)
        )
        await begun.wait()
        await host.drop()
        assert isinstance((await writing).outcome, Lost)
        assert (await host.run(("version",), timeout=20)).ok
        assert host.generation == 2


def children_of(pid: int) -> list[str]:
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("target", [Transport.OPENSSH], indirect=True)
async def test_a_master_that_is_killed_is_a_lost_link(target: Host) -> None:
    async with driver(target) as host:
        await host.connect()
        connection: Any = host._connections["control"]
        writing = asyncio.create_task(host.run(("sleep", "30"), timeout=20, writes=True))
        while not connection._processes:
            await asyncio.sleep(0.01)
        while not (children := children_of(connection._master.pid)):
            await asyncio.sleep(0.01)
        for pid in children:
            os.kill(int(pid), signal.SIGKILL)
        assert isinstance((await writing).outcome, Lost)
        while "control" in host._connections:
            await asyncio.sleep(0.01)
        assert host.link.state is LinkState.LOST
        assert not connection.socket.parent.exists(), "nothing is left behind"


@pytest.mark.parametrize("target", [Transport.OPENSSH], indirect=True)
async def test_no_ssh_process_outlives_what_asked_for_it(target: Host) -> None:
    processes: list[asyncio.subprocess.Process] = []
    made = asyncio.create_subprocess_exec

    async def noted(*words: Any, **options: Any) -> asyncio.subprocess.Process:
        processes.append(await made(*words, **options))
        return processes[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", noted)
        async with driver(target) as host:
            await host.connect()
            connection: Any = host._connections["control"]
            begun = asyncio.Event()
            running = asyncio.create_task(
                host.run(("slow",), timeout=30, on_output=lambda raw, _: begun.set() if raw else None)
            )
            await begun.wait()
            asked = asyncio.create_task(connection.answers())
            count = len(processes)
            while len(processes) == count:
                await asyncio.sleep(0)
            asked.cancel()  # as a console that is closed does
            running.cancel()
            await asyncio.wait({asked, running})
    assert [one.returncode for one in processes if one.returncode is None] == []


async def test_where_a_connection_went_is_known_where_it_went_straight(target: Host) -> None:
    async with driver(target) as host:
        assert host.address is None, "nothing is open"
        await host.connect()
        assert host.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("ssh: Could not resolve hostname x: Name or service not known", Unreachable, "does not resolve"),
        ("ssh: connect to host x port 22: Connection refused", Unreachable, "nothing listens on port 22"),
        ("ssh: connect to host x port 22: No route to host", Unreachable, "no route"),
        ("ssh: connect to host x port 22: Connection timed out", Unreachable, "no connection to port 22"),
        ("kex_exchange_identification: Connection closed by remote host", Unreachable, "closed the connection before"),
        ("me@x: Permission denied (publickey).", AuthRefused, "accepts no key"),
        ("Received disconnect from x port 22:2: Too many authentication failures", AuthRefused, "more keys were tried"),
        ("No ED25519 host key is known for x and you have requested strict checking.", HostKeyRefused, "unknown key"),
        ("@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@", HostKeyRefused, "another key"),
        ("", Unreachable, "without a word"),
        (
            "The policy has changed.\nmy revoked key\nme@x: Permission denied (publickey).",
            AuthRefused,
            "accepts no key",
        ),
        ("@@@@\n@ WARNING: REVOKED HOST KEY DETECTED! @\n@@@@", HostKeyRefused, "revoked"),
        ("Unable to negotiate with x port 22: no matching cipher found.", Unreachable, "no matching cipher"),
    ],
)
def test_what_ssh_says_is_translated(said: str, kind: type[LinkError], words: str) -> None:
    error = cause(said, Host(name="h", ssh="me@x"), Settings(host="x", user="me", port=22))
    assert type(error) is kind and words in error.message and error.fix, error


def test_a_jump_host_that_failed_is_not_the_target() -> None:
    said = "No ED25519 host key is known for b and you have requested strict checking.\n"
    said += "Host key verification failed.\nConnection closed by UNKNOWN port 65535"
    error = cause(said, Host(name="h", ssh="me@x"), Settings(host="x", user="me", port=22, jumps=("b",)))
    assert "jump host b" in error.message


def test_the_driver_is_the_same_for_both() -> None:
    assert {one.value for one in Transport} == {"asyncssh", "openssh"}
    assert SshHost.run.__doc__
