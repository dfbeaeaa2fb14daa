"""The post-mortem: the runbook's template exactly, nothing that is not on record, and gaps where nothing is."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import container, current, later
from tests.incident.numbers import unexplained
from tests.incident.stories import Said
from tui.incident import events as ev
from tui.incident.postmortem import markdown, record, write
from tui.incident.postmortem.due import duty
from tui.incident.postmortem.looking_back import QUESTIONS
from tui.model.evidence import Phase, RateSource
from tui.model.guard import GuardedDeploy, OnBreach
from tui.model.incident import Closing, Sample, StepResult
from tui.model.notice import Milestone
from tui.model.outcome import Exited
from tui.model.postmortem import ExportWay, Field, PostMortem
from tui.model.runbook_numbers import RUNBOOK_SEVERITIES
from tui.model.trail import Sent
from tui.model.verification import Verdict

KYIV = ZoneInfo("Europe/Kyiv")
TEMPLATE = (Path(__file__).parent / "data" / "runbook-postmortem.md").read_text(encoding="utf-8")
"""copied from the runbook, letter by letter"""
HELD = [f"{spec.response} {spec.level}" for spec in RUNBOOK_SEVERITIES]


def of(said: Sequence[Said]) -> PostMortem:
    return write(stories.read(said))


def document(said: Sequence[Said], zone: ZoneInfo = KYIV) -> str:
    return markdown.render(of(said), lambda at: at.astimezone(zone))


def section(text: str, heading: str) -> list[str]:
    """The lines under a heading."""
    lines = text.split("\n")
    begin = lines.index(heading) + 1
    rest = [n for n, line in enumerate(lines[begin:], begin) if line.startswith("#")]
    return [line for line in lines[begin : rest[0] if rest else None] if line]


def moments(said: Sequence[Said]) -> dict[str, str]:
    """The template's four moments: name → time, `none`, or `TODO`."""
    return {m.name: f"{m.at:%H:%M:%S}" if m.at else ("TODO" if m.gap else "none") for m in of(said).milestones}


# ── the template ─────────────────────────────────────────────────────────────────────────────────────────────────


def as_pattern(line: str) -> str:
    """A line of the template as what a filled one looks like."""
    for placeholder, filled in (
        ("[Brief Description]", r"\S.*"),
        ("YYYY-MM-DD", r"\d{4}-\d\d-\d\d"),
        ("X minutes", r"\d+(?:\.\d)? minutes"),
        ("P1/P2", r"P[12]"),
        ("HH:MM", r"\d\d:\d\d"),
        ("X%", r"\d+(?:\.\d+)?%.*"),
        ("$X", r"\S.*"),
        (": X", r": \S.*"),
        ("Item 1", r"\S.*"),
        ("Item 2", r"\S.*"),
    ):
        if placeholder in line:
            before, after = line.split(placeholder)
            return re.escape(before) + filled + re.escape(after)
    return r"\S.*" if line.startswith("[") else re.escape(line)


def filled() -> list[Said]:
    """The whole incident with a person's words."""
    words = {
        Field.ROOT_CAUSE: "The cache kept every page",
        Field.USERS: "about 40",
        Field.REVENUE: "$120",
        Field.ACTIONS: "Bound the cache; Alert on 503",
        Field.LESSONS: "Caches need bounds",
        **{question.field: f"about the {question.name}" for question in QUESTIONS},
    }
    notes = [ev.PostMortemNoted(at=later(2000), field=field, text=text, by="me@box") for field, text in words.items()]
    return [*stories.whole(), *notes]


def test_the_runbooks_template_line_by_line() -> None:
    text = document(filled())
    ours = text.split("### Record")[0]
    assert [x for x in ours.split("\n") if x.startswith("#")][1:] == [
        x for x in TEMPLATE.split("\n") if x.startswith("#")
    ][1:]
    lines = [line for line in ours.split("\n") if line]
    position = 0
    for wanted in filter(None, TEMPLATE.split("\n")):
        pattern = re.compile(as_pattern(wanted))
        found = next((n for n in range(position, len(lines)) if pattern.fullmatch(lines[n])), None)
        assert found is not None, (wanted, lines[position:])
        assert wanted.startswith(("#", "[")) or found == position or wanted == "- [ ] Item 2", (wanted, lines[position])
        position = found + 1
    assert not of(filled()).gaps


