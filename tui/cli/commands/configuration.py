"""`rollback config show|path|schema`: services.yaml as it is read. No host is asked, and no variable is put in."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui.cli import output
from tui.cli.exits import Exit
from tui.cli.options import CommandOptions
from tui.config.nodes import Node
from tui.text.clean import clean_line


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of services.yaml."""

    key: str
    value: str
    """as it is written; a secret is left out"""
    line: int | None
    """None: nothing is written"""
    origin: str
    """`file`, `defaults` (a service's, from the file's `defaults`) or `default` (of this program)"""

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line is not None else "default"
        return f"{self.key}: {self.value}  # {where}{', defaults' if self.origin == 'defaults' else ''}"


def config(wanted: CommandOptions) -> Exit:
    """Write what was asked of services.yaml. Raises ConfigError where there is none, ServicesError where it is no
    YAML."""
    if wanted.topic == "schema":
        from tui.config import json_schema

        for line in json_schema.shipped().read_text(encoding="utf-8").splitlines():
            output.text(line)
    elif wanted.topic == "path":
        _path(wanted)
    else:
        _show(wanted)
    return Exit.DONE


def _path(wanted: CommandOptions) -> None:
    from tui.config import console_file, reading

    file, origin = reading.find(wanted.services, environ=os.environ, cwd=reading.here())
    order = reading.places(reading.here())
    looks = console_file.place(os.environ)
    if wanted.json:
        console = {"path": str(looks), "exists": looks.exists()}
        found = {"path": str(file), "origin": origin.value, "order": list(order), "console": console}
        output.write({"schema": output.SCHEMA, "kind": "config-path", **found})
        return
    output.text(str(file))
    output.text(f"looked for in this order: {', '.join(order)}")
    output.text(f"theme, mouse and keys of the console: {looks}{'' if looks.exists() else ' (not there)'}")


def _show(wanted: CommandOptions) -> None:
    from tui.config import reading

    file, _ = reading.find(wanted.services, environ=os.environ, cwd=reading.here())
    found = tuple(settings(file))
    if wanted.json:
        items: list[output.Document] = [
            {"key": one.key, "value": one.value, "line": one.line, "origin": one.origin} for one in found
        ]
        output.write(output.listing("config", items, path=str(file)))
        return
    output.text(f"# {file}")
    for one in found:
        output.text(str(one))


def settings(file: Path) -> Iterator[Setting]:
    """Every value that is written in the file, in its order, then what holds at the top where nothing is written.
    Raises ServicesError where it cannot be read or is no YAML."""
    from tui.config import reading
    from tui.config.nodes import compose
    from tui.config.reading import ServicesError
    from tui.config.schema import top
    from tui.model.runbook_numbers import WatchSpec

    root, problems = compose(reading.decoded(file, reading.bytes_of(file)), None)
    if root is None:
        raise ServicesError(str(file), tuple(problems))
    written = root.names()
    defaults = written.get("defaults")
    for name, node in written.items():
        if name == "services" and defaults is not None:
            for service in node.names().values():
                yield from _values(service.over(defaults), service.key)
        else:
            yield from _values(node, name)
    for key in top((), file.parent, WatchSpec()).keys:
        if key.name not in written and key.told and key.told != "none":
            yield Setting(key.name, key.told, None, "default")


def _values(node: Node, key: str) -> Iterator[Setting]:
    if isinstance(node.value, dict) and node.value:
        for name, child in node.value.items():
            yield from _values(child, f"{key}.{name}")
    elif isinstance(node.value, list) and node.value:
        for number, child in enumerate(node.value):
            yield from _values(child, f"{key}[{number}]")
    else:
        shown = "null" if node.value is None else _shown(key, str(node.value))
        yield Setting(clean_line(key), shown, node.line, "defaults" if node.inherited else "file")


def _shown(key: str, value: str) -> str:
    """The value without secrets: by its form, and by what its key says that it is."""
    from tui.config.nodes import SECRET, VARIABLE
    from tui.text.redact import redact
    from tui.text.secret_patterns import credential

    last = key.rpartition(".")[2].partition("[")[0]
    named = VARIABLE.fullmatch(value)
    if named is not None and named["default"] is None:
        return value
    line = f"{last}: {value}"
    if credential(value) or SECRET.search(last) or (".headers." in key and redact(line) != line):
        return "[redacted]"
    return clean_line(redact(value))
