"""The sections of vendors, read by what each vendor says of its own: the loader knows none of them."""

from collections.abc import Callable
from typing import Any

from tui.config.nodes import Node
from tui.config.shapes import Apart, FileKey, Found, Keys, Many
from tui.model import vendor as model
from tui.model.vendor import Section, SectionPlace, VendorSettings, keys

Sections = tuple[Section, ...]


def names(sections: Sections, place: SectionPlace) -> tuple[str, ...]:
    """The sections' names at one place, each once, in the order of the vendors."""
    return tuple(dict.fromkeys(one.name for one in sections if one.place is place))


def shapes(sections: Sections, place: SectionPlace) -> tuple[FileKey, ...]:
    """The sections at one place, as keys of the mapping there."""
    return tuple(_shape(name, _sharing(sections, place, name)) for name in names(sections, place))


def read(parts: dict[str, Node], sections: Sections, place: SectionPlace) -> tuple[VendorSettings, ...]:
    """The settings of every vendor that has a section among these `parts` of the file; problems are noted in them."""
    found = (_section(parts.get(name), _sharing(sections, place, name)) for name in names(sections, place))
    return tuple(one for one in found if one is not None)


def _sharing(sections: Sections, place: SectionPlace, name: str) -> list[Section]:
    return [one for one in sections if one.place is place and one.name == name]


def _shape(name: str, among: list[Section]) -> FileKey:
    """Read as a whole by `read`, because which vendor it is depends on its keys."""
    like = tuple(Keys(keys=tuple(map(_key, keys(one.settings))), make=Found.all) for one in among)
    words = " Or: ".join(_meaning(one) for one in among)
    return FileKey(name=name, shape=Apart(read=lambda node: node, like=like), words=words)


def _meaning(section: Section) -> str:
    return (section.settings.__doc__ or "").partition("\n")[0]


def _key(key: model.Key) -> FileKey:
    shape = Many(key.reader) if key.many else key.reader
    return FileKey(name=key.name, shape=shape, words=key.words, default=key.default, required=key.required)


def _section(node: Node | None, among: list[Section]) -> VendorSettings | None:
    """None where there is no such section, an empty one, or one that cannot be read."""
    if node is None or node.value is None:
        return None
    choices = [one.choice for one in among if one.choice]
    chosen = [one for one in among if not choices or one.choice in node.names()]
    known = dict.fromkeys(choices)
    known |= dict.fromkeys(key.name for one in chosen or among for key in keys(one.settings))
    parts = node.mapping(known)
    if len(chosen) != 1:
        if not (node.inherited and not chosen):
            node.problem(f"needs either {' or '.join(f'{one.choice}: {one.hint}' for one in among)}")
        return None
    return _settings(node, parts, chosen[0].settings)


def _settings(node: Node, parts: dict[str, Node], kind: type[VendorSettings]) -> VendorSettings | None:
    every = keys(kind)
    missing = [key.name for key in every if key.required and key.name not in parts]
    if missing and not node.inherited:
        node.problem(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    values = {key.field: _value(parts[key.name], key) for key in every if key.name in parts}
    given = {name: value for name, value in values.items() if value is not None}
    if any(key.required and key.field not in given for key in every):
        return None  # a problem by now, or a part that only the defaults have
    make: Callable[..., VendorSettings] = kind
    return make(**given)


def _value(node: Node, key: model.Key) -> Any:
    if not key.many:
        return node.read(key.reader)
    return tuple(one for item in node.items() if (one := item.read(key.reader)) is not None)
