"""Severity, then: is it real, is it the deploy, and what does the runbook's tree say?"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tui.console import rows, words
from tui.console.pages import evidence, parts, posts
from tui.console.pages.page import Choice, View, button
from tui.console.rows import Piece, Row
from tui.incident import decision_tree, deploy_or_not
from tui.incident.deploy_or_not import Speaks
from tui.model.health import Health
from tui.model.incident import Closing, Incident

if TYPE_CHECKING:
    from tui.console.wizard import Wizard

_LOOKS = {Speaks.FOR: ("run", "ok"), Speaks.AGAINST: ("warn", "warn"), Speaks.NEITHER: ("unknown", "unknown")}
ROOM_FOR_NAMES = 12
"""rows from which on it is said whom to call"""
WHOLE_TREE = 18
"""rows from which on the whole tree is drawn; with fewer, the path taken and the question it has come to"""
_ENDS = {
    decision_tree.End.ROLLBACK: "ROLL BACK",
    decision_tree.End.MONITOR: "MONITOR",
    decision_tree.End.FIX_FORWARD: "FIX FORWARD",
}


def severity(wizard: "Wizard", cells: int) -> View:
    """The runbook's four levels with their running clocks."""
    now = wizard.front.engine.clock.now()
    since = wizard.status.bad_since or wizard.began
    content = parts.trouble(wizard, cells)
    content.extend(parts.health_rows(wizard, now, cells))
    content.extend(_elsewhere(wizard, cells))
    if wizard.room >= ROOM_FOR_NAMES:
        content.extend(posts.on_call(wizard, cells))
    content.append(((f"How bad is it? Clocks run since {words.clock(since)}.", "bold"),))
    choices = [
        Choice(
            id=spec.level,
            row=_level(wizard, spec.level, cells),
            do=wizard.doing("opening", _opener(wizard, spec.level)),
            recorded=True,
        )
        for spec in wizard.front.engine.fleet.severities
    ]
    choices.append(button("away", "Not an incident: close this, nothing is recorded", _away(wizard)))
    return View(
        key="severity", title=parts.title(wizard, 0, cells), rows=content, choices=choices, listed=True, first="P1"
    )


def _elsewhere(wizard: "Wizard", cells: int) -> list[Row]:
    """Where this service is well and another is down: the key may have been pressed on the wrong row."""
    if wizard.status.health is Health.DOWN:
        return []
    down = [s.service.name for s in wizard.front.board.statuses() if s.health is Health.DOWN]
    if not down:
        return []
    text = f"{wizard.palette.sign('warn')} DOWN is {', '.join(down)}, not {wizard.service.name}"
    return rows.paragraph(rows.safe(text, 200), cells, "warn", indent=2)


def _level(wizard: "Wizard", level: str, cells: int) -> Row:
    engine = wizard.front.engine
    spec = next(s for s in engine.fleet.severities if s.level == level)
    since = wizard.status.bad_since or wizard.began
    room = max(18, min(41, cells - 36))
    return (
        (f"{level}  ", "bold"),
        (rows.fit(rows.safe(spec.criteria), room) + " ", ""),
        parts.clock_of(spec, since, engine.clock.now()),
        (f"  {rows.safe(spec.action)}" if cells >= 90 else "", "dim"),
    )


def _opener(wizard: "Wizard", level: str) -> Callable[[], Awaitable[None]]:
    async def begin() -> None:
        await wizard.open(level)

    return begin


def _away(wizard: "Wizard") -> Callable[[], Awaitable[None]]:
    async def away() -> None:
        wizard.front.close_work()

    return away


def confirm(wizard: "Wizard", incident: Incident, cells: int) -> View:
    """What was seen, what it speaks for, and the tree with the path lit."""
    now = wizard.front.engine.clock.now()
    status = wizard.status
    content = parts.trouble(wizard, cells)
    content.extend(parts.health_rows(wizard, now, cells))
    content.extend(_changed(wizard, cells))
    content.extend(evidence.block(wizard, wizard.evidence(), cells))
    everyone = {s.service.name: s.health for s in wizard.front.board.statuses()}
    current = status.listing.current if status.listing else None
    found = deploy_or_not.findings(wizard.service.name, everyone, status.bad_since, current, now)
    path, here = decision_tree.path({a.node: a.answer for a in incident.answers})
    seen = {a.node: a.evidence for a in incident.answers}
    content.extend(_tree(wizard, path, here, seen, cells))
    if deploy_or_not.argues_against(found):
        words_ = "What was seen speaks AGAINST a rollback:" if wizard.palette.colour else "AGAINST a rollback speaks:"
        content.append(((words_, "warn"),))
    else:
        content.append((("Is it the deploy?", "bold"),))
    for finding in found:
        sign, look = {
            Speaks.FOR: ("+", ""),
            Speaks.AGAINST: ("-", "warn"),
            Speaks.NEITHER: ("?", "unknown"),
        }[finding.speaks]
        content.extend(rows.paragraph(f" {sign} {rows.safe(finding.text, 300)}", cells, look, indent=3))
    return View(
        key=f"confirm-{getattr(here, 'id', here)}",
        title=parts.title(wizard, 1, cells),
        rows=content,
        choices=_choices(wizard, incident, here),
    )


