"""The runbook's commands, on a host that has them by some plugin: ps:rollback and tags:*. No stock Dokku has any of these.

Their wording is the sandbox's own. They work on image tags that the sandbox writes for every deploy of such a host.
"""

from __future__ import annotations

from tui.sandbox.client import Call, Refused, bang
from tui.sandbox.deploy import start_processes
from tui.sandbox.dispatch import command, parse
from tui.sandbox.machine import App


def tags(call: Call, app: App) -> list[str]:
    prefix = f"dokku/{app.name}:"
    return sorted(tag.removeprefix(prefix) for tag in call.host.machine.images.tags if tag.startswith(prefix))


@command("tags:list", "tags", plugin=True)
async def tags_list(call: Call) -> int:
    app = call.host.machine.app(parse(call).first())
    call.out(f"=====> Image tags for dokku/{app.name}")
    for tag in tags(call, app):
        call.out(tag)
    return 0


@command("tags:create", plugin=True, costs="write")
async def tags_create(call: Call) -> int:
    options = parse(call)
    app = call.host.machine.app(options.first())
    image = call.host.machine.images.find(app.image)
    if len(options.plain) < 2 or image is None:
        raise Refused(1, bang("Please specify a tag"))
    call.host.machine.images.tag(image, f"dokku/{app.name}:{options.plain[1]}")
    call.out(f"=====> Added tag: {options.plain[1]} to dokku/{app.name}")
    return 0


@command("tags:deploy", "deploy", plugin=False)
async def tags_deploy(call: Call) -> int:
    if call.name == "tags:deploy" and not call.host.plugins:
        raise Refused(
            1,
            bang(f"`{' '.join(call.words)}` is not a dokku command."),
            bang("See `dokku help` for a list of available commands."),
        )
    options = parse(call)
    app = call.host.machine.app(options.first())
    ref = f"dokku/{app.name}:{options.plain[1] if len(options.plain) > 1 else 'latest'}"
    image = call.host.machine.images.find(ref)
    if image is None:
        raise Refused(1, bang(f"App image ({ref}) not found"))
    call.merged = True
    # No lock, no metadata, and not sticky: the next restart takes :latest again.
    await start_processes(call, app, image, ref)
    return 0


@command("ps:rollback", plugin=True)
async def rollback(call: Call) -> int:
    """One step back, to the newest tag whose image is not what runs."""
    app = call.host.machine.app(parse(call).first())
    images = call.host.machine.images
    running = {container.image_id for container in call.host.machine.serving(app)}
    for tag in reversed(tags(call, app)):
        image = images.find(f"dokku/{app.name}:{tag}")
        if image is not None and image.id not in running and tag != "latest":
            call.merged = True
            call.out(f"-----> Rolling back {app.name} to {tag}")
            images.tag(image, app.image)
            await start_processes(call, app, image, app.image)
            return 0
    raise Refused(1, bang(f"No previous release of {app.name} found"))
