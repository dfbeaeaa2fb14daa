"""The possible content of services.yaml, as values: read by the loader, told by the JSON Schema and by the page for
operators.

A shape is a reader of plain values (text in, value out, ValueError with the valid form), or one of the classes below.
What a file says wrongly becomes a problem of its node, in its line; nothing here raises.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from tui.config.nodes import Node
from tui.model.value import Value

T = TypeVar("T")
Reader = Callable[[str], Any]


class Text(Value, kw_only=False):
    """A plain value that is taken as it is written, with its own reading of the node where one is needed."""

    read: Callable[[Node], Any] = Node.text
    pattern: str | None = None


class Many(Value, kw_only=False):
    """A list; what cannot be read is a problem and left out."""

    item: Any


class OneOrMany(Value, kw_only=False):
    """A plain value, or a list of such; at least one."""

    item: Reader | Text


class Named(Value, kw_only=False):
    """A mapping of free names to values, as pairs."""

    item: Any
    name: Reader = str
    deep: bool = False
    """values may be mappings again: their names are joined by dots"""


class Apart(Value, kw_only=False):
    """A part that reads itself."""

    read: Callable[[Node], Any]
    like: tuple[Any, ...]
    """the shapes of which it has one"""


class FileKey(Value):
    """One key of a mapping, and what may be written after it."""

    name: str
    shape: Any
    words: str
    """what it means: one or two sentences for operators"""
    default: Any = None
    told: str = ""
    """the default in words, where it is not plain to see"""
    example: str = ""
    """as it is written after the key"""
    required: bool = False
    missing: str = ""
    """what is said where a required one is missing, after its name"""


class Found:
    """The values read of one mapping; the default where nothing is written, or nothing that can be read."""

    def __init__(self, node: Node, nodes: Mapping[str, Node], values: Mapping[str, Any], bad: frozenset[str]) -> None:
        self.node, self.nodes, self._values = node, nodes, values
        self.bad = bad
        """names of what is written and cannot be read: a problem by now"""

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        """True if the key is written in the file."""
        return name in self.nodes

    def all(self) -> dict[str, Any]:
        """Every value by its key's name."""
        return dict(self._values)

    def at(self, name: str) -> Node:
        """The node at which a problem of this key is noted: the key's own, or that of the mapping that lacks it."""
        return self.nodes.get(name, self.node)


class Keys(Value, Generic[T]):
    """A mapping with known keys, and what is made of it."""

    keys: tuple[FileKey, ...]
    make: Callable[[Found], T]
    """makes the value; notes what does not go together at its node"""
    any_of: tuple[str, ...] = ()
    """at least one of these is needed"""
    one_of: tuple[str, ...] = ()
    """exactly one of these is needed"""
    needed: str = ""
    """what is said where that is not so"""
    unless: str = ""
    """the key that stands in for the required ones: where it is written, none of them is missing"""
    free: str = ""
    """how keys begin that nobody reads"""

    def names(self) -> tuple[str, ...]:
        """Every key that may be written here."""
        return tuple(key.name for key in self.keys)

    def below(self) -> dict[str, list[str]]:
        """The keys that may be written in parts of this, but not here → the names of those parts."""
        found: dict[str, list[str]] = {}
        for key in self.keys:
            if isinstance(key.shape, Keys):
                for name in key.shape.names():
                    found.setdefault(name, []).append(key.name)
        return {name: parts for name, parts in found.items() if name not in self.names()}


def form(key: FileKey) -> str:
    """An example of what is written after a key; empty where its shape has none."""
    return key.example or _form(key.shape)


def _form(shape: Any) -> str:
    match shape:
        case Keys():
            names = shape.any_of or shape.one_of or tuple(key.name for key in shape.keys if key.required)
            first = next((key for key in shape.keys if key.name in names), shape.keys[0])
            return f"{{{first.name}: {form(first)}}}" if form(first) else ""
        case Many():
            return f"[{_form(shape.item)}]" if _form(shape.item) else ""
        case Named():
            return f"{{NAME: {_form(shape.item)}}}" if _form(shape.item) else ""
        case Apart():
            return _form(shape.like[0])
    return ""


def read(shape: Any, node: Node) -> Any:
    """The value that the node holds; None where it cannot be read, which is a problem by then."""
    node.form = node.form or _form(shape)
    match shape:
        case Text():
            return shape.read(node)
        case Apart():
            return shape.read(node)
        case Many():
            return tuple(one for item in node.items() if (one := read(shape.item, item)) is not None)
        case OneOrMany():
            return _one_or_many(shape, node)
        case Named():
            return tuple(_pairs(shape, node, ""))
        case Keys():
            return _keys(shape, node)
    return node.read(shape)


def _one_or_many(shape: OneOrMany, node: Node) -> tuple[Any, ...] | None:
    if not isinstance(node.value, list):
        one = read(shape.item, node)
        return None if one is None else (one,)
    if not node.value:
        node.problem("is an empty list: write one value, or several as [a, b]")
    found = tuple(read(shape.item, item) for item in node.value)
    return None if None in found or not found else found


def _pairs(shape: Named, node: Node, before: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, one in node.mapping().items():
        try:
            shape.name(name)
        except ValueError as error:
            one.problem(str(error))
            continue
        if shape.deep and isinstance(one.value, dict):
            found += _pairs(shape, one, f"{before}{name}.")
        elif (value := read(shape.item, one)) is not None:
            found.append((before + name, value))
    return found


def _keys(shape: Keys[T], node: Node) -> T | None:
    """None where what it needs is missing or cannot be read. A part that only the defaults have is then no part."""
    nodes = node.mapping(shape.names(), shape.free, shape.below)
    if not isinstance(node.value, dict | None):
        return None
    needed = () if shape.unless and shape.unless in nodes else tuple(key for key in shape.keys if key.required)
    missing = [key for key in needed if key.name not in nodes]
    wanted = shape.any_of or shape.one_of
    written = [name for name in wanted if name in nodes]
    short = bool(wanted) and (not written or (bool(shape.one_of) and len(written) > 1))
    for key in shape.keys:
        if key.name in nodes:
            nodes[key.name].form = form(key)
    made = {key.name: read(key.shape, nodes[key.name]) for key in shape.keys if key.name in nodes}
    if node.inherited and (missing or (wanted and not written)):
        return None
    for key in missing:
        node.problem(f"{key.name} is missing{key.missing}")
    if short:
        node.problem(shape.needed)
    bad = frozenset(name for name, value in made.items() if value is None)
    if missing or short or any(key.name in bad for key in shape.keys if key.required or key.name == shape.unless):
        return None
    values = {key.name: key.default if made.get(key.name) is None else made[key.name] for key in shape.keys}
    return shape.make(Found(node, nodes, values, bad))
