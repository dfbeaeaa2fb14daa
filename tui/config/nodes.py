"""YAML nodes that know their lines, and the list in which problems collect."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from tui.model.value import Value
from tui.text.clean import clean_line
from tui.text.secret_patterns import credential

T = TypeVar("T")
DEEPEST = 20
LARGEST = 2 * 1024 * 1024
"""characters; a service takes a few hundred, with comments one or two thousand"""
FIX = "name the environment variable that holds it, with a key that ends in _env"
SECRET = re.compile(r"(?i)(token|password|passwd|secret|(api|private|access|secret|routing)[_-]?key|dsn|webhook)$")
_PARTS = "several are parts, each with its own host or app: parts: [{host: a, app: b}, {host: c, app: d}]"
_HERE = {
    "port": {"ssh": "it is part of ssh: dokku@example.com:2222"},
    "user": {"ssh": "it is part of ssh: dokku@example.com"},
    "hosts": {"parts": _PARTS},
    "apps": {"parts": _PARTS},
}
"""keys that people expect → a key that is known in such a place → what to write there instead"""
_SECRET_PLACE = re.compile(r"(?i)auth|cookie|token|secret|passw|signature|credential|session|key$")
"""names behind which a text would be taken for a secret, and not be shown"""
MOST_NODES = 200_000
"""parts after aliases are followed: a few lines of aliases to aliases would otherwise become billions"""


class Problem(Value):
    """One thing that is wrong."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.line}: {self.text}"


Problems = dict[Problem, None]
"""every problem once, in the order in which they were found"""


class Node:
    """A part of the file: where it is, how it is called, and what it holds."""

    def __init__(self, value: Any, line: int, key: str, problems: Problems) -> None:
        self.value = value
        """a str, a list of Node, a dict of name → Node, or None"""
        self.written: str | None = None
        """a str as the file writes it, before variables are put in"""
        self.form = ""
        """how it may be written, as an example"""
        self.unset = False
        """a variable in it has no value, which is a problem by now"""
        self.inherited = False
        """it is not written here, but among the defaults"""
        self.line = line
        self.key = key
        self.problems = problems

    def problem(self, text: str) -> None:
        """Note that this part is wrong; once, however often it is used."""
        found = Problem(line=self.line, text=clean_line(f"{self.key}: {text}" if self.key else text))
        self.problems[found] = None

    def over(self, default: "Node") -> "Node":
        """This part with what it lacks taken from `default`: mappings key by key, everything else as a whole."""
        if not (isinstance(self.value, dict) and isinstance(default.value, dict)):
            return self
        made = Node(dict(self.value), self.line, self.key, self.problems)
        for name, below in default.value.items():
            own = made.value.get(name)
            if own is None:
                made.value[name] = below.as_inherited()
            elif own.value is None:  # `health: null`: nothing of the defaults
                del made.value[name]
            else:
                made.value[name] = own.over(below)
        return made

    def as_inherited(self) -> "Node":
        """The same part, marked as inherited with everything in it."""
        made = Node(self.value, self.line, self.key, self.problems)
        made.written, made.inherited = self.written, True
        if isinstance(self.value, dict):
            made.value = {name: one.as_inherited() for name, one in self.value.items()}
        return made

    def mapping(
        self,
        known: Iterable[str] | None = None,
        free: str = "",
        below: Callable[[], Mapping[str, Sequence[str]]] = dict,
    ) -> "dict[str, Node]":
        """The keys of a mapping; unknown ones are problems with the nearest known one named.

        `free`: how keys begin that may have any name and are left out. `below`: says which keys of the parts
        of this mapping belong to which of them; asked only where one is unknown."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            self.problem(f"must be keys and values, is {self._kind()}{self._example()}")
            return {}
        if known is not None:
            names = tuple(known)
            for name, child in self.value.items():
                if free and name.startswith(free):
                    continue
                if name not in names and SECRET.search(name):
                    child.problem(f"is a secret: {FIX}")
                elif name not in names:
                    import difflib  # only after a mistake

                    near = difflib.get_close_matches(name, names, 1, 0.5)
                    parts = below().get(name)
                    here = next((fix for beside, fix in _HERE.get(name, {}).items() if beside in names), None)
                    if here is not None:
                        fix = here
                    elif parts:
                        fix = f"it belongs below {' or '.join(parts)}"
                    else:
                        fix = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
                    child.problem(f"unknown key; {fix}")
        return self.value

    def names(self) -> "dict[str, Node]":
        """The keys of what should be a mapping, silently: for looking ahead, before anything is judged."""
        return self.value if isinstance(self.value, dict) else {}

    def listed(self) -> "list[Node]":
        """The items of what should be a list, silently, as `names`."""
        return self.value if isinstance(self.value, list) else []

    def items(self) -> "list[Node]":
        """The items of a list."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.problem(f"must be a list, is {self._kind()}{self._example()}")
            return []
        return self.value

    def text(self) -> str | None:
        """A plain value. A credential is none, and is not repeated."""
        if isinstance(self.value, str) and credential(self.value):
            self.problem(f"holds a credential: {FIX}")
            return None
        if isinstance(self.value, str):
            return self.value
        self.problem(f"must be a text, is {self._kind()}{self._example()}")
        return None

    def read(self, reader: Callable[[str], T]) -> T | None:
        """A plain value through a reader; what the reader raises as ValueError is the problem.

        What a variable holds may be a secret: the problem shows what is written instead."""
        text = self.text()
        if text is None:
            return None
        try:
            return reader(text)
        except ValueError as error:
            said = str(error)
            if self.written is not None and self.written != text:
                said = said.replace(repr(text), f"{self.written!r}, with its variables put in,")
            self.problem(said)
            return None

    def _example(self) -> str:
        name = self.key.rpartition(".")[2]
        before = "" if "[" in name else f"{name}: "
        return f"; write e.g. {before}{self.form}" if self.form else ""

    def _kind(self) -> str:
        if isinstance(self.value, dict):
            return "keys and values"
        if isinstance(self.value, list):
            return "a list"
        return "empty" if self.value is None else repr(self.value)


VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\}")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def compose(text: str, environ: Mapping[str, str] | None) -> tuple[Node | None, Problems]:
    """The file's root node and the problems of its form. Variables are put in; with None they stay as written."""
    import yaml

    problems: Problems = {}
    if len(text) > LARGEST:
        return None, {Problem(line=1, text=f"has more than {LARGEST} characters: this is no services.yaml"): None}
    for number, line in enumerate(text.splitlines(), 1):
        if "\u00a0" in line[: len(line) - len(line.lstrip())]:
            said = "is indented with a no-break space (U+00A0), which is no blank to YAML; indent with blanks"
            return None, {Problem(line=number, text=said): None}
    try:
        root = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = mark.line + 1 if mark else 1
        column = f" at column {mark.column + 1}" if mark else ""
        said = str(error.problem or error.context)
        return None, {Problem(line=where, text=f"is no YAML{column}: {said}{_remedy(said, text, where)}"): None}
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        text = f"is no YAML at column {len(before) - before.rfind(chr(10))}: holds an unprintable character"
        return None, {Problem(line=before.count("\n") + 1, text=text): None}
    except (ValueError, OverflowError) as error:  # PyYAML lets both out of "\UFFFFFFFF" and of endless version numbers
        return None, {Problem(line=1, text=clean_line(f"is no YAML: {error}", 200)): None}
    except RecursionError:
        return None, {Problem(line=1, text="is nested too deeply"): None}
    if root is None:
        return None, {Problem(line=1, text="is empty: it needs version, hosts and services"): None}
    walk = _Visitor(environ, problems)
    made = walk.visit(root, "", root.start_mark.line + 1, frozenset())
    if walk.left < 0:
        return None, {Problem(line=1, text=f"has more than {MOST_NODES} parts: its aliases refer to each other"): None}
    return made, problems


def _remedy(said: str, text: str, line: int) -> str:
    """The most frequent cause behind PyYAML's words, as a hint."""
    around = text.split("\n")[max(0, line - 2) : line + 1]
    if any(re.match(r"<{7} |={7}$|>{7} ", one) for one in around):
        return "; the marks of a merge that was not finished are in the file"
    if "'\\t'" in said:
        return "; indent with blanks, not with tabs"
    if "cannot start any token" in said:
        return "; a text that begins with such a sign is written in quotes"
    if "another document" in said:
        return "; one file holds one document"
    return ""


def _composed(text: str) -> Any:
    """PyYAML's nodes. libyaml, where it is there, is ten times as fast; what it refuses PyYAML itself explains."""
    import yaml

    quick = _quick()
    if quick is not None:
        try:
            return yaml.compose(text, Loader=quick)
        except (yaml.YAMLError, ValueError, RecursionError):
            pass  # the other one says why, or reads it
    return yaml.compose(text, Loader=yaml.SafeLoader)


