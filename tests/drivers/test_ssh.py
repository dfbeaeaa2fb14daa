"""The SSH driver against a real OpenSSH server, and against servers that die in every way there is."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.sshd import Sshd, free_port, real_sshd
from tui.drivers.clock import SystemClock
from tui.drivers.ssh import Identities, SshHost, login
from tui.model.errors import AuthRefused, HostKeyRefused, Unreachable
from tui.model.host import Form
from tui.model.outcome import Exited, Lost, Signalled, TimedOut
from tui.model.service import Host, Transport

FORCED = 'case "$SSH_ORIGINAL_COMMAND" in version) echo dokku version 0.35.15;; sleep*) exec $SSH_ORIGINAL_COMMAND;; '
FORCED += "fail) echo oops >&2; exit 20;; cat) exec cat;; big) exec head -c 3000000 /dev/zero;; "
FORCED += '*) echo "$SSH_ORIGINAL_COMMAND";; esac'


def host_of(server: Sshd, **changes: Any) -> Host:
    values: dict[str, Any] = {
        "name": "h",
        "ssh": server.destination,
        "identity_file": server.identity,
        "known_hosts": server.known_hosts,
        **changes,
    }
    return Host(**values)


@asynccontextmanager
async def driver(host: Host, **options: Any) -> AsyncIterator[SshHost]:
    made = SshHost(host, clock=SystemClock(), **{"form": Form.FORCED, **options})
    try:
        yield made
    finally:
        await made.close()


async def test_a_command_gives_its_output_and_exit_code(sshd: Sshd) -> None:
    async with driver(host_of(sshd)) as host:
        answer = await host.run(("version",), timeout=10)
        assert (answer.stdout, answer.outcome) == (b"dokku version 0.35.15\n", Exited(code=0))
        failed = await host.run(("fail",), timeout=10, writes=True)
        assert (failed.stderr, failed.outcome) == (b"oops\n", Exited(code=20))
        assert host.generation == 1


async def test_stdin_and_large_output_arrive_whole(sshd: Sshd) -> None:
    async with driver(host_of(sshd)) as host:
        assert (await host.run(("cat",), timeout=10, stdin=b"x" * 100_000)).stdout == b"x" * 100_000
        assert len((await host.run(("big",), timeout=10)).stdout) == 3_000_000


async def test_twenty_commands_at_once_lose_none(sshd: Sshd) -> None:
    async with driver(host_of(sshd)) as host:
        answers = await asyncio.gather(*(host.run(("apps:exists", f"app{i}"), timeout=20) for i in range(20)))
        assert [a.stdout for a in answers] == [f"apps:exists app{i}\n".encode() for i in range(20)]


@pytest.mark.parametrize("most", [1, 2])
async def test_a_server_that_takes_few_sessions_gets_them_one_after_the_other(tmp_path: Path, most: int) -> None:
    """As hardening guides set MaxSessions. Each command takes as long as one of Dokku's."""
    with real_sshd(tmp_path / "few", f"sleep 0.2; {FORCED}", also=f"MaxSessions {most}\n") as server:
        async with driver(host_of(server), form=None) as host:
            answers = await asyncio.gather(*(host.run(("apps:exists", f"a{i}"), timeout=20) for i in range(20)))
            assert [a.stdout for a in answers] == [f"apps:exists a{i}\n".encode() for i in range(20)]
            assert host._slots["control"].most <= 2 * most and host.generation == 1


async def test_a_server_that_takes_no_session_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "PAUSES", (0.01,))
    with real_sshd(tmp_path / "none", FORCED, also="MaxSessions 0\n") as server:
        async with driver(host_of(server), form=None) as host:
            with pytest.raises(Unreachable, match="refuses further channels") as refused:
                await host.run(("version",), timeout=10, writes=True)
            assert "MaxSessions" in refused.value.fix


async def test_a_command_without_an_end_is_timed_out_not_failed(sshd: Sshd) -> None:
    async with driver(host_of(sshd)) as host:
        answer = await host.run(("sleep", "30"), timeout=0.3, writes=True)
        assert answer.outcome == TimedOut(after=0.3)


async def test_a_login_that_answers_and_never_ends_is_not_called_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "LIMIT", 1.0)
    with real_sshd(tmp_path / "held", "echo dokku version 0.35.15; exec sleep 60") as server:
        async with driver(host_of(server), form=None) as host:
            with pytest.raises(Unreachable, match="was answered, but the session did not end") as refused:
                await host.run(("apps:list",), timeout=10)
            assert "keeps the session open" in refused.value.fix


async def test_ssh_itself_hears_no_end_there_and_the_other_transport_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "LIMIT", 1.5)
    with real_sshd(tmp_path / "held", f"sleep 30 & {FORCED}") as server:
        async with driver(host_of(server, transport=Transport.OPENSSH), form=None) as host:
            with pytest.raises(Unreachable, match="was answered, but the session did not end") as refused:
                await host.run(("apps:list",), timeout=10)
        assert "`transport: asyncssh`" in refused.value.fix
        async with driver(host_of(server), form=None) as host:
            assert (await host.run(("apps:list",), timeout=10)).ok


