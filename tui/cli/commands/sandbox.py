"""`rollback sandbox`: a pretend host in a process of its own, with a bad release already out.

With --serve it is the sandbox alone. In a terminal the console opens on it. Without one, the bad release is rolled back
by the same command line that works on real hosts. The sandbox ends with either.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from tui.cli import output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.drivers.paths import STATE
from tui.model.errors import ConfigError


def command(options: CommandOptions) -> list[str]:
    """The command that serves the sandbox."""
    scenario = ["--scenario", options.scenario] if options.scenario else []
    return [sys.executable, "-m", "tui.sandbox", "--dokku", options.dokku, "--pace", options.pace, *scenario]


def sandbox(options: CommandOptions, narrator: Narrator) -> int:
    """Serve, or show one rollback."""
    if options.game_day is not None:
        raise ConfigError("a game day is played in the console, or line by line", "on a terminal, without --serve")
    if options.serve:
        os.execv(sys.executable, command(options))  # noqa: S606 - it becomes the sandbox: signals and the exit code are its own
    narrator.say("SANDBOX: a pretend host on this machine; nothing real is touched", "bold")
    with subprocess.Popen(command(options), stdout=subprocess.PIPE) as served:
        try:
            line = served.stdout.readline() if served.stdout else b""
            if not line:
                narrator.say("the sandbox did not start", "red")
                return int(Exit.USAGE)
            return _show(json.loads(line), options, narrator)
        finally:
            served.terminate()


@contextlib.contextmanager
def served(options: CommandOptions) -> Iterator[str]:
    """A sandbox for as long as the block runs, with a journal of its own; gives the path of its services.yaml.

    It ends with this process even if that is killed, and is deaf to what the terminal sends to its processes. Raises
    ConfigError."""
    if options.game_day is not None:
        options = _drawn(options)
    began = datetime.now(UTC)
    before = os.environ.get(STATE)
    with tempfile.TemporaryDirectory(prefix="rollback-drill-") as state, tempfile.TemporaryFile() as complaints:
        argv = [*command(options), "--with-parent"]
        with subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        ) as process:
            try:
                line = process.stdout.readline() if process.stdout else b""
                if not line:
                    complaints.seek(0)
                    said = complaints.read().decode("utf-8", "replace").strip().splitlines()
                    raise ConfigError(f"the sandbox did not start: {said[-1] if said else 'it said nothing'}")
                os.environ[STATE] = state  # a drill never enters the journal of real incidents
                services: str = json.loads(line)["services"]
                yield services
                if options.game_day is not None:
                    _tell(options.game_day, began)
            finally:
                process.terminate()
                os.environ.pop(STATE, None)
                if before is not None:
                    os.environ[STATE] = before


def _drawn(options: CommandOptions) -> CommandOptions:
    """The options with a seed and its scenario. Raises ConfigError."""
    from tui.cli.commands import game_day  # only where one is played: a console starts without it

    if options.scenario is not None:
        raise ConfigError("--game-day and --scenario contradict each other", "leave one of them out")
    seed = options.game_day or game_day.new_seed()
    return replace(options, game_day=seed, scenario=game_day.drawn(seed))


def _tell(seed: str, began: datetime) -> None:
    from tui.cli.commands import game_day

    for text in game_day.told(seed, began):
        output.text(text)


def _show(served: dict[str, str], options: CommandOptions, narrator: Narrator) -> int:
    """The bad release, the way back, and the proof, each by the command a person would type."""
    with tempfile.TemporaryDirectory(prefix="rollback-drill-") as state:
        environ = {**os.environ, STATE: state}
        code = 0
        for words in (["status"], ["api", "--list"], ["api", "previous", "--yes"], ["status"]):
            narrator.say(f"\n$ rollback {' '.join(words)}", "bold")
            argv = [sys.executable, "-m", "tui", "--services", served["services"], *words]
            done = subprocess.run(argv, env=environ, check=False)
            code = done.returncode
            if code:
                break
    if options.json:
        output.write({"schema": output.SCHEMA, "kind": "sandbox", "exit_code": code, "error": None})
    return code
