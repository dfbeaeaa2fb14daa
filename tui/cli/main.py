"""From arguments to an exit code: parse, build the engine, dispatch, write one document."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from tui.cli import exits, options, output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import Options
from tui.model.errors import ConfigError, ConsoleError

if TYPE_CHECKING:
    from tui.engine.engine import Engine
    from tui.engine.ports import ClockPort

Command = Callable[..., Awaitable[tuple[Exit, output.Document]]]
TELLING = frozenset({"rollback", "resume", "incidents"})
"""commands that deliver what people are still to be told"""


def main(
    argv: Sequence[str],
    *,
    clock: "ClockPort | None" = None,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> int:
    """Run one command line; returns the exit code. A clock and an event loop of its own are for tests."""
    try:
        wanted = options.parse(argv)
    except ConsoleError as error:
        return _fail("usage", error, Narrator(color=True), json="--json" in argv)
    narrator = Narrator(color=wanted.color)
    if wanted.command == "console":
        fix = "rollback status, rollback SERVICE previous; rollback --help lists everything"
        no_terminal = ConfigError("the console needs a terminal on stdin and stdout", fix)
        return _fail("console", no_terminal, narrator, json=wanted.json)
    if wanted.command == "sandbox":
        from tui.cli.sandbox import sandbox

        return sandbox(wanted, narrator)
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(_run(wanted, narrator, clock))
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except output.ReaderGone:
        return int(Exit.DONE)


async def _run(wanted: Options, narrator: Narrator, clock: "ClockPort | None" = None) -> int:
    from tui import bootstrap
    from tui.cli import consent

    passphrase = getpass.getpass if narrator.interactive else None
    try:
        ask = consent.ask(narrator) if narrator.interactive else None
        engine = bootstrap.engine(
            await bootstrap.agreed(wanted.services, ask, trust=wanted.trust),
            read_only=wanted.read_only,
            accept_host_key=wanted.accept_host_key,
            ask_passphrase=passphrase,
            clock=clock,
        )
    except ConsoleError as error:
        return _fail(wanted.command, error, narrator, json=wanted.json)
    narrator.say(f"services: {engine.fleet.path} ({engine.fleet.environment})", "dim")
    try:
        code, document = await _command(wanted.command)(engine, wanted, narrator)
    except ConsoleError as error:
        return _fail(wanted.command, error, narrator, json=wanted.json)
    finally:
        if wanted.command in TELLING:
            await _tell_the_rest(engine, wanted, narrator)
        await engine.close()
    if wanted.json and wanted.command != "logs":
        output.write(document)
    return int(code)


async def _tell_the_rest(engine: "Engine", wanted: Options, narrator: Narrator) -> None:
    """Give what people are to be told a moment; it never changes what the command came to."""
    from tui.engine.notices import GRACE

    if wanted.command != "rollback":
        engine.notices.start()
    left = await engine.notices.finish(GRACE)
    for fault in engine.notices.errors:
        narrator.say(fault, "red")
    if left:
        messages = "1 message" if left == 1 else f"{left} messages"
        narrator.say(f"{messages} not delivered yet: the next rollback command or console sends them", "yellow")


def _command(name: str) -> Command:
    from tui.cli import begin, checks, evidence, hostwork, postmortem, reads, thaw

    commands: dict[str, Command] = {
        "rollback": begin.rollback,
        "resume": begin.resume,
        "undo": begin.undo,
        "status": reads.status,
        "logs": reads.logs,
        "check": checks.check,
        "incidents": reads.incidents,
        "evidence": evidence.evidence,
        "postmortem": postmortem.postmortem,
        "keep": hostwork.keep,
        "freeze": hostwork.freeze,
        "unfreeze": thaw.unfreeze,
    }
    return commands[name]


def _fail(kind: str, error: ConsoleError, narrator: Narrator, *, json: bool) -> int:
    code = exits.of_error(error)
    narrator.say(f"{exits.word(code)}: {error.message}", "red")
    if error.fix:
        narrator.say(f"  fix: {error.fix}")
    if json:
        output.write(output.failure(kind, code, error.message, error.fix))
    return int(code)
