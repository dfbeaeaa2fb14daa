"""JSON that somebody else wrote: read, or refused in one way, however it is broken; and JSON for people, written.

msgspec raises three unrelated kinds of exception for text that is no JSON, that is no UTF-8, and that is nested deeper
than Python's stack; whoever forgets one of them is ended by a stranger's byte.
"""

import json
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class NotJson(ValueError):
    """The text cannot be read as what it was taken for; the message says why, without repeating it."""


def read(raw: bytes | str, kind: type[T] = Any) -> T:  # type: ignore[assignment]
    """Returns the value that `raw` holds, of that kind. Raises NotJson, nothing else."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:  # ValidationError is one
        raise NotJson(str(error)) from error
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8: byte {error.start}") from error
    except RecursionError as error:
        raise NotJson("nested too deeply") from error


def read_lenient(raw: bytes | str) -> Any:
    """As `read`, with what services write although JSON has no word for it: NaN, Infinity, numbers of more digits than
    fit. Raises NotJson, for the strict reason."""
    try:
        return read(raw)
    except NotJson as strict:
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise strict from None


def write(value: Any, indent: int = 2) -> str:
    """The value as a file that people read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=indent).decode() + "\n"