HOLDS = {
    "both": "sleep 60 &",
    "stderr alone": "sleep 60 >/dev/null &",
    "stdout alone": "sleep 60 2>/dev/null &",
    "and goes on talking": "(while sleep 0.1; do echo noise >&2; done) &",
}


@pytest.mark.parametrize("holds", HOLDS.values(), ids=HOLDS)
async def test_a_command_ends_by_its_exit_status_where_something_holds_its_output_open(
    tmp_path: Path, holds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "LIMIT", 2.0)
    talks = "noise" in holds
    with real_sshd(tmp_path / "held", f"{holds} {FORCED}") as server:
        async with driver(host_of(server), form=None) as host:
            # what talks for ever is heard until the command's own limit
            limit, many = (3, 4) if talks else (20, 12)
            answers = await asyncio.gather(*(host.run(("apps:exists", f"a{i}"), timeout=limit) for i in range(many)))
            assert [(a.stdout, a.outcome) for a in answers] == [
                (f"apps:exists a{i}\n".encode(), Exited(code=0)) for i in range(many)
            ]
            failed = await host.run(("fail",), timeout=limit, writes=True)
            assert failed.outcome == Exited(code=20) and b"oops\n" in failed.stderr
            assert len((await host.run(("big",), timeout=limit)).stdout) == 3_000_000
            assert host.link.held_open and host.generation == 1


async def test_a_command_that_says_nothing_for_long_is_waited_for(sshd: Sshd) -> None:
    async with driver(host_of(sshd)) as host:
        answer = await host.run(("sleep", "1.5"), timeout=20)
        assert answer.outcome == Exited(code=0) and answer.seconds > 1.4 and not host.link.held_open


async def test_an_unknown_key_is_shown_and_refused_until_it_is_accepted(sshd: Sshd, tmp_path: Path) -> None:
    empty = str(tmp_path / "known_hosts")
    async with driver(host_of(sshd, known_hosts=empty)) as host:
        with pytest.raises(HostKeyRefused) as refused:
            await host.run(("version",), timeout=10)
    assert refused.value.fingerprint.startswith("SHA256:")
    assert refused.value.fingerprint in refused.value.fix
    assert not refused.value.changed
    async with driver(host_of(sshd, known_hosts=empty), accept_fingerprint="SHA256:another") as host:
        with pytest.raises(HostKeyRefused):
            await host.run(("version",), timeout=10)
    async with driver(host_of(sshd, known_hosts=empty), accept_fingerprint=refused.value.fingerprint) as host:
        assert (await host.run(("version",), timeout=10)).ok
    async with driver(host_of(sshd, known_hosts=empty)) as host:
        assert (await host.run(("version",), timeout=10)).ok


async def test_a_changed_key_is_refused_even_when_it_is_accepted(sshd: Sshd, tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    wrong = tmp_path / "known_hosts"
    wrong.write_text(f"[127.0.0.1]:{sshd.port} {other}")
    async with driver(host_of(sshd, known_hosts=str(wrong))) as host:
        with pytest.raises(HostKeyRefused) as refused:
            await host.run(("version",), timeout=10)
    assert refused.value.changed
    async with driver(host_of(sshd, known_hosts=str(wrong)), accept_fingerprint=refused.value.fingerprint) as host:
        with pytest.raises(HostKeyRefused):
            await host.run(("version",), timeout=10)


async def test_a_key_the_host_does_not_know_is_refused_with_a_fix(sshd: Sshd, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))
    stranger.chmod(0o600)
    async with driver(host_of(sshd, identity_file=str(stranger))) as host:
        with pytest.raises(AuthRefused, match="accepts no key"):
            await host.run(("version",), timeout=10)


async def test_nobody_listens(sshd: Sshd) -> None:
    async with driver(host_of(sshd, ssh=f"dokku@127.0.0.1:{free_port()}")) as host:
        with pytest.raises(Unreachable):
            await host.run(("version",), timeout=10)


async def test_a_passphrase_is_asked_for_only_where_somebody_can_be_asked(tmp_path: Path) -> None:
    with real_sshd(tmp_path, FORCED, passphrase="opensesame") as server:
        async with driver(host_of(server)) as host:
            with pytest.raises(AuthRefused, match="passphrase"):
                await host.run(("version",), timeout=10)
        asked: list[str] = []

        def typed(*answers: str) -> Identities:
            left = list(answers)
            return Identities(lambda prompt: asked.append(prompt) or left.pop(0))  # type: ignore[func-returns-value]

        one, two = typed("mistyped", "opensesame"), typed("wrong", "wrong", "wrong")
        async with driver(host_of(server), identities=one) as host, driver(host_of(server), identities=one) as other:
            both = await asyncio.gather(host.run(("version",), timeout=10), other.run(("version",), timeout=10))
            assert all(answer.ok for answer in both)
            async for _ in host.stream(("version",)):
                pass
            await host.drop()
            assert (await host.run(("version",), timeout=10)).ok
        assert len(asked) == 2, "once mistyped, then never again in this process"
        async with driver(host_of(server), identities=two) as host:
            for _ in range(2):
                with pytest.raises(AuthRefused, match="wrong passphrase"):
                    await host.run(("version",), timeout=10)
        assert len(asked) == 5, "three tries, then nobody is asked for ever"


