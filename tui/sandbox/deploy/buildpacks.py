"""The builds by buildpacks: herokuish, and pack with a Cloud Native builder. Recorded on both versions.

What is an app: a tree with a VERSION file, as every source of the sandbox has one. A tree without, such as that of a
way back, gives pack something that answers and is not the app, and herokuish nothing at all.
"""

from collections.abc import Iterator

from tui.sandbox.builders import buildpack_named
from tui.sandbox.buildkit import BuildFailed, content_of
from tui.sandbox.deploy.release import parse_procfile
from tui.sandbox.deploy_lines import arrow, complaint, detail, step
from tui.sandbox.host import Call
from tui.sandbox.image_config import WORK_FOLDERS, ImageConfig
from tui.sandbox.images import ALTERNATE_TAGS, APP_LABEL, Behaviour, Content
from tui.sandbox.machine import App
from tui.sandbox.process_environment import BUILD_ENV

CURL = {"CURL_CONNECT_TIMEOUT": "90", "CURL_TIMEOUT": "600"}
STACK = "heroku/builder:24"
INNER = "\x1b[1G       \x1b[1G-----> "
"""how Dokku passes on a heading of the buildpack's"""


async def herokuish(call: Call, app: App, commit: str, files: dict[str, bytes], *, fails: bool) -> None:
    """Runs the buildpack over the tree. Raises BuildFailed, with a half-built image under the app's tag."""
    machine = call.host.machine
    call.say(arrow(f"Building {app.name} from herokuish"))
    if machine.old:
        for key in (key for key in CURL if key not in machine.global_config):
            machine.global_config[key] = CURL[key]
            call.say_all((arrow("Setting config vars"), detail(f"{key}:  {CURL[key]}")))
    call.say(arrow("Adding BUILD_ENV to build environment..."))
    call.say(detail("BUILD_ENV added successfully"))
    await call.pause(2.0)
    url = buildpack_named(machine, app, files)
    content = content_of(files, commit)
    if url:
        call.say(step(f"{INNER}Fetching custom buildpack"))
        await call.pause(8.0)
    if fails or content.behaviour.build_fails or "VERSION" not in files or ".invalid" in url:
        half = Content(version="half-built", commit=commit, behaviour=Behaviour(crash=True))
        machine.images.build(app.image, half, {APP_LABEL: app.name}, "herokuish", machine.now())
        failed = "Failure during app build" if machine.old else "Failure starting container during app build"
        call.say(complaint(failed))
        raise BuildFailed
    types = parse_procfile(files.get("Procfile", b"").decode())
    call.say(step(f"{INNER}Sandbox app detected"))
    call.say(step(f"\x1b[1G-----> sandbox buildpack compiles {app.name} {content.version}"))
    call.say(step(f"{INNER}Discovering process types"))
    call.say(step(f"\x1b[1G       Procfile declares types -> {', '.join(sorted(types))}"))
    workdir = WORK_FOLDERS["herokuish"]
    config = ImageConfig(
        frame="herokuish",
        workdir=workdir,
        processes=tuple(types),
        files={f"{workdir}/{path}": data for path, data in files.items()}
        | {f"{BUILD_ENV}{key}": value.encode() for key, value in machine.config_of(app).items()},
    )
    labels = {
        APP_LABEL: app.name,
        "com.dokku.builder-type": "herokuish",
        "com.dokku.image-stage": "release",
        "com.gliderlabs.herokuish/stack": "heroku-24",
    }
    machine.images.build(app.image, content, labels, "gliderlabs/herokuish:latest-24", machine.now(), config)


async def pack(call: Call, app: App, commit: str, files: dict[str, bytes], *, fails: bool) -> None:
    """Has `pack` make an image of any tree. Raises BuildFailed."""
    machine = call.host.machine
    stack = app.properties.get("buildpacks-stack") or machine.global_properties.get("buildpacks-stack") or STACK
    mark = " (experimental)" if machine.old else ""
    call.say(arrow(f"Building {app.name} from cnb stack {stack}{mark}..."))
    content = content_of(files, commit)
    if fails or content.behaviour.build_fails:
        call.say_all(map(step, ("===> ANALYZING", "===> DETECTING", "ERROR: No buildpack groups passed detection.")))
        call.say(step("ERROR: failed to build: executing lifecycle: failed with status code: 20"))
        raise BuildFailed
    if "VERSION" not in files:
        content = Content(version=commit[:12], commit=commit, behaviour=Behaviour(health="html"))
    previous = machine.images.find(app.image)
    workdir = WORK_FOLDERS["pack"]
    config = ImageConfig(
        frame="pack", workdir=workdir, files={f"{workdir}/{path}": data for path, data in files.items()}
    )
    labels = {
        APP_LABEL: app.name,
        "com.dokku.builder-type": "pack",
        "com.dokku.image-stage": "release",
        "io.buildpacks.stack.id": "heroku-24",
        ALTERNATE_TAGS: f'["{app.image}"]',
    }
    for text in pack_lines(app, content, again=previous is not None):
        await call.pause(0.1)
        call.say(step(text))
    image = machine.images.build(app.image, content, labels, stack, machine.now(), config)
    call.say(step(f"*** Images ({image.id.removeprefix('sha256:')[:12]}):"))
    call.say(step(f"      {app.image}"))
    call.say(step(f"Successfully built image '{app.image}'"))


def pack_lines(app: App, content: Content, *, again: bool) -> Iterator[str]:
    """The words of the lifecycle until the image is there."""
    yield "===> ANALYZING"
    yield "Restoring data for SBOM from previous image" if again else f'Image with name "{app.image}" not found'
    yield "===> DETECTING"
    yield "sandbox/buildpack 0.1.0"
    yield "===> RESTORING"
    yield "===> BUILDING"
    yield f"sandbox buildpack builds {app.name} {content.version}"
    yield "===> EXPORTING"
    yield "Added 1/1 app layer(s)"
    yield "Adding label 'io.buildpacks.lifecycle.metadata'"
    yield "Adding label 'io.buildpacks.build.metadata'"
    yield "Adding label 'io.buildpacks.project.metadata'"
    yield "Setting default process type 'web'"
    yield f"Saving {app.image}..."
