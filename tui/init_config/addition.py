"""New services in a services.yaml that people wrote: lines are put in, and no other line changes.

YAML's own marks tell where a mapping ends. Comments behind its last entry that are indented as far as its entries
belong to it, and stay before what is added.
"""

from collections.abc import Iterable
from typing import Any

from tui.init_config.document import indented


class NoRoom(ValueError):
    """Nothing can be put in without changing other lines; says what to do."""


def put_in(text: str, section: str, blocks: Iterable[list[str]]) -> str:
    """The text with these blocks as the last entries of the mapping `section` at its top. Raises NoRoom."""
    lines = text.split("\n")
    after, column = _end(text, section, lines)
    added = [line for block in blocks for line in indented(block, column)]
    if text.count("\r\n"):
        added = [f"{line}\r" for line in added]
    if after == len(lines) and lines[-1]:  # the file's last line is the mapping's and has no end of its own
        return "\n".join([*lines, *added, ""])
    return "\n".join([*lines[:after], *added, *lines[after:]])


def _end(text: str, section: str, lines: list[str]) -> tuple[int, int]:
    """The number of lines up to the end of a mapping's last entry, and the column of its keys. Raises NoRoom."""
    import yaml

    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    node = next((value for key, value in pairs if getattr(key, "value", None) == section), None)
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        raise NoRoom(f"`{section}` is not written as one entry below the other")
    column = node.value[0][0].start_mark.column
    if node.start_mark.line == root.start_mark.line and column == 0:
        raise NoRoom(f"`{section}` cannot be told from the file's top")
    last = max(_last_line(part) for pair in node.value for part in pair)
    end = last + 1
    for number in range(end, len(lines)):
        stripped = lines[number].strip()
        if stripped.startswith("#") and len(lines[number]) - len(lines[number].lstrip()) >= column:
            end = number + 1
        elif stripped:
            break
    return end, column


def _last_line(node: Any) -> int:
    """The line, from 0, of the last letter of a part."""
    import yaml

    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        below = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
        return max((_last_line(part) for part in below), default=int(node.start_mark.line))
    end = node.end_mark
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return int(end.line - 1 if block and end.column == 0 and end.line > node.start_mark.line else end.line)
