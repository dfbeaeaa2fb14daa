"""Command lines that are processes of their own and cost no start of an interpreter.

One process, the nursery, imports what `tui` and `tui.sandbox` need, and forks for each command line. The child has the
streams, the environment and the terminal that it is given, sets `sys.stdin`, `sys.stdout` and `sys.stderr` up as an
interpreter that starts with them, imports what speaks and draws (`tui.cli`, `tui.console`, Textual) as `python -m tui`
does, and ends as the interpreter ends. It becomes a child of the process that asked, with signals
and `waitpid`.

`Popen` and `run` have the words of `subprocess`, `on_terminal` is for a program that has a terminal. All three fork for
`python -m tui …` and `python -m tui.sandbox …` and really start everything else. `run_broken` is for streams that are
closed or full; `described` says how the streams are set up, for a comparison with a process that really started so.
"""

import atexit
import ctypes
import fcntl
import functools
import gc
import importlib
import inspect
import io
import json
import os
import runpy
import selectors
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DESCRIBE = "tests.forks"
"""as a module: no command line; how the streams are set up is written to descriptor 3"""
MODULES = ("tui", "tui.sandbox", DESCRIBE)
DECIDES = ("PYTHON", "LC_", "LANG")
"""variables that begin so are for an interpreter that starts: a nursery for each of their values"""
FOREIGN = ("LD_", "COV_", "COVERAGE_", "PYTHON")
"""variables that begin so change an interpreter: one that the tests themselves do not have really starts"""
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
Broken = dict[int, str | None]
"""descriptors that are closed (None) or that file"""


# ── for tests ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Popen(subprocess.Popen[Any]):
    """As `subprocess.Popen`."""

    def _execute_child(self, *given: Any) -> None:
        start: Any = super()._execute_child  # type: ignore[misc]
        told = inspect.signature(start).bind(*given).arguments
        argv, env = told["args"], os.environ if told["env"] is None else told["env"]
        unusual = [told[name] for name in ("preexec_fn", "pass_fds", "shell", "executable") if told[name]]
        if unusual or not can_fork(argv, env):
            start(*given)
            return
        ends = [told["p2cread"], told["c2pwrite"], told["errwrite"]]
        streams = [number if end == -1 else end for number, end in enumerate(ends)]
        self.pid = spawn(argv, env, streams, session=told["start_new_session"], folder=told["cwd"])
        made: Any = self
        made._child_created = True
        made._close_pipe_fds(*(told[name] for name in PIPES))


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    timeout: float = 110,
) -> "subprocess.CompletedProcess[str]":
    """As `subprocess.run`; what it says is captured, and stdin is empty."""
    pipes: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Popen(argv, env=env, cwd=cwd, text=True, **pipes) as process:
        try:
            said = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(argv, process.returncode, *said)


def on_terminal(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    rows: int = 24,
    columns: int = 80,
    redirected: Mapping[int, Path] | None = None,
    folder: Path | None = None,
) -> tuple[int, int]:
    """A program that leads a session on a terminal of its own: its pid, and the terminal's far end. Streams that are
    redirected are these files instead, for writing.
    """
    far, near = os.openpty()
    termios.tcsetwinsize(near, (rows, columns))
    to = {number: os.open(path, os.O_WRONLY | os.O_CREAT) for number, path in (redirected or {}).items()}
    streams = [to.get(number, near) for number in range(3)]
    pid = (
        spawn(argv, env, streams, session=True, terminal=True, folder=folder)
        if can_fork(argv, env)
        else _started(argv, env, streams, folder)
    )
    for number in (near, *to.values()):
        os.close(number)
    return pid, far


def _started(argv: Sequence[str], env: Mapping[str, str], streams: Sequence[int], folder: Path | None) -> int:
    take = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
    started = subprocess.Popen(
        [sys.executable, "-S", "-c", take, *argv],
        env=env,
        cwd=folder,
        stdin=streams[0],
        stdout=streams[1],
        stderr=streams[2],
        start_new_session=True,
    )
    started.returncode = 0  # it is the caller's from here on
    return started.pid


def run_broken(argv: Sequence[str], env: Mapping[str, str], broken: Broken) -> tuple[int, list[str]]:
    """A command line to its end, its streams broken: the exit code, and what came through its stdout and stderr."""
    return _heard(argv, env, broken, 2)


def run_described(env: Mapping[str, str], broken: Broken) -> Any:
    """How the streams of a command line would be set up."""
    code, said = _heard([sys.executable, "-m", DESCRIBE], env, broken, 3)
    assert code == 0, said
    return json.loads(said[2])


def _heard(argv: Sequence[str], env: Mapping[str, str], broken: Broken, outward: int) -> tuple[int, list[str]]:
    assert can_fork(argv, env)
    nothing = os.open(os.devnull, os.O_RDONLY)
    pipes = [os.pipe() for _ in range(outward)]
    pid = spawn(argv, env, [nothing, *(writing for _, writing in pipes)], broken=broken)
    for number in (nothing, *(writing for _, writing in pipes)):
        os.close(number)
    said = _read([reading for reading, _ in pipes])
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


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


