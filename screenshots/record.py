"""Records the README's drill: the real program in a terminal of its own, walked from the alarm to RECOVERED by keys.

.venv/bin/python screenshots/record.py

writes `drill.cast` (asciicast v3, for `asciinema play`), and with npm's svg-term-cli `drill.svg`, with shorter pauses.
"""

import codecs
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
from fcntl import ioctl
from pathlib import Path
from time import monotonic

import pyte

HERE = Path(__file__).parent
COLUMNS, ROWS = 100, 30
SVG_TERM = "svg-term-cli@2.1.1"
PAUSE = 2.0
"""seconds that nothing may move in the picture; the recording has every pause as it was"""
LIMIT = 240.0
"""seconds after which a text that was not seen is a mistake"""
Chunk = tuple[float, str]


class Recorder:
    """A program on a terminal, whose output is kept with its time."""

    def __init__(self, argv: list[str], environ: dict[str, str]) -> None:
        self.began = monotonic()
        self.chunks: list[Chunk] = []
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, environ)  # noqa: S606 - nothing of it is a shell's
        ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read(self, seconds: float) -> None:
        """Take what comes within these seconds."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0] and (raw := os.read(self.terminal, 65536)):
                text = self._decode(raw)
                self.chunks.append((monotonic() - self.began, text))
                self._stream.feed(text)

    def sees(self, *texts: str) -> None:
        """Wait until one of these texts is on the screen. Raises TimeoutError with the screen."""
        until = monotonic() + LIMIT
        while not any(text in line for text in texts for line in self.screen.display):
            if monotonic() > until:
                raise TimeoutError("\n".join((f"never seen: {texts}", *self.screen.display)))
            self.read(0.2)

    def press(self, key: str, *, after: float = 1.5) -> None:
        """A key, after as long as a person reads."""
        self.read(after)
        os.write(self.terminal, key.encode())

    def end(self) -> None:
        """End the program, whether it has ended or not."""
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


def walk(recorder: Recorder) -> None:
    """From the alarm to RECOVERED."""
    recorder.sees("DOWN")
    recorder.press("R", after=4)
    recorder.sees("How bad is it?")
    recorder.press("\r", after=3)  # P1: straight to the plan
    recorder.sees("CHECKED")
    recorder.press("\x1b[C", after=4)
    recorder.press("\r", after=1)
    recorder.sees("RECOVERED")
    recorder.read(4)


def shortened(chunks: list[Chunk]) -> list[Chunk]:
    """The same with no pause longer than `PAUSE`."""
    found, last, at = list[Chunk](), 0.0, 0.0
    for when, text in chunks:
        at += min(when - last, PAUSE)
        last = when
        found.append((round(at, 3), text))
    return found


def lines(*parts: object) -> str:
    """One JSON document a line."""
    return "".join(f"{json.dumps(part)}\n" for part in parts)


def write(chunks: list[Chunk]) -> None:
    """Write the recording as asciicast v3, whose times are intervals, and the picture from v2, whose times are not."""
    times = [0.0, *(at for at, _ in chunks)]
    term = {"cols": COLUMNS, "rows": ROWS, "type": "xterm-256color"}
    header = {"version": 3, "term": term, "idle_time_limit": PAUSE, "title": "rollback: a drill on the sandbox"}
    events = ((round(at - before, 3), "o", text) for before, (at, text) in zip(times, chunks, strict=False))
    (HERE / "drill.cast").write_text(lines(header, *events))
    old = {"version": 2, "width": COLUMNS, "height": ROWS}
    with tempfile.NamedTemporaryFile("w", suffix=".cast") as older:
        older.write(lines(old, *((at, "o", text) for at, text in shortened(chunks))))
        older.flush()
        picture = str(HERE / "drill.svg")
        subprocess.run(["npx", "--yes", SVG_TERM, "--in", older.name, "--out", picture], check=True)


def main() -> None:
    """A drill of its own, at the pace of recorded hosts, with a short watch."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "ROLLBACK_STATE_DIR": folder}
        program = str(Path(sys.executable).parent / "rollback")
        recorder = Recorder([program, "sandbox", "--pace", "recorded", "--watch", "40s"], environ)
        try:
            walk(recorder)
        finally:
            recorder.end()
    write(recorder.chunks)


if __name__ == "__main__":
    main()
