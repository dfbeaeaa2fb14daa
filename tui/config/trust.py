"""The powers that a services.yaml has over this console, so that a person can be asked before anything is done.

A services.yaml says which hosts are logged into with which keys, which addresses are asked, which environment variables
leave this machine, and which program is started. In the folder of a stranger's checkout such a file is somebody else's
code. Its powers are read from the file as it is written: no variable is put in, nothing is contacted.

Every plain value is a power unless its key is known to change only words, numbers and order. A key that is added later
is asked about until somebody has decided otherwise here.
"""

import hashlib
from pathlib import Path

from tui.config.nodes import Node, compose
from tui.config.reading import ServicesError, decoded
from tui.config.schema import FREE
from tui.model.value import Value

HARMLESS = frozenset({
    "version", "environment", "title", "order", "host", "app", "retention", "ways", "postmortem_within",
    "status", "json", "text", "reject_html", "passes", "patience", "header",
    "expected", "downtime", "stop_first", "settle", "reason", "max_parallel",
    "after_rollback", "longest", "after_clean_deploy", "error_rate",
    "criteria", "respond_within", "response", "action", "labels", "schedule", "slack", "email",
    "contains", "log", "owner", "confirm", "roll_back", "verify",
})  # fmt: skip
"""keys whose values only change words, numbers and order"""
FREE_NAMES = frozenset({"headers", "links"})
"""keys below which names are free, and say nothing of what their values can do"""
_ADDRESS = ("${", "://")
"""a value that holds one of these is a power, under any key"""


class Power(Value):
    """One value that decides what is contacted, read, started or sent."""

    key: str
    """its place in the file, e.g. `hosts.dokku.ssh`"""
    value: str


def powers(file: Path, raw: bytes) -> tuple[Power, ...]:
    """The powers of a file of these bytes, in its order. Raises ServicesError where it cannot be read as YAML."""
    root, problems = compose(decoded(file, raw), None)
    if root is None or problems:
        raise ServicesError(str(file), tuple(problems))
    used = {key: child for key, child in root.names().items() if not key.startswith(FREE)}
    return tuple(power for key, child in used.items() for power in _powers(child, key))


def fingerprint(found: tuple[Power, ...]) -> str:
    """The SHA-256 over powers as hex digits: equal as long as the file can make us do the same."""
    lines = sorted(f"{power.key}\0{power.value}\0" for power in found)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def _powers(node: Node, name: str) -> list[Power]:
    """`name` is the last key above the node; the items of a list have that of the list."""
    if isinstance(node.value, dict):
        below = [(child, key) for key, child in node.value.items() if not (name == "expect" and key == "json")]
        return [power for child, key in below for power in _powers(child, name if name in FREE_NAMES else key)]
    if isinstance(node.value, list):
        return [power for child in node.value for power in _powers(child, name)]
    if node.value is None or (name in HARMLESS and not any(sign in node.value for sign in _ADDRESS)):
        return []
    return [Power(key=node.key, value=node.value)]
