"""Known ways in which Dokku says no, from stderr or from the output of a push."""

import re
from enum import StrEnum

from tui.model.outcome import Answer
from tui.text.clean import clean, decode


class Refusal(StrEnum):
    """Why the host declined; the value is a sentence for people."""

    NOT_A_COMMAND = "this Dokku does not have that command"
    NO_SUCH_APP = "the app does not exist"
    LOCKED = "another deploy of this app is running"
    NAME_TAKEN = "the name is already taken"
    NO_IMAGE = "the image is gone from the host, and cannot be pulled"
    NO_CHANGES = "Dokku sees no change and did nothing"
    WRONG_BRANCH = "the push went to a branch that is not deployed"
    SEALED = "the holder is sealed and cannot be rebuilt"
    TASK_FAILED = "a release or deploy task failed; the old release serves"
    CHECK_FAILED = "the new container failed its health check; the old release serves"
    HELM_BUSY = "another Helm operation on the app is under way, or one died and nobody ended it: nothing was changed"
    PODS_FAILED = (
        "the new pods did not become ready in time; the old ones serve on and have lost their config: their next "
        "restart starts them without any variable, so deploy a good release at once"
    )
    PODS_BACK = "the new pods did not become ready in time; Helm went back to the old release, with its config"
    NO_CLUSTER = "the Dokku host cannot reach its Kubernetes cluster"
    BUILD_FAILED = "the build failed; the old release serves"
    DISK_FULL = "the host's disk is full"
    INVALID_PROPERTY = "this Dokku does not know that property"
    NOT_DEPLOYED = "the app was never deployed"
    ROOT_ONLY = "only root may run that on the host"
    REF_MOVED = "the branch moved while the host was at work; what was sent may serve nevertheless"


LEAVES_ITS_IMAGE = (Refusal.CHECK_FAILED, Refusal.TASK_FAILED, Refusal.PODS_FAILED, Refusal.PODS_BACK)
"""failures after the build: `dokku/APP:latest` is the failed image from then on, though the old container serves"""
_SAID = r"^\s*!\s.*"
"""how Dokku begins a line of its own, so that an app's or a build's output is not taken for Dokku's word"""
# the order matters: a failed pull also says that the build failed, a build that failed also that the push was declined
_SIGNS = tuple(
    (refusal, re.compile(pattern, re.MULTILINE))
    for refusal, pattern in (
        (Refusal.NOT_A_COMMAND, _SAID + "is not a dokku command"),
        (Refusal.LOCKED, _SAID + "currently has a deploy lock in place"),
        (Refusal.NAME_TAKEN, _SAID + "Name is already taken"),
        (Refusal.REF_MOVED, "cannot lock ref 'refs/heads/|failed to update ref"),
        (Refusal.DISK_FULL, "no space left on device"),
        (
            Refusal.NO_IMAGE,
            "pull access denied|manifest unknown|not found: manifest|failed to resolve source metadata"
            "|registry-1\\.docker\\.io/v2/dokku/|Failed to pull image|" + _SAID + r"App image \(dokku/",
        ),
        (Refusal.NO_CHANGES, _SAID + "No changes detected"),
        (Refusal.WRONG_BRANCH, "WARNING: deploy did not complete, you must push to"),
        (Refusal.SEALED, "Cannot build from '[^']*' as there are no commits stored at that branch"),
        (Refusal.HELM_BUSY, _SAID + r"another operation \(install/upgrade/rollback\) is in progress"),
        (Refusal.NO_CLUSTER, _SAID + "kubernetes api not available"),
        (Refusal.PODS_BACK, _SAID + "Error deploying: .*has been rolled back due to atomic"),
        (Refusal.PODS_FAILED, _SAID + "Error deploying: .*context deadline"),
        (Refusal.TASK_FAILED, _SAID + "task failed"),
        (
            Refusal.CHECK_FAILED,
            r"healthcheck failed|Failure in name=|failed checks \(|^\S*/bin/scheduler-deploy-process-container \S",
        ),
        (Refusal.BUILD_FAILED, _SAID + "App build failed"),
        (Refusal.INVALID_PROPERTY, _SAID + "Invalid property specified"),
        (Refusal.NOT_DEPLOYED, _SAID + r"App \S+ has not been deployed"),
        (Refusal.NO_SUCH_APP, _SAID + r"App \S+ does not exist"),
        (Refusal.ROOT_ONLY, _SAID + "This command must be run as root"),
    )
)


def read(said: Answer | bytes) -> Refusal | None:
    """The refusal in an answer, or in the output of a push; None where none is known."""
    if isinstance(said, Answer):
        if said.ok:
            return None
        text = decode(said.stderr + b"\n" + said.stdout)
    else:
        text = decode(said)
    text = clean(text)
    return next((refusal for refusal, sign in _SIGNS if sign.search(text)), None)


def explain(refusal: Refusal) -> str:
    """A sentence for people."""
    return refusal.value


_FIXES = {
    Refusal.NOT_A_COMMAND: "choose a way back that this host has",
    Refusal.NO_SUCH_APP: "compare the app's name in services.yaml with `apps:list`",
    Refusal.LOCKED: "wait for its end (`apps:locked APP`), then try again",
    Refusal.NAME_TAKEN: "somebody was faster: look at who has the incident",
    Refusal.NO_IMAGE: "choose another release: this one cannot be started any more",
    Refusal.NO_CHANGES: "`ps:rebuild APP` starts again what was deployed last",
    Refusal.WRONG_BRANCH: "push to the branch that the host names, or unfreeze",
    Refusal.SEALED: "this is meant: a holder retains an image and is never built",
    Refusal.TASK_FAILED: "look at its output; without --run-tasks it does not run",
    Refusal.CHECK_FAILED: "look at the output of the push: the container's log is gone with it",
    Refusal.HELM_BUSY: "wait a few minutes and try again; where it stays so, an admin of the cluster has to end it",
    Refusal.PODS_FAILED: "deploy a good release at once; scheduler-k3s:set APP rollback-on-failure true prevents it",
    Refusal.PODS_BACK: "look at the output of the push",
    Refusal.NO_CLUSTER: "is the cluster up? Nothing of the app can be seen or changed until then",
    Refusal.BUILD_FAILED: "look at the output of the push",
    Refusal.DISK_FULL: "make room on the host (`docker system df`), keeping the holders' images",
    Refusal.INVALID_PROPERTY: "the host's version has another way of setting this",
    Refusal.NOT_DEPLOYED: "deploy it first",
    Refusal.ROOT_ONLY: "ask whoever has root on the host",
    Refusal.REF_MOVED: "look at what runs before anything else",
}


def fix(refusal: Refusal) -> str:
    """What to do now."""
    return _FIXES[refusal]
