"""The last look right before a push leaves: does what its steps have set still hold?

A `git:from-image` of a CI that repeats the tag of before deploys nothing, exits 1, and has written the source image all
the same (both versions): the push would then take its files from that image.
"""

from tui.dokku import builders, commands, reports
from tui.engine.hosts.connections import HostConnections, UnexpectedReply, unusable
from tui.engine.together import together
from tui.model.plan import Plan

BUILDER = "builder computed selected"


async def closed(links: HostConnections, plan: Plan, incident: str) -> str:
    """Why the push must not leave, in words; empty where it may. Raises LinkError.

    A source image that was written again since is forgotten again, where the plan said that it is.
    """
    if not plan.gate:
        return ""
    host, app = plan.host, plan.app
    clear = commands.git_set(app, "source-image")
    try:
        git, builder = await together(
            links.tell(host, commands.git_report(app)), links.tell(host, commands.report("builder", app))
        )
        image = reports.git_report(git).source_image
        if image and any(step.argv == clear for step in plan.steps):
            answer = await links.gate.write(links.host(host), host, clear, timeout=30.0, incident=incident)
            if not answer.ok:
                raise unusable(answer)
            image = reports.git_report(await links.tell(host, commands.git_report(app))).source_image
    except UnexpectedReply as error:
        return error.message
    if image:
        return f"the host would take its files from the image {image}, which was deployed meanwhile"
    selected = reports.text_report(builder).get(BUILDER, "")
    wanted = dict(plan.gate).get("builder selected", "")
    if any(step.argv == commands.builder_set(app, "selected", builders.DOCKERFILE) for step in plan.steps):
        wanted = builders.DOCKERFILE
    if selected != wanted:
        return f"the builder selected for {app} is {selected or 'none'}, not {wanted or 'none'}"
    return ""
