"""Commands about the host itself: version, help, plugins, cleanup, checks, and what only root may do."""

from collections.abc import Awaitable, Callable

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.machine import App
from tui.sandbox.recorded import VERSIONS, load

PLUGIN_HELP = (
    "ps:rollback <app>                                  Go back one release",
    "tags <app>                                         List the image tags of an app",
    "tags:create <app> <tag>                            Tag the image that an app runs",
    "tags:deploy <app> <tag>                            Deploy an image tag of an app",
)
"""the sandbox's own words: no such plugin was recorded"""


@command("version")
async def version(call: Call) -> int:
    """The version of Dokku, one line."""
    call.out(f"dokku version {call.host.machine.version}")
    return 0


@command("help")
async def help_text(call: Call) -> int:
    """The recorded help, with `--all` also that of the plugins a host has."""
    everything = "--all" in call.args
    call.raw(call.host.recorded.texts["help --all" if everything else "help"])
    if everything and call.host.plugins:
        call.out("\nCommunity plugin commands:\n")
        for line in PLUGIN_HELP:
            call.out(f"    {line}")
    return 0


def recorded_text(name: str) -> Callable[[Call], Awaitable[int]]:
    """A command that answers with the recorded text of that name, and is unknown to a version without one."""

    async def say(call: Call) -> int:
        text = call.host.recorded.texts.get(name)
        if text is None:
            raise CommandRefused(
                1,
                bang(f"`{' '.join(call.words)}` is not a dokku command."),
                bang("See `dokku help` for a list of available commands."),
            )
        call.raw(text)
        return 0

    return say


for _name in sorted(
    {name for version_name in VERSIONS for name in load(version_name).texts if not name.startswith("help")}
):
    command(_name)(recorded_text(_name))


@command("events:list")
async def events_list(call: Call) -> int:
    """Dokku's refusal on stderr, with exit 0: the recorded hosts log no events."""
    raise_nothing = bang("Events logger disabled")
    call.err(raise_nothing)
    return 0


@command("plugin:install", "plugin:uninstall", "plugin:update", "ssh-keys:add", "ssh-keys:remove")
async def root_only(call: Call) -> int:
    """Raises Refused(1), always: nobody is root over SSH."""
    raise CommandRefused(1, bang("This command must be run as root"))


@command("cleanup", costs="write")
async def cleanup(call: Call) -> int:
    """Removes exited containers and unused images, of one app or of the host."""
    options = parse(call, switches=("--global",))
    app = call.host.machine.app(options.plain[0]) if options.plain else None
    call.host.machine.cleanup(app)
    call.out("-----> Cleaning up...")
    return 0


@command("checks:disable", costs="write")
async def checks_disable(call: Call) -> int:
    """From now on a deploy stops the old containers first: of all process types, or of those named."""
    app, named = checks_of(call)
    call.out(f"-----> Disabling zero downtime for app{said_types(app, named)}")
    if named is None:
        app.checks_disabled, app.checks_skipped = "_all_", "none"
    else:
        app.checks_disabled = listed(app.checks_disabled, add=named)
        app.checks_skipped = listed(app.checks_skipped, remove=named)
    return 0


@command("checks:skip", costs="write")
async def checks_skip(call: Call) -> int:
    """Notes that new containers need no checks: of all process types, or of those named. Deploys here check all the
    same.
    """
    app, named = checks_of(call)
    call.out(f"-----> Skipping zero downtime for app{said_types(app, named)}")
    if named is None:
        app.checks_disabled, app.checks_skipped = "none", "_all_"
    else:
        app.checks_skipped = listed(app.checks_skipped, add=named)
        app.checks_disabled = listed(app.checks_disabled, remove=named)
    return 0


@command("checks:enable", costs="write")
async def checks_enable(call: Call) -> int:
    """New containers are checked again, beside the old ones: of all process types, or of those named."""
    app, named = checks_of(call)
    call.out(f"-----> Enabling zero downtime for app's{said_types(app, named).removeprefix(chr(39) + 's')}")
    if named is None:
        app.checks_disabled, app.checks_skipped = "none", "none"
    else:
        app.checks_disabled = listed(app.checks_disabled, remove=named)
        app.checks_skipped = listed(app.checks_skipped, remove=named)
    return 0


def checks_of(call: Call) -> tuple[App, list[str] | None]:
    """The app, and the process types named; None: all."""
    options = parse(call)
    return call.host.machine.app(options.first()), options.plain[1].split(",") if len(options.plain) > 1 else None


def said_types(app: App, named: list[str] | None) -> str:
    """The words by which Dokku names the app and the process types in these answers."""
    return f" ({app.name})" if named is None else f"'s ({app.name}) proctypes ({','.join(named)})"


def listed(before: str, add: list[str] | None = None, remove: list[str] | None = None) -> str:
    """Dokku's list of process types after a change, in its words."""
    kept = [one for one in before.split(",") if one not in ("none", "_all_", *(remove or ()))]
    return ",".join([*kept, *(one for one in add or () if one not in kept)]) or "none"


@command("storage:list")
async def storage_list(call: Call) -> int:
    """The app's mounts, of which there are none: only 0.38.27 says a heading."""
    app = call.host.machine.app(parse(call).first())
    if not call.host.machine.old:
        call.out(f"-----> {app.name} volume bind-mounts:")
    return 0
