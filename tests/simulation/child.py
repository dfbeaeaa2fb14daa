"""Plays on a prepared world, each in a child: the process of the tests stays as it is, and so does the world."""

import os
import pickle
import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.simulation.loop import Seeded
from tests.simulation.run import Prepared
from tests.simulation.world import World

T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """What the work came to in a child. Raises RuntimeError with what it ended by, if so."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            came: tuple[bool, Any] = (True, work())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            came = (False, f"{type(error).__name__}: {error}")
        with os.fdopen(writing, "wb") as out:
            pickle.dump(came, out)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        well, found = pickle.loads(told.read())
    os.waitpid(child, 0)
    if not well:
        raise RuntimeError(found)
    result: T = found
    return result


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
