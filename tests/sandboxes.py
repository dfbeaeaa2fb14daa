"""A sandbox in a process of its own, and the command line against it, for as long as a test runs."""

import contextlib
import functools
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from tests import forks


@functools.cache
def _http() -> httpx.Client:
    """One for all: making a client costs more than what it asks for. Nothing is kept open."""
    return httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


@dataclass(slots=True, kw_only=True)
class Done:
    """One finished command line."""

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """A running sandbox: what it said of itself, its strings, and a console with a journal of its own."""

    told: dict[str, Any]
    state: Path
    services: str = ""
    environ: dict[str, str] = field(default_factory=dict)

    def pull(self, string: str, **values: Any) -> Any:
        """Act as a colleague, as root, as bad luck."""
        told = json.dumps(values)  # ASCII: half a character can travel in it
        answer = _http().post(f"{self.told['control']}/{string}", content=told, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def look(self) -> dict[str, Any]:
        """Everything, from behind the stage."""
        found: dict[str, Any] = _http().get(f"{self.told['control']}/state", timeout=10).json()
        return found

    def app(self, name: str = "scenextras") -> dict[str, Any]:
        """One app, from behind the stage."""
        found: dict[str, Any] = self.look()["apps"][name]
        return found

    def serves(self, service: str = "api") -> str:
        """What the service itself says it is."""
        return _http().get(f"{self.told['urls'][service]}/ping", timeout=10).headers["X-Release"]

    def sent(self, prefix: str) -> list[str]:
        """The commands that reached the host and begin so."""
        return [c["command"] for c in self.look()["commands"] if c["command"].startswith(prefix)]

    def argv(self, *words: str) -> list[str]:
        """A command line of ours."""
        return [sys.executable, "-m", "tui", "--services", self.services, *words]

    def env(self) -> dict[str, str]:
        """Its environment."""
        return {**os.environ, "ROLLBACK_STATE_DIR": str(self.state), **self.environ}

    def run(self, *words: str, timeout: float = 110) -> Done:
        """Run a command line to its end, without a terminal."""
        done = forks.run(self.argv(*words), env=self.env(), timeout=timeout)
        return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def typed(self, text: str, *words: str) -> Done:
        """Run a command line on a terminal, where this is typed and then its end; all that it says is its stdout."""
        pid, terminal = forks.on_terminal(self.argv(*words), self.env())
        os.write(terminal, f"{text}\x04".encode())
        said, until = b"", monotonic() + 110
        while select.select([terminal], [], [], max(0.0, until - monotonic()))[0]:
            try:
                said += os.read(terminal, 65536)
            except OSError:  # nobody has the terminal any more
                break
        else:
            os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return Done(code=code, stdout=said.decode().replace("\r\n", "\n"), stderr="")

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command line and leave it running."""
        return forks.Popen(
            self.argv(*words),
            env=self.env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def await_sent(self, prefix: str, running: Any, times: int = 1) -> None:
        """Wait until the host has got so many commands that begin so from `running`, a command line under way."""
        while len(self.sent(prefix)) < times:
            ended = running.poll()
            assert ended is None, (ended, *running.communicate())
            sleep(0.01)

    def await_that(self, condition: Callable[[dict[str, Any]], bool], app: str = "scenextras") -> None:
        """Wait until the app is so."""
        until = monotonic() + 60
        while not condition(self.app(app)):
            assert monotonic() < until, "it never became so"
            sleep(0.05)


@contextlib.contextmanager
def running_sandbox(
    folder: Path,
    *,
    dokku: str = "0.35.15",
    pace: str = "fast",
    scenario: str = "bad-release",
    environ: Mapping[str, str] | None = None,
) -> Iterator[Sandbox]:
    """Start one, end it. A sandbox that complains, or that does not end in peace when it is told to, fails the test."""
    folder.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "tui.sandbox", "--dokku", dokku, "--pace", pace, "--scenario", scenario]
    # A file takes any number of complaints; a pipe that nobody reads would stop the sandbox once it is full.
    complaints = folder / "sandbox.stderr"
    with (
        complaints.open("wb") as stderr,
        forks.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True) as served,
    ):
        try:
            line = served.stdout.readline() if served.stdout else ""
            assert line, complaints.read_text()
            told = json.loads(line)
            yield Sandbox(told=told, state=folder / "state", services=told["services"], environ=dict(environ or {}))
        finally:
            served.terminate()
            try:
                served.wait(20)
            except subprocess.TimeoutExpired:
                served.kill()
                raise
    said = complaints.read_text()
    assert (served.returncode, said) == (0, ""), f"the sandbox ended with {served.returncode} and said: {said}"
