"""What every part of services.yaml reads the same way: a key that may be left out, and free names with plain values."""

import re
from collections.abc import Callable
from typing import TypeVar

from tui.services.nodes import Node

_SECRET = re.compile(r"(?i)(token|password|passwd|secret|(api|private|access|secret)[_-]?key|dsn|webhook)$")
T = TypeVar("T")
D = TypeVar("D")


def get(keys: dict[str, Node], name: str, reader: Callable[[str], T], default: D) -> T | D:
    """What stands under `name`, or the default where nothing does (or nothing that can be read: a problem by then)."""
    made = keys[name].read(reader) if name in keys else None
    return default if made is None else made


def pairs(node: Node | None, *, shown: bool = False) -> tuple[tuple[str, str], ...]:
    """A mapping of free names to plain values; none of them may be a secret, unless everybody is `shown` them."""
    found: list[tuple[str, str]] = []
    for key, one in (node.mapping() if node else {}).items():
        if not shown and _SECRET.search(key):
            one.problem("is a secret: name the environment variable that holds it, with a key that ends in _env")
            continue
        text = one.text()
        if text is not None:
            found.append((key, text))
    return tuple(found)
