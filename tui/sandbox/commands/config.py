"""config:* — the environment of an app; set without `--no-restart` it deploys, beside any deploy that runs
already.
"""

import base64
import json
import shlex

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.commands.ps import restart_with_release
from tui.sandbox.deploy_lines import CommandFailed
from tui.sandbox.dispatch import Parsed, command, parse
from tui.sandbox.host import Call
from tui.sandbox.kube import on_k3s
from tui.sandbox.machine import App

SHOW_USAGE = (
    "      --global   --global: use the global environment",
    "      --merged   --merged: display the app's environment merged with the global environment",
)


def environment(call: Call, options: Parsed) -> tuple[str, dict[str, str], App | None]:
    """The name, the variables and the app that the options mean; no app for `--global`. Raises AppMissing, Refused(1)
    without an app.
    """
    if options.has("--global"):
        return "global", call.host.machine.global_config, None
    app = call.host.machine.app(options.first())
    return app.name, app.config, app


def keys_after_app(options: Parsed) -> tuple[str, ...]:
    """The arguments behind the app's name, or all of them with `--global`."""
    return options.plain if options.has("--global") else options.plain[1:]


async def restarted(call: Call, app: App) -> None:
    """The restart after a change. Raises CommandFailed if it fails, but not on k3s: there the exit code stays 0."""
    try:
        await restart_with_release(call, app)
    except CommandFailed:
        if not on_k3s(call.host.machine, app):
            raise
        said = "\n".join(call.complaints)
        call.err(bang(f"Failure while restarting app: {said}") + "\n")


@command("config:set", costs="write")
async def set_values(call: Call) -> int:
    """Sets variables, then deploys unless told not to. Raises Refused(1) for what is no KEY=VALUE, before anything is
    set.
    """
    options = parse(call, switches=("--no-restart", "--encoded", "--global"))
    name, values, app = environment(call, options)
    given: dict[str, str] = {}
    for pair in keys_after_app(options):
        key, equals, value = pair.partition("=")
        if not equals:
            raise CommandRefused(1, bang(f"Invalid env pair: {pair}"))
        given[key] = base64.b64decode(value).decode() if options.has("--encoded") else value
    if not given:
        raise CommandRefused(1, bang("At least one env pair must be given"))
    values.update(given)
    call.out("-----> Setting config vars")
    width = max(len(key) for key in given) + 1
    for key in sorted(given):
        call.out(f"       {f'{key}:':<{width}}  {given[key]}")
    if app is not None and not options.has("--no-restart") and app.deployed:
        call.out(f"-----> Restarting app {name}")
        await restarted(call, app)
    return 0


@command("config:unset", costs="write")
async def unset_values(call: Call) -> int:
    """Deletes variables, then deploys unless told not to; one that is not set is no error."""
    options = parse(call, switches=("--no-restart", "--global"))
    name, values, app = environment(call, options)
    for key in keys_after_app(options):
        call.out(f"-----> Unsetting {key}")
        values.pop(key, None)
    if app is not None and not options.has("--no-restart") and app.deployed:
        call.out(f"-----> Restarting app {name}")
        await restarted(call, app)
    return 0


@command("config:clear", costs="write")
async def clear_values(call: Call) -> int:
    """Deletes all variables, then deploys unless told not to."""
    options = parse(call, switches=("--no-restart", "--global"))
    _, values, app = environment(call, options)
    values.clear()
    if app is not None and not options.has("--no-restart") and app.deployed:
        await restarted(call, app)
    return 0


@command("config:get")
async def get_value(call: Call) -> int:
    """The value of one variable; exit 1 and no word if it is not set."""
    options = parse(call, switches=("--quoted", "--global"))
    _, values, _ = environment(call, options)
    for key in keys_after_app(options)[:1]:
        if key in values:
            call.out(shlex.quote(values[key]) if options.has("--quoted") else values[key])
            return 0
    return 1


@command("config:keys")
async def keys(call: Call) -> int:
    """The names of the variables, sorted, one a line."""
    _, values, _ = environment(call, parse(call, switches=("--merged", "--global")))
    for key in sorted(values):
        call.out(key)
    return 0


@command("config:show", "config")
async def show(call: Call) -> int:
    """The variables with their values, in columns; `--merged` adds the global ones."""
    options = parse(call, switches=("--merged", "--global"), usage=SHOW_USAGE)
    name, values, app = environment(call, options)
    if options.has("--merged") and app is not None:
        values = {**call.host.machine.global_config, **values}
    call.out(f"=====> {name} env vars")
    width = max((len(key) for key in values), default=0) + 1
    for key in sorted(values):
        call.out(f"{f'{key}:':<{width}}  {values[key]}")
    if not values:
        call.out("")
    return 0


@command("config:export")
async def export(call: Call) -> int:
    """The variables in a format for programs: `exports` by default. Raises Refused(1) for one that is not known."""
    options = parse(call, switches=("--merged", "--global"), values=("--format",))
    _, values, _ = environment(call, options)
    values = dict(sorted(values.items()))
    match options.flags.get("--format", "exports"):
        case "json":
            call.out(compact(values))
        case "json-list":
            call.out(compact([{"name": key, "value": value} for key, value in values.items()]))
        case "shell":
            call.raw("".join(f"{key}={quoted(value)} " for key, value in values.items()))
        case "pack-keys":
            call.out(" ".join(f"--env {key}" for key in values))
        case "exports":
            for key, value in values.items():
                call.out(f"export {key}={quoted(value)}")
        case other:
            raise CommandRefused(1, bang(f"Unknown export format: {other}"))
    return 0


def compact(value: object) -> str:
    """JSON without blanks, other alphabets as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def quoted(value: str) -> str:
    """The value in single quotes, as a shell reads it back."""
    return "'" + value.replace("'", "'\\''") + "'"
