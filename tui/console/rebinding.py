"""A person's own keys: which rows of the table they may change, and what would then mean two things.

An action is named by its label, small and with hyphens, behind its panel: `roll-back`, `log.search`. Esc, Enter and the
ways out keep their keys: nobody shall be shut in. Actions that begin what may change a host stay apart from the rest: a
capital letter, a function key, or one with Ctrl or Alt.
"""

import re
from collections import defaultdict

from tui.config.console_file import ConsoleFile, problem, refuse
from tui.config.nodes import Problems
from tui.console import actions_and_keys
from tui.console.actions_and_keys import EVERYWHERE, PANEL, Action
from tui.text.nearest import suggestion

FIXED = frozenset({"enter", "escape", "tab", "shift+tab", "ctrl+c", "ctrl+q"})
"""keys that nothing else may have, and that no action can lose"""
BEGINS = frozenset(
    {"roll-back", "guard-the-deploy", "keep-what-runs", "freeze-deploys", "unfreeze-deploys", "all-services"}
)
_APART = re.compile(r"[A-Z]|f[0-9]{1,2}|(shift\+)?(ctrl|alt)\+.+")


def keymap(wanted: ConsoleFile) -> dict[str, str]:
    """Id of the binding → its keys, as the toolkit takes them. Raises ServicesError with every problem of the file."""
    problems: Problems = {}
    known = {actions_and_keys.identity(action): action for action in actions_and_keys.ACTIONS if _free(action)}
    found: dict[str, tuple[str, ...]] = {}
    lines: dict[str, int] = {}
    for one in wanted.keys:
        name, at = one.action, f"keys.{one.action}"
        if name not in known:
            near = suggestion(name, known)
            problems[problem(one.line, f"{at}: there is no such action{'; ' + near if near else ''}")] = None
            continue
        keys = tuple(actions_and_keys.spelt(key) for key in one.keys)
        for key in keys:
            if key in FIXED:
                problems[problem(one.line, f"{at}: {key} is taken for good: choose another")] = None
            elif name in BEGINS and _APART.fullmatch(key) is None:
                text = f"{at}: {key}: this begins what may change a host: a capital letter, f1 to f12, or ctrl+ or alt+"
                problems[problem(one.line, text)] = None
        found[name], lines[name] = keys, one.line
    _clashes(known, found, lines, problems)
    refuse(wanted.path, problems)
    return {name: ",".join(keys) for name, keys in found.items()}


def _free(action: Action) -> bool:
    keys = action.keys.split(",")
    return bool(action.keys) and not action.priority and not FIXED & set(keys)


def _clashes(
    known: dict[str, Action], found: dict[str, tuple[str, ...]], lines: dict[str, int], problems: Problems
) -> None:
    """A key that two actions would have where both are heard: of one panel, of a panel and everywhere."""
    has: dict[str, list[tuple[str, Action]]] = defaultdict(list)
    for action in actions_and_keys.ACTIONS:
        name, own = actions_and_keys.identity(action), tuple(filter(None, action.keys.split(",")))
        for key in found.get(name, own) if known.get(name) is action else own:
            has[key].append((name, action))
    for key, rows in has.items():
        for name, action in rows:
            others = [o for o, other in rows if o != name and _heard_together(action, other)]
            if name in found and others:
                where = f" (line {lines[others[0]]})" if others[0] in lines else ""
                shown = actions_and_keys.key_name(key)
                text = f"keys.{name}: {shown} is {others[0]}'s{where}: give one of them another key"
                problems[problem(lines[name], text)] = None


def _heard_together(one: Action, other: Action) -> bool:
    return one.where == other.where or not {EVERYWHERE, PANEL}.isdisjoint((one.where, other.where))
