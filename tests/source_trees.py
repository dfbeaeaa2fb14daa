"""Python files as trees, each made once a process."""

import ast
import gc
from functools import cache
from pathlib import Path


@cache
def tree(path: Path) -> ast.Module:
    """The tree of a file. Nothing is collected meanwhile: what dies then may write a traceback, for whose marks a tree
    is made as well, and CPython 3.11 raises SystemError for a tree that is made while another is."""
    text = path.read_text(encoding="utf-8")
    on = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if on:
            gc.enable()
