"""An app on the scheduler k3s, as its commands show it: no containers, and what a pod says of itself.

Recorded on 0.35.15 (2026-11-28). What runs is the sandbox's own containers all the same.
"""

from tui.sandbox.client import Refused, bang
from tui.sandbox.commands.ps import inspect as inspect_containers
from tui.sandbox.commands.run import enter as enter_container
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.machine import App

K3S = "k3s"
DEFAULTS = {"deploy-timeout": "300s", "namespace": "default", "rollback-on-failure": "false"}
_PANIC = "panic: runtime error: index out of range [{0}] with length {0}\n\ngoroutine 1 [running]:"


def on_pods(app: App) -> bool:
    """Whether the app's scheduler is k3s."""
    return app.properties.get("scheduler-selected") == K3S


@command("ps:inspect", costs="inspect")
async def inspect(call: Call) -> int:
    """Nothing, and exit 0."""
    return 0 if on_pods(call.host.machine.app(parse(call).first())) else await inspect_containers(call)


@command("enter", costs="inspect")
async def enter(call: Call) -> int:
    """APP PROC.N env: the environment of that pod, behind a dot. Past the last one it panics."""
    app = call.host.machine.app(call.args[0]) if call.args else None
    if app is None or not on_pods(app):
        return await enter_container(call)
    process, _, index = call.args[1].partition(".")
    count = app.scale.get(process, 0)
    if count == 0:
        raise Refused(1, bang(f"No pods found for app {app.name}"))
    if int(index) > count:
        raise Refused(2, _PANIC.format(count))
    call.err("")
    if call.args[2:] != ["env"]:
        raise Refused(1, bang("command terminated with exit code 1"))
    container = call.host.machine.current(app).get(f"{process}.{index}")
    if container is None or not container.running:
        raise Refused(1, bang(f'unable to upgrade connection: container not found ("{app.name}-{process}")'))
    path = "/usr/local/bin:/usr/bin:/bin"
    env = {"PATH": path, **container.sees(), "HOSTNAME": f"{app.name}-{process}-65758b7959-{container.short_id[:5]}"}
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