@pytest.mark.parametrize(("heading", "count"), [("### Timeline", 4), ("### Impact", 3)])
def test_the_templates_lines_come_first_under_their_heading(heading: str, count: int) -> None:
    wanted = section(TEMPLATE, heading)
    assert len(wanted) == count
    for line, ours in zip(wanted, section(document(filled()), heading), strict=False):
        assert re.fullmatch(as_pattern(line), ours), (line, ours)


# ── what is known ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_four_moments_and_the_duration_of_a_whole_incident() -> None:
    assert moments(stories.whole()) == {
        "Deployment started": "21:48:00",
        "Issue detected": "21:58:00",
        "Rollback initiated": "22:05:00",
        "Service restored": "22:05:40",
    }
    found = of(stories.whole())
    assert found.duration.value == 460
    assert "the health check was seen to fail (journal entry 3, Answered)" in found.duration.source
    assert "the verification passed" in found.duration.source


def test_the_error_rate_is_the_worst_before_by_the_source_that_saw_users() -> None:
    said = stories.whole()
    said[4:4] = [
        stories.measured(later(70), Phase.BEFORE, 9, 10, RateSource.PROBES),
        stories.measured(later(80), Phase.BEFORE, 30, 400),
        stories.measured(later(90), Phase.BEFORE, 4, None, RateSource.SENTRY),
    ]
    rate = of(said).error_rate
    assert rate.value == 0.075
    assert rate.text.startswith("7.5% (30 of 400 requests, access log, ")
    assert "95% interval 5.3% to 10.5%" in rate.text
    assert "4 errors of an unknown number of requests, Sentry" in document(said)


def test_what_counts_people_or_own_looks_says_so_and_decides_no_moment() -> None:
    """PostHog counts users whose browser had an exception: that many never made a request fail."""
    said = stories.without(stories.whole(), ev.Measured)
    said[3:3] = [stories.measured(later(60), Phase.BEFORE, 30, 400, RateSource.POSTHOG)]
    assert of(said).error_rate.text.startswith("7.5% (30 of 400 users with an exception, PostHog, ")
    said[4:4] = [stories.measured(later(61), Phase.BEFORE, 9, 10, RateSource.PROBES)]
    assert of(said).error_rate.text.startswith("90.0% (9 of 10 own probes, ")
    assert "requests" not in of(said).error_rate.text
    ended = [*said[:-1], stories.measured(later(1240), Phase.AFTER, 30, 400, RateSource.POSTHOG), said[-1]]
    assert moments(ended)["Service restored"] == moments(said)["Service restored"] == "22:05:40"


def test_more_errors_than_requests_are_all_of_them() -> None:
    said: list[Said] = [stories.opened(), stories.measured(later(60), Phase.BEFORE, 40, 30)]
    assert of(said).error_rate.value == 1.0
    assert "100.0% (40 of 30 requests" in document(said)
    assert unexplained(document(said), stories.journal(said), KYIV, HELD) == []


def test_without_a_count_the_error_rate_is_a_gap_and_the_silent_source_is_named() -> None:
    said = stories.without(stories.whole(), ev.Measured)
    said.insert(3, stories.measured(later(60), Phase.BEFORE, None, None, RateSource.SENTRY))
    assert of(said).error_rate.gap
    assert "- Error rate: TODO: " in document(said)
    assert "- Sentry: none (no token)" in document(said)


def test_a_rate_over_the_limit_before_anybody_opened_it_is_the_detection() -> None:
    early = replace(stories.measured(later(10), Phase.BEFORE, 12, 200), at=later(60))
    said = stories.without(stories.whole(), ev.Answered, ev.Measured)
    said.insert(2, replace(early, measurement=replace(early.measurement, at=later(-30))))
    assert moments(said)["Issue detected"] == "21:59:30"
    said[2] = replace(early, measurement=stories.measured(later(-30), Phase.BEFORE, 3, 200).measurement)
    assert moments(said)["Issue detected"] == "22:00:00", "three of two hundred may as well be under the limit"


LENGTH = timedelta(minutes=10)


def guarded(*after: Said) -> list[Said]:
    """A deploy that was well before, and is guarded from when it went live."""
    return [
        replace(stories.opened(), guard=GuardedDeploy(deploy="b" * 40, on_breach=OnBreach.ROLL_BACK, length=LENGTH)),
        stories.measured(later(0), Phase.BEFORE, 0, 400),
        ev.WatchAsked(at=later(0), length=LENGTH),
        *after,
    ]


