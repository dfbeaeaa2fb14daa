"""What a process of tests does without, because it costs a fifth of the time and nothing depends on it."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from asyncssh.connection import SSHConnection
from asyncssh.constants import MSG_IGNORE
from asyncssh.logging import SSHLogger
from asyncssh.packet import SSHPacketLogger

MEMORY = Path("/dev/shm")
ROOM = 2_000_000_000
"""bytes: the files of all tests take 200 MB"""


def keep_files_in_memory() -> None:
    """For this process and those that it starts: temporary files are in memory, where that has room and programs may be
    started from it. Journals are synced with their disk after each entry, which takes a twentieth of the time."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return
    told = os.statvfs(MEMORY)
    if told.f_bavail * told.f_frsize > ROOM and not told.f_flag & os.ST_NOEXEC and os.access(MEMORY, os.W_OK):
        os.environ["TMPDIR"] = str(MEMORY)


@functools.cache
def lighten() -> None:
    """For the rest of this process: half of SSH's packets, asyncssh's log of packets, the same YAML again and again."""
    setattr(SSHConnection, "send_packet", _without_ignored(SSHConnection.send_packet))  # noqa: B010
    setattr(SSHPacketLogger, "_log_packet", _quiet)  # noqa: B010
    setattr(SSHLogger, "log", _where_heard(SSHLogger.log))  # noqa: B010
    # nodes say where they stand in a text and nothing else, and nobody changes them
    setattr(yaml, "compose", functools.lru_cache(maxsize=32)(yaml.compose))  # noqa: B010


@functools.cache
def draw_for_readers() -> None:
    """For the rest of this process: a console without a terminal is drawn when it is read (`export_text`, a picture).

    Textual makes each frame for a terminal that is not there as well, and throws it away: a third of a test's time."""
    from textual._compositor import Compositor

    drawn = Compositor.render_update

    def unread(compositor: Compositor, full: bool = False, **more: Any) -> Any:
        root = compositor.root
        if full or root is None or not root.app.is_headless:
            return drawn(compositor, full, **more)
        compositor._dirty_regions.clear()
        return None

    setattr(Compositor, "render_update", unread)  # noqa: B010


def _without_ignored(send: Callable[..., None]) -> Callable[..., None]:
    """asyncssh sends a packet to be ignored before every other one, against a weakness of old ciphers."""

    def sent(connection: SSHConnection, pkttype: int, *args: bytes, **more: Any) -> None:
        if pkttype != MSG_IGNORE:
            send(connection, pkttype, *args, **more)

    return sent


def _quiet(*_: Any, **__: Any) -> None: ...


def _where_heard(log: Callable[..., None]) -> Callable[..., None]:
    """The texts are made before anybody is asked whether they are wanted."""

    def logged(logger: SSHLogger, level: int, *args: Any, **more: Any) -> None:
        if logger.isEnabledFor(level):
            log(logger, level, *args, **more)

    return logged
