"""The edge around what must go on: an error becomes words, and whoever asked goes on with them.

This is the only place of the engine where any error is caught. Cancelling passes through. A poll that has ended is a
service that is not asked any more, and it looks like one that has nothing to say; so nothing else may end a poll, a
delivery, or the loop of an open incident.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tui.model.errors import ConsoleError, Unreachable
from tui.text.clean import clean_line

T = TypeVar("T")


async def answered(asked: Awaitable[T], otherwise: Callable[[Exception], T]) -> T:
    """The answer, or what `otherwise` makes of the error that came instead of one."""
    try:
        return await asked
    except Exception as error:  # noqa: BLE001 - the edge: `otherwise` has to do with it what its type demands
        return otherwise(error)


async def within(seconds: float, asked: Awaitable[T]) -> T:
    """The answer of something outside. Raises Unreachable where it does not come in time."""
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError as error:
        raise Unreachable(f"no answer within {seconds:.0f} s") from error


def worded(error: BaseException) -> str:
    """An error in one harmless line: our own words where it has them, else its kind as well."""
    if isinstance(error, ConsoleError):
        return clean_line(error.message, 300)
    return clean_line(f"{type(error).__name__}: {error}", 300)
