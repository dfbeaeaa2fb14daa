"""Did the last deploy succeed, by the host's own record of builds?"""

from tui.dokku import build_records, commands
from tui.engine.concurrency import together
from tui.engine.hosts.connections import HostConnections
from tui.model.errors import Refused
from tui.model.service import Service
from tui.text.clean import clean_line


async def check(links: HostConnections, service: Service) -> None:
    """Raises Refused where the host keeps a record of builds and one has failed since the last that succeeded,
    LinkError, UnexpectedReply.

    A rebuild that fails its checks is of the commit that runs, so only this record tells that `:latest` is another
    image by now. 0.35 has none: there such a rebuild cannot be told from one that never was.
    """
    if not (await links.capabilities(service.host)).builds:
        return
    answer = await links.ask(service.host, commands.builds_list(service.app))
    failures = build_records.failures(build_records.builds_list(answer.stdout)) if answer.ok else ()
    last = None
    for some in (failures[:1], failures[1:]):  # the newest decides nearly always, and an output may be long
        harmless = await together(*(_built_nothing(links, service, build) for build in some))
        last = next((build for build, well in zip(some, harmless, strict=True) if not well), None)
        if last is not None:
            break
    if last is not None:
        raise Refused(
            f"{service.app}: the last deploy ({clean_line(last.source or 'unknown', 40)}) is {last.status}, so the "
            "image may be another one than what runs",
            "deploy a good release first",
        )


async def _built_nothing(links: HostConnections, service: Service, build: build_records.Build) -> bool:
    """True if the attempt is known to have ended before it began to build: then the image is the one it was."""
    if build.kind != "build":  # a restart builds nothing and fails by the image
        return False
    said = await links.ask(service.host, commands.builds_output(service.app, build.id))
    return said.ok and build_records.built_nothing(said.stdout)