@cache
def _quick() -> Any:
    """libyaml's loader, None where it is missing. Of a plain word it tells only what is asked here: that it is nothing,
    or the sign of a merge; whether it is a number or a date is not, and costs most of the time."""
    import yaml

    found = getattr(yaml, "CSafeLoader", None)
    if found is None:
        return None

    def resolve(_: Any, kind: Any, value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return "tag:yaml.org,2002:" + ("seq" if kind is yaml.SequenceNode else "map")
        return _PLAIN_TAGS.get(value, _TEXT) if implicit[0] else _TEXT

    return type("_Quick", (found,), {"resolve": resolve})


_NULL, _MERGE, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
_CORE = "tag:yaml.org,2002:"
_UNDERSTOOD = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
_PLAIN_TAGS = {**dict.fromkeys(("", "~", "null", "Null", "NULL"), _NULL), "<<": _MERGE}
"""what a plain word is by YAML 1.1, as far as it is asked here"""


class _Visitor:
    """One pass over what PyYAML composed; `left` is how many parts it may still meet."""

    def __init__(self, environ: Mapping[str, str] | None, problems: Problems) -> None:
        self.environ = environ
        self.problems = problems
        self.left = MOST_NODES

    def visit(self, node: Any, key: str, line: int, above: frozenset[int]) -> Node:
        """`line` is where the part's key is (for an alias that is not where its value is)."""
        import yaml

        made = Node(None, line, key, self.problems)
        self.left -= 1
        if self.left < 0:
            return made
        if id(node) in above or len(above) > DEEPEST:
            made.problem("refers to itself or is nested too deeply")
            return made
        inside = above | {id(node)}
        if not node.tag.startswith(_CORE) or node.tag.removeprefix(_CORE) not in _UNDERSTOOD:
            made.problem(
                f"the tag {node.tag.replace(_CORE, '!!')} is nothing that this program follows; write the value"
            )
        elif isinstance(node, yaml.MappingNode):
            made.value = self._mapping(node, key, inside)
        elif isinstance(node, yaml.SequenceNode):
            made.value = [
                self.visit(item, f"{key}[{number}]", item.start_mark.line + 1, inside)
                for number, item in enumerate(node.value)
            ]
        elif node.tag != _NULL:
            block = node.style in ("|", ">")  # it ends its last line, too
            text = node.value.rstrip("\n") if block else node.value
            made.written = text
            made.value = text if self.environ is None else _expand(text, self.environ, made)
        return made

    def _mapping(self, node: Any, key: str, inside: frozenset[int]) -> dict[str, Node]:
        import yaml

        found: dict[str, Node] = {}
        merged: list[Node] = []
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            if name_node.tag == _MERGE:
                merged += self._merged(value_node, key, line, inside)
                continue
            if not isinstance(name_node, yaml.ScalarNode):
                Node(None, line, key, self.problems).problem("a key must be a plain word")
                continue
            name = name_node.value
            child = self.visit(value_node, f"{key}.{name}" if key else name, line, inside)
            if _INVISIBLE.search(name):
                child.problem("the key holds an unprintable character")
            elif name in found:
                child.problem(f"stands twice, first in line {found[name].line}")
            else:
                found[name] = child
        for part in merged:
            for name, child in part.names().items():
                found.setdefault(name, child)
        return found

    def _merged(self, node: Any, key: str, line: int, inside: frozenset[int]) -> list[Node]:
        """The mappings that `<<` takes over: what is written beside it counts first, then the first of them."""
        import yaml

        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not parts or not all(isinstance(part, yaml.MappingNode) for part in parts):
            Node(None, line, key, self.problems).problem(
                "<< takes keys and values over: write <<: *name, or a list of such"
            )
            return []
        return [self.visit(part, key, line, inside) for part in parts]


def _expand(text: str, environ: Mapping[str, str], node: Node) -> str:
    def put(found: re.Match[str]) -> str:
        value = environ.get(found["name"]) or found["default"]
        if value is None:
            node.unset = True
            above, _, name = node.key.rpartition(".")
            hidden = _SECRET_PLACE.search(name) is not None
            place = Node(None, node.line, above, node.problems) if hidden else node
            place.problem(
                f"in {name!r}, {found[0]}: {found['name']} is not set; set it"
                if hidden
                else f"{found[0]}: {found['name']} is not set and has no default; "
                f"set it, or write ${{{found['name']}:-default}}"
            )
            return ""
        return value

    if "${" in VARIABLE.sub("", text):
        node.problem(f"{text!r} holds a ${{ that is no variable; write ${{NAME}} or ${{NAME:-default}}")
    expanded = VARIABLE.sub(put, text)
    if _INVISIBLE.search(expanded):
        what = repr(text) if expanded == text else f"what {text!r} stands for"  # which may be a secret
        node.problem(f"{what} holds an unprintable character")
    return expanded