def test_a_guard_is_opened_with_the_deploy_and_not_by_its_trouble() -> None:
    """What was wrong was found by its first bad look, and is what failed after the deploy."""
    bad = [stories.measured(later(60 * n), Phase.AFTER, 30 * n, 100 * n) for n in (1, 2)]
    told = ev.CloseAsked(at=later(121), closing=Closing.NOT_RECOVERED, reason="failing: much")
    said = of(guarded(*bad, told))
    assert said.milestones[1].at == later(60)
    assert said.error_rate.value == 0.3
    slow = of(guarded(replace(told, reason="slower: twice as long")))
    assert slow.milestones[1].at == later(121)


def test_a_rollback_by_a_guard_says_what_it_found() -> None:
    bad = [stories.measured(later(60 * n), Phase.AFTER, 30 * n, 100 * n) for n in (1, 2)]
    back: list[Said] = [
        ev.PlanMade(at=later(122), plan=stories.made()),
        ev.Confirmed(at=later(123), by="the guard of ci@runner"),
    ]
    said = of(guarded(*bad, *back))
    assert said.resolution[0].text.startswith("The guard of the deploy found it failing: access log: 60 of 200 at two")
    assert "watch without changing anything" in [moment.name for moment in said.story]


def test_a_guard_that_found_nothing_detected_nothing() -> None:
    said = of(guarded(stories.measured(later(60), Phase.AFTER, 0, 400)))
    found = said.milestones[1]
    assert (found.at, found.applies, found.source) == (None, False, "nothing was seen to be wrong")


def test_a_restarted_container_does_not_say_when_it_was_deployed() -> None:
    made = stories.made()
    restarted = replace(made.before.containers[0], restarts=2)
    said = [
        replace(s, plan=replace(made, before=replace(made.before, containers=(restarted,))))
        if isinstance(s, ev.PlanMade)
        else s
        for s in stories.whole()
    ]
    found = of(said).milestones[0]
    assert found.gap and "before 2026-11-23T21:48:00Z" in found.source
    assert "- TODO: when it was deployed" in document(said)


def test_the_deploy_time_of_the_release_that_was_left_is_taken_with_its_source() -> None:
    made = stories.made()
    made = replace(made, leaving=replace(made.leaving, deployed_at=later(-900)))
    said = [replace(s, plan=made) if isinstance(s, ev.PlanMade) else s for s in stories.whole()]
    found = of(said).milestones[0]
    assert found.at == later(-900) and "from the host (journal entry 5, PlanMade)" in found.source


def test_commands_have_their_ends_and_one_without_is_work_left() -> None:
    said = [
        *stories.whole()[:-1],
        *stories.command(later(1242), "git:set", "cyc", "x", seconds=None),
        stories.whole()[-1],
    ]
    text = document(said)
    assert "- `push` sent to h at 2026-11-23T22:05:14Z: exit 0 after 2.5 s - journal entry 12, Sent" in text
    assert "`git:set cyc x` sent to h at 2026-11-23T22:20:42Z: no end on record" in text
    assert "- [ ] Find out how this ended on h: git:set cyc x" in text


def test_what_was_not_delivered_is_work_left_until_it_is() -> None:
    failed = ev.DeliveryRecorded(
        at=later(1500), delivery=stories.told(later(1500), "SLACK_URL", Milestone.CLOSED, delivered=False)
    )
    done = ev.DeliveryRecorded(at=later(1600), delivery=stories.told(later(1600), "SLACK_URL", Milestone.CLOSED))
    assert r"- [ ] Tell SLACK\_URL (closed): it was not delivered" in document([*stories.whole(), failed])
    assert "- [ ] Tell" not in document([*stories.whole(), failed, done])


def test_the_severitys_time_is_kept_or_missed() -> None:
    def clock(level: str) -> str:
        said = [replace(s, level=level) if isinstance(s, ev.SeverityChosen) else s for s in stories.whole()]
        return next(line for line in document(said).split("\n") if line.startswith("- From detection"))

    assert "7 min; P1 wants: Immediate - " in clock("P1")
    assert r"7 min; P2 wants: \< 5 minutes, missed" in clock("P2")
    assert r"7 min; P3 wants: \< 15 minutes, kept" in clock("P3")
    assert "7 min; P4 wants: Next business day - " in clock("P4")


