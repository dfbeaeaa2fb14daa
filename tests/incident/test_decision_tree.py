"""The runbook's decision tree: every path through it, and what a path looks like half way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.incident.decision_tree import TREE, End, TreeQuestion, path

PATHS: tuple[tuple[dict[str, bool], End], ...] = (
    ({"healthy": False}, End.ROLLBACK),
    ({"healthy": True, "errors": False}, End.MONITOR),
    ({"healthy": True, "errors": True, "rate": True}, End.ROLLBACK),
    ({"healthy": True, "errors": True, "rate": False, "severe": True}, End.ROLLBACK),
    ({"healthy": True, "errors": True, "rate": False, "severe": False, "fixable": True}, End.FIX_FORWARD),
    ({"healthy": True, "errors": True, "rate": False, "severe": False, "fixable": False}, End.ROLLBACK),
)
ANSWERS = st.dictionaries(st.sampled_from([node.id for node in TREE]), st.booleans())


def walked() -> set[tuple[tuple[tuple[str, bool], ...], End]]:
    """Every way from the root to an end, by asking the tree itself."""
    found: set[tuple[tuple[tuple[str, bool], ...], End]] = set()
    waiting: list[dict[str, bool]] = [{}]
    while waiting:
        answers = waiting.pop()
        taken, here = path(answers)
        if isinstance(here, End):
            found.add((tuple((node.id, answer) for node, answer in taken), here))
        else:
            waiting += [answers | {here.id: True}, answers | {here.id: False}]
    return found


def test_the_tree_has_the_runbooks_paths_and_no_other() -> None:
    assert walked() == {(tuple(answers.items()), end) for answers, end in PATHS}


@pytest.mark.parametrize(("answers", "end"), PATHS)
def test_half_way_it_asks_the_next_question(answers: dict[str, bool], end: End) -> None:
    nodes = list(answers)
    for number, node in enumerate(nodes):
        taken, here = path({name: answers[name] for name in nodes[:number]})
        assert [n.id for n, _ in taken] == nodes[:number]
        assert isinstance(here, TreeQuestion) and here.id == node
    assert path(answers)[1] is end


@given(ANSWERS)
def test_answers_off_the_path_change_nothing(answers: dict[str, bool]) -> None:
    taken, here = path(answers)
    assert path({node.id: answer for node, answer in taken}) == (taken, here)
    assert all(answers[node.id] is answer for node, answer in taken)
    assert isinstance(here, End) or here.id not in answers


def test_a_node_leads_only_to_later_nodes() -> None:
    order = [node.id for node in TREE]
    for number, node in enumerate(TREE):
        for leads in (node.yes, node.no):
            assert isinstance(leads, End) or order.index(leads) > number
