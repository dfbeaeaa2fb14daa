"""A program on this machine: the team's own rollback script.

It runs in a session of its own, so that a Ctrl-C meant for the console does not reach it, with nothing to read, and
with a mark in its environment by which a `rollback` that it calls refuses to run. When its time is up, or this console
ends, its whole group is asked to end and then made to.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from tui.model.outcome import Answer, Exited, NeverStarted, Outcome, Signalled, TimedOut
from tui.text.clean import clean_line

GUARD = "ROLLBACK_INSIDE_SCRIPT"
"""environment variable: the incident on whose behalf a script runs"""
GRACE = 5.0
"""seconds between asking a group to end and making it"""
KEPT = 256 * 1024
"""bytes of each output that are kept; everything is streamed"""
CHUNK = 1 << 16
OnOutput = Callable[[bytes, bool], None]


class LocalProcesses:
    """Runs programs."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    async def run(
        self, argv: tuple[str, ...], *, timeout: float, guard: str, on_output: OnOutput, env: Mapping[str, str]
    ) -> Answer:
        """One program to its end; `guard` goes into its environment, unless it is empty. Never raises for what the
        program does."""
        at, began = self._clock.now(), self._clock.monotonic()
        stdout, stderr = bytearray(), bytearray()

        def answer(outcome: Outcome) -> Answer:
            seconds = self._clock.monotonic() - began
            return Answer(
                argv=argv, outcome=outcome, started_at=at, seconds=seconds, stdout=bytes(stdout), stderr=bytes(stderr)
            )

        # pipes of our own: asyncio's wait() ends only when every child that inherited its pipes has closed them
        pipes = [os.pipe(), os.pipe()]
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipes[0][1],
                stderr=pipes[1][1],
                start_new_session=True,
                env={**os.environ, **env, **({GUARD: guard} if guard else {})},
            )
        except (OSError, ValueError) as error:
            for ours, _ in pipes:
                os.close(ours)
            return answer(NeverStarted(why=clean_line(f"{argv[0]}: {error}", 200)))
        finally:
            for _, theirs in pipes:
                os.close(theirs)
        reading = asyncio.gather(
            _copy(pipes[0][0], stdout, lambda raw: on_output(raw, False)),
            _copy(pipes[1][0], stderr, lambda raw: on_output(raw, True)),
        )
        try:
            async with asyncio.timeout(timeout):
                code = await process.wait()
            # a child it left behind may hold the pipes open for ever: what it wrote itself is there by now
            await asyncio.wait({reading}, timeout=GRACE)
        except TimeoutError:
            await _end(process)
            return answer(TimedOut(after=timeout))
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return answer(Exited(code=code) if code >= 0 else Signalled(signal=_name(-code)))


async def _copy(pipe: int, kept: bytearray, hear: Callable[[bytes], None]) -> None:
    stream = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(pipe, "rb", buffering=0)
    )
    try:
        while chunk := await stream.read(CHUNK):
            kept += chunk
            del kept[:-KEPT]
            hear(chunk)
    finally:
        transport.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole group: ask it, give its leader some time, then make whoever is left. An interrupt cuts it short."""
    with contextlib.suppress(ProcessLookupError):  # it has ended
        os.killpg(process.pid, signal.SIGTERM)
    try:
        with contextlib.suppress(TimeoutError):  # then it is made to
            async with asyncio.timeout(GRACE):
                await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):  # nobody is left
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()  # also where it is cut short: that is at once


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