async def test_a_key_that_was_replaced_is_used_at_the_next_login(sshd: Sshd, tmp_path: Path) -> None:
    """Keys are changed while a console is open; what was locked by a forgotten passphrase is another key, too."""
    named = tmp_path / "mine"
    right = Path(sshd.identity).read_bytes()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(named))
    named.chmod(0o600)
    keys = Identities(lambda prompt: "wrong")
    async with driver(host_of(sshd, identity_file=str(named)), identities=keys) as host:
        with pytest.raises(AuthRefused, match="accepts no key"):
            await host.run(("version",), timeout=10)
        named.write_bytes(right)
        assert (await host.run(("version",), timeout=10)).ok
        for locked in ("forgotten", "forgotten too"):
            for half in (named, named.with_suffix(".pub")):
                half.unlink(missing_ok=True)
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", locked, "-f", str(named)]
            subprocess.run(argv, check=True)  # asyncssh would warn of a passphrase that is quickly tried
            await host.drop()
            with pytest.raises(AuthRefused, match="wrong passphrase"):
                await host.run(("version",), timeout=10)
        named.write_bytes(right)
        assert (await host.run(("version",), timeout=10)).ok


@pytest.mark.parametrize("field", ["identity_file", "known_hosts"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "large"])
async def test_what_is_no_small_file_is_refused_before_it_is_read(
    sshd: Sshd, tmp_path: Path, field: str, kind: str
) -> None:
    path = {"device": Path("/dev/zero"), "folder": tmp_path}.get(kind, tmp_path / kind)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(1 << 30)
    async with driver(host_of(sshd, **{field: str(path)})) as host:
        with pytest.raises((AuthRefused, HostKeyRefused)) as refused:
            await host.connect()
    assert str(path) in refused.value.message
    assert "not a regular file" in refused.value.message or "larger than" in refused.value.message


# ── links that die ───────────────────────────────────────────────────────────────────────────────────────────────

Deed = Callable[["asyncssh.SSHServerProcess[bytes]"], None]


def _abort(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    process.channel.get_connection().abort()


def _disconnect(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    process.channel.get_connection().disconnect(asyncssh.DISC_BY_APPLICATION, "bye")


def _close(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    process.close()


def _signal(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    process.exit_with_signal("TERM")


@asynccontextmanager
async def dying(folder: Path, deed: Deed) -> AsyncIterator[tuple[Host, list[str]]]:
    """A server that prints one line and then does the deed; the commands it was sent."""
    sent: list[str] = []
    key, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    client.write_private_key(str(folder / "id"))
    (folder / "id").chmod(0o600)
    (folder / "authorized").write_bytes(client.export_public_key())

    async def handle(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        sent.append(process.command or "")
        process.stdout.write(b"one line\n")
        await process.stdout.drain()
        deed(process)

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[key],
        authorized_client_keys=str(folder / "authorized"),
        process_factory=handle,
        encoding=None,
    )
    port = server.get_port()
    (folder / "known").write_bytes(f"[127.0.0.1]:{port} ".encode() + key.export_public_key())
    try:
        yield (
            Host(
                name="h",
                ssh=f"dokku@127.0.0.1:{port}",
                identity_file=str(folder / "id"),
                known_hosts=str(folder / "known"),
            ),
            sent,
        )
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("deed", [_abort, _disconnect, _close])
async def test_a_write_whose_link_dies_is_lost_and_never_repeated(tmp_path: Path, deed: Deed) -> None:
    async with dying(tmp_path, deed) as (target, sent), driver(target) as host:
        answer = await host.run(("apps:create", "x"), timeout=10, writes=True)
        assert isinstance(answer.outcome, Lost)
        assert sent == ["apps:create x"]


async def test_a_read_whose_link_dies_is_asked_once_more(tmp_path: Path) -> None:
    async with dying(tmp_path, _abort) as (target, sent), driver(target) as host:
        answer = await host.run(("version",), timeout=10)
        assert isinstance(answer.outcome, Lost)
        assert sent == ["version", "version"]


async def test_a_signal_is_no_exit_code(tmp_path: Path) -> None:
    async with dying(tmp_path, _signal) as (target, _), driver(target) as host:
        answer = await host.run(("apps:create", "x"), timeout=10, writes=True)
        assert answer.outcome == Signalled(signal="TERM")


async def test_a_stream_ends_with_its_outcome(tmp_path: Path) -> None:
    async with dying(tmp_path, _abort) as (target, _), driver(target) as host:
        stream = host.stream(("logs", "x", "-t"))
        assert b"".join([chunk async for chunk in stream]) == b"one line\n"
        assert isinstance(stream.outcome, Lost)
