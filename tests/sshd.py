"""A real OpenSSH server on 127.0.0.1 with a configuration of its own, for as long as a test runs."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshd:
    """Where it listens and what opens it."""

    port: int
    identity: str
    known_hosts: str
    user: str
    pid: int

    @property
    def destination(self) -> str:
        """As services.yaml names it."""
        return f"{self.user}@127.0.0.1:{self.port}"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def real_sshd(
    folder: Path, forced: str, *, passphrase: str = "", by_key: bool = False, also: str = ""
) -> Iterator[Sshd]:
    """Every login runs `forced`, which finds the client's command in SSH_ORIGINAL_COMMAND.

    It is forced by the server's configuration, or `by_key`: by the key's line in authorized_keys. `also`: lines that
    stand first in its configuration."""
    if not Path(SSHD).exists():
        pytest.skip("no sshd on this machine: install openssh-server")
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for name, secret in (("host_key", ""), ("id", passphrase)):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", secret, "-f", str(folder / name)]
        subprocess.run(argv, check=True)
    script = folder / "forced"
    script.write_text(f"#!/bin/sh\n{forced}\n")
    script.chmod(0o755)
    options = f'restrict,pty,command="{script}" ' if by_key else ""
    (folder / "authorized_keys").write_text(options + (folder / "id.pub").read_text())
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"{also}Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile {folder}/pid\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        f"KexAlgorithms curve25519-sha256\n"  # the usual one computes ten times as long, on both sides
        f"SetEnv HOME={folder}\n"  # whatever this user's own shell does at a login is not under test
        + ("" if by_key else f"Match User {getpass.getuser()}\n    ForceCommand {script}\n")
    )
    key = (folder / "host_key.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
    # A file takes any number of lines; a pipe that nobody reads would stop the server after some hundred logins.
    log = folder / "sshd.log"
    with (
        log.open("wb") as stderr,
        subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=stderr) as server,
    ):
        try:
            answers(server, port, log)
            yield Sshd(
                port=port,
                identity=str(folder / "id"),
                known_hosts=str(folder / "known_hosts"),
                user=getpass.getuser(),
                pid=server.pid,
            )
        finally:
            server.terminate()
            server.wait(10)


def answers(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until it does. Raises RuntimeError."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"sshd ended: {log.read_text()}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
            if probe.recv(4) == b"SSH-":
                return
    raise RuntimeError("sshd does not answer")
