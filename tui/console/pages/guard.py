"""A guarded deploy: how long yet, what was counted so far and before; and the end of it, where nothing was changed."""

from collections.abc import Callable, Coroutine

from tui.console import guard_flow
from tui.console.drawing import labels, rows
from tui.console.drawing.rows import Piece, Row
from tui.console.incident_flow import IncidentFlow
from tui.console.page import Choice, View, button
from tui.console.pages import charts, evidence, posts, shared_rows, watch
from tui.incident import guard_told, guard_watch, watch_verdict
from tui.incident.deploy_or_not import worded
from tui.model.guard import GuardedDeploy
from tui.model.incident import Closing, Incident, Question, Watch

NO_BEFORE = "nothing was counted before the deploy: the limit alone counts"
ROOM_FOR_CHART = 16
"""rows of a page from which on there is room for a picture below the numbers"""


def view(flow: IncidentFlow, incident: Incident, window: Watch, cells: int) -> View:
    """The guard while it watches, or asks."""
    guard = incident.guard
    if guard is None:
        raise ValueError("guarding without a guard")
    content: list[Row] = []
    if incident.settling is not None:
        content.append(((f"{flow.palette.sign('run')} taking the claim off the host", "run"),))
    content.append(watch.countdown(flow, window))
    content.extend(shared_rows.trouble(flow, cells))
    if incident.asking is not None:
        look = "down" if incident.asking is Question.WATCH_BREACHED else "warn"
        word = "BREACHED: " if look == "down" else "INCONCLUSIVE: "
        text = f"{flow.palette.sign(look)} {word}{rows.safe(incident.failure, 400)}"
        content.extend(rows.paragraph(text, cells, look, indent=2))
    content.extend(posts.missing(flow, incident, cells))
    if incident.asking is None:
        content.extend(_so_far(incident, cells))
    drawn = charts.of_watch(flow, incident, window, cells) if flow.room >= ROOM_FOR_CHART else []
    content.extend(watch.looks(flow, incident, window, cells, charted=True))
    content.extend(evidence.of_watch(flow, incident, cells))
    content.extend(drawn)
    said = f"{labels.deploy(guard.deploy)}: {labels.ON_BREACH[guard.on_breach]}."
    said += f" Ends {labels.clock(window.deadline)}; closing this page changes nothing."
    content.extend(rows.paragraph(said, cells, "dim"))
    return View(
        key=f"guard-{incident.asking}", title=_title(flow), rows=content, choices=_choices(flow, incident, guard)
    )


def _so_far(incident: Incident, cells: int) -> list[Row]:
    """The verdict as far as it goes, and what it is compared with."""
    before = guard_watch.before(incident)
    against = f"before the deploy {watch_verdict.numbers(before)}" if before is not None else NO_BEFORE
    return rows.paragraph(f"So far no breach (it takes two bad looks in a row); {against}", cells, "", indent=2)


def ended(flow: IncidentFlow, incident: Incident, cells: int) -> View:
    """The end of a guard that changed nothing: its word, and the way on."""
    length = worded((incident.closed_at or incident.since) - incident.opened_at)
    look, word, on = _end(flow, incident)
    content = shared_rows.trouble(flow, cells)
    content.extend(rows.paragraph(f"{flow.palette.sign(look)} {word}", cells, look, indent=2))
    if incident.closing is not Closing.COMPLETE:
        content.extend(rows.paragraph(rows.safe(incident.close_reason, 600), cells))
    content.append(((f"Guarded for {length}; nothing was changed.", "dim"),))
    if on:
        content.extend(rows.paragraph(on, cells))
    content.extend(posts.missing(flow, incident, cells))
    back = button("roll-back", "Roll it back", _again(flow))
    done = button("done", "Done", _away(flow))
    choices = [done] if incident.closing is Closing.COMPLETE else [done, back]
    return View(key="guard-ended", title=_title(flow), rows=content, choices=choices)


def word(incident: Incident) -> tuple[str, str]:
    """How a guard that is over ended, as look and words: for a line."""
    reason = rows.safe(incident.close_reason, 300)
    if incident.wrote:
        frozen = "; deploys are FROZEN" if incident.left_frozen else ""
        return "down", f"{rows.safe(guard_told.words(incident)[0], 200)}{frozen} (5)"
    match incident.closing:
        case Closing.COMPLETE:
            return "ok", reason
        case Closing.NOT_RECOVERED:
            return "down", f"BREACHED: {reason}"
        case _:
            return "warn", f"the guard ended: {reason}"


def _end(flow: IncidentFlow, incident: Incident) -> tuple[str, str, str]:
    name = flow.service.name
    match incident.closing:
        case Closing.COMPLETE:
            return "ok", rows.safe(incident.close_reason, 600), ""
        case Closing.NOT_RECOVERED:
            return (
                "down",
                "BREACHED: what went live is worse",
                f"To go back: here, or rollback {name} previous.",
            )
        case _:
            said = f"Whether {name} is well is NOT KNOWN from this. Guard what runs again: rollback guard {name}"
            return "warn", "INCONCLUSIVE: no word on the deploy", said


def _title(flow: IncidentFlow) -> tuple[Piece, ...]:
    return (("GUARD ", "title"), (flow.service.name, "bold"))


def _choices(flow: IncidentFlow, incident: Incident, guard: GuardedDeploy) -> list[Choice]:
    if incident.settling is not None:
        return []
    close = button("close", "Close this page", _away(flow))
    back = button(
        "other", "Go back to a release", flow.doing("ending the guard", lambda: guard_flow.go_back(flow)), recorded=True
    )
    if incident.asking is Question.WATCH_BREACHED:
        ending = flow.doing("ending", lambda: guard_flow.stop(flow, "the person leaves it as it is"))
        return [back, button("leave-it", "Leave it as it is", ending, recorded=True)]
    stopping = flow.doing("ending", lambda: guard_flow.stop(flow))
    return [close, back, button("stop", "Stop guarding", stopping, recorded=True)]


def _again(flow: IncidentFlow) -> Callable[[], Coroutine[None, None, None]]:
    async def begin() -> None:
        await flow.console.begin(flow.service)

    return begin


def _away(flow: IncidentFlow) -> Callable[[], Coroutine[None, None, None]]:
    async def away() -> None:
        flow.console.screen.close_work()

    return away
