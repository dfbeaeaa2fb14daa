"""X:report — recorded rows with the app's own values put in, as text, as one flag's value, and as JSON where the
version has it.
"""

from collections.abc import Awaitable, Callable

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.commands import k3s
from tui.sandbox.commands.builds import second
from tui.sandbox.commands.config import compact
from tui.sandbox.commands.docker_options import PHASES, options_of
from tui.sandbox.dispatch import command
from tui.sandbox.git_server import branch_now
from tui.sandbox.host import Call
from tui.sandbox.kube import on_k3s
from tui.sandbox.machine import App, Machine
from tui.sandbox.recorded import VERSIONS, Report, load

PREFIXES = {"apps": "app", "certs": "ssl"}


def live_values(call: Call, app: App, name: str) -> dict[str, str]:
    """Values by full key; keys a report does not show are ignored."""
    machine = call.host.machine
    values: dict[str, str] = {}
    plugins = sorted(load(machine.version).reports, key=len, reverse=True)
    for key, value in machine.global_properties.items():
        plugin = next((plugin for plugin in plugins if key.startswith(f"{plugin}-")), "")
        rest = key.removeprefix(f"{plugin}-")
        values |= {f"{plugin}-global-{rest}": value, f"{plugin}-computed-{rest}": value}
    for key, value in app.properties.items():
        values[key] = value
        plugin = next((plugin for plugin in plugins if key.startswith(f"{plugin}-")), "")
        if value and plugin:
            values[f"{plugin}-computed-{key.removeprefix(f'{plugin}-')}"] = value
    values |= {
        "app-created-at": str(app.created_at),
        "app-deploy-source": app.deploy_source,
        "app-deploy-source-metadata": app.metadata,
        "app-locked": "true" if app.lock_file else "false",
        "git-computed-deploy-branch": branch_now(call, app),
        "git-deploy-branch": app.properties.get("git-deploy-branch", ""),
        "git-sha": app.repo.head() or "HEAD",
        "git-source-image": app.source_image,
        # the time of the branch's file; a branch without commits, such as that of a fresh freeze, has none
        "git-last-updated-at": str(app.repo.moved.get(f"refs/heads/{branch_now(call, app)}", "")),
        "checks-disabled-list": app.checks_disabled,
        "checks-skipped-list": app.checks_skipped,
        "ports-map": f"http:{app.port}:5000",
        "ports-map-json": compact([{"container_port": 5000, "host_port": app.port, "scheme": "http"}]),
        "network-web-listeners": " ".join(f"{container.address}:5000" for container in machine.serving(app)),
    }
    if machine.old:
        values["git-deploy-branch"] = branch_now(call, app)
        restart = f"--restart={app.properties.get('ps-restart-policy') or 'on-failure:10'}"
        values["docker-options-deploy"] = " ".join([*options_of(app, "deploy"), restart])
    for phase in ("build", "run") if machine.old else PHASES:
        options = options_of(app, phase)
        values[f"docker-options-{phase}"] = "".join(f"{o} " for o in options) if machine.old else " ".join(options)
    values |= stack_values(machine, app)
    if values.get("registry-computed-server"):
        values["registry-computed-server"] += "/"
    if name == "ps":
        values |= process_values(call, app)
    if name == "builds":
        values |= build_values(app)
    return values


def stack_values(machine: Machine, app: App) -> dict[str, str]:
    """The values of `buildpacks:report`, and what the builder says about the app's ports."""
    image = machine.images.find(app.image)
    frame = image.config.frame if image is not None else "dockerfile"
    stack = app.properties.get("buildpacks-stack") or machine.global_properties.get("buildpacks-stack")
    values = {"buildpacks-computed-stack": stack or "gliderlabs/herokuish:latest-24"}
    if frame != "dockerfile":
        values["ports-map-detected"] = "http:80:5000"
    return values


def process_values(call: Call, app: App) -> dict[str, str]:
    """The values of `ps:report` that follow the containers, with a `status-` row for each of them."""
    if on_k3s(call.host.machine, app):
        return k3s.process_values(call, app)
    current = call.host.machine.current(app)
    away = call.host.machine.docker_down  # then Dokku finds no state of any container
    states = {dyno: "missing" if container is None or away else container.status for dyno, container in current.items()}
    running = [state == "running" for state in states.values()]
    values = {
        "deployed": "true" if app.deployed else "false",
        "processes": str(len(current)),
        "restore": "true" if app.restore else "false",
        "running": "true" if running and all(running) else "mixed" if any(running) else "false",
    }
    for dyno in sorted(states):
        values[f"status-{dyno}"] = f"{states[dyno]} (CID: {app.current[dyno][:11]})"
    return values


