"""Severity, then: is it real, is it the deploy, and what does the runbook's tree say?"""

from collections.abc import Awaitable, Callable

from rich.cells import cell_len

from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Piece, Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button
from tui.console.pages import charts, evidence, posts, shared_rows, ticket
from tui.incident import decision_tree, deploy_or_not, error_rates
from tui.incident.deploy_or_not import Speaks
from tui.model.health import Health
from tui.model.incident import Closing, Incident
from tui.model.runbook_numbers import SeveritySpec

_LOOKS = {Speaks.FOR: ("run", "ok"), Speaks.AGAINST: ("warn", "warn"), Speaks.NEITHER: ("unknown", "unknown")}
ROOM_FOR_NAMES = 12
"""rows from which on it is said whom to call"""
SHORT = 12
"""rows below which the question that is asked comes first, and all else after it"""
WHOLE_TREE = 18
"""rows from which on the whole tree is drawn; with fewer, the path taken and the question it has come to"""
BESIDE = 7
"""columns of a level beside its words and its clock: the cursor, its name and the blanks between them"""
_ENDS = {
    decision_tree.End.ROLLBACK: "ROLL BACK",
    decision_tree.End.MONITOR: "MONITOR",
    decision_tree.End.FIX_FORWARD: "FIX FORWARD",
}


def severity(flow: IncidentFlow, cells: int) -> View:
    """The runbook's four levels with their running clocks."""
    now = flow.console.engine.clock.now()
    since = flow.status.bad_since or flow.began
    content = shared_rows.trouble(flow, cells)
    content.extend(shared_rows.health_rows(flow, now, cells))
    content.extend(_elsewhere(flow, cells))
    if flow.room >= ROOM_FOR_NAMES:
        content.extend(posts.on_call(flow, cells))
    found = "" if flow.status.began_here or flow.status.bad_since is None else " (first seen)"
    content.extend(rows.paragraph(f"How bad is it? Clocks run since {labels.clock(since)}{found}.", cells, "bold"))
    specs = flow.console.engine.fleet.severities
    longest = max((cell_len(rows.safe(spec.criteria)) for spec in specs), default=0)
    clocks = max((cell_len(shared_rows.clock_of(spec, since, now)[0]) for spec in specs), default=0)
    brief = longest + clocks > cells - BESIDE
    choices = [
        Choice(
            id=spec.level,
            row=_level(spec, longest, cells, shared_rows.clock_of(spec, since, now, brief=brief)),
            do=flow.doing("opening", _opener(flow, spec.level)),
            recorded=True,
        )
        for spec in specs
    ]
    choices.append(button("away", "Not an incident: close this, nothing is recorded", _away(flow)))
    return View(
        key="severity", title=shared_rows.title(flow, 0, cells), rows=content, choices=choices, listed=True, first="P1"
    )


def _elsewhere(flow: IncidentFlow, cells: int) -> list[Row]:
    """A warning where this service is well and another is down: the key may have been pressed on the wrong row."""
    if flow.status.health is Health.DOWN:
        return []
    down = [s.service.name for s in flow.console.board.statuses() if s.health is Health.DOWN]
    if not down:
        return []
    text = f"{flow.palette.sign('warn')} DOWN is {', '.join(down)}, not {flow.service.name}"
    return rows.paragraph(rows.safe(text, 200), cells, "warn", indent=2)


def _level(spec: SeveritySpec, longest: int, cells: int, clock: Piece) -> Row:
    """A level with its meaning and its clock; cut only where words and clock are wider than the page."""
    room = max(18, min(longest, cells - BESIDE - cell_len(clock[0])))
    action = f"  {rows.safe(spec.action)}"
    shown = cells - BESIDE - longest - cell_len(clock[0]) >= cell_len(action)
    return (
        (f"{spec.level}  ", "bold"),
        (rows.fit(rows.safe(spec.criteria), room) + " ", ""),
        clock,
        (action if shown else "", "dim"),
    )


def _opener(flow: IncidentFlow, level: str) -> Callable[[], Awaitable[None]]:
    async def begin() -> None:
        await flow.open(level)

    return begin


