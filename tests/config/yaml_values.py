"""YAML as an editor's checker reads it: the values of YAML 1.2's core, of PyYAML's nodes, merge keys put in."""

import re
from typing import Any

import yaml


def value(text: str) -> Any:
    """What the text says."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    return _of(node)


def _of(node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        own = {_of(name): _of(one) for name, one in node.value if name.tag != "tag:yaml.org,2002:merge"}
        for name, one in node.value:
            if name.tag == "tag:yaml.org,2002:merge":
                for part in one.value if isinstance(one, yaml.SequenceNode) else [one]:
                    own = {**_of(part), **own}
        return own
    if isinstance(node, yaml.SequenceNode):
        return [_of(one) for one in node.value]
    return node.value if node.style in ("'", '"', "|", ">") else _plain(node.value)


def _plain(text: str) -> Any:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    return float(text) if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text) else text
