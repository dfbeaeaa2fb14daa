"""The JSON Schema of services.yaml, made of the shapes that the loader reads by: editors complete and check with it.

It knows each key and each value's form. What has to fit together (a service's host exists, a name means one thing),
only the loader knows. A value that holds a variable may be anything.
"""

import json
import re
from pathlib import Path
from typing import Any

from tui.config.schema import top
from tui.config.shapes import Apart, FileKey, Keys, Many, Named, OneOrMany, Text
from tui.config.values import NAME as NAME_OF_A_SERVICE
from tui.config.values import RANGES, TRUTHS
from tui.config.vendors import Sections
from tui.model.runbook_numbers import WatchSpec
from tui.model.value_parsers import PATTERNS

NAME = "services.schema.json"
LINE = f"# yaml-language-server: $schema=tui/{NAME}"
"""the first line of the shipped services.yaml; other files name the schema where they have it"""
_VARIABLE = {"type": "string", "pattern": r"\$\{[A-Za-z_]"}
_PLAIN: dict[str, Any] = {"type": ["string", "number", "boolean"]}
Json = dict[str, Any]


def schema(sections: Sections) -> Json:
    """The schema, with the vendors' sections in it."""
    whole = top(sections, Path(), WatchSpec())
    strict, over = _of_services(whole, partial=False), _of_services(whole, partial=True)
    made = _keys(whole, partial=False, without=("services", "defaults"))
    made["properties"]["services"] = {"type": "object"}
    made["properties"]["defaults"] = {"$ref": "#/$defs/over-defaults"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "services.yaml of rollback",
        **made,
        "patternProperties": {f"^{whole.free}": {}},
        "if": {"required": ["defaults"]},
        "then": {"properties": {"services": _services("over-defaults")}},
        "else": {"properties": {"services": _services("service")}},
        "$defs": {"service": strict, "over-defaults": over},
    }


def text(sections: Sections) -> str:
    """The schema as the file that is shipped."""
    return json.dumps(schema(sections), indent=1, ensure_ascii=False) + "\n"


def shipped() -> Path:
    """The file that comes with this package."""
    return Path(__file__).parents[1] / NAME


def _services(name: str) -> Json:
    names = {"pattern": f"^(?:{NAME_OF_A_SERVICE})$"}
    one = {"$ref": f"#/$defs/{name}"}
    return {"type": "object", "minProperties": 1, "propertyNames": names, "additionalProperties": one}


def _of_services(whole: Keys[Any], *, partial: bool) -> Json:
    one = next(key.shape for key in whole.keys if key.name == "services")
    return _keys(one.item, partial=partial)


def _keys(shape: Keys[Any], *, partial: bool, without: tuple[str, ...] = ()) -> Json:
    made: Json = {
        "type": "object",
        "properties": {key.name: _key(key, partial=partial) for key in shape.keys if key.name not in without},
        "additionalProperties": False,
    }
    if partial:
        return made
    required = [key.name for key in shape.keys if key.required]
    if required and shape.unless:
        made["anyOf"] = [{"required": required}, {"required": [shape.unless]}]
    elif required:
        made["required"] = required
    if shape.any_of:
        made["anyOf"] = [{"required": [name]} for name in shape.any_of]
    if shape.one_of:
        made["oneOf"] = [{"required": [name]} for name in shape.one_of]
    return made


def _key(key: FileKey, *, partial: bool) -> Json:
    told: Json = {"description": key.words} if key.words else {}
    found = _shape(key.shape, partial=partial)
    if partial:
        found = {"anyOf": [found, {"type": "null"}]}
    return {**told, **found}


def _shape(shape: Any, *, partial: bool) -> Json:
    match shape:
        case Text(pattern=str(pattern)):
            return _matching(pattern)
        case Text():
            return dict(_PLAIN)
        case Many(item=item):
            return {"type": ["array", "null"], "items": _shape(item, partial=False)}
        case OneOrMany(item=item):
            one = _shape(item, partial=False)
            return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}
        case Named():
            return _named(shape, partial=partial)
        case Keys():
            return _keys(shape, partial=partial)
        case Apart(like=like):
            alternatives = [_shape(one, partial=partial) for one in like]
            return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}
    return _reader(shape)


def _named(shape: Named, *, partial: bool) -> Json:
    item = _shape(shape.item, partial=partial)
    if shape.deep:
        item = {"type": ["string", "number", "boolean", "null", "object"]}
    made: Json = {"type": ["object", "null"], "additionalProperties": item}
    if shape.name in PATTERNS:
        made["propertyNames"] = {"pattern": f"^(?:{PATTERNS[shape.name]})$"}
    return made


def _reader(reader: Any) -> Json:
    if reader in RANGES:
        low, high = RANGES[reader]
        return {"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, _VARIABLE]}
    pattern = PATTERNS.get(reader)
    if pattern == "|".join(TRUTHS):
        return {"anyOf": [{"type": "boolean"}, _VARIABLE]}
    return dict(_PLAIN) if pattern is None else _matching(pattern)


def _matching(pattern: str) -> Json:
    """A text of this form. One that may consist of digits alone is a number to YAML."""
    found: list[Json] = [{"type": "string", "pattern": f"^(?:{pattern})$"}, _VARIABLE]
    if re.fullmatch(pattern, "1") or re.fullmatch(pattern, "12"):
        found.append({"type": "integer"})
    return {"anyOf": found}
