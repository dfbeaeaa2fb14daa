"""What arrives is acknowledged at once: a server with Nagle's algorithm on waits for that before it says the next."""

import asyncio
import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from tui.drivers.ssh import quick_acks

UNACKNOWLEDGED = 24
"""where the kernel's `tcp_info` counts the segments that were not acknowledged"""


class Spoken(asyncio.Protocol):
    """As asyncssh's connection: the transport's protocol, which tells its transport's socket."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.said = bytearray()
        self.came = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        quick_acks.begin(self)

    def get_extra_info(self, name: str) -> Any:
        return self.transport.get_extra_info(name)

    def data_received(self, data: bytes) -> None:
        self.said += data
        if data.startswith(b"answer"):
            self.transport.write(b"question")
        if data == b"last":
            self.transport.close()
        self.came.set()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


async def opened(listening: socket.socket) -> tuple[Spoken, socket.socket]:
    _, spoken = await asyncio.get_running_loop().create_connection(Spoken, *listening.getsockname())
    other, _ = listening.accept()
    return spoken, other


async def heard(spoken: Spoken, other: socket.socket, data: bytes) -> None:
    spoken.came.clear()
    other.sendall(data)
    await spoken.came.wait()


@pytest.mark.skipif(quick_acks.OPTION is None, reason="only Linux delays what it can be told not to")
async def test_what_nobody_answers_is_acknowledged_at_once(listening: socket.socket) -> None:
    spoken, other = await opened(listening)
    with other:
        for _ in range(20):  # so that the kernel takes it for a conversation, in which acknowledgements wait for words
            await heard(spoken, other, b"answer")
            other.recv(100)
        for _ in range(20):
            await heard(spoken, other, b"news")
            info = other.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            assert struct.unpack_from("I", info, UNACKNOWLEDGED) == (0,)
        spoken.transport.close()


async def test_a_connection_that_ends_at_a_word_is_told_nothing_more(listening: socket.socket) -> None:
    spoken, other = await opened(listening)
    with other:
        await heard(spoken, other, b"last")
        assert await asyncio.to_thread(other.recv, 1) == b""
    assert spoken.said == b"last"


def test_a_connection_through_another_has_no_socket_and_stays_as_it_is() -> None:
    class Tunnelled:
        def get_extra_info(self, name: str) -> None: ...
        def data_received(self, data: bytes) -> None: ...

    connection = Tunnelled()
    quick_acks.begin(connection)
    assert not vars(connection)
