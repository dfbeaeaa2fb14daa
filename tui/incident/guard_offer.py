"""Is a guard offered for what went live? Only for a release that came while somebody looked, and nothing here explains.

Two looks say that another release runs. It is explained by a rollback (its label, an incident that wrote, a record on
the host at either look), or by a guard that follows it. What is not known is no reason to ask a person for anything: a
deploy at work, an app that runs nothing and a state without a name are not compared.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec.structs import replace

from tui.model.guard import deploy_of
from tui.model.incident import Incident
from tui.model.observation import RunningState
from tui.model.value import Value


class Holding(StrEnum):
    """The kinds of record that an app may have on its host."""

    NOBODY = "nobody"
    """none, or a guard's claim that is over"""
    GUARD = "guard"
    FREEZE = "freeze"
    INCIDENT = "incident"


class AppLook(Value):
    """One look at an app: what runs, and who has it."""

    current: RunningState
    holding: Holding = Holding.NOBODY
    followed: str | None = None
    """the deploy that the record's guard follows, or followed"""


class GuardOffer(Value):
    """A release that went live while somebody looked, and what ran before it."""

    left: RunningState
    """as it was seen last"""
    now: RunningState
    """as it was seen first"""

    @property
    def deploy(self) -> str:
        """The deploy as a guard's claim names it."""
        return deploy_of(self.now)

    @property
    def live_at(self) -> datetime:
        """When it went live, as far as that is known: between both looks, by the host's word on its containers."""
        made = [c.deployed_at for c in self.now.running.values() if c.deployed_at is not None]
        return min(max(max(made, default=self.now.at), self.left.at), self.now.at)


class OfferState(Value):
    """The memory of one app between looks."""

    known: RunningState | None = None
    """what ran at the last look that could be compared"""
    holding: Holding = Holding.NOBODY
    """who had the app at the last look"""
    offer: GuardOffer | None = None


def seen(state: OfferState, look: AppLook) -> OfferState:
    """The memory after one more look."""
    now, offer = look.current, state.offer
    if offer is not None and (look.followed == offer.deploy or look.holding in (Holding.FREEZE, Holding.INCIDENT)):
        offer = None  # it is followed, or somebody is at work on what it did
    if not comparable(now):
        return replace(state, holding=look.holding, offer=offer)
    if state.known is not None and another(state.known, now):
        offer = GuardOffer(left=state.known, now=now)
        by_hand = look.holding in (Holding.FREEZE, Holding.INCIDENT) or state.holding is Holding.INCIDENT
        if by_hand or look.followed == offer.deploy or went_back(offer):
            offer = None
    return OfferState(known=now, holding=look.holding, offer=offer)


def comparable(current: RunningState) -> bool:
    """True if it is known what runs, and that no deploy is at work on it."""
    named = current.metadata is not None and not current.half_way
    return current.serving and named and (not current.locked or current.stale_lock)


def another(before: RunningState, now: RunningState) -> bool:
    """True if another release runs. A restart is none, nor another number of processes; a rebuild is one."""
    if before.metadata != now.metadata:
        return True
    then, later = before.running, now.running
    images = [(then[key].image, later[key].image) for key in then.keys() & later.keys()]
    return bool(images) and all(old and new and old != new for old, new in images)


def went_back(offer: GuardOffer) -> bool:
    """True if a rollback brought it: its containers carry another attempt than what ran before."""
    return offer.now.attempt not in (None, offer.left.attempt)


def explained(offer: GuardOffer, incidents: Iterable[Incident]) -> bool:
    """True if one of these incidents of the app brought the release, or guards it."""
    meanwhile = (one for one in incidents if one.open or one.since >= offer.left.at)
    return any(one.wrote or (one.guard is not None and one.guard.deploy == offer.deploy) for one in meanwhile)


def stands(offer: GuardOffer, look: AppLook, now: datetime, longest: timedelta) -> bool:
    """True if it may be offered now: nobody has the app, no deploy is at work, and it is not long ago."""
    if now - offer.live_at > longest or look.holding is not Holding.NOBODY:
        return False
    return comparable(look.current) and not another(offer.now, look.current)