def can_fork(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether it is a program of ours, in an interpreter like this one."""
    ours = len(argv) > 2 and list(argv[:2]) == [sys.executable, "-m"] and argv[2] in MODULES
    return ours and all(os.environ.get(name) == value for name, value in env.items() if name.startswith(FOREIGN))


_asking = threading.Lock()


def spawn(
    argv: Sequence[str],
    env: Mapping[str, str],
    streams: Sequence[int],
    *,
    session: bool = False,
    terminal: bool = False,
    folder: Path | str | None = None,
    broken: Broken | None = None,
) -> int:
    """Fork it, with these as its first descriptors and no others. Returns the pid of this new child of ours."""
    asked = {
        "module": argv[2],
        "words": list(argv[3:]),
        "env": dict(env),
        "folder": str(folder or Path.cwd()),
        "session": session,
        "terminal": terminal,
        "broken": list((broken or {}).items()),
    }
    data = json.dumps(asked).encode()
    with _asking:
        here = _nursery(frozenset((name, value) for name, value in env.items() if name.startswith(DECIDES)))
        socket.send_fds(here, [len(data).to_bytes(4, "big")], list(streams))
        here.sendall(data)
        answer = here.recv(4)
    assert answer, "the nursery has ended"
    return int.from_bytes(answer, "big")


@functools.cache
def _nursery(decided: frozenset[tuple[str, str]]) -> socket.socket:
    """The way to the process that forks. What it leaves behind becomes a child of this one."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    env = {name: value for name, value in os.environ.items() if not name.startswith(DECIDES)}
    here, there = socket.socketpair()
    with there:
        served = subprocess.Popen(
            [sys.executable, "-c", "import tests.forks; tests.forks.serve()", str(there.fileno())],
            env=env | dict(decided),
            cwd=ROOT,
            pass_fds=[there.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    atexit.register(_end_nursery, here, served)
    return here


def _end_nursery(here: socket.socket, served: "subprocess.Popen[bytes]") -> None:
    here.close()
    served.communicate()


# ── the nursery, and what it leaves in the world ─────────────────────────────────────────────────────────────────────


def serve() -> None:
    """Fork for whoever asks, to the end. In a child this runs the program."""
    there = socket.socket(fileno=int(sys.argv[1]))
    _preload()
    while True:
        head, streams, _, _ = socket.recv_fds(there, 4, 8)
        if not head:
            return
        size, data = int.from_bytes(head, "big"), b""
        while len(data) < size:
            data += there.recv(size - len(data))
        reading, writing = os.pipe()
        between = os.fork()
        if not between:
            child = os.fork()
            if not child:
                _become(json.loads(data), streams)
                return
            os.write(writing, child.to_bytes(4, "big"))
            os._exit(0)  # the child now belongs to whoever asked
        os.waitpid(between, 0)
        there.sendall(os.read(reading, 4))
        for number in (reading, writing, *streams):
            os.close(number)


def _preload() -> None:
    """Import what the programs import, and forget those modules that know of streams: a child makes them anew."""
    _keep_code()
    from tests.lighter import lighten
    from tui.cli import commands

    lighten()
    for path in sorted(Path(commands.__file__).parent.glob("[a-z]*.py")):
        importlib.import_module(f"{commands.__name__}.{path.stem}")
    for name in (
        "tui.cli.main",
        "tui.bootstrap",
        "tui.dokku.access_text",
        "tui.engine.incident.handler",
        "tui.engine.incident.onlooker",
        "tui.engine.recent_changes",
        "tui.engine.releases.answers_nobody",
        "tui.engine.releases.planner",
        "tui.sandbox.sandbox_process",
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


def _keep_code() -> None:
    """The code of a module that a child imports anew is not read from its file again; the module is made anew."""
    read, kept = SourceFileLoader.get_code, dict[str, Any]()

    def code(loader: SourceFileLoader, name: str) -> Any:
        if loader.path not in kept:
            kept[loader.path] = read(loader, name)
        return kept[loader.path]

    setattr(SourceFileLoader, "get_code", code)  # noqa: B010


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """This process is the program from here on."""
    if asked["session"]:
        os.setsid()
    if asked["terminal"]:
        fcntl.ioctl(streams[0], termios.TIOCSCTTY, 0)
    for number, stream in enumerate(streams):  # each stream has a higher number than where it goes
        os.dup2(stream, number)
    os.closerange(len(streams), os.sysconf("SC_OPEN_MAX"))
    for number, path in asked["broken"]:
        os.close(number)
        if path is not None:
            opened = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["folder"])
    _streams()
    if asked["module"] == DESCRIBE:
        os.write(3, json.dumps(described()).encode())
        return
    sys.argv = ["", *asked["words"]]
    try:
        runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            end_child(left.code or 0)
        raise  # and what else is raised, or cannot be written: the interpreter says it and ends
    end_child(0)


def end_child(code: int) -> None:
    """As the interpreter ends: threads, what was registered for the end, streams, garbage of the child's own. It would
    then take down all that was imported, half of what a command line costs. Returns where a stream takes nothing."""
    shut: Any = threading
    shut._shutdown()
    atexit._run_exitfuncs()
    streams: list[Any] = [sys.stdout, sys.stderr]
    try:
        for stream in streams:
            if stream is not None and not stream.closed:
                stream.flush()
    except (OSError, ValueError):
        return
    gc.collect()
    os._exit(code & 0xFF)


def described() -> list[Any]:
    """How the standard streams of this process are set up."""
    found: list[Any] = []
    streams: list[Any] = [sys.stdin, sys.stdout, sys.stderr]
    for stream in streams:
        if stream is None:
            found.append(None)
        else:
            told = (stream.encoding, stream.errors, stream.line_buffering, stream.write_through)
            found.append([type(stream).__name__, type(stream.buffer).__name__, stream.name, stream.mode, *told])
    return found


def _streams() -> None:
    """As an interpreter that starts makes them: None where the descriptor is closed. The nursery was started with
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
    lines = like.line_buffering or (raw.isatty() and not like.write_through)
    buffer = raw if isinstance(like.buffer, io.FileIO) else type(like.buffer)(raw)
    stream: Any = io.TextIOWrapper(
        buffer, like.encoding, like.errors, "\n", line_buffering=lines, write_through=like.write_through
    )
    stream.mode = mode
    return stream
