"""The forced command of a real sshd, `python -m tui.sandbox.shim SOCKET`: hands the session over to a sandbox.

Takes the command from SSH_ORIGINAL_COMMAND, carries stdin, stdout and stderr as frames over the sandbox's unix
socket (see `shimserver`) and exits with the code it is given. If the session dies, so does the socket, and the
sandbox sees a dead client. Standard library only: it starts once for every command.
"""

import os
import select
import sys
from _socket import AF_UNIX, socket  # `socket` takes longer to import than Python to start

CHUNK = 65_536
LOST = 255


def frame(kind: bytes, payload: bytes) -> bytes:
    """One frame: a byte of kind, four bytes of length, the payload."""
    return kind + len(payload).to_bytes(4, "big") + payload


class Session:
    """Bytes between the session's three streams and the sandbox, until one side ends."""

    def __init__(self, sandbox: socket) -> None:
        self._sandbox = sandbox
        self._waiting = bytearray()

    def run(self) -> int:
        """The exit code; LOST if either side went away before there was one."""
        poll = select.poll()
        poll.register(self._sandbox, select.POLLIN)
        poll.register(0, select.POLLIN)
        # No events asked for: a closed stdout reports itself, which is how a dead client shows.
        poll.register(1, 0)
        while True:
            for descriptor, events in poll.poll():
                if descriptor == 1:
                    return LOST
                if descriptor == 0:
                    data = os.read(0, CHUNK)
                    if not self._pass_on(data) or not data:
                        poll.unregister(0)
                elif events:
                    code = self._hear()
                    if code is not None:
                        return code

    def _pass_on(self, data: bytes) -> bool:
        """False where the sandbox takes no more: its exit code, sent before, is still to be read."""
        try:
            self._sandbox.sendall(frame(b"i", data) if data else frame(b"e", b""))
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _hear(self) -> int | None:
        data = self._sandbox.recv(CHUNK)
        if not data:
            return LOST
        self._waiting += data
        while len(self._waiting) >= 5:
            end = 5 + int.from_bytes(self._waiting[1:5], "big")
            if len(self._waiting) < end:
                return None
            kind, payload = self._waiting[:1], bytes(self._waiting[5:end])
            del self._waiting[:end]
            if kind == b"x":
                return int(payload)
            write_all(2 if kind == b"2" else 1, payload)
        return None


def write_all(descriptor: int, data: bytes) -> None:
    """Writes all of it, in as many pieces as the descriptor takes. Raises BrokenPipeError if nobody reads any more."""
    while data:
        data = data[os.write(descriptor, data) :]


def main() -> int:
    """Runs one session on the socket named in the arguments. Returns the exit code, LOST if either side died."""
    sandbox = socket(AF_UNIX)
    try:
        sandbox.connect(sys.argv[1])
        if os.isatty(0):
            sandbox.sendall(frame(b"t", b""))
        sandbox.sendall(frame(b"c", os.environ.get("SSH_ORIGINAL_COMMAND", "").encode()))
        return _served(sandbox)
    finally:
        sandbox.close()


def _served(sandbox: socket) -> int:
    try:
        return Session(sandbox).run()
    except (BrokenPipeError, ConnectionResetError):
        return LOST


if __name__ == "__main__":
    sys.exit(main())
