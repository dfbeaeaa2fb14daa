"""buildpacks:* — the buildpacks that an app asks for; `buildpacks:set` alone gives the app's commits to herokuish."""

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.machine import App


def listed(app: App) -> list[str]:
    """The URLs in their order."""
    return [url for url in app.properties.get("buildpacks-list", "").split(",") if url]


def app_and_url(call: Call) -> tuple[App, str]:
    """The app and the buildpack named. Raises Refused(1) without one."""
    options = parse(call, values=("--index",))
    app = call.host.machine.app(options.first())
    if len(options.plain) < 2:
        raise CommandRefused(1, bang("Must specify a buildpack to set"))
    return app, options.plain[1]


@command("buildpacks:set", "buildpacks:add", costs="write")
async def add(call: Call) -> int:
    """Puts a buildpack on the list: in the first place for `set`, at the end for `add`."""
    app, url = app_and_url(call)
    others = [known for known in listed(app) if known != url]
    app.properties["buildpacks-list"] = ",".join(
        [url, *others[1:]] if call.name == "buildpacks:set" else [*others, url]
    )
    return 0


@command("buildpacks:remove", costs="write")
async def remove(call: Call) -> int:
    """Takes a buildpack off the list; one that is not on it is no error here."""
    app, url = app_and_url(call)
    app.properties["buildpacks-list"] = ",".join(known for known in listed(app) if known != url)
    return 0


@command("buildpacks:clear", costs="write")
async def clear(call: Call) -> int:
    """Empties the list."""
    call.host.machine.app(parse(call).first()).properties.pop("buildpacks-list", None)
    return 0


@command("buildpacks:list")
async def show(call: Call) -> int:
    """The list, one a line under a heading."""
    app = call.host.machine.app(parse(call).first())
    call.out(f"-----> {app.name} buildpack urls")
    for url in listed(app):
        call.out(f"       {url}")
    return 0


@command("buildpacks:set-property", costs="write")
async def set_property(call: Call) -> int:
    """`stack`: the builder image of pack, or herokuish's. Raises Refused(1) for any other property."""
    options = parse(call, switches=("--global",))
    machine = call.host.machine
    if options.has("--global"):
        store, rest = machine.global_properties, options.plain
    else:
        store, rest = machine.app(options.first()).properties, options.plain[1:]
    if rest[:1] != ("stack",):
        raise CommandRefused(1, bang("Invalid property specified, valid properties include: stack"))
    value = rest[1] if len(rest) > 1 else ""
    store["buildpacks-stack"] = value
    call.out(f"=====> Setting stack to {value}" if value else "=====> Unsetting stack")
    return 0
