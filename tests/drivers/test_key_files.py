"""Private keys as people have them on disk: what ssh ignores is ignored, and said with the way to a right one."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.drivers.test_as_openssh import verdict
from tests.drivers.test_ssh import FORCED, driver
from tests.sshd import Sshd, real_sshd
from tui.drivers.ssh import client_config, key_files
from tui.model.errors import AuthRefused, Unreachable
from tui.model.service import Host, Transport


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with real_sshd(tmp_path_factory.mktemp("sshd"), FORCED) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home/.ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return tmp_path / "home"


@pytest.fixture
def agent(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    socket = home / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it listens by then
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield socket
        process.terminate()


def host(sshd: Sshd, identity_file: str | None, transport: Transport = Transport.ASYNCSSH) -> Host:
    return Host(
        name="h", ssh=sshd.destination, known_hosts=sshd.known_hosts, identity_file=identity_file, transport=transport
    )


async def ssh_is_in(sshd: Sshd, path: Path) -> bool:
    """True if the real client logs in with that file."""
    options = ("BatchMode=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={sshd.known_hosts}")
    argv = ["ssh", "-F", "none", *(word for one in options for word in ("-o", one)), "-i", str(path)]
    where = ["-p", str(sshd.port), f"{sshd.user}@127.0.0.1", "version"]
    done = await asyncio.to_thread(subprocess.run, [*argv, *where], capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode == 0


async def refused(made: Host) -> AuthRefused:
    async with driver(made) as one:
        with pytest.raises(AuthRefused) as error:
            await one.connect()
    return error.value


@pytest.fixture
def key(sshd: Sshd, tmp_path: Path) -> Path:
    """A copy of the key that opens it, as `echo "$SECRET" > file` leaves one."""
    made = tmp_path / "my key"
    made.write_bytes(Path(sshd.identity).read_bytes())
    made.chmod(0o644)
    return made


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o777, 0o610])
@pytest.mark.parametrize("transport", list(Transport))
async def test_a_key_that_others_can_read_is_ignored_as_by_ssh_and_the_fix_is_typed_as_it_is(
    sshd: Sshd, home: Path, key: Path, mode: int, transport: Transport
) -> None:
    key.chmod(mode)
    assert not await ssh_is_in(sshd, key)
    error = await refused(host(sshd, str(key), transport))
    assert f"permissions {mode:04o}" in error.message
    subprocess.run(error.fix, shell=True, check=True)
    assert await verdict(host(sshd, str(key), transport)) == "in"


def test_where_the_mode_cannot_be_changed_a_copy_is_advised(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that a container has mounted."""
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))
    found = key_files.exposed(key)
    assert found is not None
    subprocess.run(found[1].partition(", and")[0], shell=True, check=True, cwd=key.parent)
    assert key_files.exposed(key.with_name("NEW")) is None


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
async def test_a_key_of_ones_own_alone_is_used(sshd: Sshd, home: Path, key: Path, mode: int) -> None:
    key.chmod(mode)
    assert await ssh_is_in(sshd, key)
    assert await verdict(host(sshd, str(key))) == "in"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
async def test_of_a_file_that_belongs_to_somebody_else_the_mode_is_not_asked(sshd: Sshd, home: Path, key: Path) -> None:
    os.chown(key, 65534, -1)
    assert await ssh_is_in(sshd, key)
    assert await verdict(host(sshd, str(key))) == "in"


async def test_other_keys_are_tried_where_one_is_ignored(sshd: Sshd, home: Path, key: Path) -> None:
    (home / ".ssh/config").write_text(f'IdentityFile "{key}"\n')
    error = await refused(host(sshd, None))
    assert "permissions 0644" in error.message
    assert error.fix.startswith(f"chmod 600 '{key}'; else ")
    (home / ".ssh/config").write_text(f'IdentityFile "{key}"\nIdentityFile {sshd.identity}\n')
    assert await verdict(host(sshd, None)) == "in"


async def test_the_agent_signs_for_a_key_that_others_can_read(sshd: Sshd, agent: Path, key: Path) -> None:
    subprocess.run(["ssh-add", "-q", sshd.identity], check=True, capture_output=True)
    assert await ssh_is_in(sshd, key)
    assert await verdict(host(sshd, str(key))) == "in"


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "CRLF": (lambda raw: raw.replace(b"\n", b"\r\n"), "CRLF"),
    "no final line end": (lambda raw: raw.rstrip(b"\n"), "no line end behind its last line"),
}


@pytest.mark.parametrize("how", SPOILT)
async def test_what_ssh_does_not_read_we_do_and_say_so_where_ssh_carries_the_link(
    sshd: Sshd, home: Path, key: Path, how: str
) -> None:
    spoil, words = SPOILT[how]
    key.write_bytes(spoil(key.read_bytes()))
    key.chmod(0o600)
    assert await verdict(host(sshd, str(key))) == "in"
    if await ssh_is_in(sshd, key):
        return  # a later OpenSSH reads it
    error = await refused(host(sshd, str(key), Transport.OPENSSH))
    assert words in error.message
    new = key.with_name("NEW")
    subprocess.run(error.fix.partition(", and name")[0], shell=True, check=True, cwd=key.parent)
    assert await ssh_is_in(sshd, new if new.exists() else key)


def test_of_a_key_that_ssh_took_or_did_not_name_nothing_is_said(tmp_path: Path) -> None:
    assert key_files.refused_by_ssh("root@h: Permission denied (publickey).") is None
    assert key_files.refused_by_ssh(f'Load key "{tmp_path}/none": No such file or directory') is None


async def test_a_configuration_that_others_may_write_has_its_fix(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ssh looks at the mode of the account's own file alone, so it is played here."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "Bad owner or permissions on $HOME/.ssh/config" >&2; exit 255\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(Unreachable, match="Bad owner or permissions") as refused:
        await client_config.settings(Host(name="h", ssh="web1"))
    assert refused.value.fix.startswith(f"chmod 600 {home}/.ssh/config; ")
