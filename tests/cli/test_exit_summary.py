"""What is said when a command lets go of an incident leads on: every question has an end, and the freeze has one."""

import shlex
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.cli.test_exits import SENT
from tests.incident.facts import later, plan
from tui.cli import exit_summary, options
from tui.cli.commands.rollback import CLOSINGS
from tui.incident.postmortem.due import duty
from tui.model.incident import Question, State, StepRun

ASKED = [q for q in Question if q not in (Question.TARGET, Question.CONFIRM, Question.NOT_IN_ORDER)]


@pytest.mark.parametrize("question", ASKED)
def test_every_question_names_its_end_and_what_is_held_in_words_that_can_be_typed(question: Question) -> None:
    frozen = replace(plan(), frozen_branch="frozen-by-i", old_branch="main")
    said = exit_summary.onward(replace(SENT, plan=frozen, asking=question))
    assert "rollback resume i --close " in said and "rollback unfreeze api" in said
    for step in said.split(" · "):
        command = step[step.index("rollback ") :].partition(" (")[0].replace("RELEASE", "release:3")
        wanted = options.parse(shlex.split(command)[1:])
        assert wanted.close is None or wanted.close in CLOSINGS


def test_a_host_that_is_not_in_order_is_put_in_order_by_either_command() -> None:
    said = exit_summary.onward(replace(SENT, asking=Question.NOT_IN_ORDER))
    assert said.startswith("rollback resume i: ") and "rollback resume i --close not-recovered" in said
    assert "`rollback unfreeze api`" in said


def test_without_a_freeze_none_is_named() -> None:
    unfrozen = replace(SENT, plan=replace(plan(), frozen_branch=None), asking=Question.VERIFY_FAILED)
    assert "unfreeze" not in exit_summary.onward(unfrozen)


def test_what_is_open_held_and_due_is_said() -> None:
    frozen = replace(plan(), frozen_branch="frozen-by-i", old_branch="main")
    runs = (*SENT.runs, StepRun(step="freeze", started_at=later(3)))
    open_one = replace(SENT, plan=frozen, runs=runs, severity="P1", asking=None)
    assert list(exit_summary.left(open_one, duty(open_one, timedelta(hours=48)))) == [
        "open: incident i on api (assessing)",
        "frozen: deploys of cyc, until it is closed and `rollback unfreeze api`",
        "due: its post-mortem, counted from its close",
    ]


def test_nothing_is_said_to_go_on_that_does_not() -> None:
    assert "goes on at the host" in exit_summary.words(replace(SENT, asking=None))
    assert "nothing was sent yet" in exit_summary.words(replace(SENT, runs=SENT.runs[:1], asking=None))
    aborting = replace(SENT, plan=replace(plan(), outlives=False), asking=None)
    assert "aborted" in exit_summary.words(aborting)
    assert "nobody watches it" in exit_summary.words(replace(SENT, state=State.WATCHING, asking=None))
