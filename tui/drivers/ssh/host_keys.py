"""Which keys a host may show: those on file, or the one whose fingerprint a person accepted. Nothing else ever."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui import regular_file
from tui.model.errors import HostKeyRefused
from tui.text.clean import clean_line

LARGEST = 8 << 20
"""bytes of a file of known hosts"""


def guard(asyncssh: Any, known_hosts: Path, accept: str | None, ended: Callable[[Any, Exception | None], None]) -> Any:
    """A client factory that decides about the server's key and hears of the connection's end."""

    class Guard(asyncssh.SSHClient):  # type: ignore[misc, name-defined, unused-ignore]
        """Strict: known or explicitly accepted."""

        fingerprint = ""
        trusted = False
        problem = ""
        connection: Any = None

        @classmethod
        def on_file(cls, host: str, addr: str, port: int | None) -> Any:
            """What the file says of this host; asyncssh then asks for keys of those kinds only, as OpenSSH does."""
            try:
                known = asyncssh.import_known_hosts(_content(known_hosts))
            except (OSError, ValueError) as error:
                cls.problem = f"{known_hosts}: {clean_line(getattr(error, 'strerror', None) or str(error))}"
                return (), (), ()
            # by name and by address, each with its port: asyncssh's own search forgets revoked keys of other ports
            found = [known.match(f"[{x}]:{port}" if port else x, "", None) for x in {host, addr} - {""}]
            keys, authorities, revoked = ([key for match in found for key in match[i]] for i in range(3))
            cls.trusted = bool(keys or authorities)
            return keys, authorities, revoked

        @classmethod
        async def acknowledge(cls) -> None:
            """Until cancelled, acknowledge at once what arrives: delayed ACKs cost a connection 40 ms a step."""
            option = getattr(socket, "TCP_QUICKACK", None)
            while option is not None:
                sock = cls.connection and cls.connection.get_extra_info("socket")
                if sock is not None and sock.fileno() >= 0 and sock.family != socket.AF_UNIX:
                    sock.setsockopt(socket.IPPROTO_TCP, option, 1)
                await asyncio.sleep(0.002)

        def connection_made(self, conn: Any) -> None:
            Guard.connection = conn

        def connection_lost(self, exc: Exception | None) -> None:
            ended(Guard.connection, exc)

        def validate_host_public_key(self, host: str, addr: str, port: int, key: Any) -> bool:
            """Asked only about keys that the file does not trust."""
            Guard.fingerprint = key.get_fingerprint()
            if Guard.problem or Guard.trusted or accept != Guard.fingerprint:
                return False
            try:
                _remember(known_hosts, host, port, key)
            except OSError as error:
                Guard.problem = f"{known_hosts}: {error.strerror or error}"
                return False
            return True

        @classmethod
        def refusal(cls, where: str) -> HostKeyRefused:
            """The error for people."""
            if cls.problem:
                return HostKeyRefused(cls.problem, "correct the file")
            if cls.trusted or not cls.fingerprint:
                return HostKeyRefused(
                    f"{where} shows a revoked key or another one than on file ({known_hosts}): {cls.fingerprint}",
                    "somebody may be listening: ask whoever runs the host before you remove the old key",
                    fingerprint=cls.fingerprint,
                    changed=True,
                )
            return HostKeyRefused(
                f"{where} shows an unknown key: {cls.fingerprint}",
                f"compare it with the host's, then: --accept-host-key {cls.fingerprint}",
                fingerprint=cls.fingerprint,
            )

    return Guard


def _content(known_hosts: Path) -> str:
    """The file's text; empty where there is none. Raises OSError, UnicodeDecodeError."""
    try:
        return regular_file.read(known_hosts, LARGEST).decode()
    except FileNotFoundError:
        return ""


def _remember(known_hosts: Path, host: str, port: int, key: Any) -> None:
    known_hosts.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = host if port == 22 else f"[{host}]:{port}"
    with known_hosts.open("a") as file:
        file.write(f"{name} {key.export_public_key().decode().strip()}\n")
