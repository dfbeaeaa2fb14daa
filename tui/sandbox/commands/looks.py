"""`run`, as far as one looks with it at an image that is never started: the entrypoint named does not exist in it."""

from tui.sandbox.client import bang
from tui.sandbox.dispatch import command
from tui.sandbox.host import Call
from tui.sandbox.lines import complaint
from tui.sandbox.machine import App

ENTRYPOINT = "--entrypoint="


@command("run", costs="inspect")
async def run(call: Call) -> int:
    """With an entrypoint among the run options: Docker's words, or Dokku's where the image is missing. Without one the
    release would start, of which the sandbox has none: it says so.
    """
    app = call.host.machine.app(call.args[0]) if call.args else None
    if app is None:
        call.err(bang("Please specify an app to run the command on"))
        return 1
    program = _entrypoint(app)
    if call.host.machine.images.find(app.image) is None:
        call.err(bang(f"App image ({app.image}) not found"))
        call.err("Error: No such image: ")
        call.err(bang("Invalid image stage detected: expected 'release', got ''"))
        call.err(bang("Successfully deploy your app to fix dokku run calls"))
        return 1
    if program is None:
        call.say(complaint("the sandbox has no shells"))
        return 1
    call.err(
        "Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime "
        "create failed: runc create failed: unable to start container process: "
        f'exec: "{program}": stat {program}: no such file or directory: unknown'
    )
    return 1


def _entrypoint(app: App) -> str | None:
    options = app.properties.get("docker-options-run", "").split()
    return next((word.removeprefix(ENTRYPOINT) for word in options if word.startswith(ENTRYPOINT)), None)
