"""The forced command of a real sshd: its exit code is the sandbox's, in whatever order the ends are seen."""

import contextlib
import os
import socket

import pytest

from tui.sandbox.shim import Session, frame


class EndsFirst:
    """A sandbox that answers and hangs up at the very moment its client passes on the end of the input."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()

    def close(self) -> None:
        self._near.close()

    def fileno(self) -> int:
        return self._near.fileno()

    def recv(self, size: int) -> bytes:
        return self._near.recv(size)

    def sendall(self, data: bytes) -> None:
        self._far.sendall(frame(b"x", b"7"))
        self._far.close()
        self._near.sendall(data)


def test_an_end_that_crosses_the_exit_code_does_not_lose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "read", lambda *_: b"")
    nothing, end = os.pipe()
    os.close(end)
    saved = os.dup(0)
    os.dup2(nothing, 0)
    try:
        with contextlib.closing(EndsFirst()) as sandbox:
            assert Session(sandbox).run() == 7  # type: ignore[arg-type]
    finally:
        os.dup2(saved, 0)
        for descriptor in (saved, nothing):
            os.close(descriptor)
