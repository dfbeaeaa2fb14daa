"""The SSH driver against OpenSSH's own client, on one real sshd: a command, a connection, a stream, many at once."""

import asyncio
import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import monotonic

from tests.bench.harness import Bench, Effort, Finding, interleaved, ratio
from tests.sshd import Sshd, real_sshd
from tui.drivers.clock import SystemClock
from tui.drivers.ssh import SshHost
from tui.model.host import Form
from tui.model.service import Host

AT_ONCE = 20
COMMANDS = 10
"""in a row, on a kept connection, for one figure"""
FORCED = """case "$SSH_ORIGINAL_COMMAND" in
version) echo dokku version 0.35.15 ;;
logs*) exec head -c {bytes} /dev/zero ;;
esac"""
USUAL = "KexAlgorithms +curve25519-sha256\n"
"""what a server agrees on where nobody says otherwise"""


@contextlib.contextmanager
def _served(size: int = 0) -> Iterator[tuple[Sshd, str]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        real_sshd(Path(folder) / "sshd", FORCED.format(bytes=size), also=USUAL) as server,
    ):
        yield server, folder


def _host(server: Sshd) -> SshHost:
    spec = Host(name="bench", ssh=server.destination, identity_file=server.identity, known_hosts=server.known_hosts)
    return SshHost(spec, clock=SystemClock(), form=Form.FORCED)


def _openssh(server: Sshd, *options: str) -> list[str]:
    known = f"UserKnownHostsFile={server.known_hosts}"
    argv = ["ssh", "-F", "/dev/null", "-p", str(server.port), "-i", server.identity, "-o", known, "-o", "BatchMode=yes"]
    return [*argv, "-o", "IdentitiesOnly=yes", *options, f"{server.user}@127.0.0.1"]


def _run(argv: list[str]) -> float:
    begun = monotonic()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    return monotonic() - begun


def kept(effort: Effort) -> list[Finding]:
    """A command on a connection that is open already."""
    with _served() as (server, folder), asyncio.Runner() as runner:
        host = _host(server)
        control = ("-S", f"{folder}/control", "-o", "ControlMaster=auto", "-o", "ControlPersist=60")

        async def row() -> float:
            begun = monotonic()
            for _ in range(COMMANDS):
                assert (await host.run(("version",), timeout=10)).ok
            return (monotonic() - begun) / COMMANDS

        def theirs() -> float:
            return sum(_run([*_openssh(server, *control), "version"]) for _ in range(COMMANDS)) / COMMANDS

        runner.run(row())
        theirs()
        found = interleaved({"ours": lambda: runner.run(row()), "theirs": theirs}, effort.rounds)
        runner.run(host.close())
        subprocess.run([*_openssh(server, *control, "-O", "exit")], check=False, capture_output=True)
    return [_against("ssh: command on a kept connection / ControlMaster", found, 0.6)]


def cold(effort: Effort) -> list[Finding]:
    """A connection, its first command, its end."""
    commands: list[float] = []
    with _served() as (server, _), asyncio.Runner() as runner:

        async def once() -> float:
            host, begun = _host(server), monotonic()
            assert (await host.run(("version",), timeout=10)).ok
            taken = monotonic() - begun
            assert (await host.run(("version",), timeout=10)).ok
            commands.append(monotonic() - begun - taken)
            await host.close()
            return taken

        runner.run(once())  # the library is imported with the first connection
        cases = {"ours": lambda: runner.run(once()), "theirs": lambda: _run([*_openssh(server), "version"])}
        found = interleaved(cases, 2 * effort.rounds)
    finding = _against("ssh: connection and a command / OpenSSH", found, 0.25)
    finding.profile["of ours, the command alone"] = f"{1000 * median(commands):.0f} ms"
    return [finding]


def stream(effort: Effort) -> list[Finding]:
    """Bytes of a log as they come."""
    size = effort.lines * 640
    with _served(size) as (server, _), asyncio.Runner() as runner:
        host = _host(server)

        async def ours() -> float:
            begun, got = monotonic(), 0
            async for chunk in host.stream(("logs", "app", "-t")):
                got += len(chunk)
            assert got == size
            return monotonic() - begun

        runner.run(ours())
        cases = {"ours": lambda: runner.run(ours()), "theirs": lambda: _run([*_openssh(server), "logs app"])}
        found = interleaved(cases, effort.rounds)
        runner.run(host.close())
    speed = {name: round(size / 1e6 / median(times), 1) for name, times in found.items()}
    return [
        Finding(
            name="ssh: a stream's MB/s against OpenSSH",
            value=ratio(found["theirs"], found["ours"]),
            unit="x",
            limit=2,
            least=True,
            detail={"megabytes_per_second": speed},
        )
    ]


def at_once(effort: Effort) -> list[Finding]:
    """More commands at once than a server allows sessions of a connection: how many are lost."""
    with _served() as (server, _), asyncio.Runner() as runner:
        host = _host(server)

        async def together() -> int:
            answers = await asyncio.gather(*(host.run(("version",), timeout=20) for _ in range(AT_ONCE)))
            return sum(not answer.ok for answer in answers)

        lost = sum(runner.run(together()) for _ in range(effort.rounds))
        runner.run(host.close())
    return [Finding(name=f"ssh: lost of {AT_ONCE} commands at once", value=lost, unit="", limit=0)]


def _against(name: str, found: dict[str, list[float]], limit: float) -> Finding:
    milliseconds = {case: round(1000 * median(times), 2) for case, times in found.items()}
    value = ratio(found["ours"], found["theirs"])
    profile = {"milliseconds, ours / OpenSSH's": f"{milliseconds['ours']:.0f} / {milliseconds['theirs']:.0f}"}
    return Finding(
        name=name, value=value, unit="x", limit=limit, detail={"milliseconds": milliseconds}, profile=profile
    )


BENCHES: dict[str, Bench] = {"ssh-kept": kept, "ssh-cold": cold, "ssh-stream": stream, "ssh-many": at_once}