def _away(flow: IncidentFlow) -> Callable[[], Awaitable[None]]:
    async def away() -> None:
        flow.console.screen.close_work()

    return away


def confirm(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """The page of the evidence: what was seen, what it speaks for, and the tree with the path lit."""
    now = flow.console.engine.clock.now()
    content = shared_rows.trouble(flow, cells)
    content.extend(shared_rows.health_rows(flow, now, cells))
    path, here = decision_tree.path({a.node: a.answer for a in incident.answers})
    if flow.room < SHORT:  # nobody answers a question that is below the fold
        content.extend(_here(flow, here, cells))
        content.extend(evidence.block(flow, flow.evidence(), cells))
    content.extend(_changed(flow, cells))
    content.extend(_before(flow, cells))
    if flow.room >= charts.ROOM_BEFORE:
        content.extend(charts.of_evidence(flow, cells))
    if flow.room >= SHORT:
        content.extend(evidence.block(flow, flow.evidence(), cells))
    found = flow.clues()
    seen = {a.node: a.evidence for a in incident.answers}
    content.extend(_tree(flow, path, here, seen, cells))
    if deploy_or_not.argues_against(found):
        words_ = "What was seen speaks AGAINST a rollback:" if flow.palette.colour else "AGAINST a rollback speaks:"
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
        title=shared_rows.title(flow, 1, cells),
        rows=content,
        choices=_choices(flow, incident, here),
    )


def _before(flow: IncidentFlow, cells: int) -> list[Row]:
    """The end of the incident most like this one."""
    now = flow.console.engine.clock.now()
    told = (f"Seen before: {rows.safe(one.words(now), 300)}" for one in flow.resembling[:1])
    return [row for text in told for row in rows.paragraph(text, cells, "dim", indent=2)]


def _changed(flow: IncidentFlow, cells: int) -> list[Row]:
    status = flow.status
    if status.listing is None:
        return rows.paragraph(f"What runs is unknown. {rows.safe(status.trouble, 200)}", cells, "unknown")
    running = next((r for r in status.listing.releases if r.running), None)
    older = [r for r in status.listing.releases if not r.running]
    starts = [c.deployed_at for c in status.listing.current.running.values() if c.deployed_at]
    commit = f" ({running.commit[:9]})" if running and running.commit and running.number is not None else ""
    name = f"{running.name}{commit}" if running else "nothing"
    now = flow.console.engine.clock.now()
    since = f" since {deploy_or_not.moment(min(starts), now)}" if starts else ""
    kept = sum(r.holder is not None for r in older)
    before = f"; before it {older[0].name}; {kept} older kept" if older else "; no older release is known"
    return rows.paragraph(f"Runs {name}{since}{before}.", cells)


def _tree(
    flow: IncidentFlow,
    path: tuple[tuple[decision_tree.TreeQuestion, bool], ...],
    here: "decision_tree.TreeQuestion | decision_tree.End",
    seen: dict[str, str],
    cells: int,
) -> list[Row]:
    """Every question on a row; those on the path are lit, the one to answer is marked."""
    answered = {node.id: answer for node, answer in path}
    found: list[Row] = []
    for number, node in enumerate(decision_tree.TREE, 1):
        question = rows.fit(f"{number} {_worded(flow, node)}", 35)
        if node.id in answered:
            lit = _whole(_lit(flow, node, question, answered[node.id], seen.get(node.id, "")), cells)
            found.extend(lit[:1] if number == 1 else lit)  # how its health is, is above
        elif node is here and flow.room < SHORT:
            continue  # it is above already
        elif node is here:
            found.append(_to_answer(flow, node, question))
        elif flow.room >= WHOLE_TREE:
            leads = (f"     yes {_leads(node.yes)}, no {_leads(node.no)}", "dim")
            found.extend(_whole(((f"  {question}", "dim"), leads), cells))
    return found if flow.room < SHORT else [*found, *_concluded(here)]


