"""run, enter — a command in a new container of the app's image, or in one that serves.

Recorded on both versions (2026-11-28): with an entrypoint of its own among the docker-options of the phase `run`
nothing of the app is started, and what Docker says tells whether the image is there. Without it the release's own
entrypoint runs first: `executed` of the state shows that, for any command.
"""

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.commands import k3s
from tui.sandbox.commands.docker_options import options_of
from tui.sandbox.deploy.docker_troubles import DAEMON
from tui.sandbox.dispatch import command
from tui.sandbox.host import Call
from tui.sandbox.images import Image
from tui.sandbox.kube import on_k3s
from tui.sandbox.machine import App
from tui.sandbox.process_environment import seen
from tui.sandbox.shell import said

NOT_FOUND = (
    "Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create "
    'failed: runc create failed: unable to start container process: exec: "{0}": stat {0}: no such file or directory: '
    "unknown"
)


@command("run", "run:detached", costs="inspect")
async def run(call: Call) -> int:
    """APP COMMAND: in a container that goes away. Raises Refused(1) without an image."""
    app, words = app_and_words(call)
    if on_k3s(call.host.machine, app):
        return await k3s.run_in_pod(call)
    if call.host.machine.docker_down:
        raise CommandRefused(1, DAEMON)
    image = call.host.machine.images.find(app.image)
    if image is None:
        raise CommandRefused(
            1,
            bang(f"App image ({app.image}) not found"),
            "Error: No such image: ",
            bang("Invalid image stage detected: expected 'release', got ''"),
            bang("Successfully deploy your app to fix dokku run calls"),
        )
    await call.pause(1.0)
    entrypoint = own_entrypoint(app)
    if entrypoint and not (image.config.frame == "pack" and not call.host.machine.old):
        raise CommandRefused(1, NOT_FOUND.format(entrypoint))
    if image.config.frame == "pack":
        return await by_launcher(call, app, image, words, only_looks=bool(entrypoint))
    call.host.machine.execute(app, "run", " ".join(words))
    return said(call, words, environment(call, app, image), image)


def own_entrypoint(app: App) -> str:
    """The `--entrypoint` among the options of the phase `run`; "" without one."""
    for option in options_of(app, "run"):
        words = option.replace("=", " ", 1).split()
        if words[:1] == ["--entrypoint"] and len(words) > 1:
            return words[1]
    return ""


async def by_launcher(call: Call, app: App, image: Image, words: list[str], *, only_looks: bool) -> int:
    """An image of pack: 0.35.15 starts its web process with the words as arguments, and stays; 0.38.27 puts the
    launcher in the place of any entrypoint, which runs the release's profile scripts and then the words.
    """
    machine = call.host.machine
    if machine.old:
        machine.execute(app, "run", " ".join(("/cnb/process/web", *words)))
        call.out(f"listening on 5000 version {image.content.version}")
        await call.client.until_gone()
        return 0
    machine.execute(app, "profile" if only_looks else "run", " ".join(words))
    return said(call, words, environment(call, app, image), image)


def environment(call: Call, app: App, image: Image) -> dict[str, str]:
    """The environment that a command finds in a new container."""
    given = {**call.host.machine.config_of(app), "DYNO": f"run.{call.host.machine.number()}"}
    return seen(image.config, given)


@command("enter", costs="inspect")
async def enter(call: Call) -> int:
    """APP [PROCESS[.N]] COMMAND: in a container that serves. Raises Refused(1) where there is none."""
    app, words = app_and_words(call)
    machine = call.host.machine
    if on_k3s(machine, app):
        return await k3s.enter_pod(call, app, words)
    current = {dyno: container for dyno, container in machine.current(app).items() if container is not None}
    which = next((dyno for dyno in sorted(current) if words and words[0] in (dyno, dyno.partition(".")[0])), "")
    if which:
        words = words[1:]
    elif current and "web.1" in current:
        which = "web.1"
    container = current.get(which)
    if container is None or not container.running:
        raise CommandRefused(1, bang(f"No containers found for type '{words[0] if words else 'web'}'"))
    machine.execute(app, "enter", " ".join(words))
    image = Image(
        id=container.image_id, content=container.content, labels=container.labels, created=0, config=container.config
    )
    return said(call, words, container.sees(), image)


def app_and_words(call: Call) -> tuple[App, list[str]]:
    """The app, and the command for the container. Raises Refused(1) without an app."""
    if not call.args:
        raise CommandRefused(1, bang("Please specify an app to run the command on"))
    return call.host.machine.app(call.args[0]), list(call.args[1:])