# ── other ends ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_false_alarm_is_a_sensible_document() -> None:
    said = [
        stories.opened(reason="a graph looked odd"),
        ev.SeverityChosen(at=later(1), level="P3"),
        ev.Answered(at=later(2), node="healthy", answer=True, evidence="health ok, HTTP 200"),
        *stories.closed(later(60), Closing.FALSE_ALARM, "the graph was wrong"),
    ]
    text = document(said)
    assert "## Incident: api: false alarm" in text
    assert "**Duration:** none (false alarm: nothing was seen to be wrong)" in text
    assert "- none - Rollback initiated (nothing was rolled back)" in text
    assert "- none - Service restored (false alarm: nothing was seen to be wrong)" in text
    assert "Closed as false alarm at 2026-11-23T22:01:01Z: the graph was wrong." in text
    assert "ticket" not in text


def test_an_alarm_that_ended_by_itself_has_a_duration() -> None:
    said = [
        stories.opened(),
        ev.Answered(at=later(2), node="healthy", answer=False, evidence="HTTP 503"),
        ev.WatchAsked(at=later(20), length=timedelta(minutes=10), reason="it may pass"),
        ev.HealthSampled(at=later(25), sample=Sample(at=later(25), healthy=False)),
        *stories.watch(later(30), 600),
        ev.WatchTimerFired(at=later(640)),
        ev.Settled(at=later(641)),
    ]
    assert moments(said)["Service restored"] == "22:00:40"
    assert "Watch, change nothing: it may pass" in document(said)


def test_a_fix_forward_does_not_know_when_it_served_and_a_person_may_say() -> None:
    said = [stories.opened(), *stories.closed(later(600), Closing.FIXED_FORWARD, "a flag was switched off")]
    found = of(said)
    assert {g.field for g in found.gaps} >= {Field.RESTORED, Field.RESOLUTION}
    assert "- TODO: when the service was well again: the fix was deployed without this console" in document(said)
    said.append(ev.PostMortemNoted(at=later(700), field=Field.RESTORED, text=later(540).isoformat(), by="me@box"))
    assert "**Duration:** 9 minutes" in document(said)
    assert "said by me@box, journal entry 4, Noted" in of(said).duration.source


def test_good_looks_before_a_fix_forward_are_no_restoration() -> None:
    said = [
        stories.opened(reason="wrong prices"),
        ev.WatchAsked(at=later(20), length=timedelta(minutes=10), reason="look first"),
        *stories.watch(later(20), 100),
        *stories.closed(later(600), Closing.FIXED_FORWARD),
    ]
    assert moments(said)["Service restored"] == "TODO"


def test_aborted_before_anything_and_without_a_plan_or_a_watch() -> None:
    said = [stories.opened(), *stories.closed(later(60), Closing.ABORTED, "wrong service")]
    found = of(said)
    assert moments(said)["Deployment started"] == "TODO" and moments(said)["Service restored"] == "TODO"
    assert found.severity.gap and "**Severity:** TODO: " in document(said)
    assert "Nothing was rolled back." in document(said)
    assert not unexplained(document(said), stories.journal(said), KYIV, HELD)


def test_an_open_incident_is_a_draft_that_says_so() -> None:
    said = stories.whole()[:6]
    assert "TODO: how it ended: the incident is still open" in document(said)
    assert moments(said)["Service restored"] == "TODO"


def test_not_recovered_stays_a_gap_even_after_good_looks() -> None:
    said = [*stories.whole()[:-2], *stories.closed(later(1250), Closing.NOT_RECOVERED, "search is still wrong")]
    assert moments(said)["Service restored"] == "TODO"
    assert "- [ ] The service had not recovered: restore it" in document(said)


def test_unhealthy_again_during_the_watch_moves_the_restoration() -> None:
    said = stories.whole()
    at = next(i for i, s in enumerate(said) if isinstance(s, ev.HealthSampled) and s.at == later(400))
    said[at] = ev.HealthSampled(at=later(400), sample=Sample(at=later(400), healthy=False))
    assert moments(said)["Service restored"] == "22:06:50"


