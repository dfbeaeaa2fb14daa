"""docker-options:* — options that Dokku hands to Docker: of the phases build, deploy and run."""

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.dispatch import command
from tui.sandbox.host import Call
from tui.sandbox.machine import App

PHASES = ("build", "deploy", "run")


def options_of(app: App, phase: str) -> list[str]:
    """The options of one phase, in the order in which they were added."""
    return [line for line in app.properties.get(f"docker-options-{phase}", "").split("\n") if line]


@command("docker-options:add", "docker-options:remove", costs="write")
async def change(call: Call) -> int:
    """APP PHASES OPTION; phases are named with commas."""
    if len(call.args) < 3:
        raise CommandRefused(1, bang("Please specify docker options to add to the phase"))
    app = call.host.machine.app(call.args[0])
    option = " ".join(call.args[2:])
    phases = call.args[1].split(",")
    for phase in phases:
        if phase not in PHASES:
            raise CommandRefused(1, bang(f"Phase(s) must be one of [{' '.join(PHASES)}]"))
    for phase in phases:
        kept = [line for line in options_of(app, phase) if line != option]
        app.properties[f"docker-options-{phase}"] = "\n".join([*kept, option] if call.name.endswith("add") else kept)
    return 0


@command("docker-options:clear", costs="write")
async def clear(call: Call) -> int:
    """APP [PHASES]: takes all options of these phases away, of all without any."""
    if not call.args:
        raise CommandRefused(1, bang("Please specify an app to run the command on"))
    app = call.host.machine.app(call.args[0])
    for phase in call.args[1].split(",") if len(call.args) > 1 else PHASES:
        app.properties.pop(f"docker-options-{phase}", None)
    return 0
