"""The edge around what must go on: an error becomes words, and the next round of a poll comes all the same."""

from collections.abc import Awaitable

from tui.model.errors import ConsoleError
from tui.text.clean import clean_line


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


def worded(error: Exception) -> str:
    """An error in one harmless line: our own words where it has them, else its kind as well."""
    if isinstance(error, ConsoleError):
        return clean_line(error.message, 300)
    return clean_line(f"{type(error).__name__}: {error}", 300)
