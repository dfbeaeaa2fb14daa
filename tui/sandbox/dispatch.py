"""From a command line to the command that answers it, and to ``is not a dokku command`` for all others."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tui.sandbox.argv_split import UnmatchedQuote, split_command
from tui.sandbox.client import Canceled, Client, ClientGone, Refused, bang
from tui.sandbox.host import Call, Host
from tui.sandbox.lines import CommandFailed, tool
from tui.sandbox.machine import AppMissing

BROKEN = 70  # no exit code of Dokku's

Action = Callable[[Call], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    run: Action
    costs: str  # a field of Durations
    since_new: bool  # 0.38.27 only
    plugin: bool  # only on a host with the runbook's plugins


COMMANDS: dict[str, Command] = {}


def command(*names: str, costs: str = "read", new: bool = False, plugin: bool = False) -> Callable[[Action], Action]:
    def register(action: Action) -> Action:
        for name in names:
            COMMANDS[name] = Command(run=action, costs=costs, since_new=new, plugin=plugin)
        return action

    return register


def find(host: Host, name: str) -> Command | None:
    found = COMMANDS.get(name)
    if found is None or (found.since_new and host.machine.old) or (found.plugin and not host.plugins):
        return None
    return found


async def run(host: Host, client: Client, line: str) -> int | None:
    """Runs one command to its end. The exit code, or None if its client died and the command with it."""
    call = host.call(client, line)
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
    try:
        await call.host.faults.begin(call)
        return await attempt(call)
    except Refused as refusal:
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
    try:
        words = split_command(call.line)
    except UnmatchedQuote as complaint:
        raise Refused(1, str(complaint)) from None
    call.words = leading_flags(call, words) or ["help"]
    call.args = call.words[1:]
    found = find(call.host, call.name)
    if found is None:
        await call.pause(call.host.durations.unknown)
        raise Refused(
            1,
            bang(f"`{' '.join(words)}` is not a dokku command."),
            bang("See `dokku help` for a list of available commands."),
        )
    await call.pause(getattr(call.host.durations, found.costs))
    return await found.run(call)


def leading_flags(call: Call, words: list[str]) -> list[str]:
    """Dokku's own flags stand before the command; ``--app NAME`` becomes the command's first argument."""
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
    plain: tuple[str, ...]
    flags: dict[str, str]

    def has(self, *names: str) -> bool:
        return any(name in self.flags for name in names)

    def first(self, missing: str = "Please specify an app to run the command on") -> str:
        if not self.plain:
            raise Refused(1, bang(missing))
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
    unknown = f"unknown flag: {name}"
    head = f"Usage of {call.name}:"
    if call.host.machine.old:
        raise Refused(2, unknown, head, *usage, out=unknown)
    raise Refused(2, head, *usage, unknown)
