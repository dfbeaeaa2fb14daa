"""The questions that only people can answer, asked when it is over: what made it happen, who saw it, what to learn.

The document, the terminal and the console ask them in these words and in this order. No one asks who is to blame.
"""

from typing import NamedTuple

from tui.incident.postmortem.record import Record
from tui.model.postmortem import Fact, Field


class AskedAfterwards(NamedTuple):
    """One question, and where its answer goes."""

    field: Field
    name: str
    """of the fact, for tools and for a team's own template"""
    title: str
    asked: str
    """the question, also what a gap says"""


QUESTIONS = (
    AskedAfterwards(
        Field.TRIGGER, "trigger", "Trigger", "what set it off: a deploy, a change of configuration, load, a date"
    ),
    AskedAfterwards(
        Field.NOTICED, "detection", "Detection", "who noticed it, and how: an alert, a customer, by chance"
    ),
    AskedAfterwards(Field.SOONER, "sooner", "How it could have been noticed sooner", "what would have shown it sooner"),
    AskedAfterwards(
        Field.FACTORS, "contributing_factors", "Contributing factors", "what else had to be so for this to happen"
    ),
    AskedAfterwards(Field.WENT_WELL, "went_well", "What went well", "what worked, and should stay as it is"),
    AskedAfterwards(
        Field.LUCKY, "lucky", "Where we got lucky", "what might have gone wrong as well, and happened not to"
    ),
    AskedAfterwards(Field.SURPRISED, "surprised", "Why we were surprised", "what we believed before that was not so"),
    AskedAfterwards(Field.THANKS, "thanks", "People to thank", "who helped, and with what"),
)
TITLES = {question.name: question.title for question in QUESTIONS}


def answers(record: Record) -> tuple[Fact, ...]:
    """A fact for each question, in their order: the person's words, or the gap that they would fill."""
    return tuple(record.said(question.name, question.field, question.asked) for question in QUESTIONS)
