"""From a command line to the command that answers it, and to `is not a dokku command` for all others."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tui.sandbox.argv_split import UnmatchedQuote, split_command
from tui.sandbox.client import Canceled, Client, ClientGone, CommandRefused, bang
from tui.sandbox.deploy_lines import CommandFailed, tool
from tui.sandbox.host import Call, SandboxHost
from tui.sandbox.machine import AppMissing

BROKEN = 70  # no exit code of Dokku's

Action = Callable[[Call], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A registered command: what runs, which field of Durations it costs, and which hosts have it."""

    run: Action
    costs: str  # a field of Durations
    since_new: bool  # 0.38.27 only
    plugin: bool  # only on a host with the runbook's plugins


COMMANDS: dict[str, Command] = {}


def command(*names: str, costs: str = "read", new: bool = False, plugin: bool = False) -> Callable[[Action], Action]:
    """Registers what it decorates under these names; `costs` is the field of Durations that it takes before it says
    anything.
    """

    def register(action: Action) -> Action:
        for name in names:
            COMMANDS[name] = Command(run=action, costs=costs, since_new=new, plugin=plugin)
        return action

    return register


def find(host: SandboxHost, name: str) -> Command | None:
    """The command of that name; None if this host does not have it."""
    found = COMMANDS.get(name)
    if found is None or (found.since_new and host.machine.old) or (found.plugin and not host.plugins):
        return None
    return found


async def run(host: SandboxHost, client: Client, line: str, *, slow: float = 1.0) -> int | None:
    """Runs one command to its end, `slow` times as long as it takes. The exit code, or None if its client died and
    the command with it.
    """
    call = host.call(client, line)
    call.slow = slow
    call.task = asyncio.current_task()
    try:
        call.exit = await dispatch(call)
    except ClientGone:
        call.aborted = True
    except asyncio.CancelledError:
        call.aborted = True
        raise
    except Exception:  # noqa: BLE001 - a fault of the sandbox itself ends one command, loudly, and not the host
        traceback.print_exc()
        call.exit = BROKEN
    finally:
        call.ended = host.machine.now()
    return call.exit


async def dispatch(call: Call) -> int:
    """Runs a call and says its refusal, if it has one. Returns the exit code. Raises ClientGone."""
    try:
        await call.host.faults.begin(call)
        return await attempt(call)
    except CommandRefused as refusal:
        if refusal.out:
            call.out(refusal.out)
        for text in refusal.lines:
            call.say(tool(text))
        return refusal.code
    except AppMissing as missing:
        call.err(bang(f"App {missing} does not exist"))
        return 20
    except CommandFailed as failure:
        return failure.code
    except Canceled:
        return 141


async def attempt(call: Call) -> int:
    """Splits the line and runs its command; the help without one. Raises Refused for a line or command that Dokku does
    not know.
    """
    try:
        words = split_command(call.line)
    except UnmatchedQuote as complaint:
        raise CommandRefused(1, str(complaint)) from None
    call.words = leading_flags(call, words) or ["help"]
    call.args = call.words[1:]
    found = find(call.host, call.name)
    if found is None:
        await call.pause(call.host.durations.unknown)
        raise CommandRefused(
            1,
            bang(f"`{' '.join(words)}` is not a dokku command."),
            bang("See `dokku help` for a list of available commands."),
        )
    await call.pause(getattr(call.host.durations, found.costs))
    return await found.run(call)


def leading_flags(call: Call, words: list[str]) -> list[str]:
    """Dokku's own flags stand before the command; `--app NAME` becomes the command's first argument."""
    app: list[str] = []
    force: list[str] = []
    while words and words[0].startswith("--") and " " not in words[0]:
        flag, words = words[0], words[1:]
        if flag == "--quiet":
            call.quiet = True
        elif flag == "--force":
            force = ["--force"]
        elif flag == "--app" and words:
            app, words = [words[0]], words[1:]
    return [words[0], *app, *words[1:], *force] if words else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Arguments, apart: those in their order, and flags with their values, `true` for a switch."""

    plain: tuple[str, ...]
    flags: dict[str, str]

    def has(self, *names: str) -> bool:
        """True if one of these flags was given."""
        return any(name in self.flags for name in names)

    def first(self, missing: str = "Please specify an app to run the command on") -> str:
        """The first argument that is no flag. Raises Refused(1) with this text if there is none."""
        if not self.plain:
            raise CommandRefused(1, bang(missing))
        return self.plain[0]


def parse(
    call: Call, *, switches: tuple[str, ...] = (), values: tuple[str, ...] = (), usage: tuple[str, ...] = ()
) -> Parsed:
    """Arguments as Dokku's Go commands take them: flags anywhere. Raises Refused(2) for an unknown one, with the
    recorded usage.
    """
    plain: list[str] = []
    flags: dict[str, str] = {}
    rest = list(call.args)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--" or not word.startswith("-") or word == "-":
            plain.append(word)
        elif name in switches:
            flags[name] = value or "true"
        elif name in values:
            flags[name] = value if equals else (rest.pop(0) if rest else "")
        else:
            refuse_flag(call, name, usage)
    return Parsed(plain=tuple(plain), flags=flags)


def refuse_flag(call: Call, name: str, usage: tuple[str, ...]) -> None:
    """Raises Refused(2), always: the words of each version about a flag that it does not know."""
    unknown = f"unknown flag: {name}"
    head = f"Usage of {call.name}:"
    if call.host.machine.old:
        raise CommandRefused(2, unknown, head, *usage, out=unknown)
    raise CommandRefused(2, head, *usage, unknown)
