"""The figures of `stats`: each is what the journal says, by example and by property; unknown is never zero."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import T0, later
from tui.incident import events as ev
from tui.incident.postmortem.record import Record
from tui.incident.statistics import fold, recovery
from tui.incident.statistics.fold import Lengths, ServiceFigures, Statistics
from tui.incident.statistics.recovery import RecoveryPart
from tui.model.drill import PREFIX, DrillEnd, DrillResult
from tui.model.guard import GuardedDeploy, OnBreach
from tui.model.incident import Closing, StepResult
from tui.model.outcome import Exited
from tui.model.postmortem import Field
from tui.model.verification import Verdict

LIMIT = 0.01
APP = f"{PREFIX}0a1b2c"
DAY = timedelta(days=1)
LENGTHS = st.floats(min_value=0, max_value=1e6)


def folded(*records: Record, drills: Mapping[str, Sequence[DrillResult]] | None = None) -> Statistics:
    return fold.fold(records, drills or {}, T0 - DAY, T0 + DAY, lambda _: LIMIT)


def story(
    found: float, word: float, served: float, proven: float, *, deployed: float | None = None
) -> list[stories.Said]:
    """Seconds after T0 of each moment; without `deployed` nobody knows when that was."""
    plan = stories.made()
    unknown = tuple(replace(one, started_at=None) for one in plan.before.containers)
    plan = replace(plan, before=replace(plan.before, containers=unknown))
    at_push = later(word + (served - word) / 2)
    said: list[stories.Said] = [
        stories.opened(later(found), reason="orders fail"),
        ev.PlanMade(at=later(found), plan=plan),
        ev.Confirmed(at=later(word), by="me@box"),
        ev.StepStarted(at=later(word), step="record"),
        ev.StepEnded(at=later(word), step="record", outcome=Exited(code=0), result=StepResult.DONE),
        ev.StepStarted(at=at_push, step="push"),
        ev.StepEnded(at=later(served), step="push", outcome=Exited(code=0), result=StepResult.DONE),
        ev.Observed(at=later(served), current=stories._landed(later(served), plan)),
        ev.StepStarted(at=later(served), step="mark"),
        ev.StepEnded(at=later(served), step="mark", outcome=Exited(code=0), result=StepResult.DONE),
        stories.checked(later(proven)),
    ]
    if deployed is not None:
        text = later(deployed).isoformat()
        said.append(ev.PostMortemNoted(at=later(proven), field=Field.DEPLOYED, text=text))
    return said


def test_the_four_spans_follow_each_other() -> None:
    found = recovery.measure(stories.read(story(300, 340, 365, 372, deployed=0)), LIMIT)
    assert found is not None
    assert [found.span(span) for span in RecoveryPart] == [300, 40, 25, 7]
    assert (found.whole, found.since_found) == (372, 72)


@pytest.mark.parametrize("change", [{"forward": True}, {"again": True}])
def test_going_forward_or_deploying_anew_is_no_recovery(change: dict[str, bool]) -> None:
    """A deploy of the tip, an undo, and what runs deployed again: none leaves a release because of a fault."""
    said = [
        replace(one, plan=replace(one.plan, **change)) if isinstance(one, ev.PlanMade) else one
        for one in story(300, 340, 365, 372, deployed=0)
    ]
    assert recovery.measure(stories.read(said), LIMIT) is None
    figures = folded(stories.read(said)).together
    assert (figures.incidents, figures.rollbacks, figures.reasons, figures.whole.count) == (1, 0, (), 0)


def test_a_whole_night_as_the_journal_has_it() -> None:
    found = recovery.measure(stories.read(stories.whole()), LIMIT)
    assert found is not None
    # deployed 12 minutes before, seen failing 2 minutes before it was opened, confirmed 300 s after
    assert (found.detect, found.decide) == (600, 420)
    assert found.act is not None and found.prove is not None and found.prove > 0


@pytest.mark.parametrize(
    ("deployed", "why"), [(None, "nobody knows when it was deployed"), (500, "it was deployed after it was found")]
)
def test_a_span_without_both_ends_is_unknown_and_so_is_the_whole(deployed: float | None, why: str) -> None:
    found = recovery.measure(stories.read(story(300, 340, 365, 372, deployed=deployed)), LIMIT)
    assert found is not None
    assert (found.detect, found.whole, found.since_found) == (None, None, 72), why


def test_without_a_proof_nothing_was_recovered() -> None:
    said = story(300, 340, 365, 372, deployed=0)
    for verdict, word in ((Verdict.FAILED, "failed"), (Verdict.INCONCLUSIVE, "inconclusive")):
        checked = [stories.checked(later(372), verdict) if isinstance(one, ev.ChecksDone) else one for one in said]
        figures = folded(stories.read(checked)).together
        assert figures.verdicts == ((word, 1),)
        assert figures.whole == Lengths(count=0, unknown=1)
    unchecked = folded(stories.read(stories.without(said, ev.ChecksDone))).together
    assert unchecked.verdicts == ((fold.NEVER_CHECKED, 1),)


def test_an_incident_in_which_nothing_was_sent_is_no_rollback() -> None:
    said = story(300, 340, 365, 372)[:5]
    figures = folded(stories.read(said)).together
    assert (figures.incidents, figures.rollbacks, figures.reasons) == (1, 0, ())
    assert figures.ends == ((fold.OPEN, 1),)


def test_a_plan_that_nobody_confirmed_takes_nothing_back_from_what_was_proven() -> None:
    said = story(300, 340, 365, 372, deployed=0)
    watched: list[stories.Said] = [
        replace(one, watch=timedelta(minutes=15)) if isinstance(one, ev.Confirmed) else one for one in said
    ]
    alarm = ev.ForeignChangeSeen(at=later(390), what="another release runs")
    more: list[stories.Said] = [alarm, ev.PlanMade(at=later(400), plan=stories.made(2))]
    assert recovery.measure(stories.read([*watched, *more]), LIMIT) == recovery.measure(stories.read(said), LIMIT)


def test_drills_are_no_incidents() -> None:
    opened = ev.Opened(at=T0, incident="d1", service="drill", app=APP, host="h", by="me@box")
    drill = DrillResult(at=T0, host="h", app=APP, dokku="0.38.27", end=DrillEnd.PROVEN, back_seconds=31.0)
    earlier = replace(drill, at=T0 - 40 * DAY, end=DrillEnd.FAILED, back_seconds=None)
    found = folded(stories.read([opened]), drills={"h": [earlier, drill], "never": []})
    assert found.together.incidents == 0
    assert [(one.host, one.count, one.proven, one.last) for one in found.drills] == [("h", 1, 1, drill)]
    long_ago = folded(drills={"h": [earlier]}).drills
    assert [(one.count, one.last) for one in long_ago] == [(0, earlier)], "that nobody tried since is the news"


def guarded(closing: Closing | None) -> Record:
    guard = GuardedDeploy(deploy="abc", on_breach=OnBreach.TELL, length=timedelta(minutes=10))
    opened = ev.Opened(at=T0, incident="g", service="api", app="cyc", host="h", by="ci@box", guard=guard)
    watching = ev.WatchAsked(at=T0, length=timedelta(minutes=10))
    end = stories.closed(later(10), closing) if closing is not None else []
    return stories.read([opened, watching, *end])


def test_the_change_failure_rate_is_of_deploys_that_were_seen_alone() -> None:
    without = folded(stories.read(story(300, 340, 365, 372))).together
    assert (without.guarded.seen, without.guarded.failure_share) == (0, None)
    ends = (Closing.COMPLETE, Closing.COMPLETE, Closing.COMPLETE, Closing.NOT_RECOVERED, Closing.ABORTED, None)
    seen = folded(*map(guarded, ends)).together.guarded
    assert (seen.clean, seen.failed, seen.unclear) == (3, 1, 1)
    assert seen.failure_share == 0.25
    assert folded(guarded(Closing.ABORTED)).together.guarded.failure_share is None


@given(st.lists(st.none() | LENGTHS, max_size=30))
def test_figures_lie_within_what_was_measured(lengths: list[float | None]) -> None:
    found = fold.measure(lengths)
    known = [one for one in lengths if one is not None]
    assert (found.count, found.unknown) == (len(known), len(lengths) - len(known))
    if not known:
        assert (found.median, found.slowest) == (None, None)
    else:
        assert found.median is not None and min(known) <= found.median <= max(known) == found.slowest


@given(st.lists(st.integers(min_value=0, max_value=10_000), min_size=4, max_size=4), st.integers(0, 5_000))
def test_the_parts_come_to_the_whole(moments: list[int], before: int) -> None:
    found, word, served, proven = sorted(moments)
    one = recovery.measure(stories.read(story(found, word, served, proven, deployed=found - before)), LIMIT)
    assert one is not None and one.whole is not None and one.detect is not None
    assert one.whole == pytest.approx(proven - found + before)
    assert one.whole == pytest.approx((one.since_found or 0.0) + one.detect)


STORY = st.sampled_from(["plain", "unknown", "unsent", "clean", "breached", "open-guard"])


def _made(kind: str, service: str) -> Record:
    match kind:
        case "clean" | "breached" | "open-guard":
            closing = {"clean": Closing.COMPLETE, "breached": Closing.NOT_RECOVERED}.get(kind)
            made = guarded(closing)
        case "unsent":
            made = stories.read(story(1, 2, 3, 4)[:3])
        case _:
            made = stories.read(story(1, 2, 3, 4, deployed=0 if kind == "plain" else None))
    return made._replace(incident=replace(made.incident, service=service))


@given(st.lists(st.tuples(STORY, st.sampled_from(["api", "search"])), max_size=6), st.randoms(use_true_random=False))
def test_services_add_up_in_any_order(kinds: list[tuple[str, str]], order: object) -> None:
    records = [_made(kind, service) for kind, service in kinds]
    found = folded(*records)
    order.shuffle(records)  # type: ignore[attr-defined]
    assert replace(folded(*records), recoveries=()) == replace(found, recoveries=())

    def whole(of: ServiceFigures) -> tuple[int, ...]:
        guard = of.guarded
        measured = (of.whole.count, of.whole.unknown)
        return (of.incidents, of.rollbacks, *measured, guard.clean, guard.failed, guard.unclear)

    each = [whole(one) for one in found.services]
    assert whole(found.together) == tuple(map(sum, zip(*each, strict=True))) if each else not found.together.incidents
