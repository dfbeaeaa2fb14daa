"""The edge around every poll: what nobody expected is said, and the next round comes all the same."""

from collections.abc import Awaitable

from tui.engine.incident.effects import worded


async def survived(round_: Awaitable[object]) -> str:
    """One round of something that is asked again and again. Returns why it broke, empty where it did not.

    Cancelling passes through. Nothing else may end a poll: a service that is not asked any more looks like one that
    has nothing to say.
    """
    try:
        await round_
    except Exception as error:  # noqa: BLE001 - the edge: shown by whoever polls, and tried again at its time
        return worded(error)
    return ""
