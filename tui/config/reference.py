"""The operators' page on services.yaml: its tables are made of the shapes that the loader reads by."""

from pathlib import Path
from typing import Any

from tui.config.schema import top
from tui.config.shapes import Apart, FileKey, Keys, Many, Named
from tui.config.vendors import Sections
from tui.model.runbook_numbers import WatchSpec

BEGIN = "<!-- the tables below are made by tui/config/reference.py -->"


def tables(sections: Sections) -> str:
    """Every mapping of the file with its keys, as Markdown."""
    return "\n".join(_mapping("The file", "", top(sections, Path(), WatchSpec()), set()))


def _mapping(title: str, above: str, shape: Keys[Any], told: set[int]) -> list[str]:
    lines = [f"## {title}", "", "| key | meaning | without it | example |", "|---|---|---|---|"]
    below: list[tuple[str, Keys[Any]]] = []
    for key in shape.keys:
        path = f"{above}{key.name}"
        lines.append(f"| `{path}` | {_cell(key.words)} | {_cell(_default(key))} | {_example(key)} |")
        below += [
            (f"{path}{suffix}", one)
            for suffix, one in _inside(key.shape)
            if key.name != "defaults" and id(one) not in told
        ]
    lines.append("")
    for path, one in below:
        told.add(id(one))
        lines += _mapping(f"`{path}`", f"{path}.", one, told)
    return lines


def _inside(shape: Any) -> list[tuple[str, Keys[Any]]]:
    match shape:
        case Keys():
            return [("", shape)]
        case Many(item=Keys() as one):
            return [("[]", one)]
        case Named(item=Keys() as one):
            return [(".NAME", one)]
        case Apart(like=like):
            return [found for one in like for found in _inside(one)]
    return []


def _default(key: FileKey) -> str:
    if key.required:
        return "required"
    return key.told or ("" if key.default is None or not isinstance(key.default, str) else key.default) or "–"


def _example(key: FileKey) -> str:
    return f"`{_cell(key.example)}`" if key.example else "see below"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
