"""When a memory of kept releases is enough to name what runs, and which holders are read again where it is not."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.incident.facts import OTHER, current
from tui.dokku.holders import is_frozen
from tui.model.observation import Container, RunningState
from tui.model.release import Release
from tui.releases import what_runs
from tui.releases.remembered import doubtful, settles

OURS = "0" * 39 + "7"
"""a commit of this program: what a rollback pushed"""
KEPT = tuple(Release(app="cyc", number=n, holder=f"cyc--r{n}--pre-deploy-20261123-21000{n}") for n in (1, 2, 3))


def runs(commit: str, *labels: tuple[str | None, str | None], **more: Any) -> RunningState:
    """What runs, in a container for each pair of labels: release and attempt."""
    containers = tuple(
        Container(id=f"c{i}", process="web", index=i, image="i", running=True, release=release, attempt=attempt)
        for i, (release, attempt) in enumerate(labels or [(None, None)], 1)
    )
    known = {"metadata": commit, "git_rev": commit, "branch": "main", "tip": commit, "refs": (("main", commit),)}
    return replace(current(containers=containers), **{**known, **more})


@pytest.mark.parametrize(
    ("now", "numbers"),
    [
        (runs(OTHER), ()),
        (runs(OTHER, refs=(("main", OTHER), ("frozen-by-a", OURS))), ()),
        (runs("lab/cyc:2", source="docker-image"), ()),
        # a rollback brought it there: its label names the holder
        (runs(OURS, ("2", "a.1"), branch="frozen-by-a", tip=OURS), (2,)),
        (runs(OURS, ("2", "a.1"), ("2", "a.1"), tip=OTHER), (2,)),
        (runs(OURS, ("9", "a.1"), tip=OURS), (1, 2, 3)),
        # and where it does not
        (runs(OURS, ("2", "a.1"), ("3", "a.1")), (1, 2, 3)),
        (runs(OURS, ("2", "a.1"), (None, None)), (1, 2, 3)),
        (runs(OURS, ("2", None)), (1, 2, 3)),
        (runs(OURS, tip=OTHER), (1, 2, 3)),
        (runs(OURS, tip=None), (1, 2, 3)),
        (runs(OURS, containers=()), (1, 2, 3)),  # gone back to without a freeze, and down now
        (runs(OURS, branch="frozen-by-a"), (1, 2, 3)),
        (runs(OURS, containers=(), refs=(("main", OURS), ("frozen-by-a", OURS))), (1, 2, 3)),
    ],
)
def test_holders_are_read_again_wherever_a_mark_on_them_could_name_what_runs(
    now: RunningState, numbers: tuple[int, ...]
) -> None:
    assert tuple(r.number for r in doubtful(now, KEPT, is_frozen)) == numbers


def test_what_no_holder_needs_to_be_read_for_is_named_the_same_whatever_marks_they_got() -> None:
    """The rule itself: no commit of this program is missed, no matter which holder has it noted."""
    for now in (runs(OTHER), runs(OTHER, refs=(("main", OTHER), ("frozen-by-a", OURS)))):
        assert not doubtful(now, KEPT, is_frozen)
        marked = tuple(
            Release(app="cyc", number=r.number, holder=r.holder, served_as=(OURS,), bad="x", left_bad=((OTHER, "y"),))
            for r in KEPT
        )
        assert what_runs.running(KEPT, now).name == what_runs.running(marked, now).name
        assert what_runs.rebuilt(KEPT, now) == what_runs.rebuilt(marked, now)


def test_one_holder_settles_it_where_it_has_the_commit_noted_or_the_host_tried_nothing_since() -> None:
    now = runs(OURS, ("2", "a.1"), git_rev=OTHER, tip=OTHER)
    assert not settles(now, KEPT[1])
    assert settles(now, Release(app="cyc", number=2, served_as=(OURS,)))
    assert settles(runs(OURS, ("2", "a.1")), KEPT[1])
    assert not settles(runs(OURS, ("2", "a.1")), KEPT[2])
    assert not settles(runs(OURS), Release(app="cyc", number=2, served_as=(OURS,)))
