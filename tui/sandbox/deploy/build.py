"""The build of a commit into the app's image, by the builder that gets it, and what is left when it fails."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui.sandbox import builders
from tui.sandbox.buildkit import Builder, BuildFailed, BuildOrder, dockerfile_path
from tui.sandbox.deploy.buildpacks import herokuish, pack
from tui.sandbox.deploy.docker_troubles import BUILD, struck
from tui.sandbox.deploy_lines import CommandFailed, OutputLine, arrow, complaint, tool
from tui.sandbox.dockerfile import parse_dockerfile
from tui.sandbox.host import Call
from tui.sandbox.images import APP_LABEL
from tui.sandbox.machine import App

# What nixpacks writes, with its lines about the app's own language left out.
NIXPACKS_FRAME = (
    'FROM ghcr.io/railwayapp/nixpacks:ubuntu-1745885067\nENTRYPOINT ["/bin/bash", "-l", "-c"]\nWORKDIR /app/\n'
    "COPY . /app/.\nRUN mkdir -p /app/bin\n"
)
RAILPACK_FRAME = "FROM ghcr.io/railwayapp/railpack-runtime:latest\nWORKDIR /app\nCOPY . /app\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSource:
    """The source of a build: the files of a commit, and the label by which git:from-image has its source image retired
    later.
    """

    commit: str
    files: dict[str, bytes]
    alternate_tags: str | None = None


async def build(call: Call, app: App, source: BuildSource) -> None:
    """Builds the source into `dokku/APP:latest`. Raises CommandFailed if it fails, or if there is nothing to build it
    with.
    """
    machine = call.host.machine
    call.phase("build")
    builder = builders.choose(machine, app, source.files, dockerfile_path(app))
    if builder == builders.NULL:
        call.say(arrow(f"Building {app.name} from null"))
        if machine.images.find(app.image) is None:
            call.say(complaint(f"App image ({app.image}) not found"))
            raise CommandFailed
        return
    await call.pause(0.3)
    if dockerfile_path(app) != "Dockerfile" and dockerfile_path(app) not in source.files:
        call.say(complaint("Invalid dockerfile-path specified"))
        raise CommandFailed
    builders.note(machine, app, builder)
    # The next deploy's failure belongs to the app it was armed for.
    fails = call.host.faults.take_mode("build", app.name) is not None
    before = machine.images.find(app.image)
    try:
        if trouble := "docker" if machine.docker_down else struck(call, app, BUILD):
            base = parse_dockerfile(source.files.get(dockerfile_path(app), b"").decode()).base
            call.say(arrow(f"Building {app.name} from {'Dockerfile' if builder == builders.DOCKERFILE else builder}"))
            call.say_all(tool(text.format(base=base)) for text in BUILD[trouble])
            raise BuildFailed
        match builder:
            case builders.HEROKUISH:
                await herokuish(call, app, source.commit, source.files, fails=fails)
            case builders.PACK:
                await pack(call, app, source.commit, source.files, fails=fails)
            case _:
                await with_buildkit(call, app, source, builder, fails=fails)
    except BuildFailed:
        half_built = machine.images.find(app.image) is not before
        call.say_all(after_failed_build(call, app, half_built=half_built))
        raise CommandFailed from None
    call.phase("built")


async def with_buildkit(call: Call, app: App, source: BuildSource, builder: str, *, fails: bool) -> None:
    """The builders that write or take a Dockerfile. Raises BuildFailed."""
    call.say(arrow(f"Building {app.name} from {'Dockerfile' if builder == builders.DOCKERFILE else builder}"))
    frames = {builders.NIXPACKS: NIXPACKS_FRAME, builders.RAILPACK: RAILPACK_FRAME}
    text = frames.get(builder) or source.files.get(dockerfile_path(app), b"").decode()
    if not text:
        call.say(tool("ERROR: failed to solve: failed to read dockerfile: open Dockerfile: no such file or directory"))
        raise BuildFailed
    order = BuildOrder(
        files=source.files,
        commit=source.commit,
        dockerfile=text,
        builder=builder,
        # 0.35.15 says dockerfile of what nixpacks built (recorded)
        label=builders.DOCKERFILE if call.host.machine.old else builder,
        alternate_tags=source.alternate_tags,
        full_disk=any(armed.kind == "full_disk" for armed in call.faults),
        fails=fails,
    )
    for line in Builder(call.host.machine, app, order).lines():
        await call.pause(0.035)
        call.say(tool(line))


def after_failed_build(call: Call, app: App, *, half_built: bool = False) -> Iterator[OutputLine]:
    """The old image gets its tag back if a container still holds it; else the tag goes, and with it the way to start
    the app. 0.35.15 names all images it finds in one argument, which fails without a word: then a half-built image
    keeps the tag.
    """
    machine = call.host.machine
    held = [container.image_id for container in machine.containers_of(app)]
    held = [image_id for image_id in dict.fromkeys(reversed(held)) if image_id in machine.images.images]
    current = [container.image_id for container in machine.current(app).values() if container is not None]
    if half_built and machine.old:
        held += [image_id for image_id in release_images(call, app) if image_id not in held]
    if held:
        shown = held if machine.old else held[:1]
        yield complaint(f"Retagging old image {chr(10).join(short(image_id) for image_id in shown)} as {app.image}")
        if not (half_built and len(shown) > 1):
            machine.images.tag(machine.images.images[current[0] if current else held[0]], app.image)
    else:
        machine.images.untag(app.image)
        yield complaint(f"Removing invalid image tag {app.image}")
    yield complaint("App build failed")


def release_images(call: Call, app: App) -> list[str]:
    """The ids of all releases of the app that are on the host, by their labels, as Dokku looks for them."""
    found = call.host.machine.images.images.values()
    mine = (image for image in found if image.labels.get(APP_LABEL) == app.name)
    return [image.id for image in mine if image.labels.get("com.dokku.image-stage") == "release"]


def short(image_id: str) -> str:
    """The 12 digits that Docker prints of an image."""
    return image_id.removeprefix("sha256:")[:12]
