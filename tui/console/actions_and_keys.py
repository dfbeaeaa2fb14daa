"""Every action of the console, one row each: its keys, what it is called, when it is possible, where it ranks.

This is the place of the key bindings: those of the application and of its panels, what is possible now, the hint bar,
the palette and help all follow from these rows; the table in `help/keys.md` is held to them. A new action is a row here
and a method of the same name: of `Commands` or `ServiceCommands` for the actions of the application, of the panel for
a panel's own.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.keys import _character_to_key as key_from
from textual.keys import key_to_character

EVERYWHERE, SERVICES, PAGE, LOG, PANEL = "everywhere", "services", "page", "log", "panel"
"""where an action belongs: to the application, to one of the three panels that take keys, or to each panel"""
LATER = 99
"""the rank of what nobody needs first"""


class Action(NamedTuple):
    """One row of the table."""

    where: str
    keys: str
    """as Textual names them, with commas between; empty: the toolkit binds it"""
    name: str
    """the method, with its arguments; of a panel unless it begins with `app.`"""
    label: str
    hint: int | None = None
    """its rank in the hint bar; None: it is not shown there"""
    palette: int = LATER
    """its rank in the palette"""
    on_row: bool = False
    """it acts on the service at the cursor, and names it"""
    when: str = ""
    """the property beside its method that says whether it is possible now; empty: it always is"""
    priority: bool = False
    """it is asked before the panel with the keys, and while a line is typed"""
    unlisted: bool = False
    """neither help nor palette names it"""

    @property
    def bound(self) -> str:
        """The action as Textual is told it: the application has one action for all rows that are its own."""
        destination, _, name = self.name.partition(".")
        return f"app.run('{name}')" if destination == "app" and self.keys else self.name


ACTIONS = (
    # ── everywhere ───────────────────────────────────────────────────────────────────────────────────────────────
    Action(EVERYWHERE, "R", "app.rollback", "Roll back", hint=4, palette=2, on_row=True,
           when="not_on_its_incident"),
    Action(EVERYWHERE, "D", "app.guard", "Guard the deploy", hint=1, palette=1, on_row=True,
           when="deploy_offered"),
    Action(EVERYWHERE, "l,2", "app.focus_logs", "Logs", hint=8, palette=4),
    Action(EVERYWHERE, "1", "app.focus_board", "Services"),
    Action(EVERYWHERE, "3", "app.releases", "Releases", palette=3, on_row=True),
    Action(EVERYWHERE, "a,4", "app.timeline", "Timeline", hint=LATER, palette=5),
    Action(EVERYWHERE, "c", "app.trail", "Commands sent", hint=LATER, palette=6),
    Action(EVERYWHERE, "5", "app.incident", "Incident", hint=LATER, palette=1,
           when="incident_at_hand"),
    Action(EVERYWHERE, "i", "app.passphrase", "Type the passphrase", hint=0, palette=0,
           when="passphrase_wanted"),
    Action(EVERYWHERE, "m", "app.note", "Note on the incident", hint=LATER, palette=7,
           when="incident_at_hand"),
    Action(EVERYWHERE, "d", "app.severity", "Severity: raise or lower it", palette=7,
           when="incident_at_hand"),
    Action(EVERYWHERE, "h", "app.held", "Held on the hosts", hint=LATER, palette=8,
           when="anything_held"),
    Action(EVERYWHERE, "p", "app.postmortem", "Post-mortem", palette=7),
    Action(EVERYWHERE, "o", "app.handover", "Hand over", palette=7),
    Action(EVERYWHERE, "K", "app.keep", "Keep what runs", palette=11, on_row=True),
    Action(EVERYWHERE, "F", "app.freeze", "Freeze deploys", palette=10, on_row=True),
    Action(EVERYWHERE, "U", "app.unfreeze", "Unfreeze deploys", palette=9, on_row=True),
    Action(EVERYWHERE, "P", "app.everything", "All services: back to previous", palette=12),
    Action(EVERYWHERE, "r", "app.refresh_now", "Ask again", palette=13, on_row=True),
    Action(EVERYWHERE, "z", "app.zoom", "Zoom", palette=20),
    Action(EVERYWHERE, "colon,ctrl+p", "app.palette", "Commands", hint=10),
    Action(EVERYWHERE, "question_mark,f1", "app.help", "Help", hint=11, palette=21),
    Action(EVERYWHERE, "escape", "app.close", "Close", hint=2, when="dismissable"),
    Action(EVERYWHERE, "q", "app.leave", "Quit", hint=LATER, palette=22),
    Action(EVERYWHERE, "ctrl+q", "app.leave", "Quit", palette=22, priority=True),
    Action(EVERYWHERE, "ctrl+c", "app.interrupt", "Quit", priority=True, unlisted=True),
    # the toolkit's, under our names; its others are no business of people's
    Action(EVERYWHERE, "", "app.focus_next", "Next panel"),
    Action(EVERYWHERE, "", "app.focus_previous", "Panel before"),
    # ── the service table ────────────────────────────────────────────────────────────────────────────────────────
    Action(SERVICES, "enter", "app.releases", "Releases", hint=3),
    Action(SERVICES, "down,j", "move(1)", "Next service"),
    Action(SERVICES, "up,k", "move(-1)", "Previous service"),
    Action(SERVICES, "home,g", "move(-999)", "First service"),
    Action(SERVICES, "end,G", "move(999)", "Last service"),
    Action(SERVICES, "slash", "app.filter_services", "Search", hint=9, palette=17),
    Action(SERVICES, "s", "order", "Order: as listed, trouble first, by name", palette=18),
    Action(SERVICES, "b", "group", "Group: by nothing, by host, by owner", palette=18),
    # ── the page at work ─────────────────────────────────────────────────────────────────────────────────────────
    Action(PAGE, "enter", "choose", "Choose", hint=1),
    Action(PAGE, "down,j,right", "move(1)", "Next"),
    Action(PAGE, "up,k,left", "move(-1)", "Previous"),
    Action(PAGE, "home,g", "edge(-1)", "First"),
    Action(PAGE, "end,G", "edge(1)", "Last"),
    Action(PAGE, "y", "copy", "Copy", hint=LATER, palette=19),
    # ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────
    Action(LOG, "down,j", "line(1)", "Line down"),
    Action(LOG, "up,k", "line(-1)", "Line up"),
    Action(LOG, "pagedown,space", "page(1)", "Page down"),
    Action(LOG, "pageup", "page(-1)", "Page up"),
    Action(LOG, "left", "side(-1)", "To the left"),
    Action(LOG, "right", "side(1)", "To the right"),
    Action(LOG, "home,g", "oldest", "Oldest line"),
    Action(LOG, "end,G", "newest", "Follow the newest", hint=7),
    Action(LOG, "f", "follow", "Follow or hold"),
    Action(LOG, "slash", "search", "Search", hint=5, palette=14),
    Action(LOG, "n", "again(1)", "Next match"),
    Action(LOG, "N", "again(-1)", "Previous match"),
    Action(LOG, "ampersand", "filter", "Filter", hint=9, palette=18),
    Action(LOG, "e", "trouble(1)", "Next error", hint=6, palette=15),
    Action(LOG, "E", "trouble(-1)", "Previous error"),
    Action(LOG, "v", "together", "Logs of all services shown, or of one", palette=16),
    Action(LOG, "left_square_bracket", "time(-1)", "A minute earlier"),
    Action(LOG, "right_square_bracket", "time(1)", "A minute later"),
    Action(LOG, "left_curly_bracket", "time(-10)", "Ten minutes earlier"),
    Action(LOG, "right_curly_bracket", "time(10)", "Ten minutes later"),
    Action(LOG, "w", "wrap", "Wrap", hint=LATER),
    Action(LOG, "t", "stamps", "Timestamps"),
    Action(LOG, "A", "colours", "Colours of the app"),
    Action(LOG, "s", "save", "Save all", hint=LATER, palette=16),
    Action(LOG, "y", "copy", "Copy", hint=LATER, palette=19),
    Action(LOG, "plus", "context(1)", "More lines around a match"),
    Action(LOG, "minus", "context(-1)", "Fewer lines around a match"),
    # ── each panel ───────────────────────────────────────────────────────────────────────────────────────────────
    Action(PANEL, "pageup", "scroll_rows(-1)", "Page up"),
    Action(PANEL, "pagedown", "scroll_rows(1)", "Page down"),
)  # fmt: skip
GO_TO = 22
"""the rank of going to a service by its name"""

_SHORT = {
    "escape": "Esc", "enter": "Enter", "tab": "Tab", "space": "Space", "slash": "/", "home": "Home", "end": "End",
    "pageup": "PgUp", "pagedown": "PgDn", "up": "Up", "down": "Down", "left": "Left", "right": "Right",
}  # fmt: skip
"""keys that are called neither by their character nor as the toolkit calls them"""


def identity(action: Action) -> str:
    """The name of a row for people's own keys: its label, small and with hyphens, behind its panel."""
    label = re.sub(r"[^a-z0-9]+", "-", action.label.partition(":")[0].lower()).strip("-")
    return label if action.where == EVERYWHERE else f"{action.where}.{label}"


