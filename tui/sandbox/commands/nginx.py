"""nginx:*-logs and the URLs of an app."""

import asyncio

from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.kube import on_k3s
from tui.sandbox.machine import DOMAIN

SHOWN = 20


@command("nginx:access-logs", costs="write")
async def access_logs(call: Call) -> int:
    """The last lines of the access log; any number asked for is ignored, -t follows."""
    options = parse(call, switches=("-t", "-n"))
    app = call.host.machine.app(options.first())
    log = call.host.sites.access_logs.get(app.name)
    if log is None or on_k3s(call.host.machine, app):  # the ingress of a cluster is elsewhere
        return 0
    seen = log.written
    call.raw("".join(f"{line.text}\n" for line in log.last(SHOWN)))
    leaving = asyncio.ensure_future(call.client.until_gone())
    try:
        while options.has("-t") and not leaving.done():
            fresh, seen = log.after(seen), log.written
            call.raw("".join(f"{line.text}\n" for line in fresh))
            await call.client.drain()
            changed = asyncio.ensure_future(log.changed())
            await asyncio.wait((changed, leaving), return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
    finally:
        leaving.cancel()
    return 0


@command("nginx:error-logs", costs="write")
async def error_logs(call: Call) -> int:
    """Says nothing: the pretended nginx has no errors."""
    call.host.machine.app(parse(call, switches=("-t", "-n")).first())
    return 0


@command("urls", "url", costs="write")
async def urls(call: Call) -> int:
    """The app's URL, one line."""
    app = call.host.machine.app(parse(call).first())
    call.out(f"http://{app.name}.{DOMAIN}:{app.port}")
    return 0


@command("ports:list")
async def ports(call: Call) -> int:
    """The app's one port mapping, to 5000."""
    app = call.host.machine.app(parse(call).first())
    call.out(f"-----> Port mappings for {app.name}")
    call.out("    -----> scheme  host port  container port")
    call.out(f"    http           {app.port:<11}5000")
    return 0
