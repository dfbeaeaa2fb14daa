"""The post-mortem's questions at a terminal: what is missing, one by one, each answer on record before the next."""

from typing import cast

import pytest

from tests.incident import stories
from tests.incident.stories import Said
from tui.cli import postmortem_questions as asking
from tui.cli.narrate import Narrator
from tui.engine.engine import Engine
from tui.engine.notify.postmortem import check_dates
from tui.incident.postmortem.looking_back import QUESTIONS
from tui.model.errors import Refused
from tui.model.incident import Incident
from tui.model.postmortem import Field


class Terminal:
    """A person who answers what they know and presses Enter otherwise."""

    def __init__(self, answers: dict[str, list[str]], *, interactive: bool = True) -> None:
        self.interactive, self.quiet = interactive, False
        self.answers = answers
        self.asked: list[str] = []
        self.told: list[str] = []

    async def ask(self, question: str) -> str:
        self.asked.append(question)
        for begin, said in self.answers.items():
            if question.strip().startswith(begin) and said:
                return said.pop(0)
        return ""

    def insist(self, text: str = "", colour: str = "") -> None:
        self.told.append(text)


class Journal:
    """The engine, as far as it is asked: one incident, and what was put on record of it."""

    def __init__(self, incident: Incident) -> None:
        self.incident = incident
        self.postmortems = self
        self.noted: list[tuple[Field, str]] = []

    async def read(self, identity: str) -> Incident:
        return self.incident

    async def note(self, identity: str, field: Field, text: str) -> None:
        self.noted.append((field, text))


async def play(
    answers: dict[str, list[str]], said: list[Said] | None = None, *, interactive: bool = True
) -> tuple[Terminal, Journal]:
    terminal = Terminal(answers, interactive=interactive)
    journal = Journal(stories.read(stories.whole() if said is None else said).incident)
    await asking.asked(cast(Engine, journal), "inc1", cast(Narrator, terminal))
    return terminal, journal


def test_every_question_of_the_document_is_asked() -> None:
    assert {question.field for question in QUESTIONS} < {field for field, _, _ in asking.ASKED}


async def test_answers_are_put_on_record_and_enter_leaves_one_for_later() -> None:
    answers = {
        "13 questions": ["y"],
        "Trigger": ["a deploy"],
        "Action item": ["bound it; soon | or later", "alert"],
        "who does it?": ["dana", ""],
        "until when?": ["soon", "2026-12-05"],
        "People to thank": ["Sam"],
    }
    terminal, journal = await play(answers)
    first = "bound it, soon / or later | dana | 2026-12-05"
    assert journal.noted == [
        (Field.TRIGGER, "a deploy"),
        (Field.ACTIONS, first),
        (Field.ACTIONS, f"{first}\nalert |  | "),
        (Field.THANKS, "Sam"),
    ]
    assert any("'soon' is no date" in line for line in terminal.told)
    assert len(terminal.asked) > len(asking.ASKED)


@pytest.mark.parametrize("answer", ["", "n", "later"])
async def test_nothing_more_is_asked_of_whoever_wants_to_read_only(answer: str) -> None:
    terminal, journal = await play({"13 questions": [answer]})
    assert (len(terminal.asked), journal.noted) == (1, [])


async def test_nobody_is_asked_without_a_terminal_nor_while_it_goes_on() -> None:
    assert (await play({}, interactive=False))[0].asked == []
    assert (await play({}, stories.whole()[:6]))[0].asked == []


@pytest.mark.parametrize("due", ["soon", "2026-13-01", "5.12.", "2026-12-05T10:00"])
def test_an_action_item_whose_date_is_none_is_refused(due: str) -> None:
    with pytest.raises(Refused, match="is no date"):
        check_dates(f"alert; bound it | dana | {due}")


def test_action_items_without_a_date_are_taken() -> None:
    check_dates("alert; bound it | dana; test | dana | 2026-12-05; a | b | c | d")
