"""The first question to a host: how does this login want its commands? It changes nothing, whoever hears it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tui.model.errors import Unreachable
from tui.model.outcome import Answer, Exited
from tui.model.text import clean_line

QUESTION = "version"
"""Dokku's forced command answers it; a shell has no such program"""
LIMIT = 10.0
"""seconds for an answer"""
PAUSES = (0.002, 0.008, 0.032, 0.128)
"""seconds before a refused channel is tried again: the server frees one when another command has ended"""


async def ask(connect: Callable[[], Awaitable[Any]], where: str, clock: Any) -> Answer:
    """The answer to the bare question. Raises LinkError: nothing else has been sent then."""
    at, began = clock.now(), clock.monotonic()
    for pause in (*PAUSES, None):
        connection = await connect()
        import asyncssh  # the connection has brought it, in a thread

        try:
            async with asyncio.timeout(LIMIT):
                process = await connection.create_process(QUESTION, encoding=None, stdin=asyncssh.DEVNULL)
                done = await process.wait()
        except asyncssh.ChannelOpenError as error:
            if pause is None:
                raise Unreachable(f"{where} refuses further channels", "try again") from error
            await asyncio.sleep(pause)
            continue
        except TimeoutError as error:
            words = f"{where}: no answer to `{QUESTION}` within {LIMIT:.0f} s"
            raise Unreachable(words, "is the host overloaded?") from error
        except (asyncssh.Error, OSError) as error:
            words = clean_line(str(error)) or type(error).__name__
            raise Unreachable(f"{where}: {words}", "try again") from error
        if done.exit_status is None:
            raise Unreachable(f"{where}: the link ended at the first question", "try again")
        return Answer(
            argv=(QUESTION,),
            outcome=Exited(code=done.exit_status),
            started_at=at,
            seconds=clock.monotonic() - began,
            stdout=bytes(done.stdout or b""),
        )
    raise AssertionError("the last round either returns or raises")
