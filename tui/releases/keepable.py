"""May what runs be kept? Only what is known for certain to run, and when it was put there."""

from datetime import datetime

from tui.model.errors import Refused
from tui.model.observation import UNHELD, RunningState


def known_to_run(current: RunningState) -> str:
    """The commit that is known to run: the team's, or Dokku's own of an image or archive. Raises Refused, with the
    reason, where it is not known for certain.

    The image `dokku/APP:latest` is only what runs after a deploy that succeeded: GIT_REV is written before a build, the
    metadata after its success, so the two agree only then. For images and archives see `RunningState.own_commit`.
    """
    if not current.serving and current.metadata is None:
        raise Refused(f"{current.app} was never deployed: there is nothing to keep", "deploy it first")
    if not current.serving:
        app = current.app
        fix = f"start it first: `ps:start {app}`, or `ps:scale {app} web=1` where the scale is 0; or deploy it"
        raise Refused(f"{app} runs nothing that could be kept", fix)
    if current.locked:
        raise Refused(
            f"a deploy of {current.app} is running",
            f"keep it when it has ended; if nobody deploys, one that died left its lock: apps:unlock {current.app}",
        )
    if current.half_way:
        raise Refused(
            f"a deploy of {current.app} died after it had put new containers there: what runs is not what Dokku names",
            "deploy a good release first",
        )
    commit = current.commit or current.own_commit
    if commit is None and current.source in UNHELD:
        raise Refused(
            f"{current.app}: what was deployed last is {_tried(current)}, and what runs was there before it or is of "
            "another: the image may be another one than what runs",
            "deploy a good image or archive first",
        )
    if commit is None:
        source = current.source or "unknown"
        raise Refused(
            f"{current.app} was deployed by {source}: what runs is known by no commit",
            "deploy it by git push, git:from-image or git:from-archive",
        )
    tagged = {c.named for c in current.containers if c.running and c.named.startswith(f"dokku/{current.app}:")}
    if others := sorted(tagged - {f"dokku/{current.app}:latest"}):
        raise Refused(
            f"{current.app} runs {', '.join(others)}, and a holder is filled from dokku/{current.app}:latest",
            "deploy a release first, by git push or as ever",
        )
    if len({c.image for c in current.containers if c.running}) > 1:
        raise Refused(f"the containers of {current.app} run different images", "deploy or restart it first")
    if current.git_rev is None:
        raise Refused(
            f"{current.app}: {commit[:10]} was deployed, and the host does not say which commit was tried last, so the "
            "image may be another one",
            f"where it was switched off (`git:report {current.app}`: Git rev env var): "
            f"git:set {current.app} rev-env-var GIT_REV, and an ordinary deploy of a good release",
        )
    if current.git_rev != commit:
        raise Refused(
            f"{current.app}: {commit[:10]} was deployed, but {current.git_rev[:10]} was tried after it, "
            "so the image may be another one",
            "deploy a good release first",
        )
    return commit


def _tried(current: RunningState) -> str:
    if current.source == "tar":
        return "an archive"
    return current.source_image or "an image"


def deployed_at(current: RunningState) -> datetime | None:
    """When what runs was put there: the best the host can tell of the deploy."""
    return max((c.deployed_at for c in current.running.values() if c.deployed_at), default=None)
