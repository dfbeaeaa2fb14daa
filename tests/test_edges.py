"""No error is swallowed: where any error is caught it is said why, and nobody begins a task that nobody hears of."""

import ast
from functools import cache
from pathlib import Path

from tests.source_trees import tree

TUI = Path(__file__).parents[1] / "tui"
EDGES = {
    "cli/main.py", "console/app.py", "drivers/vendors/apprise_channel.py",
    "engine/error_edge.py", "engine/change_signal.py", "sandbox/dispatch.py",
}  # fmt: skip
"""files that catch any error and go on; the list only shrinks"""
BEGINS = {
    "cli/commands/all_services.py",  # waits for them
    "cli/commands/drill.py",  # waits for them, and raises what they ended with
    "cli/interrupts.py",  # waits for it, and raises what it ended with
    "cli/narrate.py",  # a line that moves: nothing is lost with it
    "drivers/ssh/host.py",  # waits for it, and raises what it ended with
    "drivers/ssh/channel.py",  # `wait` and `close` raise what it ended with
    "drivers/ssh/openssh.py",  # waits for ssh's end, and says what it was
    "engine/guard.py",  # waits for it, and raises what it ended with
    "engine/incident/healthy_row.py",  # the verification waits for it, and raises
    "engine/incident/prefetch.py",  # the step that needs the answer raises, or asks again
    "engine/incident/runner.py",  # `submit` waits for it, shielded
    "engine/supervisor.py",
    "engine/concurrency.py",  # waits for them, and raises the first error
    "sandbox/fake_teammate.py", "sandbox/armed_faults.py", "sandbox/host.py", "sandbox/server.py",
}  # fmt: skip
"""files that begin a task themselves; all others have a Supervisor"""


@cache
def _files() -> dict[str, tuple[ast.Module, list[str]]]:
    found = {}
    for path in sorted(TUI.rglob("*.py")):
        found[str(path.relative_to(TUI))] = (tree(path), path.read_text().splitlines())
    return found


def _broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in ("Exception", "BaseException") for kind in kinds)


def _raises(handler: ast.ExceptHandler) -> bool:
    """True where it ends in raising: then nothing is swallowed."""
    return isinstance(handler.body[-1], ast.Raise)


def test_any_error_is_caught_only_at_an_edge() -> None:
    found = {
        name
        for name, (whole, _) in _files().items()
        for node in ast.walk(whole)
        if isinstance(node, ast.ExceptHandler) and _broad(node) and not _raises(node)
    }
    assert found == EDGES


def test_what_is_passed_over_says_why_in_its_line() -> None:
    silent = []
    for name, (whole, lines) in _files().items():
        for node in ast.walk(whole):
            suppressed = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "suppress"
            passed = isinstance(node, ast.ExceptHandler) and all(isinstance(one, ast.Pass) for one in node.body)
            if isinstance(node, ast.Call | ast.ExceptHandler) and (suppressed or passed):
                until = node.body[0].lineno if isinstance(node, ast.ExceptHandler) else node.lineno
                if "  # " not in "".join(lines[node.lineno - 1 : until]):
                    silent.append(f"{name}:{node.lineno}")
    assert silent == []


def test_a_task_is_begun_by_a_supervisor_or_by_who_waits_for_it() -> None:
    found = {
        name
        for name, (whole, _) in _files().items()
        for node in ast.walk(whole)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "create_task"
    }
    assert found == BEGINS
