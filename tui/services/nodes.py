"""YAML nodes that know their lines, and the list in which problems collect."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from tui.model.value import Value

T = TypeVar("T")
DEEPEST = 20
LARGEST = 256 * 1024
"""characters; a services.yaml is a few kilobytes"""


class Problem(Value):
    """One thing that is wrong."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"


class Node:
    """A part of the file: where it stands, how it is called, and what it holds."""

    def __init__(self, value: Any, line: int, key: str, problems: list[Problem]) -> None:
        self.value = value
        """a str, a list of Node, a dict of name → Node, or None"""
        self.line = line
        self.key = key
        self._problems = problems

    def problem(self, text: str) -> None:
        """Note that this part is wrong."""
        self._problems.append(Problem(line=self.line, text=f"{self.key}: {text}" if self.key else text))

    def mapping(self, known: Iterable[str] | None = None) -> "dict[str, Node]":
        """The keys of a mapping; unknown ones are problems with the nearest known one named."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            self.problem(f"must be keys and values, is {self._kind()}")
            return {}
        if known is not None:
            names = tuple(known)
            for name, child in self.value.items():
                if name not in names:
                    near = difflib.get_close_matches(name, names, 1, 0.5)
                    fix = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
                    child.problem(f"unknown key; {fix}")
        return self.value

    def items(self) -> "list[Node]":
        """The items of a list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.problem(f"must be a list, is {self._kind()}")
            return []
        return self.value

    def text(self) -> str | None:
        """A plain value."""
        if isinstance(self.value, str):
            return self.value
        self.problem(f"must be a text, is {self._kind()}")
        return None

    def read(self, reader: Callable[[str], T]) -> T | None:
        """A plain value through a reader; what the reader raises as ValueError is the problem."""
        text = self.text()
        if text is None:
            return None
        try:
            return reader(text)
        except ValueError as error:
            self.problem(str(error))
            return None

    def _kind(self) -> str:
        if isinstance(self.value, dict):
            return "keys and values"
        if isinstance(self.value, list):
            return "a list"
        return "empty" if self.value is None else repr(self.value)


_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def compose(text: str, environ: Mapping[str, str]) -> tuple[Node | None, list[Problem]]:
    """The file's root node, with variables put in, and the problems of its form."""
    import yaml

    problems: list[Problem] = []
    if len(text) > LARGEST:
        return None, [Problem(line=1, text=f"has more than {LARGEST} characters: this is no services.yaml")]
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = mark.line + 1 if mark else 1
        column = f" at column {mark.column + 1}" if mark else ""
        return None, [Problem(line=where, text=f"is no YAML{column}: {error.problem or error.context}")]
    except yaml.YAMLError as error:
        return None, [Problem(line=1, text=f"is no YAML: {error}")]
    except RecursionError:
        return None, [Problem(line=1, text="is nested too deeply")]
    if root is None:
        return None, [Problem(line=1, text="is empty: it needs version, hosts and services")]
    return _walk(root, "", environ, problems, frozenset(), 0), problems


def _walk(
    node: Any, key: str, environ: Mapping[str, str], problems: list[Problem], above: frozenset[int], depth: int
) -> Node:
    import yaml

    made = Node(None, node.start_mark.line + 1, key, problems)
    if id(node) in above or depth > DEEPEST:
        made.problem("refers to itself or is nested too deeply")
        return made
    inside = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for name_node, value_node in node.value:
            name = name_node.value if isinstance(name_node, yaml.ScalarNode) else str(name_node.tag)
            path = f"{key}.{name}" if key else name
            child = _walk(value_node, path, environ, problems, inside, depth + 1)
            child.line = name_node.start_mark.line + 1
            if name in found:
                child.problem(f"stands twice, first in line {found[name].line}")
            found[name] = child
        made.value = found
    elif isinstance(node, yaml.SequenceNode):
        made.value = [
            _walk(item, f"{key}[{number}]", environ, problems, inside, depth + 1)
            for number, item in enumerate(node.value)
        ]
    elif node.tag == "tag:yaml.org,2002:null":
        made.value = None
    else:
        made.value = _expand(node.value, environ, made)
    return made


def _expand(text: str, environ: Mapping[str, str], node: Node) -> str:
    def put(found: re.Match[str]) -> str:
        value = environ.get(found["name"]) or found["default"]
        if value is None:
            node.problem(
                f"{found[0]}: {found['name']} is not set and has no default; write ${{{found['name']}:-default}}"
            )
            return ""
        return value

    return _VARIABLE.sub(put, text)
