"""The warning that stays until one release of each service is kept, and the one command that changes it."""

from tui.cli.narrate import Narrator

MOST = 8
"""services that are named; more are counted"""


def warn(never: tuple[str, ...], narrator: Narrator) -> None:
    """Say in red of which services nothing is kept, if there are any."""
    if never:
        more = f" and {len(never) - MOST} more" if len(never) > MOST else ""
        words = f"NO WAY BACK: no release is kept of {', '.join(never[:MOST])}{more}"
        narrator.say(f"{words}. To change that: rollback keep --all", "red")
