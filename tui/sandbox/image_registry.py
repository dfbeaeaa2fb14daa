"""An image registry on 127.0.0.1:5055: with `push-on-release` every release gets a number and is kept there.

Measured: each release bumps the number, failed ones too; the container runs `SERVER/dokku/APP:N`; the host keeps
only the newest.
"""

from tui.sandbox.deploy_lines import CommandFailed, arrow, complaint, detail, step, tool
from tui.sandbox.host import Call
from tui.sandbox.images import Image
from tui.sandbox.machine import App, Machine

ADDRESS = "127.0.0.1:5055"
PUSH_REFUSED = {
    "push-denied": "denied: requested access to the resource is denied",
    "push-unauthorized": "unauthorized: authentication required",
}
"""modes of `fail_next_deploy`: what the registry says (its words are documented; Dokku's are recorded)"""


def setting(machine: Machine, app: App, name: str) -> str:
    """A property of `registry:set`, of the app or of the host; "" for neither."""
    return app.properties.get(f"registry-{name}") or machine.global_properties.get(f"registry-{name}", "")


def pushes(machine: Machine, app: App) -> bool:
    """True if the app's releases go to the registry, a holder's too (recorded on 0.35.15)."""
    return setting(machine, app, "push-on-release") == "true" and bool(setting(machine, app, "server"))


def repository(machine: Machine, app: App) -> str:
    """The app's place in its registry, without a tag."""
    return f"{setting(machine, app, 'server')}/dokku/{app.name}"


async def push_release(call: Call, app: App, image: Image) -> str:
    """Pushes the image under its next number; the name its container runs under."""
    images = call.host.machine.images
    number = int(app.properties.get("registry-tag-version") or 0) + 1
    place = repository(call.host.machine, app)
    earlier, name = f"{place}:{number - 1}", f"{place}:{number}"
    app.properties["registry-tag-version"] = str(number)
    call.say_all(
        (
            arrow("Pushing image to registry"),
            detail(f"Bumping tag to {number}"),
            detail("Retrieving image info for app"),
            detail(f"Tagging dokku/{app.name}:{number} in registry format"),
            detail(f"Pushing {name}"),
            step(f"The push refers to repository [{place}]"),
        )
    )
    await call.pause(2.0)
    for mode, refusal in PUSH_REFUSED.items():
        if call.host.faults.take_mode(mode, app.name) is not None:
            await call.pause(58.0)  # Dokku tries again and again for a minute
            call.say_all((tool(refusal), complaint("Unable to push image")))
            raise CommandFailed
    layers = [image.id.removeprefix("sha256:")[start : start + 12] for start in range(0, 60, 12)]
    call.say_all(step(f"{layer}: {state}") for state in ("Preparing", "Pushed") for layer in layers)
    call.say(step(f"{number}: digest: {image.id} size: 1359"))
    call.say(detail(f"Image {name} pushed"))
    call.host.machine.registry[name] = image
    for tag in (earlier, f"dokku/{app.name}:{number - 1}"):
        images.untag(tag)
    images.tag(image, f"dokku/{app.name}:{number}")
    images.tag(image, name)
    return name


def pull(call: Call, name: str) -> Image | None:
    """Takes an image from the registry onto the host."""
    image = call.host.machine.pushed(name)
    if image is None:
        return None
    images = call.host.machine.images
    images.images[image.id] = image
    images.tag(image, name)
    repository_path, _, tag = name.partition("/")[2].rpartition(":")
    call.out(f"{tag}: Pulling from {repository_path}")
    call.out(f"Digest: {image.id}")
    call.out(f"Status: Downloaded newer image for {name}")
    call.out(name)
    return image
