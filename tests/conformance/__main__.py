"""`python -m tests.conformance [--live-app APP … [--live-writes]]`: who keeps which promise, and where they differ."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys

from tests.conformance.promises import PROMISES, Promise
from tests.conformance.sources import VERSIONS, Recorded, Source, Unrecorded, live, live_host, sandbox
from tests.conformance.unrecorded import GAPS
from tui.model.errors import ConsoleError
from tui.text.clean import clean_line

KEPT, DIFFERS, UNRECORDED, NOT_ASKED = "kept", "DIFFERS", "not recorded", "not asked"


async def judged(source: Source, promise: Promise) -> tuple[str, str]:
    if promise.changes and not source.holder:
        return NOT_ASKED, "it changes the host: --live-writes"
    try:
        await promise.check(source)
    except Unrecorded as missing:
        return UNRECORDED, str(missing)
    except (AssertionError, ConsoleError, OSError) as error:
        return DIFFERS, clean_line(str(error), 300)
    return KEPT, ""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def report(apps: list[str], *, writes: bool) -> int:
    differences = 0
    async with contextlib.AsyncExitStack() as stack:
        sources: list[Source] = []
        for version in VERSIONS:
            sources += [Recorded(version), await stack.enter_async_context(sandbox(version))]
        if (destination := live_host()) is not None:
            for app in apps:
                sources.append(await stack.enter_async_context(live(destination, app, writes=writes)))
        for promise in PROMISES:
            say(promise.says)
            for source in sources:
                word, detail = await judged(source, promise)
                differences += word == DIFFERS
                say(f"  {word:<13} {source.name}{': ' + detail if detail else ''}")
    say("\nno recording covers:")
    for gap in GAPS:
        say(f"  {gap.what}: {gap.instead}")
    say(f"\n{len(PROMISES)} promises, {len(sources)} sources, {differences} differences")
    return 1 if differences else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--live-app", action="append", default=[], metavar="APP")
    parser.add_argument("--live-writes", action="store_true")
    asked = parser.parse_args()
    if asked.live_app and live_host() is None:
        parser.error("--live-app needs ROLLBACK_LIVE_HOST")
    return asyncio.run(report(asked.live_app, writes=asked.live_writes))


if __name__ == "__main__":
    sys.exit(main())
