"""`current`: what runs is deployed anew from its holder, so that a restart starts it and no failed image.

After a deploy that failed its check the old containers serve on, but `dokku/APP:latest` is the failed image, which any
restart would start. Nothing over `dokku@` tells which image that name points at; a deploy that succeeds makes it right.
"""

from tui.dokku import commands, shell_lines
from tui.model.errors import Refused
from tui.model.release import Release, Target
from tui.model.service import Host, Service
from tui.ways.kept import WAY
from tui.ways.way import Way


def chosen(service: Service, host: Host, running: Release, way: Way, target: Target) -> Release:
    """The release that runs, to be deployed anew. Raises Refused where its holder cannot be started."""
    if way is not WAY:
        fix = f"rollback {service.name} {target}"
        raise Refused(f"{target} starts a kept image: no other way than {WAY.name} does", fix)
    found = running.by(way.name)
    if running.holder is not None and found is not None and found.available:
        return running
    why = "it is not kept" if running.holder is None else found.reason if found is not None else "it has no way back"
    words = f"{running.name} runs and cannot be deployed anew from its image: {why}"
    raise Refused(words, other(service, host, running))


def cure(service: Service, host: Host, running: Release) -> str:
    """The words that make a restart safe again while what runs stays: `current`, or what else does."""
    found = running.by(WAY.name)
    if running.holder is not None and found is not None and found.available:
        return f"rollback {service.name} current"
    return other(service, host, running)


def other(service: Service, host: Host, running: Release) -> str:
    """The words that make a restart start the release that runs, where it is not kept."""
    if running.commit is not None:
        line = shell_lines.ssh_line(host, commands.git_sync_own(service.app, running.commit))
        return f"{line} builds it again; or deploy the fix"
    if running.image is not None and not running.image.startswith("-"):
        line = shell_lines.ssh_line(host, commands.git_from_image(service.app, running.image))
        # recorded on both versions: the image that was tried last is not deployed again, exit 1
        last = f"that image was tried last: `ps:rebuild {service.app}` builds it again, from what its tag is by then"
        return f'{line} deploys it again; where it answers "No changes detected", {last}'
    return "an ordinary deploy of the fix"
