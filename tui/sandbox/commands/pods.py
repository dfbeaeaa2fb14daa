"""An app on the scheduler k3s, as its commands show it: no containers, and what a pod says of itself.

Recorded on 0.35.15 (2026-11-28). What runs is the sandbox's own containers all the same.
"""

import re

from tui.sandbox.client import Refused, bang
from tui.sandbox.dispatch import COMMANDS, command, parse
from tui.sandbox.host import Call
from tui.sandbox.machine import App
from tui.sandbox.repos import read_files

K3S = "k3s"
DEFAULTS = {"deploy-timeout": "300s", "namespace": "default", "rollback-on-failure": "false"}
_ENV = re.compile(r'(?m)^ENV (?P<key>[A-Z_]+)="(?P<value>[^"]*)"$')
_PANIC = "panic: runtime error: index out of range [{0}] with length {0}\n\ngoroutine 1 [running]:"
_inspect, _enter = COMMANDS["ps:inspect"].run, COMMANDS["enter"].run


def on_pods(app: App) -> bool:
    """Whether the app's scheduler is k3s."""
    return app.properties.get("scheduler-selected") == K3S


@command("ps:inspect", costs="inspect")
async def inspect(call: Call) -> int:
    """Nothing, and exit 0."""
    return 0 if on_pods(call.host.machine.app(parse(call).first())) else await _inspect(call)


@command("enter", costs="inspect")
async def enter(call: Call) -> int:
    """APP PROC.N env: the environment of that pod, behind a dot. Past the last one it panics."""
    app = call.host.machine.app(call.args[0]) if call.args else None
    if app is None or not on_pods(app):
        return await _enter(call)
    process, _, index = call.args[1].partition(".")
    count = app.scale.get(process, 0)
    if count == 0:
        raise Refused(1, bang(f"No pods found for app {app.name}"))
    if int(index) > count:
        raise Refused(2, _PANIC.format(count))
    call.err("")
    if call.args[2:] != ["env"]:
        raise Refused(1, bang("command terminated with exit code 1"))
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOSTNAME": f"{app.name}-{process}-65758b7959-{index}"}
    files = read_files(app.repo.store, app.metadata) if re.fullmatch("[0-9a-f]{40}", app.metadata) else {}
    env |= {m["key"]: m["value"] for m in _ENV.finditer(files.get("Dockerfile", b"").decode())}
    env |= {**app.config, "GIT_REV": app.metadata, "PORT": "5000", "HOME": "/"}
    call.out("." + "\n".join(f"{key}={value}" for key, value in env.items()))
    return 0


@command("scheduler-k3s:set", costs="write")
async def set_property(call: Call) -> int:
    """APP KEY [VALUE]"""
    app, (key, *value) = call.host.machine.app(call.args[0]), call.args[1:]
    app.properties[f"scheduler-k3s-{key}"] = value[0] if value else ""
    call.out(f"=====> Setting {key} to {value[0]}" if value else f"=====> Unsetting {key}")
    return 0


@command("scheduler-k3s:report")
async def report(call: Call) -> int:
    """The settings in force."""
    app = call.host.machine.app(parse(call).first())
    call.out(f"=====> {app.name} scheduler-k3s information")
    for key, usual in DEFAULTS.items():
        value = app.properties.get(f"scheduler-k3s-{key}") or usual
        label = f"Scheduler k3s computed {key.replace('-', ' ')}:"
        call.out(f"       {label:<44} {value}")
    return 0
