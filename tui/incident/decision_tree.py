"""The runbook's decision tree as data: five questions, three ends.

A node is answered by evidence where there is some (health, error rate, severity) and by the person where there is none
(are users affected, can it be fixed within the hour). Answers are the incident's; this file only says where they lead.
"""

from collections.abc import Mapping
from enum import StrEnum

from tui.model.value import Value


class End(StrEnum):
    """An end of the tree."""

    ROLLBACK = "roll back"
    MONITOR = "monitor"
    """for ten minutes; no issues: the deployment is complete"""
    FIX_FORWARD = "fix forward"


class TreeQuestion(Value):
    """One question. `yes` and `no` name the next node or an end."""

    id: str
    question: str
    yes: "str | End"
    no: "str | End"


TREE: tuple[TreeQuestion, ...] = (
    TreeQuestion(id="healthy", question="Is the service healthy?", yes="errors", no=End.ROLLBACK),
    TreeQuestion(id="errors", question="Are there user-facing errors?", yes="rate", no=End.MONITOR),
    TreeQuestion(id="rate", question="More than {rate} of requests?", yes=End.ROLLBACK, no="severe"),
    TreeQuestion(id="severe", question="Is it P1 or P2?", yes=End.ROLLBACK, no="fixable"),
    TreeQuestion(id="fixable", question="Can it be fixed in under an hour?", yes=End.FIX_FORWARD, no=End.ROLLBACK),
)
_NODES = {node.id: node for node in TREE}


def path(answers: Mapping[str, bool]) -> tuple[tuple[tuple[TreeQuestion, bool], ...], TreeQuestion | End]:
    """The nodes that are answered, from the root, and what comes next: a question or an end."""
    taken: list[tuple[TreeQuestion, bool]] = []
    here: str | End = TREE[0].id
    while not isinstance(here, End):
        node = _NODES[here]
        if node.id not in answers:
            return tuple(taken), node
        taken.append((node, answers[node.id]))
        here = node.yes if answers[node.id] else node.no
    return tuple(taken), here
