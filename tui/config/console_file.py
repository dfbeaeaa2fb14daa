"""console.yaml → how one person wants the console: theme, mouse, keys. It changes looks and keys, never what is done.

The file is the user's own: `$ROLLBACK_CONSOLE`, else `console.yaml` in the user's configuration folder. None is needed.
Which actions there are the console knows; here keys are only read, with their lines.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from tui.config.nodes import Node, Problem, Problems, compose
from tui.config.reading import ServicesError, bytes_of, configured, decoded
from tui.model.value import Value

NAME = "console.yaml"
VARIABLE = "ROLLBACK_CONSOLE"
THEMES = ("terminal", "light", "high-contrast", "colour-blind")
KNOWN = ("theme", "mouse", "keys")
_KEY = re.compile(r"((ctrl|alt|shift)\+)*([a-z_]+[0-9]{0,2}|[!-~])")


class Rebound(Value):
    """One action's keys as a person wants them."""

    action: str
    keys: tuple[str, ...]
    line: int


class ConsoleFile(Value):
    """The wishes in the file; where it says nothing, the console's own."""

    path: str = ""
    """empty: there is none"""
    theme: str = "terminal"
    mouse: bool | None = None
    keys: tuple[Rebound, ...] = ()


def place(environ: Mapping[str, str]) -> Path:
    """The path at which the file is looked for."""
    named = environ.get(VARIABLE, "").strip()
    if named:
        return Path(named).expanduser()
    return configured(NAME)


def read(environ: Mapping[str, str]) -> ConsoleFile:
    """The file, where there is one. Raises ServicesError with every problem, and where a named one is missing."""
    file = place(environ)
    if not environ.get(VARIABLE, "").strip() and not os.path.lexists(file):
        return ConsoleFile()
    text = decoded(file, bytes_of(file))
    found = ConsoleFile(path=str(file))
    if not text.strip():
        return found
    root, problems = compose(text, None)
    if root is not None:
        found = _read(root, str(file))
    refuse(str(file), problems)
    return found


def refuse(path: str, problems: Problems) -> None:
    """Raises ServicesError where there is a problem, with every one in the order of its lines."""
    if problems:
        raise ServicesError(path, tuple(sorted(problems, key=lambda p: p.line)))


def _read(root: Node, path: str) -> ConsoleFile:
    parts = root.mapping(KNOWN)
    theme, mouse = parts.get("theme"), parts.get("mouse")
    said = theme.text() if theme is not None else None
    if theme is not None and said is not None and said not in THEMES:
        theme.problem(f"{said!r} is no theme: one of {', '.join(THEMES)}")
    switch = mouse.text() if mouse is not None else None
    if mouse is not None and switch is not None and switch not in ("true", "false"):
        mouse.problem(f"{switch!r}: true or false")
    keys = parts.get("keys")
    rebound = tuple(_rebound(name, node) for name, node in keys.names().items()) if keys is not None else ()
    if keys is not None and not isinstance(keys.value, dict):
        keys.problem("actions with their keys, e.g. `roll-back: R`")
    return ConsoleFile(
        path=path,
        theme=said if said in THEMES else "terminal",
        mouse=None if switch is None else switch == "true",
        keys=tuple(one for one in rebound if one is not None),
    )


def _rebound(name: str, node: Node) -> Rebound | None:
    written = node.items() if isinstance(node.value, list) else [node]
    keys: list[str] = []
    for one in written:
        key = one.text()
        if key is None or not key:
            one.problem("no key: write one, e.g. `o` or `ctrl+o`")
        elif _KEY.fullmatch(key) is None:
            one.problem(f"{key!r} is no key: a letter, digit or sign, a name such as f5, or ctrl+ and one of these")
        else:
            keys.append(key)
    return Rebound(action=name, keys=tuple(keys), line=node.line) if keys else None


def problem(line: int, text: str) -> Problem:
    """A problem of one line."""
    return Problem(line=line, text=text)
