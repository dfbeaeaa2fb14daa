"""The timeline, in words: one line for each entry of the journal that people want to read."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from tui.incident import events as ev
from tui.model.incident import StepResult
from tui.model.outcome import describe

Line = tuple[str, str]
"""what is said, and how much it weighs: `bold`, `ok`, `warn`, `down`, `dim` or nothing"""
NAMELESS: Mapping[str, str] = {}


def in_order(events: Iterable[ev.Event]) -> list[tuple[ev.Event, Line]]:
    """The lines worth telling of one incident, oldest first; each step once, by the name that its plan gives it.

    Not every event is recorded when it happened: when the service served again is known only afterwards.
    """
    every, begun = sorted(events, key=lambda one: one.at), dict[str, int]()
    found: list[tuple[ev.Event, Line] | None] = []
    titles: dict[str, str] = {}
    for event in every:
        match event:
            case ev.PlanMade(plan=plan):
                titles = {step.id: step.title for step in plan.steps}
            case ev.StepStarted(step=step):
                begun[step] = len(found)
            case ev.StepEnded(step=step) if step in begun:
                found[begun.pop(step)] = None
            case _:
                pass
        line = tell(event, titles)
        found.append(None if line is None else (event, line))
    return [one for one in found if one is not None]


def tell(event: ev.Event, titles: Mapping[str, str] = NAMELESS) -> Line | None:
    """One event in words; None for what would only fill the page (healthy looks of a watch). `titles` are what the
    plan calls its steps."""
    match event:
        case ev.Opened(service=service, by=by, reason=reason):
            return (f"{by} opened an incident on {service}" + (f": {reason}" if reason else ""), "bold")
        case ev.SeverityChosen(level=level):
            return (f"severity {level}", "")
        case ev.DecisionNoted(text=text):
            return (text, "")
        case ev.Answered(node=node, answer=answer, evidence=evidence):
            word = {True: "yes", False: "no", None: "taken back"}[answer]
            return (f"{node}? {word} ({evidence})" if evidence else f"{node}? {word}", "dim")
        case ev.WatchAsked(reason=reason):
            return (f"watch without changing anything{f': {reason}' if reason else ''}", "")
        case ev.PlanMade(plan=plan):
            return (f"plan {plan.attempt}: {plan.leaving.name} to {plan.target.name} by {plan.way}", "")
        case ev.PlanDropped(reason=reason):
            return (f"plan dropped: {reason}", "dim")
        case ev.Confirmed(by=by):
            return (f"{by} confirmed the plan", "bold")
        case ev.StepStarted(step=step):
            return (f"begun: {titles.get(step, step)}", "dim")
        case ev.StepEnded(step=step, result=result, outcome=outcome, detail=detail):
            look = "ok" if result is StepResult.DONE else "warn"
            return (f"{result.value}: {titles.get(step, step)} ({describe(outcome)}) {detail}".rstrip(), look)
        case ev.Observed(current=current):
            return (f"looked: deployed is {(current.metadata or 'unknown')[:12]}", "dim")
        case ev.NotObserved(why=why):
            return (f"could not look: {why}", "warn")
        case ev.ChecksDone(checks=checks):
            words = ", ".join(f"{c.name} {c.verdict.value}" for c in checks)
            return (f"verified: {words}", "")
        case ev.HealthSampled(sample=sample):
            look = "" if sample.healthy else ("unhealthy" if sample.healthy is False else "not measured")
            words = ": ".join(filter(None, (look, sample.note)))
            return (words, "warn") if words else None
        case ev.ForeignChangeSeen(what=what):
            return (f"ALARM: {what}", "down")
        case ev.WatchExtended(until=until):
            return (f"watch extended to {until:%H:%M:%S}Z", "")
        case ev.CloseAsked(closing=closing, reason=reason):
            return (f"closing as {closing.value}: {reason}", "bold")
        case ev.Settled(left_over=left_over):
            return ("closed" + (f"; left over: {'; '.join(left_over)}" if left_over else ""), "bold")
        case ev.Unsettled(why=why):
            return (f"the host could not be put in order: {why}", "warn")
        case ev.Resumed(by=by):
            return (f"{by} took it up again", "bold")
        case ev.CheckAgain():
            return ("another look was asked for", "dim")
        case ev.WentDown(what=what):
            return (f"it does not answer any more: {what}", "warn")
        case ev.CameUp():
            return ("it answers again", "ok")
        case ev.ServesAgain(looks=looks, bad=bad):
            if not bad:
                return (f"it answered all of {looks} looks while it was replaced", "ok")
            return (f"it serves again: the first good answer after {bad} that were not", "ok")
        case ev.Measured(measurement=measurement):
            counted = [f"{r.source.value} {r.failed} of {r.total}" for r in measurement.rates if r.failed is not None]
            return (f"measured {measurement.phase.value}: {', '.join(counted) or 'nothing'}", "dim")
        case ev.PostChosen(post=post, text=text):
            return (f"the post: {text}" if text else "posted as it is made" if post else "nothing is posted", "")
        case ev.DeliveryRecorded(delivery=told):
            how = ("told by hand" if told.by_hand else "told") if told.delivered else "NOT DELIVERED:"
            return (f"{how} {told.channel}: {told.milestone.value} {told.detail}", "" if told.delivered else "warn")
        case ev.PostMortemNoted(field=field, text=text):
            return (f"post-mortem, {field.value}: {text or 'taken back'}", "dim")
        case ev.PostMortemExported(way=way, where=where):
            return (f"post-mortem {way.value}" + (f": {where}" if where else ""), "")
        case ev.WatchTimerFired():
            return None
        case _:
            assert_never(event)