def test_several_plans_of_one_incident_are_all_told() -> None:
    first, second = stories.made(1), stories.made(2)
    refused = ev.StepEnded(
        at=later(202), step="record", outcome=Exited(code=1), result=StepResult.REFUSED, detail="somebody has it"
    )
    said = [
        stories.opened(),
        ev.SeverityChosen(at=later(1), level="P2"),
        ev.PlanMade(at=later(100), plan=first),
        ev.Confirmed(at=later(200), by="me@box"),
        ev.StepStarted(at=later(201), step="record"),
        refused,
        ev.PlanMade(at=later(250), plan=second),
        ev.PlanDropped(at=later(260)),
        ev.PlanMade(at=later(270), plan=second),
        ev.Confirmed(at=later(300), by="you@box", watch=None),
        *stories.steps(later(310), second),
        stories.checked(later(340)),
        ev.Settled(at=later(342)),
    ]
    text = document(said)
    done = section(text, "### Resolution")
    assert "confirmed by `me@box` at 2026-11-23T22:03:20Z: step record refused: somebody has it." in done[0]
    assert "confirmed by `you@box` at 2026-11-23T22:05:00Z; verification 40 s later: passed (health passed)." in done[1]
    assert moments(said)["Rollback initiated"] == "22:03:20"
    assert "- [ ] Nobody watched after the verification" in text
    assert not unexplained(text, stories.journal(said), KYIV, HELD)


def test_an_undo_within_the_incident_is_told_as_one_and_a_later_one_as_a_decision() -> None:
    back = stories.made(1)
    forward = replace(stories.made(2), target=back.leaving, leaving=back.target, way="git", push=None)
    said = [
        stories.opened(),
        ev.PlanMade(at=later(100), plan=back),
        ev.Confirmed(at=later(200), by="me@box"),
        *stories.steps(later(210), back),
        stories.checked(later(240), Verdict.FAILED),
        ev.DecisionNoted(at=later(250), text="undo: forward again to sha:bbbbbbbbbb"),
        ev.PlanMade(at=later(260), plan=forward),
        ev.Confirmed(at=later(300), by="me@box"),
        *stories.steps(later(310), forward),
        stories.checked(later(340)),
        ev.Settled(at=later(342)),
        ev.DecisionNoted(at=later(4000), text="undo: forward once more (incident inc2)"),
    ]
    text = document(said)
    assert "## Incident: api: sha:bbbbbbbbbb rolled back, then forward again" in text
    went = section(text, "### Resolution")
    assert went[0].startswith('api: from sha:bbbbbbbbbb (commit bbbbbbbbbb, "Cache every page") to release:4 ')
    assert "verification 40 s later: failed" in went[0]
    assert went[1].startswith("api: from release:4 ")
    assert ' to sha:bbbbbbbbbb (commit bbbbbbbbbb, "Cache every page") by git, ' in went[1]
    assert "- 23:06 - undo: forward once more (incident inc2)" in text
    assert "- [ ] Keep before each deploy (rollback keep api in CI): this went back by git" in text
    assert not unexplained(text, stories.journal(said), KYIV, HELD)


def test_an_undo_of_a_closed_incident_went_forward_and_leaves_no_fault_to_mend() -> None:
    back = stories.made(1)
    forward = replace(back, target=back.leaving, leaving=back.target, forward=True)
    said = [
        stories.opened(),
        ev.PlanMade(at=later(100), plan=forward),
        ev.Confirmed(at=later(200), by="me@box"),
        *stories.steps(later(210), forward),
        stories.checked(later(240)),
        ev.Settled(at=later(242)),
    ]
    text = document(said)
    assert "## Incident: api: release:4 went forward again to sha:bbbbbbbbbb" in text
    assert section(text, "### Resolution")[0].startswith("api: forward again from release:4 ")
    assert "rolled back" not in text and "Deploy the fix" not in text
    assert not unexplained(text, stories.journal(said), KYIV, HELD)


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def shifted(said: list[Said], by: timedelta) -> list[Said]:
    """The same story at another time."""
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")

    def moved(found: re.Match[str]) -> str:
        return (datetime.fromisoformat(found[0]) + by).isoformat().replace("+00:00", "Z")

    pairs = [(kind, stamp.sub(moved, payload)) for kind, payload in stories.journal(said)]
    return [entry.said for entry in record.read(pairs).entries]


def test_an_incident_over_midnight_says_the_other_days() -> None:
    said = shifted(stories.whole(), timedelta(hours=1, minutes=57))
    lines = section(document(said), "### Timeline")
    assert "**Date:** 2026-11-23" in document(said)
    assert lines[:4] == [
        "- 23:45 - Deployment started",
        "- 23:55 - Issue detected",
        "- 00:02 - Rollback initiated (2026-11-24)",
        "- 00:02 - Service restored (2026-11-24)",
    ]


