"""builds:* — 0.38.27's records of deploys; they name times, sources and outcomes, never a commit or an image."""

import json
from datetime import UTC, datetime

from tui.sandbox import clock
from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.containers import timestamp
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.machine import App, BuildRecord


def seconds(build: BuildRecord) -> int:
    """The time that a build took, or has taken until now, in whole seconds."""
    return round((build.finished or clock.utc().timestamp()) - build.started)


def duration(build: BuildRecord) -> str:
    """The time that a build took, as Dokku shows it, `1m5s` or `42s`."""
    minutes, rest = divmod(seconds(build), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def second(at: float) -> str:
    """A time in seconds since the epoch as RFC 3339 in UTC, without fractions."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(app: App, build: BuildRecord) -> dict[str, object]:
    """One record in the shape of `builds:list --format json`; `finished_at` and `exit_code` are there once it ended."""
    record: dict[str, object] = {
        "id": build.id,
        "app": app.name,
        "kind": build.kind,
        "pid": build.pid,
        "started_at": timestamp(build.started),
    }
    if build.finished:
        record["finished_at"] = timestamp(build.finished)
    return record | {
        "status": build.status,
        "source": build.source,
        **({"exit_code": build.exit_code} if build.finished else {}),
        "display_status": build.display,
        "duration": duration(build),
        "log_path": f"/var/lib/dokku/data/builds/{app.name}/{build.id}.log",
    }


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Lines of a table whose columns are as wide as their longest cell; at least one row is needed."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


@command("builds:list", new=True)
async def list_builds(call: Call) -> int:
    """The builds of an app, newest first, as a table or as JSON; without an app those that run anywhere, as a table."""
    options = parse(call, values=("--format", "--status", "--kind"))
    if not options.plain:
        running = [
            (app, build)
            for app in call.host.machine.apps.values()
            for build in app.builds
            if build.display == "running"
        ]
        if not running:
            call.out("No builds currently running")
            return 0
        rows: list[tuple[str, ...]] = [("App", "Build ID", "Kind", "PID", "Source", "Started")]
        rows += [
            (app.name, build.id, build.kind, str(build.pid), build.source, second(build.started))
            for app, build in running
        ]
        for line in table(rows):
            call.out(line)
        return 0
    app = call.host.machine.app(options.first())
    if options.flags.get("--format") == "json":
        call.out(json.dumps([as_json(app, build) for build in app.builds], separators=(",", ":")))
        return 0
    lines: list[tuple[str, ...]] = [("Build ID", "Kind", "Status", "PID", "Source", "Started", "Duration")]
    lines += [
        (build.id, build.kind, build.display, str(build.pid), build.source, second(build.started), duration(build))
        for build in app.builds
    ]
    for line in table(lines):
        call.out(line)
    return 0


def named(call: Call, app: App, name: str) -> BuildRecord | None:
    """The build of that id, or for `current` the one that runs; None if there is none."""
    if name == "current":
        return next((build for build in app.builds if build.display == "running"), None)
    return next((build for build in app.builds if build.id == name), None)


@command("builds:info", new=True)
async def info(call: Call) -> int:
    """One record, as rows or as JSON. Raises Refused(1) without an id or for one that is not known."""
    options = parse(call, values=("--format",))
    app = call.host.machine.app(options.first())
    if len(options.plain) < 2:
        raise CommandRefused(1, bang("Please specify a build id"))
    build = named(call, app, options.plain[1])
    if build is None:
        raise CommandRefused(1, bang(f"No build record found for {app.name}/{options.plain[1]}"))
    if options.flags.get("--format") == "json":
        call.out(json.dumps(as_json(app, build), separators=(",", ":")))
        return 0
    rows = {
        "Build ID": build.id,
        "App": app.name,
        "Kind": "build",
        "Status": build.display,
        "PID": str(build.pid),
        "Source": build.source,
        "Started": second(build.started),
        "Finished": second(build.finished) if build.finished else "",
        "Duration": duration(build),
        "Exit Code": str(build.exit_code),
        "Log": f"/var/lib/dokku/data/builds/{app.name}/{build.id}.log",
    }
    for label, value in rows.items():
        call.out(f"{f'{label}:':<12}{value}")
    return 0


@command("builds:output", new=True)
async def output(call: Call) -> int:
    """Prints what a build has said; `current`, which is the default, follows until it ends. For an unknown id it says
    nothing and exits with 0.
    """
    options = parse(call)
    app = call.host.machine.app(options.first())
    wanted = options.plain[1] if len(options.plain) > 1 else "current"
    build = named(call, app, wanted)
    if build is None:
        if wanted == "current":
            call.out("-----> App not currently deploying")
        return 0
    shown = 0
    while True:
        for text in build.output[shown:]:
            call.out(text)
        shown = len(build.output)
        if build.display != "running" or wanted != "current":
            return 0
        await call.pause(0.2)


@command("builds:cancel", new=True)
async def cancel(call: Call) -> int:
    """Kills the app's running deploy, whose own client gets exit code 141; exit 0 also if none runs."""
    app = call.host.machine.app(parse(call).first())
    running = next((build for build in app.builds if build.display == "running"), None)
    deploying = [other for other in call.host.running_calls() if running is not None and other.record is running.output]
    if running is None or not deploying:
        call.out("-----> App not currently deploying")
        return 0
    running.status = running.display = "canceled"
    running.finished = call.host.machine.now()
    deploying[0].canceled = True
    call.out("-----> Killing app deploy")
    return 0
