"""What every part of services.yaml reads the same way: a key that may be left out, and free names with plain values."""

from collections.abc import Callable
from typing import TypeVar

from tui.config.nodes import Node

T = TypeVar("T")
D = TypeVar("D")


def get(keys: dict[str, Node], name: str, reader: Callable[[str], T], default: D) -> T | D:
    """The value under `name`; the default where there is none, or none that can be read (a problem by then)."""
    made = keys[name].read(reader) if name in keys else None
    return default if made is None else made


def pairs(node: Node | None) -> tuple[tuple[str, str], ...]:
    """A mapping of free names to plain values, which everybody is shown."""
    named = (node.mapping() if node else {}).items()
    return tuple((key, text) for key, one in named if (text := one.text()) is not None)
