"""The release: Procfile and app.json take effect, config goes into herokuish images, and the tasks run that come before
the start.

Recorded: a predeploy task leaves its container as the image (`docker commit`), and with it all config of that time in
the image's own environment. A source image that is still set (`git:from-image`) gives the files, no matter what is
pushed.
"""

import json
from dataclasses import replace

from tui.sandbox.deploy.checks import startup_checks
from tui.sandbox.deploy_lines import RED_BANG, CommandFailed, arrow, complaint, detail, thick, tool
from tui.sandbox.host import Call
from tui.sandbox.image_registry import push_release, pushes
from tui.sandbox.images import Image
from tui.sandbox.kube import on_k3s
from tui.sandbox.machine import App, Machine
from tui.sandbox.process_environment import APP_SCRIPT, GLOBAL_SCRIPT, exports

NO_CHECKS = (
    "No web healthchecks found in app.json. Simple container checks will be performed.",
    "For more efficient zero downtime deployments, add healthchecks to your app.json. "
    "See https://dokku.com/docs/deployment/zero-downtime-deploys/ for examples",
)


def files_of_release(machine: Machine, app: App, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files from which Dokku takes Procfile and app.json: the commit, unless a source image is set."""
    if not app.source_image:
        return files
    image = machine.images.find(app.source_image)
    return image.config.source_files() if image is not None else {}


def apply_source(app: App, files: dict[str, bytes]) -> list[str]:
    """Procfile and app.json take effect with the release, wherever the app says they are. Returns the process types
    that had a scale and are gone; without a Procfile all of them stay.
    """
    procfile_path = app.properties.get("ps-procfile-path") or "Procfile"
    app_json_path = app.properties.get("app-json-selected") or app.properties.get("app-json-appjson-path") or "app.json"
    app.procfile = parse_procfile(files.get(procfile_path, b"").decode())
    app.app_json = json.loads(files.get(app_json_path) or b"{}")
    types = [name for name in app.procfile if name != "web"] if app.procfile else list(app.scale)
    app.process_types = ("web", *sorted(name for name in types if name != "web"))
    gone = [name for name in app.scale if name not in app.process_types and name != "web"]
    for name in gone:
        del app.scale[name]
    for name in app.process_types:
        app.scale.setdefault(name, 0)
    return gone


def parse_procfile(text: str) -> dict[str, str]:
    """Process types and their commands; a type that is there twice has its last command."""
    entries = (line.partition(":") for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in entries}


def skips_deploy(machine: Machine, app: App) -> bool:
    """0.35.15 knows only the variable, and only the word true; 0.38.27 only the property. The app's own counts, else
    the host's (by Dokku's own code).
    """
    if machine.old:
        return machine.config_of(app).get("DOKKU_SKIP_DEPLOY") == "true"
    return (app.properties.get("ps-skip-deploy") or machine.global_properties.get("ps-skip-deploy")) == "true"


def with_config(machine: Machine, app: App, image: Image) -> Image:
    """A herokuish image with the present config in it: Dokku's release writes it, by the image's label."""
    if image.labels.get("com.dokku.builder-type") != "herokuish":
        return image
    written = {GLOBAL_SCRIPT: exports(machine.global_config), APP_SCRIPT: exports(app.config)}
    config = replace(image.config, files=image.config.files | written)
    return machine.images.variant(image, app.image, machine.now(), config, {})


def committed(machine: Machine, app: App, image: Image) -> Image:
    """The container of a predeploy task as the app's image, the environment of now in it."""
    config = replace(image.config, env={**image.config.env, **machine.config_of(app)})
    labels = {"com.dokku.predeploy-phase": "true", "dokku_phase_script": "predeploy"}
    return machine.images.variant(image, app.image, machine.now(), config, labels)


async def release(call: Call, app: App, image: Image) -> tuple[Image, str]:
    """Tasks before the start: predeploy of app.json, release of the Procfile; each can fail the deploy. The image to
    start, and its name.
    """
    machine = call.host.machine
    call.phase("release")
    await call.pause(0.6)
    call.say(arrow(f"Releasing {app.name}..."))
    image = with_config(machine, app, image)
    scripts = dokku_scripts(app)
    await task(call, app, image, "predeploy", scripts.get("predeploy"), "app.json")
    if scripts.get("predeploy"):
        image = committed(machine, app, image)
    await task(call, app, image, "release", app.procfile.get("release"), "Procfile")
    if not app.released:
        name = "first deploy postdeploy" if call.host.machine.old else "heroku.postdeploy"
        await task(call, app, image, name, None, "app.json")
    ref = await push_release(call, app, image) if pushes(call.host.machine, app) else app.image
    if on_k3s(machine, app) and not skips_deploy(machine, app):
        return image, ref
    await call.pause(0.4)
    call.say(thick("Processing deployment checks"))
    if not startup_checks(app):
        call.say(tool(f"{RED_BANG}No healthchecks found in app.json for web process type"))
        call.say_all(detail(text) for text in NO_CHECKS)
    return image, ref


def dokku_scripts(app: App) -> dict[str, str]:
    """The tasks that app.json has for Dokku, by name; empty if it has none or something else in their place."""
    scripts = app.app_json.get("scripts")
    inside = scripts.get("dokku") if isinstance(scripts, dict) else None
    return {key: str(value) for key, value in inside.items()} if isinstance(inside, dict) else {}


async def task(call: Call, app: App, image: Image, name: str, command: str | None, where: str) -> None:
    """One task in a container of its own, of which predeploy's is kept."""
    await call.pause(0.4)
    call.say(arrow(f"Checking for {name} task"))
    if not command:
        call.say(detail(f"No {name} task found, skipping"))
        return
    ran = f"{app.name} {name} task ({call.host.machine.new_id()[:9]})"
    place = "" if name == "predeploy" else " in ephemeral container"
    call.say(detail(f"Executing {name} task from {where}{place}: {command}"))
    call.host.machine.execute(app, "task", command)
    await call.pause(1.5)
    fault = call.host.faults.take_mode(name, app.name)
    failed = fault is not None or (name == "release" and image.content.behaviour.release_fails)
    call.say(thick(f"Start of {ran} output"))
    call.say(detail("django.db.utils.ProgrammingError: relation already exists" if failed else f"{command}: done"))
    call.say(thick(f"End of {ran} output"))
    if failed:
        call.say(complaint(f"Execution of {name} task failed: {command}"))
        raise CommandFailed
