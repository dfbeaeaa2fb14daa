"""The release that a restart would start: after a deploy that failed, not necessarily what serves.

Dokku gives a new image its name before it checks whether the container starts. When the start, a health check or a
task fails, the old container serves on, but `ps:restart`, `config:set` and `ps:scale` start the failed image (they
exit 1, and the old container serves still). Only a build that fails gives the name back. Measured on both versions.
"""

from tui.model.observation import RunningState

STARTS = "ps:restart, config:set or ps:scale"


def tried(current: RunningState) -> str | None:
    """The commit whose deploy was tried after what serves and did not succeed, where that is known.

    GIT_REV is written before a build and the metadata after a success; while a deploy is running they differ as well.
    """
    rev = current.git_rev
    return None if current.locked or not rev or current.commit in (None, rev) else rev


def risk(current: RunningState) -> str:
    """The warning for as long as it holds; empty where there is none, or none is known of."""
    rev = tried(current)
    if rev is None or current.commit is None:
        return ""
    if current.pods is not None:
        return (
            f"the last deploy attempt ({rev[:10]}) did not succeed; {current.commit[:10]} serves. Unless its build "
            "failed or rollback-on-failure is set, what serves has lost its config: its next restart starts it without "
            "any variable. Deploy a good release at once, although health is green"
        )
    return (
        f"the last deploy attempt ({rev[:10]}) did not succeed; {current.commit[:10]} serves. Unless its build failed, "
        f"{STARTS} would start the failed image: deploy a good release first"
    )


def after_failure(app: str) -> str:
    """The same, at the moment that a start, a check or a task has failed."""
    return f"; do not restart: {STARTS} of {app} would start the failed image until a release was deployed"
