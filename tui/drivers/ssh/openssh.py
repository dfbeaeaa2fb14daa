"""`transport: openssh`: the machine's own `ssh` carries the link, for logins that only it can do.

Theory. One ssh process logs in and holds the connection (a master on a private socket of this program, never the
person's own ControlPath); each command is a second, short ssh process through that socket. It is given no other way to
the host: a command whose master is gone fails at once, it never logs in anew behind our back. ssh leaves with 255 both
for its own trouble and for a command that does; where the master is gone or ssh itself said something, nobody knows how
the command ended. The master ends with this process, however that ends. A connection here has the methods of asyncssh's
that are used, so that everything above it is the same for both.
"""

import asyncio
import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui.drivers.ssh import client_config, key_files, known_hosts, link_errors
from tui.drivers.ssh.identity import AGENT_REFUSED, no_agent
from tui.drivers.ssh.link_errors import LoginTarget
from tui.drivers.ssh.settings import Settings
from tui.model.destination import parse
from tui.model.errors import AuthRefused, HostKeyRefused, LinkError, Unreachable
from tui.model.service import Host
from tui.text.clean import clean_line, decode

LIMIT = 30.0
"""seconds for a login: a security key waits for a finger"""
KEPT = 64 * 1024
LOST = 255
_PLAIN = ("BatchMode=yes", "RemoteCommand=none", "RequestTTY=no", "EscapeChar=none")
_MASTER = (
    "LogLevel=INFO",  # below that, ssh does not say why it was let go
    "StrictHostKeyChecking=yes", "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no",
    "ServerAliveInterval=5", "ServerAliveCountMax=3", "ControlPersist=no", "Tunnel=no",
)  # fmt: skip
_HELD = 'exec 3<&0; "$@" </dev/null & p=$!; (cat <&3 >/dev/null; kill $p) >/dev/null 2>&1 & wait $p'
"""runs a program until stdin ends: a console that is killed takes its master with it"""
_OWN_WORDS = re.compile(
    rb"^(mux_client|ssh: |kex_exchange|banner exchange|client_loop|Connection (to|closed|reset)|ControlSocket)",
    re.MULTILINE,
)

_OTHER_KEY = re.compile(
    r"^@+ +WARNING: .*(IDENTIFICATION HAS CHANGED|REVOKED HOST KEY)|^\S* ?[Hh]ost key .*(has changed|revoked)",
    re.MULTILINE,
)
_UNKNOWN_KEY = re.compile(r"^(Host key verification failed|No \S+ host key is known for )", re.MULTILINE)
"""ssh's own lines; a banner of the host may say anything"""


