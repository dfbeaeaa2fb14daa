"""The table of actions: every row can be done, no key means two things in one place, and the
page on keys names every key."""

import re
from pathlib import Path

from textual.actions import parse

from tui.console import actions_and_keys
from tui.console.actions_and_keys import ACTIONS, EVERYWHERE, LOG, PAGE, PANEL, SERVICES
from tui.console.app import ConsoleApp
from tui.console.key_handlers import Commands
from tui.console.service_key_handlers import ServiceCommands
from tui.console.widgets.board import ServiceTable
from tui.console.widgets.log_panel import LogPanel
from tui.console.widgets.panel import Panel
from tui.console.widgets.work import WorkPanel

OWNERS: dict[str, type[ConsoleApp | Panel]] = {
    EVERYWHERE: ConsoleApp,
    SERVICES: ServiceTable,
    PAGE: WorkPanel,
    LOG: LogPanel,
    PANEL: Panel,
}
DOERS = (Commands, ServiceCommands)
KEYS = Path(__file__).parents[2] / "tui" / "help" / "keys.md"
SPELT = {"plus": "+", "minus": "-"}
TOOLKIT = {"tab": "Tab", "shift+tab": "Shift-Tab"}
"""keys of rows that the toolkit binds"""


def test_every_row_has_its_method() -> None:
    for action in ACTIONS:
        destination, name, _ = parse(action.name)
        if destination == "app" and action.keys:
            (doer,) = (one for one in DOERS if hasattr(one, name))
            assert not action.when or hasattr(doer, action.when), action
        else:
            owner = ConsoleApp if destination == "app" else OWNERS[action.where]
            assert callable(getattr(owner, f"action_{name}", None)), action


def test_every_method_has_its_row() -> None:
    rows = {action.name for action in ACTIONS} | {action.when for action in ACTIONS}
    for doer in DOERS:
        for name in (name for name in vars(doer) if not name.startswith("_")):
            assert name in rows or f"app.{name}" in rows, f"{doer.__name__}.{name}"


def test_a_key_means_one_thing_in_one_place() -> None:
    keys = [(action.where, key) for action in ACTIONS for key in action.keys.split(",") if key]
    assert len(keys) == len(set(keys))


def test_every_panel_has_the_bindings_of_its_place() -> None:
    for where, owner in OWNERS.items():
        assert owner.where == where
        assert actions_and_keys.bindings(where) == owner.BINDINGS


def test_the_page_on_keys_names_every_key_and_no_other() -> None:
    table = KEYS.read_text(encoding="utf-8").partition("| key | does |\n")[2].partition("\n\n")[0]
    cells = [line.split(" | ")[0] for line in table.splitlines()[1:]]
    said = {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}
    if any("arrows" in cell for cell in cells):
        said |= {"Up", "Down", "Left", "Right"}
    bound = {key for action in ACTIONS for key in action.keys.split(",") if key}
    assert said == {SPELT.get(key, actions_and_keys.key_name(key)) for key in bound} | set(TOOLKIT.values())
    assert {key: actions_and_keys.key_name(key) for key in TOOLKIT} == TOOLKIT
