"""Known ways in which Dokku says no, from stderr or from the output of a push."""

from enum import StrEnum

from tui.model.outcome import Answer
from tui.model.text import clean, decode


class Refusal(StrEnum):
    """Why the host declined; the value is a sentence for people."""

    NOT_A_COMMAND = "this Dokku does not have that command"
    NO_SUCH_APP = "the app does not exist"
    LOCKED = "another deploy of this app is running"
    NAME_TAKEN = "the name is already taken"
    NO_IMAGE = "the holder's image is gone from the host"
    NO_CHANGES = "Dokku sees no change and did nothing"
    WRONG_BRANCH = "the push went to a branch that is not deployed"
    SEALED = "the holder is sealed and cannot be rebuilt"
    TASK_FAILED = "a release or deploy task failed; the old release serves"
    CHECK_FAILED = "the new container failed its health check; the old release serves"
    BUILD_FAILED = "the build failed; the old release serves"
    DISK_FULL = "the host's disk is full"
    INVALID_PROPERTY = "this Dokku does not know that property"


# the order matters: a failed pull also says that the build failed
_SIGNS: tuple[tuple[Refusal, tuple[str, ...]], ...] = (
    (Refusal.NOT_A_COMMAND, ("is not a dokku command",)),
    (Refusal.LOCKED, ("currently has a deploy lock in place",)),
    (Refusal.NAME_TAKEN, ("Name is already taken",)),
    (Refusal.DISK_FULL, ("no space left on device",)),
    (
        Refusal.NO_IMAGE,
        (
            "pull access denied",
            "manifest unknown",
            "not found: manifest",
            "failed to resolve source metadata",
            "registry-1.docker.io/v2/dokku/",
            "App image (dokku/",
        ),
    ),
    (Refusal.NO_CHANGES, ("No changes detected",)),
    (Refusal.WRONG_BRANCH, ("deploy did not complete, you must push to",)),
    (Refusal.SEALED, ("as there are no commits stored at that branch",)),
    (Refusal.TASK_FAILED, ("Execution of release task failed", "Execution of predeploy task failed", "task failed")),
    (Refusal.CHECK_FAILED, ("healthcheck failed", "Failure in name=", "failed to start", "failed checks (")),
    (Refusal.BUILD_FAILED, ("App build failed",)),
    (Refusal.INVALID_PROPERTY, ("Invalid property specified",)),
    (Refusal.NO_SUCH_APP, ("does not exist",)),
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
    return next((refusal for refusal, signs in _SIGNS if any(sign in text for sign in signs)), None)


def explain(refusal: Refusal) -> str:
    """A sentence for people."""
    return refusal.value