def _whole(row: Row, cells: int) -> list[Row]:
    """The row, with its last piece below it where they do not fit side by side."""
    if rows.width(row) <= cells:
        return [row]
    *head, (last, look) = row
    return [tuple(head), *rows.paragraph(f"    {last.strip()}", cells, look, indent=5)]


def _here(flow: IncidentFlow, here: "decision_tree.TreeQuestion | decision_tree.End", cells: int) -> list[Row]:
    """The question that is asked, or the end of the tree, by itself."""
    if isinstance(here, decision_tree.End):
        return _concluded(here)
    number = decision_tree.TREE.index(here) + 1
    question, _, leads = _to_answer(flow, here, f"{number} {_worded(flow, here)}")
    return [(question, leads) if rows.width((question, leads)) <= cells else (question,)]


def _concluded(here: "decision_tree.TreeQuestion | decision_tree.End") -> list[Row]:
    """The word of the runbook's tree, once it has come to an end."""
    return [(("  The runbook says: ", ""), (_ENDS[here], "bold"))] if isinstance(here, decision_tree.End) else []


def _worded(flow: IncidentFlow, node: decision_tree.TreeQuestion) -> str:
    limit = flow.console.engine.fleet.watch_of(flow.service.name).error_rate
    return node.question.format(rate=error_rates.percent(limit))


def _lit(flow: IncidentFlow, node: decision_tree.TreeQuestion, question: str, answer: bool, seen: str) -> Row:
    """A question that was answered: the answer, where it leads, and what it is based on."""
    return (
        (f"{flow.palette.sign('run')} {question}", ""),
        (" YES" if answer else " NO ", "bold"),
        (f" {flow.palette.sign('arrow')} {_leads(node.yes if answer else node.no)}", "focus"),
        (f"  ({rows.safe(seen, 60)})" if seen else "", "dim"),
    )


def _to_answer(flow: IncidentFlow, node: decision_tree.TreeQuestion, question: str) -> Row:
    """The question that is asked now, and where each answer leads."""
    arrow = flow.palette.sign("arrow")
    return (
        (f"{flow.palette.sign('cursor')} {question}", "focus"),
        (" ?  ", "focus"),
        (f" yes {arrow} {_leads(node.yes)}, no {arrow} {_leads(node.no)}", ""),
    )


def _leads(target: "str | decision_tree.End") -> str:
    if isinstance(target, decision_tree.End):
        return _ENDS[target]
    return str(next(number for number, node in enumerate(decision_tree.TREE, 1) if node.id == target))


def _answer(flow: IncidentFlow, node: str, seen: str, answer: bool) -> Callable[[], Awaitable[None]]:
    async def note() -> None:
        await flow.answer(node, answer, seen)

    return note


def _choices(
    flow: IncidentFlow, incident: Incident, here: "decision_tree.TreeQuestion | decision_tree.End"
) -> list[Choice]:
    by = flow.console.engine.by
    choices: list[Choice] = []
    if isinstance(here, decision_tree.TreeQuestion):
        node = here.id
        for word, answer in (("Yes", True), ("No", False)):
            noting = flow.doing("noting", _answer(flow, node, f"says {by}", answer))
            choices.append(button(word.lower(), word, noting, recorded=True))
    go_on = button("release", "Choose the release", flow.doing("asking the host", flow.other_release), recorded=True)
    ways = {c.id: c for c in shared_rows.ways_out(flow, incident)}
    spec = flow.console.engine.fleet.severity(incident.severity)
    calm = spec is not None and spec.respond_within is None  # nothing that has to be undone tonight
    if here is decision_tree.End.MONITOR or calm:
        choices.append(ways.pop("monitor"))
        if calm:
            choices.append(ticket.choice(flow, incident))
    elif here is decision_tree.End.FIX_FORWARD:
        choices.append(ways.pop("forward"))
    choices.append(go_on)
    if incident.answers:
        choices.append(button("back", "Take the answer back", flow.doing("noting", flow.take_back), recorded=True))
    choices.extend(ways.values())
    choices.append(
        button(
            "false-alarm",
            "False alarm",
            flow.doing("closing", lambda: flow.finish(Closing.FALSE_ALARM, "false alarm, why? ")),
        )
    )
    return choices
