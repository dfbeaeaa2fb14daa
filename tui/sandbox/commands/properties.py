"""X:set — properties of apps, told apart from invalid ones by what the version's reports show."""

from collections.abc import Awaitable, Callable

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.recorded import Recorded

PLUGINS = (
    "git",
    "ps",
    "builder",
    "builder-dockerfile",
    "checks",
    "registry",
    "scheduler",
    "scheduler-docker-local",
    "scheduler-k3s",
    "app-json",
    "network",
    "nginx",
    "logs",
    "proxy",
    "cron",
    "builds",
)
# What the recorded refusals list where it differs from the rows of the report.
LISTED = {
    ("0.35.15", "ps"): ("procfile-path", "restart-policy"),
    ("0.38.27", "ps"): (
        "dockerfile-start-cmd",
        "procfile-path",
        "restart-policy",
        "restore",
        "skip-deploy",
        "start-cmd",
        "stop-timeout-seconds",
    ),
    ("0.38.27", "builder"): ("build-dir", "selected", "skip-cleanup"),
}
HIDDEN = {"git": ("source-image",)}
"""properties that can be set, and that no refusal lists (recorded: `git:set APP source-image` clears it)"""
UNSETTABLE = (
    "sha",
    "source-image",
    "last-updated-at",
    "tag-version",
    "last-visited-at",
    "web-listeners",
    "task-count",
    "enabled",
)


def valid(recorded: Recorded, plugin: str) -> tuple[str, ...]:
    """The names that a plugin's `:set` takes on this version, in the order its refusal lists them."""
    listed = LISTED.get((recorded.version, plugin))
    if listed is not None:
        return listed
    report = recorded.reports.get(plugin)
    prefix = plugin.replace("-", " ")
    names = [label[len(prefix) + 1 :].lower().replace(" ", "-") for label, _ in report.rows] if report else []
    return tuple(
        sorted(name for name in names if not name.startswith(("computed-", "global-")) and name not in UNSETTABLE)
    )


def setter(plugin: str) -> Callable[[Call], Awaitable[int]]:
    """The `:set` command of a plugin; an empty value unsets. It raises Refused(1) for a property that the version does
    not have.
    """

    async def set_property(call: Call) -> int:
        options = parse(call, switches=("--global",))
        machine = call.host.machine
        if options.has("--global"):
            store, rest = machine.global_properties, options.plain
        else:
            store, rest = machine.app(options.first()).properties, options.plain[1:]
        name = rest[0] if rest else ""
        known = valid(call.host.recorded, plugin)
        if name not in (*known, *HIDDEN.get(plugin, ())):
            raise CommandRefused(1, bang(f"Invalid property specified, valid properties include: {', '.join(known)}"))
        key, value = f"{plugin}-{name}", rest[1] if len(rest) > 1 else ""
        if name == "source-image" and not options.has("--global"):
            machine.app(options.first()).source_image = value
        if value:
            store[key] = value
            call.out(f"=====> Setting {name} to {value}")
        else:
            store[key] = ""
            call.out(f"=====> Unsetting {name}")
        return 0

    return set_property


for _plugin in PLUGINS:
    command(f"{_plugin}:set", costs="write")(setter(_plugin))
