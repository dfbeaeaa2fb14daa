"""Several questions at once, none of which outlives the others' failure; and a change that outlives an interrupt."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
Asked = Coroutine[Any, Any, A]


@overload
async def together(a: Asked[A], b: Asked[B], /) -> tuple[A, B]: ...
@overload
async def together(a: Asked[A], b: Asked[B], c: Asked[C], /) -> tuple[A, B, C]: ...
@overload
async def together(a: Asked[A], b: Asked[B], c: Asked[C], d: Asked[D], /) -> tuple[A, B, C, D]: ...
@overload
async def together(a: Asked[A], b: Asked[B], c: Asked[C], d: Asked[D], e: Asked[E], /) -> tuple[A, B, C, D, E]: ...
@overload
async def together(*asked: Asked[A]) -> tuple[A, ...]: ...
async def together(*asked: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Returns every answer, in order. Raises the first error, once the other questions have been taken back.

    `asyncio.gather` leaves them running: their answers come when nobody waits, and their errors are nobody's.
    """
    async with meanwhile() as begin:
        return tuple(await asyncio.gather(*[begin(one) for one in asked]))


async def all_to_their_end(works: Iterable[Coroutine[Any, Any, A]]) -> list[A]:
    """What each came to, in order. Nobody's error ends another; an interrupt is heard by each of them once, and ends
    this when they have put in order what they began. Raises the first error."""
    found = await asyncio.gather(*works, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]


class Begin(Protocol):
    """Begins one question."""

    def __call__(self, asked: Asked[A], /) -> asyncio.Task[A]: ...


@asynccontextmanager
async def meanwhile() -> AsyncIterator[Begin]:
    """Questions that go on while others are asked, each awaited where its answer is needed; at the end those that
    nobody needed any more are taken back, and with them their errors."""
    tasks: list[asyncio.Task[Any]] = []

    def begin(asked: Asked[A], /) -> asyncio.Task[A]:
        task = asyncio.create_task(asked)
        tasks.append(task)
        return task

    try:
        yield begin
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def taken_back(task: asyncio.Task[Any]) -> None:
    """End a question that nobody needs, and with it its error."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def ended(write: Coroutine[Any, Any, None], *, after: BaseException | None = None) -> None:
    """Hear an interrupt only when this has ended: the host carries out what it was sent, and what undoes it has to come
    after it. A further interrupt does not wait, nor does the first where this is done `after` one. Nothing goes on
    behind it.
    """
    sent = asyncio.ensure_future(write)
    try:
        await asyncio.shield(sent)
    except asyncio.CancelledError:
        try:
            # explained by test_an_interrupt_is_heard_when_what_was_sent_has_ended_and_undoes_it
            await asyncio.wait({sent}, timeout=0 if isinstance(after, asyncio.CancelledError) else None)
        finally:
            sent.cancel()
        await asyncio.gather(sent, return_exceptions=True)  # what became of it, the undoing looks for itself
        raise
