"""`python -m tui.sandbox`: starts the host, prints one JSON line about it, serves until SIGTERM or SIGINT."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys

from tui.sandbox.pace import parse_pace
from tui.sandbox.sandbox_process import SandboxOptions, World
from tui.sandbox.scenario import SCENARIOS


def arguments(argv: list[str]) -> tuple[SandboxOptions, bool]:
    """The sandbox's options, and whether it ends with its parent."""
    parser = argparse.ArgumentParser(prog="python -m tui.sandbox", description="A pretend Dokku host on 127.0.0.1.")
    parser.add_argument("--dokku", choices=("0.35.15", "0.38.27", "plugins"), default="0.35.15")
    parser.add_argument("--pace", default="recorded", help="recorded, fast (1/20) or a factor")
    parser.add_argument("--state", help="directory for keys, services.yaml and the socket (a temporary one otherwise)")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="bad-release")
    parser.add_argument("--port", type=int, default=0, help="SSH port; 0 takes any free one")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin is closed, however the parent ends")
    given = parser.parse_args(argv)
    try:
        pace = parse_pace(given.pace)
    except ValueError as error:
        parser.error(f"--pace: {error}")
    options = SandboxOptions(dokku=given.dokku, pace=pace, state=given.state, scenario=given.scenario, port=given.port)
    return options, given.with_parent


def end_with_parent(stop: asyncio.Event) -> None:
    """Sets `stop` once stdin is at its end, which it is however the parent ended."""
    if not os.read(0, 4096):
        stop.set()


def no_farewell(record: logging.LogRecord) -> bool:
    """Nothing is wrong when a client leaves with many channels open: SSH answers the end of each, and nobody hears."""
    return "socket.send() raised exception" not in record.getMessage()


async def serve(options: SandboxOptions, with_parent: bool = False) -> None:
    """Runs one sandbox until SIGTERM or SIGINT, or until its parent ends; prints one line of JSON when it is ready."""
    logging.getLogger("asyncio").addFilter(no_farewell)
    stop = asyncio.Event()
    if with_parent:
        asyncio.get_running_loop().add_reader(0, end_with_parent, stop)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with World(options) as world:
        print(json.dumps(world.about | {"pid": os.getpid()}), flush=True)  # noqa: T201 - the one line it prints
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(*arguments(sys.argv[1:])))