def test_local_times_are_those_of_their_moment_when_the_clocks_go_back() -> None:
    begin = datetime(2026, 10, 25, 0, 58, tzinfo=UTC)
    said = shifted(stories.whole(), begin - later(-120))
    text = document(said)
    assert "Issue detected: 2026-10-25 00:58:00 UTC = 2026-10-25 03:58:00 local (UTC+03:00)" in text
    assert "Service restored: 2026-10-25 01:05:40 UTC = 2026-10-25 03:05:40 local (UTC+02:00)" in text
    assert "**Duration:** 7.7 minutes" in text
    assert not unexplained(text, stories.journal(said), KYIV, HELD)


def test_where_local_time_is_utc_it_is_not_said_twice() -> None:
    assert "local" not in document(stories.whole(), ZoneInfo("UTC"))


# ── the person's words, and the duty ─────────────────────────────────────────────────────────────────────────────


def test_words_replace_earlier_ones_and_empty_ones_take_them_back() -> None:
    first = ev.PostMortemNoted(at=later(2000), field=Field.ROOT_CAUSE, text="a leak", by="me@box")
    again = ev.PostMortemNoted(at=later(2100), field=Field.ROOT_CAUSE, text="a bigger leak\nand a second cause")
    gone = ev.PostMortemNoted(at=later(2200), field=Field.ROOT_CAUSE, text="")
    assert section(document([*stories.whole(), first]), "### Root Cause") == ["a leak"]
    twice = [*stories.whole(), first, again]
    assert section(document(twice), "### Root Cause") == ["a bigger leak", "and a second cause"]
    assert of(twice).root_cause.source.endswith("journal entry 118, Noted")
    assert of([*twice, gone]).root_cause.gap


def test_one_is_required_after_p1_and_p2_until_it_is_taken_out() -> None:
    within = timedelta(hours=24)

    def owed(*more: Said, level: str = "P1") -> tuple[bool, bool]:
        said = [replace(s, level=level) if isinstance(s, ev.SeverityChosen) else s for s in stories.whole()]
        found = duty(stories.read([*said, *more]).incident, within)
        return found.required, found.open

    assert owed() == (True, True) and owed(level="P2") == (True, True)
    assert owed(level="P3") == (False, False)
    assert owed(ev.PostMortemExported(at=later(2000), way=ExportWay.SAVED, where="/tmp/x.md")) == (True, False)
    assert owed(
        ev.DeliveryRecorded(at=later(2000), delivery=stories.told(later(2000), "ticket", Milestone.POSTMORTEM))
    ) == (
        True,
        False,
    )
    due = duty(stories.read(stories.whole()).incident, within).due
    assert due == later(1244) + within


# ── every number is on record ────────────────────────────────────────────────────────────────────────────────────


def test_every_number_of_a_whole_incident_is_on_record() -> None:
    assert unexplained(document(filled()), stories.journal(filled()), KYIV, HELD) == []


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("6.0% (12", "6.1% (12"),
        ("- 22:05 - Rollback", "- 22:08 - Rollback"),
        ("3.5% to 10.2%", "3.4% to 10.2%"),
        ("7.7 minutes", "7.9 minutes"),
        ("12.4 s", "12.9 s"),
        ("90 looks", "91 looks"),
        ("of 200 requests", "of 201 requests"),
        ("22:05:40 UTC", "22:05:41 UTC"),
        ("40 s later", "43 s later"),
        ("journal entry 22,", "journal entry 922,"),
    ],
)
def test_the_checker_notices_an_invented_number(true: str, false: str) -> None:
    text = document(filled())
    assert true in text
    assert unexplained(text.replace(true, false), stories.journal(filled()), KYIV, HELD)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("40 of 500, 8% (5.9-11%)", "40 of 500, 8.1% (5.9-11%)"),
        ("40 of 500, 8% (5.9-11%)", "40 of 500, 8% (5.8-11%)"),
        ("40 of 500", "41 of 500"),
        ("over 1%", "over 3%"),
    ],
)
def test_the_checker_derives_the_rates_of_an_alarm_and_notices_invented_ones(true: str, false: str) -> None:
    whole = stories.whole()
    at = next(i for i, s in enumerate(whole) if isinstance(s, ev.HealthSampled) and s.at == later(400))
    said = [*whole[:at], stories.measured(later(400), Phase.AFTER, 40, 500)]
    said += stories.closed(later(500), Closing.NOT_RECOVERED)
    text = document(said)
    assert true in text and unexplained(text, stories.journal(said), KYIV, HELD) == []
    assert unexplained(text.replace(true, false), stories.journal(said), KYIV, HELD)


