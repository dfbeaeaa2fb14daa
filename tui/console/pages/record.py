"""Timeline and command trail: what happened, what was sent; both can be saved to a file."""

from collections.abc import Awaitable, Callable
from typing import assert_never

import msgspec

from tui.console import rows, views, words
from tui.console.pages.page import Page, View, button
from tui.console.rows import Row
from tui.engine.gate import Gate
from tui.incident import events as ev
from tui.model.incident import StepResult
from tui.model.outcome import describe


def timeline_row(event: ev.Event) -> Row | None:
    """One event in words; None for what would only fill the page (healthy looks of a watch)."""
    said: tuple[str, str] | None
    match event:
        case ev.Opened(service=service, by=by):
            said = (f"{by} opened an incident on {service}", "bold")
        case ev.SeverityChosen(level=level):
            said = (f"severity {level}", "")
        case ev.Decided(text=text):
            said = (text, "")
        case ev.Answered(node=node, answer=answer, evidence=evidence):
            word = {True: "yes", False: "no", None: "taken back"}[answer]
            said = (f"{node}? {word} ({evidence})" if evidence else f"{node}? {word}", "dim")
        case ev.WatchAsked(reason=reason):
            said = (f"watch without changing anything: {reason}", "")
        case ev.PlanMade(plan=plan):
            said = (f"plan {plan.attempt}: {plan.leaving.name} to {plan.target.name} by {plan.way}", "")
        case ev.PlanDropped(reason=reason):
            said = (f"plan dropped: {reason}", "dim")
        case ev.Confirmed(by=by):
            said = (f"{by} confirmed the plan", "bold")
        case ev.StepStarted(step=step):
            said = (f"{step} begins", "dim")
        case ev.StepEnded(step=step, result=result, outcome=outcome, detail=detail):
            look = "ok" if result is StepResult.DONE else "warn"
            said = (f"{step} {result.value} ({describe(outcome)}) {detail}", look)
        case ev.Observed(current=current):
            said = (f"looked: deployed is {(current.metadata or 'unknown')[:12]}", "dim")
        case ev.NotObserved(why=why):
            said = (f"could not look: {why}", "warn")
        case ev.ChecksDone(checks=checks):
            words_ = ", ".join(f"{c.name} {c.verdict.value}" for c in checks)
            said = (f"verified: {words_}", "")
        case ev.Sampled(sample=sample):
            said = None if sample.healthy else (("unhealthy" if sample.healthy is False else "not measured"), "warn")
        case ev.Strayed(what=what):
            said = (f"ALARM: {what}", "down")
        case ev.WatchExtended(until=until):
            said = (f"watch extended to {words.clock(until)}", "")
        case ev.CloseAsked(closing=closing, reason=reason):
            said = (f"closing as {closing.value}: {reason}", "bold")
        case ev.Settled(left_over=left_over):
            said = ("closed" + (f"; left over: {'; '.join(left_over)}" if left_over else ""), "bold")
        case ev.Resumed(by=by):
            said = (f"{by} took it up again", "bold")
        case ev.CheckAgain():
            said = ("another look was asked for", "dim")
        case ev.WentDown(what=what):
            said = (f"it does not answer any more: {what}", "warn")
        case ev.CameUp():
            said = ("it answers again", "ok")
        case ev.Measured(measurement=measurement):
            counted = [f"{r.source.value} {r.failed} of {r.total}" for r in measurement.rates if r.failed is not None]
            said = (f"measured {measurement.phase.value}: {', '.join(counted) or 'nothing'}", "dim")
        case ev.PostChosen(post=post, text=text):
            said = (f"the post: {text}" if text else "posted as it is made" if post else "nothing is posted", "")
        case ev.Told(delivery=told):
            how = ("told by hand" if told.by_hand else "told") if told.delivered else "NOT DELIVERED:"
            said = (f"{how} {told.channel}: {told.milestone.value} {told.detail}", "" if told.delivered else "warn")
        case ev.Woken():
            said = None
        case _:
            assert_never(event)
    if said is None:
        return None
    return ((f"{event.at:%H:%M:%S} ", "dim"), (rows.safe(said[0], 400), said[1]))


def events_of(payloads: list[str]) -> list[ev.Event]:
    """The journal's events; an entry that this version cannot read is passed over here, never in the engine."""
    found: list[ev.Event] = []
    for payload in payloads:
        try:
            found.append(ev.read(payload))
        except msgspec.ValidationError:
            continue
    return found


def _wrapped(row: Row, cells: int) -> list[Row]:
    """The last piece of a row on as many lines as it needs."""
    *head, (text, look) = row
    indent = rows.width(tuple(head))
    first, *others = rows.wrap(text, cells - indent)
    return [(*head, (first, look)), *(((" " * indent, ""), (line, look)) for line in others)]


class Timeline(Page):
    """What happened in one incident."""

    name = "timeline"

    def __init__(
        self, incident: str | None, read: Callable[[], list[Row]], save: Callable[[], Awaitable[None]]
    ) -> None:
        self._incident = incident
        self._read = read
        self._save = save

    def view(self, cells: int) -> View:
        """Newest last."""
        content = [line for row in self._read() for line in _wrapped(row, cells)]
        if not content:
            content.append((("nothing has happened yet", "dim"),))
        title = (("TIMELINE ", "title"), (self._incident or "no incident", "dim"))
        return View(
            key="timeline",
            title=title,
            rows=content,
            choices=[button("save", "Save to a file", self._save)],
            text="\n".join(rows.text(row) for row in content),
        )


class Trail(Page):
    """Every command that left this console."""

    name = "trail"

    def __init__(self, gate: Gate, save: Callable[[], Awaitable[None]]) -> None:
        self._gate = gate
        self._save = save

    def view(self, cells: int) -> View:
        """Newest first: what was just sent is what one wants to see."""
        sent = list(self._gate.trail)
        content = [line for one in reversed(sent) for line in _wrapped(views.trail_row(one), cells)]
        writes = sum(one.writes for one in sent)
        title = (("COMMANDS ", "title"), (f"{len(sent)} sent, {writes} of them writes", "dim"))
        return View(
            key="trail",
            title=title,
            rows=content or [(("nothing was sent yet", "dim"),)],
            choices=[button("save", "Save to a file", self._save)],
            text="\n".join(rows.text(row) for row in content),
        )
