"""The release: Procfile and app.json take effect, and the tasks run that come before the start."""

import json

from tui.sandbox.deploy.checks import startup_checks
from tui.sandbox.host import Call
from tui.sandbox.images import Image
from tui.sandbox.lines import RED_BANG, CommandFailed, arrow, complaint, detail, thick, tool
from tui.sandbox.machine import App
from tui.sandbox.registry import push_release, pushes

NO_CHECKS = (
    "No web healthchecks found in app.json. Simple container checks will be performed.",
    "For more efficient zero downtime deployments, add healthchecks to your app.json. "
    "See https://dokku.com/docs/deployment/zero-downtime-deploys/ for examples",
)


def apply_source(app: App, files: dict[str, bytes]) -> None:
    """Procfile and app.json take effect with the release, wherever the app says they are."""
    procfile_path = app.properties.get("ps-procfile-path") or "Procfile"
    app_json_path = app.properties.get("app-json-selected") or app.properties.get("app-json-appjson-path") or "app.json"
    app.procfile = parse_procfile(files.get(procfile_path, b"").decode())
    app.app_json = json.loads(files.get(app_json_path, b"{}"))
    types = tuple(name for name in app.procfile if name != "release") or ("web",)
    app.process_types = types if "web" in types else ("web", *types)
    for name in app.process_types:
        app.scale.setdefault(name, 0)


def parse_procfile(text: str) -> dict[str, str]:
    """Process types and their commands; a type that is there twice has its last command."""
    entries = (line.partition(":") for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in entries}


async def release(call: Call, app: App, image: Image) -> str:
    """Tasks before the start: predeploy of app.json, release of the Procfile; each can fail the deploy. The name to
    start.
    """
    call.phase("release")
    await call.pause(0.6)
    call.say(arrow(f"Releasing {app.name}..."))
    scripts = dokku_scripts(app)
    await task(call, app, image, "predeploy", scripts.get("predeploy"), "app.json")
    await task(call, app, image, "release", app.procfile.get("release"), "Procfile")
    if not app.released:
        name = "first deploy postdeploy" if call.host.machine.old else "heroku.postdeploy"
        await task(call, app, image, name, None, "app.json")
    ref = await push_release(call, app, image) if pushes(app) else app.image
    await call.pause(0.4)
    call.say(thick("Processing deployment checks"))
    if not startup_checks(app):
        call.say(tool(f"{RED_BANG}No healthchecks found in app.json for web process type"))
        call.say_all(detail(text) for text in NO_CHECKS)
    return ref


def dokku_scripts(app: App) -> dict[str, str]:
    """The tasks that app.json has for Dokku, by name; empty if it has none or something else in their place."""
    scripts = app.app_json.get("scripts")
    inside = scripts.get("dokku") if isinstance(scripts, dict) else None
    return {key: str(value) for key, value in inside.items()} if isinstance(inside, dict) else {}


async def task(call: Call, app: App, image: Image, name: str, command: str | None, where: str) -> None:
    """One task in a container of its own. The wording of a task that runs is Dokku's source's, not a recording's."""
    await call.pause(0.4)
    call.say(arrow(f"Checking for {name} task"))
    if not command:
        call.say(detail(f"No {name} task found, skipping"))
        return
    ran = f"{app.name} {name} task ({call.host.machine.new_id()[:9]})"
    call.say(arrow(f"Executing {name} task from {where} in ephemeral container: {command}"))
    await call.pause(1.5)
    fault = call.host.faults.take_mode(name, app.name)
    failed = fault is not None or (name == "release" and image.content.behaviour.release_fails)
    call.say(thick(f"Start of {ran} output"))
    call.say(detail("django.db.utils.ProgrammingError: relation already exists" if failed else f"{command}: done"))
    call.say(thick(f"End of {ran} output"))
    if failed:
        call.say(complaint(f"Execution of {name} task failed: {command}"))
        raise CommandFailed
