"""Command lines with broken standard streams, each in a process of its own that costs no start of an interpreter.

One process imports what the program needs, and forks for each command line: the child has the streams that it is given,
sets `sys.stdin`, `sys.stdout` and `sys.stderr` up as an interpreter that starts with them, imports what speaks and
draws (`tui.cli`, `tui.console`) as `python -m tui` does, and ends as the interpreter ends. `described` says how the
three stand, for a comparison with a process that really started so.

    with forks(box) as forked:
        done = forked.run({1: "/dev/full"}, "status")          # None closes a descriptor; the others are pipes
"""

import contextlib
import gc
import importlib
import io
import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a process that only describes its streams needs neither
    from tests.sandboxes import Done, Sandbox

Broken = dict[int, str | None]
DESCRIBE = "--described"
"""instead of a command line: how the streams stand, on a descriptor of its own"""


@dataclass(slots=True, kw_only=True)
class Forks:
    """The process that forks."""

    served: "subprocess.Popen[str]"

    def run(self, broken: Broken, *words: str) -> "Done":
        """A command line to its end."""
        from tests.sandboxes import Done

        assert self.served.stdin is not None and self.served.stdout is not None
        self.served.stdin.write(json.dumps({"broken": list(broken.items()), "words": words}) + "\n")
        self.served.stdin.flush()
        line = self.served.stdout.readline()
        assert line, "the process that forks has ended"
        return Done(**json.loads(line))

    def described(self, broken: Broken) -> Any:
        """No command line: how the streams of one would stand."""
        done = self.run(broken, DESCRIBE)
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)


@contextlib.contextmanager
def forks(box: "Sandbox") -> Iterator[Forks]:
    """Start it, end it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.forks", *box.argv()[3:]],
        env=box.env(), cwd=Path(__file__).parents[1], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as served:  # fmt: skip
        yield Forks(served=served)


def described() -> list[Any]:
    """How the standard streams of this process stand."""
    found: list[Any] = []
    streams: list[Any] = [sys.stdin, sys.stdout, sys.stderr]
    for stream in streams:
        if stream is None:
            found.append(None)
        else:
            told = (stream.encoding, stream.errors, stream.line_buffering, stream.write_through)
            found.append([type(stream).__name__, type(stream.buffer).__name__, stream.name, stream.mode, *told])
    return found


# ── the process itself ───────────────────────────────────────────────────────────────────────────────────────────────


def _preload() -> None:
    """Import what the program imports, and forget its own modules that know of streams: a child makes them anew."""
    from tui.cli import commands

    for path in sorted(Path(commands.__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"{commands.__name__}.{path.stem}")
    for name in (
        "tui.cli.main",
        "tui.bootstrap",
        "asyncssh",
        "httpx",
        "httpcore",
        "anyio._backends._asyncio",
        "yaml",
        "_strptime",
    ):
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.startswith(("tui.cli", "tui.console", "tui.__main__"))]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()  # no child looks through all this again


def _streams() -> None:
    """As an interpreter that starts makes them: None where the descriptor is closed. The first process was started with
    pipes, and lends what else an interpreter decides.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            stream = None
        else:
            stream = _stream(number, name)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _stream(number: int, name: str) -> Any:
    like, mode = getattr(sys, f"__{name}__"), "r" if number == 0 else "w"
    raw: Any = io.FileIO(number, mode, closefd=False)
    raw.name = f"<{name}>"
    buffer = raw if isinstance(like.buffer, io.FileIO) else type(like.buffer)(raw)
    stream: Any = io.TextIOWrapper(
        buffer, like.encoding, like.errors, "\n", line_buffering=like.line_buffering, write_through=like.write_through
    )
    stream.mode = mode
    return stream


def _serve(argv: list[str]) -> int:
    """Answer every line of stdin; in a child this returns when the program is to begin: -1, or where to describe."""
    _preload()
    for line in sys.stdin:
        asked = json.loads(line)
        pipes = [os.pipe(), os.pipe()]
        child = os.fork()
        if not child:
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            for number, (_, writing) in enumerate(pipes, 1):
                os.dup2(writing, number)
            os.closerange(3, 1 + max(nothing, *(end for pipe in pipes for end in pipe)))
            beside = os.dup(1) if DESCRIBE in asked["words"] else -1
            for number, path in asked["broken"]:
                os.close(number)
                if path is not None:
                    opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                    if opened != number:
                        os.dup2(opened, number)
                        os.close(opened)
                    os.set_inheritable(number, True)
            sys.argv = ["tui", *argv, *asked["words"]]
            _streams()
            return beside
        for _, writing in pipes:
            os.close(writing)
        said = _read([reading for reading, _ in pipes])
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        sys.stdout.write(json.dumps({"code": code, "stdout": said[0], "stderr": said[1]}) + "\n")
        sys.stdout.flush()
    os._exit(0)


def _read(readers: list[int]) -> list[str]:
    """All that comes out of these, to their ends."""
    said: dict[int, bytes] = dict.fromkeys(readers, b"")
    with selectors.DefaultSelector() as waiting:
        for reader in readers:
            waiting.register(reader, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                data = os.read(key.fd, 65536)
                said[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)
                    os.close(key.fd)
    return [said[reader].decode() for reader in readers]


if __name__ == "__main__":
    to = _serve(sys.argv[1:])
    if to >= 0:
        os.write(to, json.dumps(described()).encode())
        sys.exit()
    from tui.__main__ import main

    main()
