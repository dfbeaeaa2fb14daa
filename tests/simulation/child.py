"""Plays on a prepared world, each in a child: the process of the tests stays as it is, and so does the world."""

import asyncio
import os
import pickle
import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.simulation.loop import Seeded
from tests.simulation.run import Prepared
from tests.simulation.world import World

T = TypeVar("T")


_tells = -1
"""where this process, being a child, tells what it came to"""


class Child:
    """A process that was forked from this one, and what it comes to."""

    def __init__(self, pid: int, told: int) -> None:
        self._pid, self._told = pid, told

    def came(self) -> Any:
        """What its work came to, when it has ended. Raises RuntimeError with what it ended by, if so."""
        with os.fdopen(self._told, "rb") as told:
            said = told.read()
        os.waitpid(self._pid, 0)
        if not said:
            raise RuntimeError("the child ended without a word")
        well, found = pickle.loads(said)
        if not well:
            raise RuntimeError(found)
        return found


def branch() -> Child | None:
    """Fork. The child, which gets None, goes on from here to the end of the work that it is in the middle of, and what
    that comes to there is what the child comes to."""
    global _tells
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _tells = writing
        return None
    os.close(writing)
    return Child(pid, reading)


def apart(work: Callable[[], T]) -> T:
    """What the work came to in a child. Raises RuntimeError with what it ended by, if so."""
    child = branch()
    if child is None:
        try:
            came: tuple[bool, Any] = (True, work())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            came = (False, f"{type(error).__name__}: {error}")
        with os.fdopen(_tells, "wb") as out:
            pickle.dump(came, out)
        os._exit(0)
    found: T = child.came()
    return found


class Branches:
    """The children of one play that were forked in its middle."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.came: list[Any] = []
        """what each of them came to"""
        self._kept: list[asyncio.Task[Any]] = []

    def begin(self) -> bool:
        """Fork, and let the child play to its end first. True in the child, which has files of its own.

        Its threads are not there: the one of the process that is to die, and no other, may be waiting. Nobody may wake
        its task any more, nor collect it.
        """
        waiting = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
        assert threading.current_thread() is threading.main_thread(), "the loop's thread has to go on"
        assert len(waiting) <= 1, f"in the child nobody would be {waiting}"
        loop = asyncio.get_running_loop()
        child = branch()
        if child is None:
            asyncio._set_running_loop(loop)  # asyncio holds that no loop runs in a fork
            self._kept = list(asyncio.all_tasks())
            self._world.own_files()
            return True
        self.came.append(child.came())
        return False


def in_child(prepared: Prepared, play: Callable[[World], Coroutine[Any, Any, T]]) -> T:
    """What one play came to. Raises RuntimeError with what it ended by, if so."""

    def played() -> T:
        prepared.loop.begin(Seeded(random.Random("play"), deviation=0.0))
        prepared.world.own_files()
        came: T = prepared.loop.run_until_complete(play(prepared.world))
        return came

    return apart(played)


def with_world(work: Callable[[Prepared], T]) -> T:
    """Work on a world that is prepared, and removed, in a child of this process."""

    def worked() -> T:
        prepared = Prepared("0.35.15")
        try:
            return work(prepared)
        finally:
            prepared.close()

    return apart(worked)
