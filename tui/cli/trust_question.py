"""The question whether a services.yaml of the working directory is trusted: what it would make us do, and yes or no."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from tui.cli.narrate import Narrator
from tui.cli.yes_or_no import YES
from tui.config.trust import Power

MOST = 60
"""powers shown; more are counted"""


def ask(narrator: Narrator) -> Callable[[Path, tuple[Power, ...], bool], Awaitable[bool]]:
    """The question, asked at the narrator's terminal. Only where it is interactive."""

    async def asked(file: Path, found: tuple[Power, ...], changed: bool) -> bool:
        why = "can do other things than when it was trusted" if changed else "was not used on this machine before"
        narrator.say(f"{file} {why}. It decides what is contacted, read and started:", "bold")
        for power in found[:MOST]:
            narrator.say(f"  {power.key}: {power.value}")
        if len(found) > MOST:
            narrator.say(f"  and {len(found) - MOST} more: read the file before you say yes", "yellow")
        return (await narrator.ask("Trust it from now on? [y/N] ")).lower() in YES

    return asked
