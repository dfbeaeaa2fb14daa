"""A proposed plan is carried out while it is fresh and exactly what would be planned now; everything else is said."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import later
from tui.drivers.proposals import _encoded
from tui.incident import proposal_valid
from tui.model.plan import CheckResult, Plan, PlanWarning, PreflightCheck, WarningLevel
from tui.model.proposal import VALID_FOR, Proposal
from tui.model.taken_back import TakenBack

PLAN = stories.made()


def of(plan: Plan = PLAN) -> Proposal:
    return Proposal(id="plan-0123abcd", plan=plan, made_at=later(0), file="/s.yaml", address="dokku@h")


@pytest.mark.parametrize("seconds", [0, 1, 599, 600])
def test_it_is_valid_for_ten_minutes(seconds: float) -> None:
    assert proposal_valid.stale(of(), later(seconds)) == ""


@pytest.mark.parametrize(
    ("age", "words"),
    [(VALID_FOR + timedelta(seconds=1), "valid for 10"), (timedelta(days=40), "minutes ago"), (-VALID_FOR, "set back")],
)
def test_what_is_older_or_of_the_future_is_refused_with_words(age: timedelta, words: str) -> None:
    assert words in proposal_valid.stale(of(), later(0) + age)


def test_the_same_plan_made_again_is_no_difference() -> None:
    assert proposal_valid.differences(PLAN, PLAN) == ()
    assert PLAN.push is not None
    pushed = replace(PLAN.push, commit="9" * 40, at=later(60))
    steps = []
    for step in PLAN.steps:
        argv = (*step.argv, f"SINCE={later(60):%Y-%m-%dT%H:%M:%SZ}", "9" * 40)
        steps.append((replace(step, argv=(*step.argv, f"SINCE={later(0):%Y-%m-%dT%H:%M:%SZ}", PLAN.push.commit)), argv))
    was = replace(PLAN, steps=tuple(one for one, _ in steps))
    again = tuple(replace(one, argv=argv) for one, argv in steps)
    assert proposal_valid.differences(was, replace(PLAN, steps=again, push=pushed, made_at=later(60))) == ()


def test_a_secret_in_the_plan_which_no_proposal_keeps_is_no_difference() -> None:
    remote = "https://oauth2:a94a8fe5ccb19ba61c4c@git.example/team/app.git"
    last = replace(PLAN.steps[-1], argv=("git:sync", "--build", "cyc", remote, "9" * 40), writes=True)
    assert PLAN.push is not None
    push = replace(PLAN.push, files=(*PLAN.push.files, (".env", "API_TOKEN=a94a8fe5ccb19ba61c4c\n")))
    fresh = replace(PLAN, steps=(*PLAN.steps, last), push=push)
    stored = msgspec.json.decode(_encoded(of(fresh)), type=Proposal).plan
    assert "a94a8fe5ccb19ba61c4c" not in str(stored)
    assert proposal_valid.differences(stored, fresh) == ()
    assert proposal_valid.differences(stored, replace(fresh, steps=PLAN.steps)) != ()


def other_command(plan: Plan) -> Plan:
    return replace(plan, steps=(*plan.steps, replace(plan.steps[-1], argv=("apps:destroy", "cyc"), writes=True)))


def other_value(plan: Plan) -> Plan:
    first = next(n for n, step in enumerate(plan.steps) if step.writes)
    steps = list(plan.steps)
    steps[first] = replace(steps[first], argv=(*steps[first].argv, "MORE=1"))
    return replace(plan, steps=tuple(steps))


def other_push(plan: Plan) -> Plan:
    assert plan.push is not None
    return replace(plan, push=replace(plan.push, files=(("Dockerfile", "FROM evil"),)))


def checked(standing: CheckResult) -> Plan:
    return replace(PLAN, checked=(PreflightCheck(name="migrations", standing=standing, text="a migration came"),))


def config(*added: str) -> Plan:
    return replace(PLAN, taken=TakenBack(config_added=added))


def test_what_a_person_would_have_been_warned_of_is_a_difference() -> None:
    """Config set meanwhile stays set: the release that comes back meets values that nobody looked at."""
    assert proposal_valid.differences(config("A"), config("A")) == ()
    assert proposal_valid.differences(config("A"), config("A", "B")) == ("config keys were set or removed since: B",)
    well, bad = checked(CheckResult.OK), checked(CheckResult.WARNING)
    assert proposal_valid.differences(well, bad) == ("migrations: a migration came",)
    assert proposal_valid.differences(well, checked(CheckResult.UNKNOWN)) == ("migrations: a migration came",)
    assert proposal_valid.differences(bad, bad) == proposal_valid.differences(bad, well) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: replace(p, target=replace(p.target, number=5, holder="cyc--r5")), "the target was release:4"),
        (lambda p: replace(p, leaving=replace(p.leaving, commit="c" * 40)), "what runs was"),
        (lambda p: replace(p, way="git"), "the way was"),
        (lambda p: replace(p, host="other"), "it was cyc on h, is cyc on other"),
        (lambda p: replace(p, record_of="inc9"), "the incident on the host"),
        (lambda p: replace(p, steps=p.steps[:-1]), "not be done any more"),
        (lambda p: replace(p, steps=p.steps[::-1]), "another order"),
        (other_command, "was not proposed"),
        (other_value, "was not proposed"),
        (other_push, "what would be pushed"),
        (
            lambda p: replace(p, warnings=(*p.warnings, PlanWarning(severity=WarningLevel.BLOCK, text="disk full"))),
            "disk full",
        ),
    ],
)
def test_everything_that_is_not_as_proposed_is_said(change, words: str) -> None:  # type: ignore[no-untyped-def]
    assert any(words in line for line in proposal_valid.differences(PLAN, change(PLAN))), proposal_valid.differences(
        PLAN, change(PLAN)
    )
