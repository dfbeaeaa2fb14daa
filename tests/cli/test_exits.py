"""The exit codes: what an incident, left where it stands, means to a script."""

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, current, later, plan
from tui.cli import exits
from tui.cli.exits import Exit
from tui.model import errors
from tui.model.incident import Closing, Incident, Question, State, StepResult, StepRun
from tui.model.verification import Verdict

BEGUN = Incident(id="i", service="api", app="cyc", host="h", by="me", opened_at=later(0), since=later(0), plan=plan())
SENT = replace(BEGUN, runs=(StepRun(step="record", started_at=later(1)), StepRun(step="push", started_at=later(2))))


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (Question.OUTCOME_UNKNOWN, Exit.UNKNOWN),
        (Question.VERIFY_FAILED, Exit.UNHEALTHY),
        (Question.WATCH_BREACHED, Exit.UNHEALTHY),
        (Question.VERIFY_INCONCLUSIVE, Exit.INCONCLUSIVE),
        (Question.WATCH_INCONCLUSIVE, Exit.INCONCLUSIVE),
        (Question.WHAT_NEXT, Exit.FAILED),
    ],
)
def test_what_is_asked_decides(question: Question, code: Exit) -> None:
    assert exits.of_incident(replace(SENT, asking=question)) is code


def test_after_the_first_write_letting_go_means_unknown() -> None:
    assert exits.of_incident(replace(BEGUN, asking=None)) is Exit.INTERRUPTED
    assert exits.of_incident(replace(SENT, asking=None)) is Exit.UNKNOWN


def test_a_failure_says_whether_anything_serves() -> None:
    failed = replace(SENT, asking=Question.WHAT_NEXT)
    assert exits.of_incident(replace(failed, latest=current(metadata=OTHER))) is Exit.FAILED
    assert exits.of_incident(replace(failed, latest=current(containers=()))) is Exit.OUTAGE


def test_closed_ones() -> None:
    done = replace(SENT, state=State.CLOSED, asking=None, verdict=Verdict.PASSED)
    assert exits.of_incident(replace(done, closing=Closing.UNWATCHED)) is Exit.DONE
    assert exits.of_incident(replace(done, closing=Closing.RECOVERED)) is Exit.DONE
    refused = replace(SENT.runs[0], result=StepResult.REFUSED)
    aborted = replace(BEGUN, state=State.CLOSED, asking=None, runs=(refused,), closing=Closing.ABORTED)
    assert exits.of_incident(aborted) is Exit.REFUSED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.AlreadyThere("x"), 9),
        (errors.TakenByOther("x"), 8),
        (errors.Refused("x"), 3),
        (errors.ConfigError("x"), 2),
        (errors.Unreachable("x"), 10),
        (errors.AuthRefused("x"), 10),
        (errors.HostKeyRefused("x"), 10),
    ],
)
def test_errors(error: errors.ConsoleError, code: int) -> None:
    assert exits.of_error(error) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Unreachable("x"), 5),
        (errors.UnexpectedReply("x"), 5),
        (errors.JournalError("x"), 5),
        (errors.Refused("x"), 5),
        (errors.Unfinished("x"), 5),
        (errors.Undone("x"), 3),
        (errors.AlreadyThere("x"), 9),
        (errors.TakenByOther("x"), 8),
    ],
)
def test_after_a_write_only_what_was_taken_back_is_nothing_changed(error: errors.ConsoleError, code: int) -> None:
    assert exits.of_error(error, wrote=True) == code


def test_a_refusal_is_not_nothing_changed_while_the_record_is_on_the_host() -> None:
    taken = replace(SENT.runs[0], result=StepResult.DONE)
    declined = replace(SENT.runs[1], result=StepResult.REFUSED)
    asked = replace(SENT, runs=(taken, declined), asking=Question.WHAT_NEXT)
    assert exits.of_incident(asked) is Exit.FAILED
    assert exits.of_incident(replace(asked, runs=(replace(taken, result=StepResult.REFUSED),))) is Exit.REFUSED


def test_every_code_has_a_word() -> None:
    assert len({exits.word(code) for code in Exit}) == len(Exit)
