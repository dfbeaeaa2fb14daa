"""`deploy APP TAG`, and the runbook's commands on a host that has them by some plugin: ps:rollback and tags:*.

No stock Dokku has ps:rollback or tags:*; their wording is the sandbox's own. They work on tags that such a host
gives every release.
"""

from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.deploy.nginx import nginx
from tui.sandbox.deploy.start import start_processes
from tui.sandbox.deploy_lines import arrow, detail, thick
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.image_registry import pushes, repository
from tui.sandbox.images import Image
from tui.sandbox.machine import App


def tags(call: Call, app: App) -> list[str]:
    """The tags of the app's images without the repository's name, sorted as text."""
    prefix = f"dokku/{app.name}:"
    return sorted(tag.removeprefix(prefix) for tag in call.host.machine.images.tags if tag.startswith(prefix))


@command("tags:list", "tags", plugin=True)
async def tags_list(call: Call) -> int:
    """The tags of the app's images, one a line."""
    app = call.host.machine.app(parse(call).first())
    call.out(f"=====> Image tags for dokku/{app.name}")
    for tag in tags(call, app):
        call.out(tag)
    return 0


@command("tags:create", plugin=True, costs="write")
async def tags_create(call: Call) -> int:
    """Gives the image that a restart would start another tag. Raises Refused(1) without a tag or an image."""
    options = parse(call)
    app = call.host.machine.app(options.first())
    image = call.host.machine.images.find(app.image)
    if len(options.plain) < 2 or image is None:
        raise CommandRefused(1, bang("Please specify a tag"))
    call.host.machine.images.tag(image, f"dokku/{app.name}:{options.plain[1]}")
    call.out(f"=====> Added tag: {options.plain[1]} to dokku/{app.name}")
    return 0


@command("tags:deploy", plugin=True)
async def tags_deploy(call: Call) -> int:
    """Deploys the image of a tag, as `deploy` does."""
    return await deploy_tag(call)


@command("deploy")
async def deploy(call: Call) -> int:
    """Stock Dokku, and hardly documented: takes no lock, writes no metadata, and the next restart takes `:latest`
    again.
    """
    return await deploy_tag(call)


async def deploy_tag(call: Call) -> int:
    """Starts the image of a tag, by default `latest`, without lock and metadata. Raises Refused(1) for a tag without an
    image, CommandFailed for a failed check.
    """
    options = parse(call)
    app = call.host.machine.app(options.first())
    tag = options.plain[1] if len(options.plain) > 1 else ""
    ref = f"dokku/{app.name}:{tag or 'latest'}"
    if pushes(call.host.machine, app):
        # With push-on-release the number is ignored: the current release is deployed again.
        ref = f"{repository(call.host.machine, app)}:{app.properties.get('registry-tag-version', '')}"
    image = call.host.machine.images.find(ref)
    if image is None:
        raise CommandRefused(1, bang(f"App image ({ref}) not found"))
    call.merged = True
    if tag:
        await start_processes(call, app, image, ref)
    else:
        await deploy_nothing(call, app, image, ref)
    return 0


async def deploy_nothing(call: Call, app: App, image: Image, ref: str) -> None:
    """Without a tag: exit 0, what serves is left alone, and an orphan container stays behind. Measured on both
    versions.
    """
    call.say(arrow("Deploying web (count=1)"))
    call.say(detail("Attempting pre-flight checks (1.)"))
    call.say(arrow("Executing 1 healthchecks"))
    call.say(detail("Running healthcheck name='default' type='uptime' uptime=10"))
    name = f"{app.name}.1..upcoming-{call.host.machine.number()}"
    call.host.machine.start_container(app, image, ref, "web.1", name)
    await call.pause(10.0)
    call.say(detail("Healthcheck succeeded name='default'"))
    call.say(detail("All checks successful (1.)"))
    call.say(thick("Triggering early nginx proxy rebuild"))
    await nginx(call, app, None)
    call.say(arrow("Running post-deploy"))
    await nginx(call, app, None)
    call.say(arrow("Renaming containers"))
    call.say(detail("Container type (1) is no longer defined. Removing state"))
    call.say(arrow("Shutting down old containers in 60 seconds"))


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
    raise CommandRefused(1, bang(f"No previous release of {app.name} found"))