def build_values(app: App) -> dict[str, str]:
    """The values of `builds:report`: of the newest build, or all empty if there was none."""
    if not app.builds:
        return dict.fromkeys(
            (
                "build-id",
                "build-status",
                "build-source",
                "build-kind",
                "build-pid",
                "build-exit-code",
                "build-started-at",
                "build-finished-at",
            ),
            "",
        )
    build = app.builds[0]
    return {
        "build-exit-code": str(build.exit_code),
        "build-finished-at": second(build.finished) if build.finished else "",
        "build-id": build.id,
        "build-kind": "build",
        "build-pid": str(build.pid),
        "build-source": build.source,
        "build-started-at": second(build.started),
        "build-status": build.display,
    }


def key_of(label: str) -> str:
    """The key that belongs to a row's label: `Git sha` is `git-sha`."""
    return label.lower().replace(" ", "-")


def rows_of(report: Report, app: App, values: dict[str, str]) -> list[tuple[str, str, str]]:
    """Key, label, value; a process's status comes after the recorded rows."""
    rows = [
        (key_of(label), label, values.get(key_of(label), value.replace("{app}", app.name)))
        for label, value in report.rows
    ]
    for key, value in values.items():
        if key.startswith("status-") and report.name == "ps":
            rows.append((key, f"Status {key.removeprefix('status-').replace('.', ' ')}", value))
    return rows


def as_text(report: Report, app: App, rows: list[tuple[str, str, str]]) -> str:
    """The report of one app, as lines for people: labels padded as the version's plugin does it."""
    lines = [f"=====> {app.name} {report.title} information"]
    width = max([30, *(len(label) + 1 for _, label, _ in rows)])
    for _, label, value in rows:
        cell = f"{f'{label}:':<{width}} {value}" if report.style == "go" else f"{f'{label}:':<30} {value:<25}"
        lines.append(f"       {cell}")
    return "\n".join(lines)


def as_json(report: Report, app: App, values: dict[str, str]) -> str:
    """The report of one app as one JSON object, keys sorted; the report must have a recorded JSON."""
    assert report.json is not None
    prefix = PREFIXES.get(report.name, report.name)
    document: dict[str, object] = {}
    for key, recorded in report.json.items():
        full = key if key in values else f"{prefix}-{key}"
        plain = recorded.replace("{app}", app.name) if isinstance(recorded, str) else recorded
        if key.endswith("-list") and isinstance(recorded, list):
            document[key] = options_of(app, key.removesuffix("-list"))
            continue
        document[key] = values.get(full, plain)
    document |= {key: value for key, value in values.items() if key.startswith("status-")}
    return compact(dict(sorted(document.items())))


def reporter(name: str) -> Callable[[Call], Awaitable[int]]:
    """The `:report` command of a plugin: of one app or of all, as text, JSON or one flag's value."""

    async def show(call: Call) -> int:
        report = call.host.recorded.reports[name]
        machine = call.host.machine
        flags = [word for word in call.args if word.startswith("--")]
        plain = [word for word in call.args if not word.startswith("--")]
        json_wanted = "--format" in flags and "json" in plain
        if json_wanted:
            plain.remove("json")
            flags.remove("--format")
        apps = [machine.app(plain[0])] if plain else [machine.apps[key] for key in sorted(machine.apps)]
        if not apps:
            raise CommandRefused(1, bang("You haven't deployed any applications yet"))
        if json_wanted and report.json is None:
            raise invalid_flag(report, rows_of(report, apps[0], {}))
        for app in apps:
            values = live_values(call, app, name)
            if name == "ps":
                await call.pause(call.host.durations.ps_report)
            rows = rows_of(report, app, values)
            if json_wanted:
                call.out(as_json(report, app, values))
            elif flags:
                value = next((found for key, _, found in rows if f"--{key}" == flags[0]), None)
                if value is None:
                    # Recorded: the flags of processes are listed only to who asks for one.
                    asked = flags[0].startswith("--status-")
                    raise invalid_flag(report, [row for row in rows if asked or not row[0].startswith("status-")])
                if not value and report.style == "bash" and machine.old:
                    raise CommandRefused(1, bang("not deployed"))
                call.out(value)
            else:
                call.out(as_text(report, app, rows))
        return 0

    return show


def invalid_flag(report: Report, rows: list[tuple[str, str, str]]) -> CommandRefused:
    """The refusal of a flag, with all flags there are; the caller raises it."""
    names = [f"--{key}" for key, _, _ in rows]
    listed = ", ".join(sorted(names)) if report.style == "go" else " ".join(names)
    return CommandRefused(1, bang(f"Invalid flag passed, valid flags: {listed}"))


for _name in sorted({name for version in VERSIONS for name in load(version).reports}):
    command(f"{_name}:report", new=_name == "builds")(reporter(_name))
