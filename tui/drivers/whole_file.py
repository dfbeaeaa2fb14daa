"""A text file that is there as a whole or not at all: a new one never takes another's place, and one that is changed is
the one that was read."""

import contextlib
import os
import tempfile
from pathlib import Path

from tui import regular_file
from tui.model.errors import AlreadyThere, Refused

MODE = 0o644
LARGEST = 1 << 20
"""bytes of a file that is changed"""


def create(path: Path, text: str) -> None:
    """Write a new file with mode 0644. Raises AlreadyThere where anything has that name, Refused where it cannot be
    written."""
    if os.path.lexists(path):
        raise AlreadyThere(f"{path} is there already: it is not written over")
    try:
        temporary = _beside(path, text, MODE)
        try:
            _link(temporary, path, text)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise AlreadyThere(f"{path} is there already: it is not written over") from None
    except OSError as error:
        raise _unwritable(path, error) from error


def change(path: Path, before: bytes, text: str) -> None:
    """Put a text into a file that still holds `before`, with the mode it has; a link stays a link. Raises Refused."""
    real = Path(os.path.realpath(path))
    try:
        if regular_file.read(real, LARGEST) != before:
            raise Refused(f"{path} was changed meanwhile: nothing was written", "run it again")
        temporary = _beside(real, text, real.stat().st_mode & 0o7777)
        try:
            temporary.replace(real)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, regular_file.NotAFile, regular_file.TooLarge) as error:
        raise _unwritable(path, error) from error


def replace(path: Path, begins: bytes, text: str) -> None:
    """Write the file anew where it is absent or begins with `begins`: one of ours. Raises AlreadyThere for any other,
    Refused."""
    try:
        before = regular_file.read(path, LARGEST)
    except FileNotFoundError:
        create(path, text)
        return
    except (OSError, regular_file.NotAFile, regular_file.TooLarge) as error:
        raise _unwritable(path, error) from error
    if not before.startswith(begins):
        raise AlreadyThere(f"{path} is there already, and is no earlier one of these: it is not written over")
    change(path, before, text)


def _link(temporary: Path, path: Path, text: str) -> None:
    """The file's name, if nothing has it. Raises FileExistsError, OSError."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)


def _beside(path: Path, text: str, mode: int) -> Path:
    """The text on disk under a name of its own, in the same folder. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):  # the error before it is the one that says why
            made.unlink()
        raise
    return made


def _unwritable(path: Path, error: Exception) -> Refused:
    why = getattr(error, "strerror", None) or str(error)
    return Refused(f"{path} cannot be written: {why}", "name another file")
