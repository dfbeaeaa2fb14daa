"""The last look right before a push leaves: does what its steps have set still hold?

A `git:from-image` of a CI that repeats the tag of before deploys nothing, exits 1, and has written the source image all
the same (both versions): the push would then take its files from that image.
"""

from tui.dokku import build_gate, build_settings, builders, commands, reports
from tui.engine.concurrency import together
from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.model.outcome import describe
from tui.model.plan import Plan


async def closed(links: HostConnections, plan: Plan, incident: str) -> str:
    """Why the push must not leave, in words; empty where it may. Raises LinkError.

    A source image that was written again since is forgotten again, where the plan said that it is. A builder that the
    host does not tell keeps a push back only where the plan had to set it.
    """
    if not plan.gate:
        return ""
    host, app = plan.host, plan.app
    clear = commands.git_set(app, "source-image")
    try:
        git, builder = await together(
            links.ask_checked(host, commands.git_report(app)), links.ask(host, commands.report("builder", app))
        )
        image = reports.git_report(git).source_image
        if image and any(step.argv == clear for step in plan.steps):
            await links.write_checked(host, clear, timeout=30.0, incident=incident)
            image = reports.git_report(await links.ask_checked(host, commands.git_report(app))).source_image
    except UnexpectedReply as error:
        return error.message
    if image:
        return f"the host would take its files from the image {image}, which was deployed meanwhile"
    told = reports.text_report(builder.stdout) if builder.ok else {}
    selected, wanted = build_settings.selected_of(told), dict(plan.gate).get("builder selected", "")
    if any(step.argv == commands.builder_set(app, "selected", builders.DOCKERFILE) for step in plan.steps):
        wanted = builders.DOCKERFILE
        if not told:
            return f"the builder selected for {app} could not be read: {describe(builder.outcome)}"
    elif not told:
        return ""
    if wanted == build_gate.UNKNOWN:
        wanted = selected if selected == builders.DOCKERFILE else ""
    if selected != wanted:
        return f"the builder selected for {app} is {selected or 'none'}, not {wanted or 'none'}"
    return ""
