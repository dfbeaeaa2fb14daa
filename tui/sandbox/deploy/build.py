"""The build of a commit into the app's image, and what is left of the old image when it fails."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui.sandbox.build import Builder, BuildFailed, dockerfile_path
from tui.sandbox.host import Call
from tui.sandbox.lines import CommandFailed, Line, arrow, complaint, tool
from tui.sandbox.machine import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is to be built: the files of a commit, and the label by which git:from-image has its source image retired
    later.
    """

    commit: str
    files: dict[str, bytes]
    alternate_tags: str | None = None


async def build(call: Call, app: App, source: Source) -> None:
    """Builds the source into `dokku/APP:latest`. Raises CommandFailed if it fails, or if there is nothing to build it
    with.
    """
    machine = call.host.machine
    call.phase("build")
    if app.properties.get("builder-selected") == "null":
        call.say(arrow(f"Building {app.name} from null"))
        if machine.images.find(app.image) is None:
            call.say(complaint(f"App image ({app.image}) not found"))
            raise CommandFailed
        return
    await call.pause(0.3)
    if dockerfile_path(app) != "Dockerfile" and dockerfile_path(app) not in source.files:
        call.say(complaint("Invalid dockerfile-path specified"))
        raise CommandFailed
    if dockerfile_path(app) not in source.files:
        call.say(arrow(f"Building {app.name} from herokuish"))
        call.say(complaint("Herokuish image gliderlabs/herokuish:latest-24 is not available"))
        call.say(complaint("App build failed"))
        raise CommandFailed
    call.say(arrow(f"Building {app.name} from Dockerfile"))
    # The next deploy's failure belongs to the app it was armed for.
    fault = call.host.faults.take_mode("build", app.name)
    builder = Builder(
        machine,
        app,
        source.files,
        source.commit,
        alternate_tags=source.alternate_tags,
        full_disk=any(armed.kind == "full_disk" for armed in call.faults),
        fails=fault is not None,
    )
    try:
        for text in builder.lines():
            await call.pause(0.035)
            call.say(tool(text))
    except BuildFailed:
        call.say_all(after_failed_build(call, app))
        raise CommandFailed from None
    if machine.old:
        app.config["DOKKU_APP_TYPE"] = "dockerfile"
    call.phase("built")


def after_failed_build(call: Call, app: App) -> Iterator[Line]:
    """The old image gets its tag back if a container still holds it; else the tag goes, and with it the way to start
    the app.
    """
    machine = call.host.machine
    held = [container.image_id for container in machine.containers_of(app)]
    held = [image_id for image_id in dict.fromkeys(reversed(held)) if image_id in machine.images.images]
    current = [container.image_id for container in machine.current(app).values() if container is not None]
    if held:
        shown = held if machine.old else held[:1]
        yield complaint(f"Retagging old image {chr(10).join(short(image_id) for image_id in shown)} as {app.image}")
        machine.images.tag(machine.images.images[current[0] if current else held[0]], app.image)
    else:
        machine.images.untag(app.image)
        yield complaint(f"Removing invalid image tag {app.image}")
    yield complaint("App build failed")


def short(image_id: str) -> str:
    """The 12 digits that Docker prints of an image."""
    return image_id.removeprefix("sha256:")[:12]
