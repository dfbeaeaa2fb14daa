"""The release that a restart would start: after a deploy that failed, not necessarily what serves.

Dokku gives a new image its name before it checks whether the container starts. When the start, a health check or a
task fails, the old container serves on, but `ps:restart`, `config:set` and `ps:scale` start the failed image (they
exit 1, and the old container serves still). Only a build that fails gives the name back. Measured on both versions.
"""

import re

from tui.model.observation import RunningState

STARTS = "ps:restart, config:set or ps:scale"


def tried(current: RunningState) -> str | None:
    """The commit or image whose deploy was tried after what serves and did not succeed, where that is known.

    GIT_REV and the source image are written before a build and the metadata after a success; while a deploy is running
    they differ as well. An archive's metadata is always `--`: there the deploy branch was written after what serves was
    put there.
    """
    if current.locked:
        return None
    if current.source == "docker-image":
        return current.source_image if current.source_image not in ("", current.metadata) else None
    if current.source == "tar":
        return current.git_rev if _overtaken(current) else None
    rev = current.git_rev
    return None if not rev or current.commit in (None, rev) else rev


def _overtaken(current: RunningState) -> bool:
    """True if an archive came after the one that serves. Dokku puts the branch back where a check fails (recorded)."""
    made = [c.created_at for c in current.running.values()]
    known = current.tip is not None and current.updated_at is not None and bool(made) and None not in made
    return known and current.own_commit is None and not current.half_way


def named(tried: str) -> str:
    """A commit cut to what people read, or an image's name."""
    return tried[:10] if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", tried) else tried


def serves(current: RunningState) -> str:
    """What serves, in a word, for a sentence about what was tried after it."""
    if current.commit is not None:
        return current.commit[:10]
    return (current.metadata if current.source == "docker-image" else None) or "what was there before"


def risk(current: RunningState) -> str:
    """The warning for as long as it holds; empty where there is none, or none is known of."""
    rev = tried(current)
    if rev is None:
        return ""
    if current.pods is not None:
        return (
            f"the last deploy attempt ({named(rev)}) did not succeed; {serves(current)} serves. Unless its build "
            "failed or rollback-on-failure is set, what serves has lost its config: its next restart starts it without "
            "any variable. Deploy a good release at once, although health is green"
        )
    return (
        f"the last deploy attempt ({named(rev)}) did not succeed; {serves(current)} serves. Unless its build failed, "
        f"{STARTS} would start the failed image: deploy a good release first"
    )


def after_failure(app: str) -> str:
    """The same, at the moment that a start, a check or a task has failed."""
    return f"; do not restart: {STARTS} of {app} would start the failed image until a release was deployed"
