"""What arrives on a connection is acknowledged at once, not up to 40 ms later.

Until its first session runs, and on a jump host for ever, OpenSSH's server leaves Nagle's algorithm on: the second of
two small packets waits until the first is acknowledged. A client that has nothing to send delays that. It cost each
first command 40 ms after the login (the server names its keys, then opens the channel), and each command behind a jump
host as much. Linux takes the wish back when it likes, so it is said after each arrival.
"""

import socket
from typing import Any

OPTION: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux only"""


def begin(connection: Any) -> None:
    """From now on, for asyncssh's connection. One that goes through another has no socket of its own."""
    found = connection.get_extra_info("socket")
    if OPTION is None or found is None or found.family == socket.AF_UNIX:
        return
    heard = connection.data_received

    def data_received(*arrived: Any) -> None:
        heard(*arrived)
        if found.fileno() >= 0:
            found.setsockopt(socket.IPPROTO_TCP, OPTION, 1)

    connection.data_received = data_received
