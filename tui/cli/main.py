"""From arguments to an exit code: parse, build the engine, dispatch, write one document."""

import asyncio
import getpass
import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui import garbage
from tui.cli import command_failure, exits, interrupts, naming, options, output
from tui.cli.exits import Exit
from tui.cli.narrate import Narrator
from tui.cli.options import CommandOptions
from tui.model.errors import ConfigError, ConsoleError

if TYPE_CHECKING:
    from tui.bootstrap import Consent
    from tui.config import Fleet
    from tui.engine.engine import Engine
    from tui.engine.ports import ClockPort

Command = Callable[..., Awaitable[tuple[Exit, output.Document]]]
PATIENCE = 20.0
"""seconds for the end: what people are still to be told, and the connections"""
ENGINELESS = frozenset({"version", "info", "help", "config", "completion", "sandbox", "serve"})
"""commands that ask no host themselves and need no engine"""
TELLING = frozenset({"rollback", "accessible", "resume", "incidents", "guard", "confirm"})
"""commands that deliver what people are still to be told"""


def main(
    argv: Sequence[str],
    *,
    clock: "ClockPort | None" = None,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> int:
    """Run one command line; returns the exit code. A clock and an event loop of its own are for tests."""
    code, wrote = _main(argv, clock, loop)
    if reason := output.lost():
        Narrator(color=True).say(f"the result could not be written to stdout: {reason}", "red")
        code = int(Exit.REFUSED) if code == Exit.DONE and not wrote else code
    return code


def _main(
    argv: Sequence[str], clock: "ClockPort | None", loop: Callable[[], asyncio.AbstractEventLoop] | None
) -> tuple[int, bool]:
    """The code, and whether something that changes a host was sent."""
    try:
        wanted = options.parse(argv)
    except ConsoleError as error:
        return _fail("usage", error, Narrator(color=True), json="--json" in argv), False
    narrator = Narrator(color=wanted.color, quiet=wanted.quiet, verbose=wanted.verbose, accessible=wanted.accessible)
    if wanted.accessible and narrator.interactive and (wanted.command == "console" or wanted.alone):
        wanted = replace(wanted, command="accessible")
    if wanted.command in ("console", "replay"):
        fix = "rollback status, rollback SERVICE previous; rollback --help lists everything"
        no_terminal = ConfigError("the console needs a terminal on stdin and stdout", fix)
        return _fail(wanted.command, no_terminal, narrator, json=wanted.json), False
    if wanted.command in ENGINELESS:
        try:
            return int(_engineless(wanted, narrator)), False
        except ConsoleError as error:
            return _fail(wanted.command, error, narrator, json=wanted.json), False
        except Exception as error:  # noqa: BLE001 - a fault of this program: one line, and a file with the rest
            return _fail(wanted.command, command_failure.fault(error), narrator, json=wanted.json), False
    with asyncio.Runner(loop_factory=loop or interrupts.Loop) as runner:
        return runner.run(_run(wanted, narrator, clock))


def _engineless(wanted: CommandOptions, narrator: Narrator) -> int:
    """Carry out a command of ENGINELESS; its own imports only. Raises what goes wrong."""
    if wanted.command in ("sandbox", "serve"):
        from tui.cli.commands import sandbox, serve

        garbage.begin()
        return {"sandbox": sandbox.sandbox, "serve": serve.serve}[wanted.command](wanted, narrator)
    from tui.cli.commands import completion, configuration, explain, info

    commands = {
        "version": explain.version,
        "info": info.info,
        "help": explain.topics,
        "config": configuration.config,
        "completion": completion.completion,
    }
    return commands[wanted.command](wanted)


async def _run(wanted: CommandOptions, narrator: Narrator, clock: "ClockPort | None" = None) -> tuple[int, bool]:
    command = asyncio.ensure_future(_whole(wanted, narrator, clock))
    times = 0

    def stop() -> None:
        nonlocal times
        times += 1
        if times == 2:  # the first one may have left something that is being put in order
            narrator.say("ending; once more to leave it as it is", "yellow")
        else:
            command.cancel()

    with interrupts.taken(stop):
        try:
            return await command
        except asyncio.CancelledError:
            early = ConsoleError("interrupted before anything was sent")
            return _fail(wanted.command, early, narrator, json=wanted.json, code=Exit.INTERRUPTED), False


async def _whole(wanted: CommandOptions, narrator: Narrator, clock: "ClockPort | None") -> tuple[int, bool]:
    from tui.drivers import paths

    try:
        if said := paths.secure():
            narrator.say(said, "yellow")
        engine = await _engine(wanted, narrator, clock)
        garbage.begin()
    except ConfigError as error:
        mistyped = naming.like_a_command(wanted.names[0], error) if wanted.command == "rollback" else error
        return _fail(wanted.command, mistyped, narrator, json=wanted.json), False
    except ConsoleError as error:
        return _fail(wanted.command, error, narrator, json=wanted.json), False
    except Exception as error:  # noqa: BLE001 - a fault of this program: one line, and a file with the rest
        return _fail(wanted.command, command_failure.fault(error), narrator, json=wanted.json), False
    if wanted.command != "init" and engine.fleet.path:
        narrator.say(f"services: {engine.fleet.path} ({engine.fleet.environment})", "dim")
    try:
        code, document = await _carried_out(engine, wanted, narrator)
    finally:
        with interrupts.taken(lambda: None):  # the end has begun: what is left is to let go in order
            await _end(engine, wanted, narrator)
    if wanted.json and wanted.command not in ("logs", "mcp") and not wanted.again:
        output.write(document)
    return int(code), engine.gate.wrote


async def _engine(wanted: CommandOptions, narrator: Narrator, clock: "ClockPort | None") -> "Engine":
    """The engine that the command acts through; that of `init` knows a host that no file names yet. Raises ConfigError,
    JournalError, Refused."""
    from tui import bootstrap
    from tui.cli import trust_question

    ask = trust_question.ask(narrator) if narrator.interactive else None
    known = None
    if wanted.command == "init":
        from tui.cli.commands import init

        init.refuse(wanted)
        before = None
        if wanted.add or init.only_ci(wanted):
            before = bootstrap.fleet(await bootstrap.agreed(wanted.services, ask, trust=wanted.trust))
        known = before if before is not None and init.only_ci(wanted) else init.fleet(wanted, before)
    if wanted.command in ("drill", "resume"):
        known = await _with_drills(wanted, ask)
    return bootstrap.engine(
        None if known is not None else await bootstrap.agreed(wanted.services, ask, trust=wanted.trust),
        known=known,
        read_only=wanted.read_only or wanted.command == "mcp",
        accept_host_key=wanted.accept_host_key,
        ask_passphrase=getpass.getpass if narrator.interactive else None,
        clock=clock,
    )


async def _with_drills(wanted: CommandOptions, ask: "Consent | None") -> "Fleet":
    """The fleet with the app of the drill that is to be, or of those that may have left something. Raises ConfigError,
    JournalError."""
    from tui import bootstrap
    from tui.cli.commands import drill

    begun = await bootstrap.unfinished_drills() if wanted.command == "resume" else ()
    if (begun or "@" in (wanted.destination or "")) and not bootstrap.has_file(wanted.services):
        known = drill.NO_FILE  # the host is known by its address, and no file is needed for it
    else:
        known = bootstrap.fleet(await bootstrap.agreed(wanted.services, ask, trust=wanted.trust))
    return drill.fleet(wanted, known) if wanted.command == "drill" else drill.resumable(known, begun)


async def _carried_out(engine: "Engine", wanted: CommandOptions, narrator: Narrator) -> tuple[Exit, output.Document]:
    """The command's own end; else a code from what was written and what is known, no matter what ended it."""
    try:
        async with narrator.waiting("asking the hosts"):
            return await _command(wanted.command)(engine, wanted, narrator)
    except ConsoleError as error:
        failed = command_failure.of(engine, error)
    except asyncio.CancelledError:
        failed = command_failure.interrupted(engine)
    except output.ReaderGone:
        return Exit.DONE, {}
    except Exception as error:  # noqa: BLE001 - a fault of this program: one line, a file with the rest, and a true code
        failed = command_failure.of(engine, command_failure.fault(error))
    command_failure.say(failed, narrator)
    return failed.code, output.failure(wanted.command, failed.code, failed.message, failed.fix)


async def _end(engine: "Engine", wanted: CommandOptions, narrator: Narrator) -> None:
    """Let go of everything. It changes nothing of what the command came to, and takes no longer than PATIENCE."""
    try:
        async with asyncio.timeout(PATIENCE):
            if wanted.command in TELLING:
                await _tell_the_rest(engine, wanted, narrator)
            if wanted.command != "check":  # it has a line for it
                _tell_of_open_sessions(engine, narrator)
            await engine.close()
    except TimeoutError:
        narrator.say(f"not everything could be closed in order within {PATIENCE:.0f} s", "yellow")
    except Exception as error:  # noqa: BLE001 - what was done is done
        narrator.say(command_failure.fault(error).message, "red")
    for lost in filter(None, (engine.gate.lost, engine.journal.lost)):
        narrator.say(f"the record on this machine is incomplete: {lost}", "red")


async def _tell_the_rest(engine: "Engine", wanted: CommandOptions, narrator: Narrator) -> None:
    """Give what people are to be told a moment; it never changes what the command came to."""
    from tui.engine.notify.outbox import GRACE

    if wanted.command not in ("rollback", "confirm"):
        engine.notices.start()
    left = await engine.notices.finish(GRACE)
    for fault in (*engine.notices.errors, *engine.evidence.errors):
        narrator.say(fault, "red")
    if left:
        messages = "1 message" if left == 1 else f"{left} messages"
        narrator.say(f"{messages} not delivered yet: the next rollback command or console sends them", "yellow")


def _tell_of_open_sessions(engine: "Engine", narrator: Narrator) -> None:
    from tui.engine.hosts.connections import HELD_OPEN, HELD_OPEN_FIX

    for name in engine.links.held_open():
        narrator.say(f"{name}: {HELD_OPEN}", "yellow")
        narrator.say(f"  fix: {HELD_OPEN_FIX}", "yellow")


_COMMANDS = {
    "init": "init.init",
    "accessible": "accessible.accessible",
    "rollback": "start.rollback",
    "resume": "start.resume",
    "undo": "start.undo",
    "status": "status.status",
    "logs": "logs.logs",
    "check": "check.check",
    "incidents": "incidents.incidents",
    "evidence": "evidence.evidence",
    "postmortem": "postmortem.postmortem",
    "handover": "handover.handover",
    "drill": "drill.drill",
    "guard": "guard.guard",
    "abort": "guard.abort",
    "keep": "keep.keep",
    "freeze": "freeze.freeze",
    "unfreeze": "unfreeze.unfreeze",
    "stats": "stats.stats",
    "mcp": "mcp.mcp",
    "confirm": "confirm.confirm",
}
"""where each is in `commands/`: nobody waits for what another one imports"""


def _command(name: str) -> Command:
    file, _, function = _COMMANDS[name].partition(".")
    command: Command = getattr(importlib.import_module(f"tui.cli.commands.{file}"), function)
    return command


def _fail(kind: str, error: ConsoleError, narrator: Narrator, *, json: bool, code: Exit | None = None) -> int:
    failed = command_failure.Failed(code if code is not None else exits.of_error(error), error.message, error.fix)
    command_failure.say(failed, narrator)
    if json:
        output.write(output.failure(kind, failed.code, failed.message, failed.fix))
    return int(failed.code)
