"""What Textual 8.2.8 does not do for a terminal that is slow, odd or gone. Everything private to it is touched here."""

from typing import Any


def writer_idle(app: Any) -> bool:
    """Whether the terminal has taken all that was written to it: a frame made before that only adds to the queue.

    Textual writes through a thread with a queue of 30 frames, which blocks the whole program once it is full. Where
    there is no such thread (tests, the web), nothing can be known and nothing is held back.
    """
    writer = getattr(getattr(app, "_driver", None), "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return queue is None or queue.empty()
