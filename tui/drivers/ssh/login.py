"""The first question to a host: how does this login want its commands? It changes nothing, whoever hears it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tui.drivers.ssh.channel import Channel, TooMuch, process_on
from tui.model.errors import Unreachable
from tui.model.outcome import Answer, Exited, Outcome
from tui.text.clean import clean_line

QUESTION = "version"
"""Dokku's forced command answers it; a shell has no such program"""
LIMIT = 10.0
"""seconds for an answer"""
HELD_OPEN = (
    "something that the login starts on the host keeps the session open, such as an agent in ~/.bashrc or a plugin: "
    "its output has to go to /dev/null; `ssh HOST version` does not end either until then"
)
ENDS_ALL_THE_SAME = "; with `transport: asyncssh` a command's end is heard all the same"
FEW_SESSIONS = "try again; is MaxSessions in its sshd_config 0, or taken up by others? 1 is enough, 10 is quicker"
LARGEST = 64 * 1024
"""bytes of an answer"""
PAUSES = (0.002, 0.008, 0.032, 0.128, 0.5, 1.0, 2.0)
"""seconds before a refused channel is tried again: the server frees one when another command has ended"""


async def ask(connect: Callable[[], Awaitable[Any]], where: str, clock: Any) -> Answer:
    """The answer to the bare question. Raises LinkError: nothing else has been sent then."""
    at, began = clock.now(), clock.monotonic()
    for pause in (*PAUSES, None):
        connection = await connect()
        said = bytearray()
        channel: Channel | None = None
        outcome: Outcome
        import asyncssh  # the connection has brought it, in a thread

        try:
            async with asyncio.timeout(LIMIT):
                process = await process_on(connection, QUESTION, encoding=None)
                channel = Channel(process, asyncio.Semaphore(), asyncssh, most_errors=LARGEST)
                outcome = await _heard(channel, said)
        except asyncssh.ChannelOpenError as error:
            if pause is None:
                raise Unreachable(f"{where} refuses further channels", FEW_SESSIONS) from error
            await asyncio.sleep(pause)  # the host says of no channel when it is free
            continue
        except TimeoutError as error:
            ended = channel.ended() if channel is not None else None
            if ended is None:
                raise _no_end(where, answered=bool(said.strip())) from error
            outcome = ended  # although something on the host goes on talking
        except (asyncssh.Error, OSError) as error:
            words = clean_line(str(error)) or type(error).__name__
            raise Unreachable(f"{where}: {words}", "try again") from error
        if not isinstance(outcome, Exited):
            raise Unreachable(f"{where}: the link ended at the first question", "try again")
        seconds = clock.monotonic() - began
        return Answer(argv=(QUESTION,), outcome=outcome, started_at=at, seconds=seconds, stdout=bytes(said))
    raise AssertionError("the last round either returns or raises")


def _no_end(where: str, *, answered: bool) -> Unreachable:
    """The error for a question that did not end in its time."""
    if answered:
        words = f"{where}: `{QUESTION}` was answered, but the session did not end within {LIMIT:.0f} s"
        return Unreachable(words, HELD_OPEN)
    return Unreachable(f"{where}: no answer to `{QUESTION}` within {LIMIT:.0f} s", "is the host overloaded?")


async def _heard(channel: Channel, said: bytearray) -> Outcome:
    """The end of the question; its answer goes to `said` as it comes. Raises OSError."""
    try:
        channel.write_eof()
        while chunk := await channel.read():
            said += chunk
            if len(said) > LARGEST:
                raise TooMuch(LARGEST)
        return await channel.wait()
    finally:
        await channel.close()
