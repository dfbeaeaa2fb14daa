"""The fixes that refusals print, read from the source: which of them name a command of ours."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.source_trees import tree

ROOT = Path(__file__).parents[1] / "tui"
ERRORS = frozenset(
    {
        "ConsoleError",
        "ConfigError",
        "Refused",
        "AlreadyThere",
        "TakenByOther",
        "Unfinished",
        "UnexpectedReply",
        "JournalError",
    }
)


def template(node: ast.expr) -> str:
    """The text of an expression, with `{}` for whatever is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(template(part) for part in parts)
        case ast.BinOp(left=left, right=right):
            return template(left) + template(right)
        case ast.BoolOp(values=values):
            return " | ".join(template(value) for value in values)
        case ast.IfExp(body=body, orelse=orelse):
            return f"{template(body)} | {template(orelse)}"
        case _:
            return "{}"


def named(parsed: ast.AST) -> dict[str, str]:
    """Texts that are given a name first."""
    return {
        target.id: template(node.value)
        for node in ast.walk(parsed)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def fixes() -> Iterator[tuple[str, str]]:
    """File and template of every fix of a refusal that names a command of ours."""
    for path in sorted(ROOT.rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        if where.startswith("sandbox/"):
            continue
        whole = tree(path)
        texts = named(whole)
        for node in ast.walk(whole):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called not in ERRORS:
                continue
            fix = node.args[1]
            text = texts.get(fix.id, "{}") if isinstance(fix, ast.Name) else template(fix)
            if "rollback " in text:
                yield where, text
