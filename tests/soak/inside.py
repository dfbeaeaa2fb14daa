"""The console as it is, with a thread beside it that writes down how many asyncio tasks there are, once a second."""

import asyncio
import os
import threading
from pathlib import Path

LOOPS: list[asyncio.AbstractEventLoop] = []


def _count(told: Path, ended: threading.Event) -> None:
    while not ended.wait(1.0):
        tasks = sum(len(asyncio.all_tasks(loop)) for loop in LOOPS if not loop.is_closed())
        beside = told.with_suffix(".new")
        beside.write_text(str(tasks))
        beside.replace(told)


def _remember_loops() -> None:
    make = asyncio.events.new_event_loop

    def remembered() -> asyncio.AbstractEventLoop:
        LOOPS.append(made := make())
        return made

    asyncio.events.new_event_loop = remembered


def main() -> None:
    """Run `rollback` with this process's arguments."""
    from tui.__main__ import main as console

    _remember_loops()
    ended = threading.Event()
    threading.Thread(target=_count, args=(Path(os.environ["SOAK_TASKS"]), ended), daemon=True).start()
    try:
        console()
    finally:
        ended.set()


if __name__ == "__main__":
    main()
