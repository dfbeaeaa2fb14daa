"""logs — lines of each process one after the other, not merged by time, then, with -t, as they come."""

import asyncio
from collections.abc import Iterable

from tui.sandbox import kube
from tui.sandbox.client import CommandRefused, bang
from tui.sandbox.commands.k3s import log_lines, refuse_if_down
from tui.sandbox.containers import ContainerLine, DockerContainer, nanotime
from tui.sandbox.dispatch import command, parse
from tui.sandbox.host import Call
from tui.sandbox.machine import App

COLOURS = (36, 33, 32, 35, 31)
USAGE = (
    "  -h, --help        print help for the command",
    "  -n, --num int     the number of lines to display (default 100)",
    "  -p, --ps string   only display logs from the given process",
    "  -q, --quiet       display raw logs without colors, time and names",
    "  -t, --tail        continually stream logs",
)


def rendered(container: DockerContainer, lines: Iterable[ContainerLine], colour: int, *, quiet: bool) -> str:
    """Lines as `logs` prints them: with time, name and colour, or the bare text."""
    if quiet:
        return "".join(f"{line.text}\n" for line in lines)
    if container.namespace:
        return log_lines(container, [line.text for line in lines], quiet=False)
    dyno = container.dyno
    return "".join(f"\x1b[{colour}m{nanotime(line.at)} app[{dyno}]:\x1b[0m {line.text}\n" for line in lines)


@command("logs")
async def logs(call: Call) -> int:
    """The last lines of each process, then with `-t` the new ones. Raises Refused(1) for an app that was never
    deployed, Refused(2) for a number that is none.
    """
    options = parse(call, switches=("-t", "--tail", "-q", "--quiet"), values=("-n", "--num", "-p", "--ps"), usage=USAGE)
    app = call.host.machine.app(options.first())
    if not app.deployed:
        raise CommandRefused(1, bang(f"App {app.name} has not been deployed"))
    wanted = options.flags.get("--num") or options.flags.get("-n") or "100"
    if not wanted.lstrip("-").isdigit():
        text = f'invalid argument "{wanted}" for "-n, --num" flag: strconv.ParseInt: parsing "{wanted}": invalid syntax'
        raise CommandRefused(2, text, "Usage of logs:", *USAGE)
    process = options.flags.get("--ps") or options.flags.get("-p") or ""
    quiet = options.has("-q", "--quiet")
    containers = shown(call, app, process)
    seen: list[int] = []
    for container, colour in containers:
        # Taken before the lines are printed: what is logged meanwhile belongs to the stream.
        seen.append(container.log.written)
        call.raw(rendered(container, container.log.last(int(wanted)), colour, quiet=quiet))
    if options.has("-t", "--tail"):
        await follow(call, containers, seen, quiet=quiet)
    return 0


def shown(call: Call, app: App, process: str) -> list[tuple[DockerContainer, int]]:
    """The containers of the process, or of all for "", each with its colour; the colour counts all containers."""
    found = [container for container in call.host.machine.current(app).values() if container is not None]
    if kube.on_k3s(call.host.machine, app):
        refuse_if_down(call)
        found = kube.pods(call.host.machine, app)
    return [
        (container, COLOURS[position % len(COLOURS)])
        for position, container in enumerate(found)
        if process in ("", container.process)
    ]


async def follow(call: Call, containers: list[tuple[DockerContainer, int]], seen: list[int], *, quiet: bool) -> None:
    """Until the client leaves, or every container has ended (Docker follows a container, not an app)."""

    async def one(position: int) -> None:
        container, colour = containers[position]
        number = seen[position]
        while True:
            fresh = container.log.after(number)
            number = container.log.written
            if fresh:
                call.raw(rendered(container, fresh, colour, quiet=quiet))
                await call.client.drain()
            elif not container.running:
                return
            else:
                await container.log.changed()

    streams = asyncio.ensure_future(asyncio.gather(*(one(position) for position in range(len(containers)))))
    leaving = asyncio.ensure_future(call.client.until_gone())
    try:
        await asyncio.wait((streams, leaving), return_when=asyncio.FIRST_COMPLETED)
        if streams.done():
            streams.result()
    finally:
        for task in (streams, leaving):
            task.cancel()
        await asyncio.gather(streams, leaving, return_exceptions=True)


@command("logs:failed")
async def failed(call: Call) -> int:
    """Never finds anything: the container is removed before anybody can ask."""
    options = parse(call, switches=("--all",))
    everything = options.has("--all")
    names = sorted(call.host.machine.apps) if everything else [call.host.machine.app(options.first()).name]
    for name in names:
        if everything:
            call.out(f"-----> Running logs:failed against app {name}")
        call.out(f"=====> {name} failed deploy logs")
        call.err(bang("No failed containers found"))
    return 0
