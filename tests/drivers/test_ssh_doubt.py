"""What the SSH driver does where it cannot know: begun commands, keys, aliases, links that end unasked."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from tests.drivers.test_ssh import FORCED, driver, host_of
from tests.sshd import Sshd, real_sshd
from tui.drivers.git import Git
from tui.drivers.ssh import SshHost
from tui.model.errors import AuthRefused, HostKeyRefused, Unreachable
from tui.model.host import Form, LinkState
from tui.model.outcome import Exited, Lost, TimedOut
from tui.model.service import Host

# ── a server whose every step can be told to go wrong ────────────────────────────────────────────────────────────

Deed = Callable[["asyncssh.SSHServerConnection"], None]


class Faulty:
    """A server that does a deed when a command is requested, before it says whether it starts it."""

    def __init__(self, deed: Deed) -> None:
        self.deed = deed
        self.requested: list[str] = []
        self.connections: list[asyncssh.SSHServerConnection] = []

    def server(self) -> asyncssh.SSHServer:
        faulty = self

        class Session(asyncssh.SSHServerSession[bytes]):
            def connection_made(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
                self.chan = chan

            def exec_requested(self, command: str) -> bool:
                faulty.requested.append(command)
                faulty.deed(self.chan.get_connection())  # type: ignore[arg-type]
                return True

            def session_started(self) -> None:
                if not self.chan.is_closing():
                    self.chan.exit(0)

        class Server(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                faulty.connections.append(conn)

            def session_requested(self) -> "asyncssh.SSHServerSession[bytes]":
                return Session()

        return Server()


@asynccontextmanager
async def faulty(folder: Path, deed: Deed) -> AsyncIterator[tuple[Host, Faulty]]:
    key, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    client.write_private_key(str(folder / "id"))
    (folder / "id").chmod(0o600)
    (folder / "authorized").write_bytes(client.export_public_key())
    made = Faulty(deed)
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=made.server,
        server_host_keys=[key],
        authorized_client_keys=str(folder / "authorized"),
        encoding=None,
    )
    known = folder / "known"
    known.write_bytes(f"[127.0.0.1]:{server.get_port()} ".encode() + key.export_public_key())
    target = Host(
        name="h",
        ssh=f"dokku@127.0.0.1:{server.get_port()}",
        identity_file=str(folder / "id"),
        known_hosts=str(known),
    )
    try:
        yield target, made
    finally:
        server.close()
        for connection in made.connections:
            connection.abort()
        await server.wait_closed()


def _abort(connection: asyncssh.SSHServerConnection) -> None:
    connection.abort()


def _disconnect(connection: asyncssh.SSHServerConnection) -> None:
    connection.disconnect(asyncssh.DISC_BY_APPLICATION, "bye")


def _nothing(connection: asyncssh.SSHServerConnection) -> None:
    assert connection is not None


@pytest.mark.parametrize("deed", [_abort, _disconnect])
async def test_a_write_that_was_requested_but_never_acknowledged_is_lost_not_sent_again(
    tmp_path: Path, deed: Deed
) -> None:
    async with faulty(tmp_path, deed) as (target, server), driver(target) as host:
        answer = await host.run(("apps:create", "x"), timeout=10, writes=True)
        assert isinstance(answer.outcome, Lost)
        assert server.requested == ["apps:create x"]


@pytest.mark.parametrize("fault", [False, True])
async def test_a_link_that_ends_with_the_acknowledgement_of_a_command_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: bool
) -> None:
    """asyncssh goes on with a session that it has taken away meanwhile. Any other such error is a fault."""
    session: object = 1 if fault else None
    async with faulty(tmp_path, _nothing) as (target, server), driver(target) as host:
        await host.connect()

        async def acknowledged(connection: asyncssh.SSHClientConnection, *_: object, **__: object) -> None:
            connection.abort()
            await connection.wait_closed()
            session.session_started()  # type: ignore[attr-defined]

        monkeypatch.setattr(asyncssh.SSHClientConnection, "create_process", acknowledged)
        if fault:
            with pytest.raises(AttributeError):
                await host.run(("apps:create", "x"), timeout=10, writes=True)
        else:
            answer = await host.run(("apps:create", "x"), timeout=10, writes=True)
            assert answer.outcome == Lost(why="the link ended as the command was started")
    assert server.requested.count("apps:create x") == 0


async def test_a_read_that_was_never_acknowledged_is_asked_once_more(tmp_path: Path) -> None:
    async with faulty(tmp_path, _abort) as (target, server), driver(target) as host:
        assert isinstance((await host.run(("version",), timeout=10)).outcome, Lost)
        assert server.requested == ["version", "version"]


async def test_a_write_on_a_connection_that_had_died_goes_over_a_new_one_once(tmp_path: Path) -> None:
    async with faulty(tmp_path, _nothing) as (target, server), driver(target) as host:
        assert (await host.run(("version",), timeout=10)).ok
        server.connections[0].abort()
        assert (await host.run(("apps:create", "x"), timeout=10, writes=True)).ok
        assert server.requested == ["version", "apps:create x"]
        assert host.generation == 2


async def test_a_link_that_ends_unasked_is_shown_as_lost(tmp_path: Path) -> None:
    async with faulty(tmp_path, _nothing) as (target, server), driver(target) as host:
        await host.connect()
        states = [host.link.state]
        server.connections[0].abort()
        async with asyncio.timeout(10):
            while (state := host.link.state) is states[0]:
                await asyncio.sleep(0)
        assert [*states, state] == [LinkState.LIVE, LinkState.LOST]
        assert host.link.detail


async def test_what_follows_a_drop_uses_a_new_connection(tmp_path: Path) -> None:
    async with faulty(tmp_path, _nothing) as (target, server), driver(target) as host:
        await host.connect()
        await host.drop()
        assert (await host.run(("version",), timeout=10)).ok
        assert (host.generation, len(server.connections)) == (2, 2)


async def test_a_command_for_one_connection_is_never_sent_over_another(tmp_path: Path) -> None:
    async with faulty(tmp_path, _nothing) as (target, server), driver(target) as host:
        assert host.connection == 0
        assert (await host.run(("version",), timeout=10)).ok
        seen = host.connection
        assert (await host.run(("run", "x"), timeout=10, only_on=seen)).ok
        await host.drop()
        with pytest.raises(Unreachable, match="replaced"):
            await host.run(("run", "x"), timeout=10, only_on=seen)
        assert server.requested == ["version", "run x"]


async def test_commands_that_hang_make_nobody_wait_longer_than_was_said(sshd: Sshd) -> None:
    async with driver(host_of(sshd)) as host:
        hanging = [asyncio.create_task(host.run(("sleep", "30"), timeout=30)) for _ in range(9)]
        async with asyncio.timeout(20):
            while host._slots["control"].free:
                await asyncio.sleep(0.01)
            answer = await host.run(("version",), timeout=0.2, writes=True)
        assert answer.outcome == TimedOut(after=0.2)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        assert (await host.run(("version",), timeout=10)).ok


async def test_both_kinds_of_output_are_heard_as_they_come(sshd: Sshd) -> None:
    heard: list[tuple[bytes, bool]] = []
    async with driver(host_of(sshd)) as host:
        answer = await host.run(("fail",), timeout=10, on_output=lambda raw, err: heard.append((raw, err)))
    assert answer.outcome == Exited(code=20)
    assert heard == [(b"oops\n", True)]


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def two_keys(folder: Path) -> AsyncIterator[tuple[Host, dict[str, asyncssh.SSHKey]]]:
    """A server with host keys of two kinds, and a client whose file of known hosts is empty."""
    keys = {kind: asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256")}
    client = asyncssh.generate_private_key("ssh-ed25519")
    client.write_private_key(str(folder / "id"))
    (folder / "id").chmod(0o600)
    (folder / "authorized").write_bytes(client.export_public_key())

    async def handle(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        process.exit(0)

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=list(keys.values()),
        authorized_client_keys=str(folder / "authorized"),
        process_factory=handle,
        encoding=None,
    )
    known = folder / "known"
    try:
        yield (
            Host(
                name="h",
                ssh=f"dokku@127.0.0.1:{server.get_port()}",
                identity_file=str(folder / "id"),
                known_hosts=str(known),
            ),
            keys,
        )
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_the_kind_of_key_that_is_on_file_is_the_one_asked_for(tmp_path: Path, kind: str) -> None:
    async with two_keys(tmp_path) as (target, keys):
        name = f"[127.0.0.1]:{target.ssh.rpartition(':')[2]}"
        (tmp_path / "known").write_bytes(f"{name} ".encode() + keys[kind].export_public_key())
        async with driver(target) as host:
            assert (await host.run(("version",), timeout=10)).ok


async def test_a_kind_of_key_that_the_host_no_longer_has_counts_as_changed(tmp_path: Path) -> None:
    async with two_keys(tmp_path) as (target, _):
        name = f"[127.0.0.1]:{target.ssh.rpartition(':')[2]}"
        gone = asyncssh.generate_private_key("ecdsa-sha2-nistp384").export_public_key()
        (tmp_path / "known").write_bytes(f"{name} ".encode() + gone)
        async with driver(target) as host:
            with pytest.raises(HostKeyRefused) as refused:
                await host.connect()
        assert refused.value.changed


async def test_a_revoked_key_is_refused_even_when_it_is_accepted(tmp_path: Path) -> None:
    async with two_keys(tmp_path) as (target, keys):
        name = f"[127.0.0.1]:{target.ssh.rpartition(':')[2]}"
        lines = [f"@revoked {name} ".encode() + key.export_public_key() for key in keys.values()]
        (tmp_path / "known").write_bytes(b"".join(lines))
        for key in keys.values():
            async with driver(target, accept_fingerprint=key.get_fingerprint()) as host:
                with pytest.raises(HostKeyRefused) as refused:
                    await host.connect()
                assert refused.value.changed
        assert (tmp_path / "known").read_bytes() == b"".join(lines)


async def test_a_key_with_a_passphrase_is_used_through_the_agent(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home
    with real_sshd(tmp_path / "sshd", FORCED, passphrase="opensesame") as server:
        socket = tmp_path / "agent"
        askpass = tmp_path / "askpass"
        askpass.write_text("#!/bin/sh\necho opensesame\n")
        askpass.chmod(0o700)
        agent = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", str(socket), stdout=subprocess.PIPE)
        try:
            assert agent.stdout is not None
            async with asyncio.timeout(10):
                assert await agent.stdout.readline()  # it listens by then; its socket is there sooner
            for name, value in (("AUTH_SOCK", socket), ("ASKPASS", askpass), ("ASKPASS_REQUIRE", "force")):
                monkeypatch.setenv(f"SSH_{name}", str(value))
            async with driver(host_of(server)) as host:
                with pytest.raises(AuthRefused, match="passphrase"):
                    await host.connect()
            add = await asyncio.create_subprocess_exec("ssh-add", "-q", server.identity, stderr=subprocess.DEVNULL)
            assert await add.wait() == 0
            async with driver(host_of(server)) as host:
                assert (await host.run(("version",), timeout=10)).ok
        finally:
            agent.terminate()
            await agent.wait()


# ── ~/.ssh/config ────────────────────────────────────────────────────────────────────────────────────────────────


def alias(server: Sshd, home: Path, *more: str) -> Host:
    lines = ["Host prod", "HostName 127.0.0.1", f"Port {server.port}", f"User {server.user}", *more]
    (home / ".ssh" / "config").write_text("\n".join(lines) + "\n")
    return Host(name="h", ssh="prod", known_hosts=server.known_hosts)


async def test_an_alias_of_the_users_own_configuration(sshd: Sshd, home: Path) -> None:
    async with driver(alias(sshd, home, f"IdentityFile {sshd.identity}", "StrictHostKeyChecking no")) as host:
        assert (await host.run(("version",), timeout=10)).ok


async def test_the_users_configuration_cannot_switch_host_keys_off(sshd: Sshd, home: Path, tmp_path: Path) -> None:
    target = alias(sshd, home, f"IdentityFile {sshd.identity}", "StrictHostKeyChecking no")
    stranger = Host(name="h", ssh=target.ssh, known_hosts=str(tmp_path / "none"))
    async with driver(stranger) as host:
        with pytest.raises(HostKeyRefused):
            await host.connect()


async def test_a_configuration_that_cannot_be_read_is_no_crash(sshd: Sshd, home: Path) -> None:
    async with driver(alias(sshd, home, "Port many")) as host:
        with pytest.raises(Unreachable) as refused:
            await host.connect()
    assert "config" in refused.value.fix


async def test_an_alias_with_a_locked_key_is_refused_in_words(tmp_path: Path, home: Path) -> None:
    with real_sshd(tmp_path / "sshd", FORCED, passphrase="opensesame") as server:
        async with driver(alias(server, home, f"IdentityFile {server.identity}")) as host:
            with pytest.raises(AuthRefused, match=r"needs a passphrase and nobody can be asked \(ssh-add it first\)"):
                await host.connect()


def test_the_driver_counts_from_nothing(sshd: Sshd) -> None:
    from tui.drivers.clock import SystemClock

    host = SshHost(host_of(sshd), clock=SystemClock(), form=Form.FORCED)
    assert (host.generation, host.link.state) == (0, LinkState.IDLE)


async def test_whoever_waited_for_an_attempt_to_connect_has_its_end_and_whoever_asks_later_tries_again(
    sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    real = SshHost._open

    async def fails(self: SshHost) -> None:
        tried.append(0.0)
        await asyncio.sleep(0.01)
        raise Unreachable(f"attempt {len(tried)} has failed")

    async with driver(host_of(sshd), form=None) as host:
        monkeypatch.setattr(SshHost, "_open", fails)
        reads = (host.run(("apps:report", f"app{n}"), timeout=5) for n in range(9))
        ends = await asyncio.gather(*reads, Git().refs(host, "app"), return_exceptions=True)
        assert {str(end) for end in ends} == {"attempt 1 has failed"} and len(tried) == 1
        with pytest.raises(Unreachable, match="attempt 2"):
            await host.run(("apps:report", "app"), timeout=5)
        monkeypatch.setattr(SshHost, "_open", real)
        assert (await host.run(("apps:report", "app"), timeout=5)).ok