def spelt(key: str) -> str:
    """A key as the toolkit names it, from how people write it: `?` is `question_mark`."""
    *held, last = key.rpartition("+") if len(key) > 1 else ("", "", key)
    return "".join(held) + (key_from(last) if len(last) == 1 and not last.isalnum() else last)


def key_name(key: str) -> str:
    """A key as people call it."""
    held, _, last = key.rpartition("+")
    if held:
        name = key_name(last)
        return "-".join((*(part.capitalize() for part in held.split("+")), name.upper() if len(name) == 1 else name))
    if re.fullmatch(r"f[0-9]{1,2}", key):
        return key.upper()
    return _SHORT.get(key) or key_to_character(key) or key


def bindings(where: str) -> list[BindingType]:
    """The bindings of the application or of a kind of panel, in the order of the table."""
    return [
        Binding(
            action.keys,
            action.bound,
            action.label,
            show=action.hint is not None,
            priority=action.priority,
            system=action.unlisted,
            id=None if action.priority else identity(action),
        )
        for action in ACTIONS
        if action.where == where and action.keys
    ]


def of(where: str, bound: str) -> Action | None:
    """The row of a binding that `where` has, or has from each panel; None for a binding that is not in the table."""
    return _BOUND.get((where, bound)) or _BOUND.get((PANEL, bound))


def doer(name: str, doers: Sequence[object]) -> object | None:
    """The one of `doers` with a method for the application's action of this name; None where nobody has one, or where
    it is not possible now."""
    found = next((one for one in doers if hasattr(one, name)), None)
    action = _BOUND.get((EVERYWHERE, f"app.run('{name}')"))
    if found is None or action is None or not action.when:
        return found
    return found if getattr(found, action.when) else None


_BOUND = {(action.where, action.bound): action for action in reversed(ACTIONS)}