seconds = st.integers(1, 4000)


@st.composite
def incidents(draw: st.DrawFn) -> list[Said]:
    """Incidents of every kind, at any pace."""
    now = [draw(st.integers(0, 86400 * 200)) + 0.0]

    def after(least: int = 1, most: int = 900) -> datetime:
        now[0] += draw(st.integers(least * 1000, most * 1000)) / 1000
        return later(now[0])

    said: list[Said] = [stories.opened(after())]
    if draw(st.booleans()):
        said.append(ev.SeverityChosen(at=after(), level=draw(st.sampled_from(["P1", "P2", "P3", "P4"]))))
    if draw(st.booleans()):
        at = after()
        since = draw(st.none() | st.just(at - timedelta(seconds=draw(seconds))))
        said.append(ev.Answered(at=at, node="healthy", answer=draw(st.booleans()), evidence="HTTP 503", since=since))
    for _ in range(draw(st.integers(0, 2))):
        total = draw(st.integers(1, 100_000))
        source = draw(st.sampled_from(RateSource))
        said.append(stories.measured(after(), Phase.BEFORE, draw(st.integers(0, total)), total, source))
    if draw(st.booleans()):
        made = stories.made()
        said += [ev.PlanMade(at=after(), plan=made), ev.Confirmed(at=after(), by="me@box", watch=timedelta(minutes=15))]
        done = stories.steps(after(), made)
        now[0] += 20
        said += done
        if draw(st.booleans()):
            went, came = after(), after()
            said += [ev.WentDown(at=went, what="stopped"), ev.CameUp(at=came)]
        said.append(stories.checked(after(), draw(st.sampled_from(Verdict))))
        if said[-1].checks[0].verdict is not Verdict.PASSED:  # type: ignore[union-attr]
            said.append(ev.WatchAsked(at=after(), length=timedelta(minutes=15), reason="watch it anyway"))
    else:
        said.append(ev.WatchAsked(at=after(), length=timedelta(minutes=10), reason="it may pass"))
    for _ in range(draw(st.integers(0, 12))):
        at = after(1, 20)
        healthy = draw(st.sampled_from([True, True, True, False, None]))
        said.append(
            ev.HealthSampled(at=at, sample=Sample(at=at, healthy=healthy, seconds=draw(st.integers(1, 900)) / 1000))
        )
    said.append(stories.measured(after(), Phase.AFTER, draw(st.integers(0, 50)), 50))
    if draw(st.booleans()):
        said += [ev.CloseAsked(at=after(), closing=draw(st.sampled_from(Closing)), reason="it is over")]
        said.append(ev.Settled(at=after()))
    return said


@settings(max_examples=150, deadline=None)
@given(incidents(), st.sampled_from(["Europe/Kyiv", "America/St_Johns", "Asia/Kathmandu", "UTC"]))
def test_every_number_is_on_record_whatever_happened(said: list[Said], zone: str) -> None:
    here = ZoneInfo(zone)
    text = document(said, here)
    assert unexplained(text, stories.journal(said), here, HELD) == []
    headings = [line for line in text.split("\n") if re.match(r"#{2,3} ", line)]
    assert [h for h in headings if h != "### Record"][1:] == [h for h in TEMPLATE.split("\n") if h.startswith("#")][1:]
    assert "None" not in text


def test_a_release_seen_by_a_look_alone_says_when_it_began() -> None:
    seen = replace(current(at=later(30)), containers=(replace(container(), started_at=later(-60)),))
    said = [stories.opened(), ev.Observed(at=later(30), current=seen), *stories.closed(later(60), Closing.ABORTED)]
    assert moments(said)["Deployment started"] == "21:59:00"


def test_a_commands_entry_is_read_as_what_it_is() -> None:
    found = stories.read([stories.opened(), *stories.command(later(1), "apps:create", "x")])
    assert [type(e.said) for e in found.entries] == [ev.Opened, Sent, Sent]
