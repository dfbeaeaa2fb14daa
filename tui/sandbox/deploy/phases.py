"""One deploy from the source to the goodbye: the order of its phases, and the settings that leave some of them out."""

from collections.abc import Iterator

from tui.sandbox.deploy.build import BuildSource, build
from tui.sandbox.deploy.release import apply_source, files_of_release, release, skips_deploy
from tui.sandbox.deploy.start import start_processes
from tui.sandbox.deploy_lines import OutputLine, arrow, complaint, detail, step, thick
from tui.sandbox.host import Call
from tui.sandbox.kube import scheduler
from tui.sandbox.machine import DOMAIN, App


def skips_cleanup(call: Call, app: App) -> bool:
    """True if the app keeps its unused images; 0.38.27 knows the variable and the property."""
    return bool(app.config.get("DOKKU_SKIP_CLEANUP")) or (
        not call.host.machine.old and app.properties.get("builder-skip-cleanup") == "true"
    )


async def build_and_deploy(call: Call, app: App, source: BuildSource) -> None:
    """From source to serving. Raises CommandFailed after the lines that say why."""
    machine = call.host.machine
    if variable := app.properties.get("git-rev-env-var", "GIT_REV"):  # set to nothing: written nowhere
        app.config[variable] = source.commit
    call.phase("cleanup")
    await call.pause(0.5)
    if skips_cleanup(call, app):
        call.say(arrow("DOKKU_SKIP_CLEANUP set. Skipping dokku cleanup"))
    else:
        machine.cleanup(app)
        call.say(arrow("Cleaning up..."))
    await build(call, app, source)
    gone = apply_source(app, files_of_release(machine, app, source.files))
    image = machine.images.find(app.image)
    assert image is not None
    image, ref = await release(call, app, image)
    if skips_deploy(machine, app):
        await call.pause(0.3)
        call.say(arrow("Skipping deployment"))
        call.say(step(""))
        app.released = True
        return
    await call.pause(0.5 * call.host.durations.start_up)
    call.say(arrow(f"Deploying {app.name} via the {scheduler(machine, app)} scheduler..."))
    call.say_all(complaint(f"Skipping {name} as it is missing from the current Procfile") for name in gone)
    await start_processes(call, app, image, ref)
    call.say_all(goodbye(app))
    app.released = True


def goodbye(app: App) -> Iterator[OutputLine]:
    """The last lines of a deploy that succeeded."""
    yield thick("Application deployed:")
    yield detail(f"http://{app.name}.{DOMAIN}")
    yield step("")