class OpenSshConnection:
    """A login that an ssh process holds."""

    def __init__(
        self,
        master: asyncio.subprocess.Process,
        folder: Path,
        peer: tuple[str, int] | None,
        ended: Callable[[Any, Exception | None], None],
    ):
        self._master = master
        self._folder = folder
        self._peer = peer
        self._processes: set[OpenSshProcess] = set()
        """each that runs, closed ones too until they have ended, and some that have ended"""
        self._watching = asyncio.create_task(self._watch(ended))

    @property
    def socket(self) -> Path:
        """The socket that commands go through."""
        return self._folder / "s"

    def is_closed(self) -> bool:
        """True if the login has ended."""
        return self._master.returncode is not None

    def get_extra_info(self, name: str) -> tuple[str, int] | None:
        """`peername`: the other end's name or address, and its port; None where another program leads there."""
        return self._peer if name == "peername" else None

    async def answers(self) -> bool:
        """True if the login still takes commands: it is asked, because its end may not have been heard yet."""
        return not self.is_closed() and await _ready(client_config.program() or "ssh", self.socket)

    async def create_process(self, command: str, **_: Any) -> "OpenSshProcess":
        """A command on the host; bytes both ways. Raises OSError."""
        options = [
            word
            for one in (*_PLAIN, "LogLevel=ERROR", "ControlMaster=no", "ProxyCommand=false")
            for word in ("-o", one)
        ]
        process = await asyncio.create_subprocess_exec(
            client_config.program() or "ssh",
            *("-F", "none", "-S", str(self.socket), "-T", *options, "--", "host.invalid", command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is for the console, which may be in the middle of a change
        )
        made = OpenSshProcess(process, self)
        self._processes = {made, *(one for one in self._processes if one.runs)}
        return made

    def abort(self) -> None:
        """End it now."""
        self._close_all()
        if self._master.stdin is not None:
            self._master.stdin.close()

    close = abort

    async def wait_closed(self) -> None:
        """Until it has ended, and each of its commands."""
        await asyncio.wait({self._watching})

    def _close_all(self) -> None:
        for process in self._processes:
            if process.runs:
                process.close()

    async def _watch(self, ended: Callable[[Any, Exception | None], None]) -> None:
        said = await _end_of(self._master)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._close_all()  # a command that outlives its master would wait for nothing
        ended(self, ConnectionError(said) if said else None)
        for process in tuple(self._processes):
            await process.has_ended()


class OpenSshProcess:
    """One command, with the parts of asyncssh's process that `Channel` uses."""

    def __init__(self, process: asyncio.subprocess.Process, connection: OpenSshConnection) -> None:
        self._process = process
        self._connection = connection
        self._closed = False
        self._lost = False
        """it ended as ssh does when its master is gone, and the master does not answer"""
        self._said = bytearray()
        self.exit_signal = None
        self.stdin = self
        self.stdout = process.stdout
        self.stderr = _Heard(process.stderr, self._said)

    # what Channel uses of stdin

    def write(self, data: bytes) -> None:
        """Send. Raises BrokenPipeError once the command has ended."""
        if self._process.returncode is not None or self._closed or self._process.stdin is None:
            raise BrokenPipeError("the link has ended")
        self._process.stdin.write(data)

    async def drain(self) -> None:
        """Wait until it has left. Raises OSError."""
        if self._process.stdin is not None:
            await self._process.stdin.drain()

    def write_eof(self) -> None:
        """Nothing more will be sent."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    # what it uses of the process

    async def wait_closed(self) -> None:
        """Until the command has ended and what ssh said of it was heard."""
        await self.has_ended()
        await self.stderr.ended()
        if self._process.returncode == LOST and not self._closed:
            self._lost = not await self._connection.answers()

    async def has_ended(self) -> None:
        """Until the ssh of the command is gone."""
        await self._process.wait()

    @property
    def runs(self) -> bool:
        """True until it has."""
        return self._process.returncode is None

    @property
    def exit_status(self) -> int | None:
        """The exit code; None where ssh could not say."""
        code = self._process.returncode
        if code is None or code < 0 or self._closed:
            return None
        if code == LOST and (self._lost or self._connection.is_closed() or _OWN_WORDS.search(bytes(self._said))):
            return None
        return code

    def close(self) -> None:
        """Stop listening: ssh ends, and closes the channel."""
        self._closed = self._closed or self._process.returncode is None
        self.stderr.hang_up()
        # the only way to end it whose pipes may be full, or have been read half
        self._process._transport.close()  # type: ignore[attr-defined]


class _Heard:
    """A reader of stderr that keeps the end of what came, for the verdict on how the command ended."""

    def __init__(self, reader: Any, said: bytearray) -> None:
        self._reader = reader
        self._said = said
        self._done = asyncio.Event()

    async def read(self, count: int) -> bytes:
        """The next bytes; empty at the end."""
        try:
            chunk: bytes = await self._reader.read(count)
        except BaseException:
            self._done.set()
            raise
        self._said += chunk
        del self._said[:-KEPT]
        if not chunk:
            self._done.set()
        return chunk

    def hang_up(self) -> None:
        """Nobody reads on."""
        self._done.set()

    async def ended(self) -> None:
        """Until all was read, by whoever reads it."""
        await self._done.wait()


async def open_connection(host: Host, ended: Callable[[Any, Exception | None], None]) -> OpenSshConnection:
    """A login by the ssh program. Raises Unreachable, AuthRefused, HostKeyRefused."""
    ssh = client_config.program()
    if ssh is None:
        raise Unreachable(f"{host.ssh}: there is no ssh in PATH", "install it, or set `transport: asyncssh`")
    settings = await client_config.settings(host)
    folder = Path(tempfile.mkdtemp(prefix="rb-"))
    options = [word for one in (*_PLAIN, *_MASTER) for word in ("-o", one)]
    if settings.connect_timeout is None:
        options += ["-o", "ConnectTimeout=10"]
    if settings.forks:  # named only where it is set: older programs do not know it
        options += ["-o", "ForkAfterAuthentication=no"]
    if host.identity_file:
        options += ["-i", host.identity_file]
    where = (*client_config.chosen(), *client_config.of_host(host), *options, *client_config.address(parse(host.ssh)))
    master = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", _HELD, "sh", ssh, "-M", "-S", str(folder / "s"), "-N", "-T", *where),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(max(LIMIT, settings.connect_timeout or 0)):
            while master.returncode is None and not await _ready(ssh, folder / "s"):  # noqa: ASYNC110 - ssh tells nobody
                await asyncio.sleep(0.02)
    except BaseException as error:
        if master.stdin is not None:
            master.stdin.close()
        await _end_of(master)
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, TimeoutError):
            raise link_errors.no_answer(LoginTarget(host.ssh, settings.host, settings.port), LIMIT) from error
        raise
    if master.returncode is not None:
        said = await _end_of(master)
        shutil.rmtree(folder, ignore_errors=True)
        raise cause(said, host, settings)
    peer = None if settings.jumps or settings.proxy_command else (settings.host, settings.port)
    return OpenSshConnection(master, folder, peer, ended)


async def _ready(ssh: str, socket: Path) -> bool:
    """True if the master takes commands."""
    if not socket.exists():  # noqa: ASYNC240 - one question to the kernel
        return False
    asked = await asyncio.create_subprocess_exec(
        *(ssh, "-F", "none", "-S", str(socket), "-O", "check", "--", "host.invalid"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await asked.wait() == 0
    finally:  # nobody may be left to wait for it
        if asked.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                asked.kill()
            await asked.wait()


async def _end_of(master: asyncio.subprocess.Process) -> str:
    """The last words of a master, once it has ended."""
    said = bytearray()
    if master.stderr is not None:
        while chunk := await master.stderr.read(4096):
            said += chunk
            del said[:-KEPT]
    await master.wait()
    if master.stdin is not None:
        master.stdin.close()
        with contextlib.suppress(OSError):  # it has ended
            await master.stdin.wait_closed()
    return decode(bytes(said)).strip()


def cause(said: str, host: Host, settings: Settings) -> LinkError:
    """The error for what ssh said when it could not log in."""
    who = host.ssh
    on_the_way = "UNKNOWN port 65535" in said
    if settings.jumps and on_the_way:
        who = f"the way to {host.ssh}, its jump host {settings.jumps[-1]} or one before,"
    wanted = LoginTarget(who, settings.host, settings.port)
    lines = [line for line in said.splitlines() if line.strip(" @")]
    last = clean_line("; ".join(lines[-3:]), 300) or "ssh ended without a word"  # a banner may be before it
    if settings.proxy_command and on_the_way and "timed out during banner" not in said:
        own = [line for line in lines if not _OWN_WORDS.match(line.encode("utf-8", "replace"))]
        return link_errors.carrier_ended(wanted, clean_line("; ".join(own[-3:]), 200) or "without a word")
    files = ", ".join(map(str, settings.user_known_hosts)) or "no file"
    if _OTHER_KEY.search(said):
        words = f"{who} shows another key than the one on file, or a revoked one ({files})"
        fix = "somebody may be listening: ask whoever runs the host before you remove the old key"
        return HostKeyRefused(words, fix, fingerprint=_fingerprint(said), changed=True)
    if _UNKNOWN_KEY.search(said):
        words = f"{who} shows an unknown key, or none that an authority on file signed ({files})"
        fix = f"log in once with `ssh {host.ssh}` and compare the fingerprint it shows"
        if all(str(one) in known_hosts.NONE for one in settings.user_known_hosts):
            fix = "write its key into a file, and name that with known_hosts in services.yaml"
        return HostKeyRefused(words, fix)
    if "Too many authentication failures" in said:
        return link_errors.too_many_keys(who)
    if "ermission denied" in said or "sign_and_send_pubkey" in said:
        key = host.identity_file or "the agent's or of ~/.ssh"
        if "agent refused operation" in said:
            return AuthRefused(f"{who} takes the key, but the agent did not sign: {last}", AGENT_REFUSED)
        if (found := key_files.refused_by_ssh(said)) is not None:
            return AuthRefused(f"{who} accepts no key of {key}: {found[0]}", found[1])
        fix = "another identity_file, or ask for access"
        if not host.identity_file and settings.agent and not Path(settings.agent).exists():
            gone = no_agent(settings.agent)
            last, fix = f"{last} ({gone.why})", f"{gone.fix}; else {fix}"
        return AuthRefused(f"{who} accepts no key of {key}: {last}", fix)
    if "Could not resolve" in said:
        fix = "correct the name in services.yaml or ~/.ssh/config, or look at DNS and VPN"
        return Unreachable(f"{who}: the name does not resolve: {last}", fix)
    for words, number in link_errors.NUMBERS.items():
        if words in said:
            return link_errors.of_network(OSError(number, words), wanted)
    if "Unable to negotiate" in said:
        fix = "look at Ciphers, MACs, KexAlgorithms and HostKeyAlgorithms in ~/.ssh/config; is its server very old?"
        return Unreachable(f"{who}: {last}", fix)
    if "kex_exchange_identification" in said or "Connection closed" in said or "Connection reset" in said:
        return link_errors.hung_up(wanted)
    return Unreachable(f"{who}: {last}", "does `ssh` itself reach it?")


def _fingerprint(said: str) -> str:
    found = re.search(r"SHA256:[A-Za-z0-9+/]{43}", said)
    return found[0] if found else ""
