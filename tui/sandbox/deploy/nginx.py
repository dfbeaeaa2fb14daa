"""The site of an app in nginx: written anew by a deploy, which is the moment the traffic switches."""

from tui.sandbox.containers import DockerContainer
from tui.sandbox.deploy_lines import arrow, detail, tool
from tui.sandbox.host import Call
from tui.sandbox.machine import DOMAIN, App

RUNLEVEL = "invoke-rc.d: could not determine current runlevel"


async def nginx(call: Call, app: App, switch_to: list[DockerContainer] | None) -> None:
    """Writes the site anew; with containers given, traffic goes to them from here on."""
    tempo = call.host.durations.start_up
    await call.pause(0.9 * tempo)
    call.say(arrow(f"Ensuring network configuration is in sync for {app.name}"))
    await configure(call, app, switch_to)


async def configure(call: Call, app: App, switch_to: list[DockerContainer] | None) -> None:
    """Writes the site and reloads nginx, without the line about the network that `nginx` says before; traffic goes to
    the containers given.
    """
    tempo = call.host.durations.start_up
    await call.pause(1.0 * tempo)
    call.say(arrow(f"Configuring {app.name}.{DOMAIN}...(using built-in template)"))
    call.say(arrow("Creating http nginx.conf"))
    await call.pause(0.5 * tempo)
    if switch_to is not None:
        app.upstream = [container.id for container in switch_to]
        if call.host.machine.old:
            app.config.setdefault("DOKKU_PROXY_PORT", "80")
        await call.host.open_site(app)
    call.say(detail("Reloading nginx"))
    call.say(tool(RUNLEVEL))
