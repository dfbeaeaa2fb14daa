"""What this machine remembers of kept releases, and when that is not enough to name what runs.

What a holder retains is written once, so that its commit and image can be remembered. Which commits of this program
brought it back is noted on it later, perhaps from another machine: wherever that could decide what the release that
runs is called, it is read again. It cannot where containers run, none of them carries a label of this program, and what
serves is the tip of the team's own branch: then no rollback brought it there.
"""

from collections.abc import Callable

from tui.model.observation import RunningState
from tui.model.release import Release


def doubtful(
    current: RunningState, remembered: tuple[Release, ...], is_frozen: Callable[[str | None], bool]
) -> tuple[Release, ...]:
    """Those of the remembered releases whose holders have to be read again before what runs can be named.

    `is_frozen` tells of a branch whether it is one of this program's. Where every container carries one attempt's label
    it is the one that the label names, see `settles`.
    """
    labels = {c.release for c in current.containers if c.running}
    if current.attempt is not None and len(labels) == 1:
        return tuple(r for r in remembered if str(r.number) in labels) or remembered
    labelled = any(c.release or c.attempt for c in current.containers)
    if labelled or current.silent or not current.serving or is_frozen(current.branch):
        return remembered
    if current.commit is None:
        return ()
    pushed = {tip for branch, tip in current.refs if is_frozen(branch)}
    return () if current.tip == current.commit and current.commit not in pushed else remembered


def settles(current: RunningState, read: Release) -> bool:
    """True if a holder that was just read says by itself that its release runs."""
    commit = current.commit
    return (
        current.attempt is not None
        and commit is not None
        and {c.release for c in current.containers if c.running} == {str(read.number)}
        and (read.is_commit(commit) or commit == current.git_rev)
    )
