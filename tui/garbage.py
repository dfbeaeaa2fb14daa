"""When nobody looks for garbage: while the program begins, and while something large is loaded.

What is made then stays, and looking through it again and again takes a tenth of a start.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def begin() -> None:
    """The program has begun: what there is stays, and garbage is looked for from now on; where nobody put that off,
    nothing changes."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def put_off() -> Iterator[None]:
    """Nothing is collected in the block."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
