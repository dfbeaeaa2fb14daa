"""Sizes and names that keep the code readable, without exceptions."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from tests.source_trees import tree

TUI = Path(__file__).parents[1] / "tui"
LINES = 400
PARAMETERS = 7


@cache
def classes() -> dict[Path, list[ast.ClassDef]]:
    return {
        path: [node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
        for path in sorted(TUI.rglob("*.py"))
    }


def test_no_file_is_too_long() -> None:
    long = {str(path): n for path in classes() if (n := len(path.read_text().splitlines())) > LINES}
    assert long == {}


def test_no_constructor_takes_too_much() -> None:
    found = {}
    for kinds in classes().values():
        for kind in kinds:
            for made in kind.body:
                if isinstance(made, ast.FunctionDef) and made.name == "__init__":
                    count = len(made.args.args) + len(made.args.kwonlyargs) - 1
                    if count > PARAMETERS:
                        found[kind.name] = count
    assert found == {}


def test_a_public_class_name_has_one_owner() -> None:
    owners = defaultdict(set)
    for path, kinds in classes().items():
        for kind in kinds:
            if not kind.name.startswith("_"):
                owners[kind.name].add(path)
    assert {name: files for name, files in owners.items() if len(files) > 1} == {}