def _changed(wizard: "Wizard", cells: int) -> list[Row]:
    status = wizard.status
    if status.listing is None:
        return rows.paragraph(f"What runs is unknown. {rows.safe(status.trouble, 200)}", cells, "unknown")
    running = next((r for r in status.listing.releases if r.running), None)
    older = [r for r in status.listing.releases if not r.running]
    starts = [c.deployed_at for c in status.listing.current.running.values() if c.deployed_at]
    commit = f" ({running.commit[:9]})" if running and running.commit and running.number is not None else ""
    name = f"{running.name}{commit}" if running else "nothing"
    now = wizard.front.engine.clock.now()
    since = f" since {deploy_or_not.moment(min(starts), now)}" if starts else ""
    kept = sum(r.holder is not None for r in older)
    before = f"; before it {older[0].name}; {kept} older kept" if older else "; no older release is known"
    return rows.paragraph(f"Runs {name}{since}{before}.", cells)


def _tree(
    wizard: "Wizard",
    path: tuple[tuple[decision_tree.Node, bool], ...],
    here: "decision_tree.Node | decision_tree.End",
    seen: dict[str, str],
    cells: int,
) -> list[Row]:
    """Every question on a row; those on the path are lit, the one to answer is marked."""
    answered = {node.id: answer for node, answer in path}
    rate = f"{wizard.front.engine.fleet.watch.error_rate:.0%}"
    found: list[Row] = []
    whole = wizard.room >= WHOLE_TREE
    for number, node in enumerate(decision_tree.TREE, 1):
        if not whole and node.id not in answered and node is not here:
            continue
        question = f"{number} {node.question.format(rate=rate)}"
        yes, no = (_leads(node.yes), _leads(node.no))
        if node.id in answered:
            answer = answered[node.id]
            lit: list[Piece] = [
                (f"{wizard.palette.sign('run')} {rows.fit(question, 35)}", ""),
                (" YES" if answer else " NO ", "bold"),
                (f" {wizard.palette.sign('arrow')} {yes if answer else no}", "focus"),
                (f"  ({rows.safe(seen.get(node.id, ''), 60)})" if seen.get(node.id) else "", "dim"),
            ]
            found.append(tuple(lit))
        elif node is here:
            found.append(
                (
                    (f"{wizard.palette.sign('cursor')} {rows.fit(question, 35)}", "focus"),
                    (" ?  ", "focus"),
                    (f" yes {wizard.palette.sign('arrow')} {yes}, no {wizard.palette.sign('arrow')} {no}", ""),
                )
            )
        else:
            found.append(((f"  {rows.fit(question, 35)}", "dim"), (f"     yes {yes}, no {no}", "dim")))
    if isinstance(here, decision_tree.End):
        found.append((("  The runbook says: ", ""), (_ENDS[here], "bold")))
    return found


def _leads(target: "str | decision_tree.End") -> str:
    if isinstance(target, decision_tree.End):
        return _ENDS[target]
    return str(next(number for number, node in enumerate(decision_tree.TREE, 1) if node.id == target))


def _answer(wizard: "Wizard", node: str, seen: str, answer: bool) -> Callable[[], Awaitable[None]]:
    async def note() -> None:
        await wizard.answer(node, answer, seen)

    return note


def _choices(wizard: "Wizard", incident: Incident, here: "decision_tree.Node | decision_tree.End") -> list[Choice]:
    by = wizard.front.engine.by
    choices: list[Choice] = []
    if isinstance(here, decision_tree.Node):
        node = here.id
        for word, answer in (("Yes", True), ("No", False)):
            noting = wizard.doing("noting", _answer(wizard, node, f"says {by}", answer))
            choices.append(button(word.lower(), word, noting, recorded=True))
    go_on = button(
        "release", "Choose the release", wizard.doing("asking the host", wizard.other_release), recorded=True
    )
    ways = {c.id: c for c in parts.ways_out(wizard, incident)}
    if here is decision_tree.End.MONITOR:
        choices.append(ways.pop("monitor"))
    elif here is decision_tree.End.FIX_FORWARD:
        choices.append(ways.pop("forward"))
    choices.append(go_on)
    if incident.answers:
        choices.append(button("back", "Take the answer back", wizard.doing("noting", wizard.take_back), recorded=True))
    choices.extend(ways.values())
    choices.append(
        button(
            "false-alarm",
            "False alarm",
            wizard.doing("closing", lambda: wizard.finish(Closing.FALSE_ALARM, "false alarm, why? ")),
        )
    )
    return choices
