"""The console as it is, with a thread beside it that writes down how many asyncio tasks there are, once a second."""

import asyncio
import os
import threading
from pathlib import Path


def _count(told: Path, ended: threading.Event) -> None:
    while not ended.wait(1.0):
        beside = told.with_suffix(".new")
        beside.write_text(str(len(asyncio.tasks._all_tasks)))  # type: ignore[attr-defined]
        beside.replace(told)


def main() -> None:
    """Run `rollback` with this process's arguments."""
    from tui.__main__ import main as console

    ended = threading.Event()
    threading.Thread(target=_count, args=(Path(os.environ["SOAK_TASKS"]), ended), daemon=True).start()
    try:
        console()
    finally:
        ended.set()


if __name__ == "__main__":
    main()
