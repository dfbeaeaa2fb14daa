"""A guarded deploy: what was agreed before it, and what went live."""

import re
from datetime import timedelta
from enum import StrEnum

from tui.model.observation import RunningState
from tui.model.value import Value


class OnBreach(StrEnum):
    """The actions of a guard when the release that went live is worse, from the least to the most."""

    TELL = "tell"
    ASK = "ask"
    ROLL_BACK = "roll-back"

    @property
    def rank(self) -> int:
        """The higher, the more it may do."""
        return list(OnBreach).index(self)


class GuardSpec(Value):
    """The limit that a service sets to its guards."""

    on_breach: OnBreach = OnBreach.TELL


class GuardedDeploy(Value):
    """The deploy that an incident guards."""

    deploy: str
    """the metadata of what went live; on the host as `_DEPLOY`"""
    on_breach: OnBreach
    length: timedelta
    left: str | None = None
    """the commit that ran before, where the guard saw the change"""
    healthy_before: bool = False
    """whether that was seen healthy right before"""
    machine: str = ""
    """where the journal is"""


def deploy_of(current: RunningState) -> str:
    """The deploy that runs, as a claim on the host names it: one word."""
    return re.sub(r"\s+", "_", current.metadata or "unknown")
