"""The way back as others see it: a name, an offer, a plan. Each way is one file and one value in `ways.WAYS`."""

from typing import Protocol

from tui.model.host import Capabilities
from tui.model.plan import Plan
from tui.model.release import Release, Target, WayBack
from tui.model.service import Service
from tui.model.value import Value
from tui.ways.facts import Facts


class Seen(Value):
    """The facts that offers are made from."""

    commits: frozenset[str] | None = None
    """the newest commits of the app's repository; None: it could not be read"""
    host: Capabilities | None = None
    """what the host can do; None: it could not be asked"""
    source: str | None = None
    """the deploy source of what runs, or that the team's deploys had before a rollback; None: not known"""
    tags: tuple[str, ...] | None = None
    """the tags that the host's own `tags` lists, in its order; None: they were not listed"""
    images: frozenset[str] | None = None
    """every tag of the service's repository in the registry; None: the registry could not be asked"""


class Way(Protocol):
    """One way back. A way inherits from it, and says what is not as usual."""

    name: str
    """as services.yaml and `--way` call it, and as plans and journals keep it"""
    listed: bool = False
    """whether the host's own list of kept releases tells where it leads, so that no other source has to be asked"""
    shaped: bool = False
    """whether it pushes files of the target, so that the settings of the app's build decide on it"""
    deploys: bool = False
    """whether Dokku deploys what it leads to, so that it never serves where deploys are built and not started"""
    by_commit: bool = False
    """whether it wants a release by its commit, which it builds again"""

    def offer(self, release: Release, service: Service, seen: Seen) -> WayBack:
        """The way to the release: available at a cost in seconds, or not and why."""
        ...

    def unavailable(self, reason: str) -> WayBack:
        """The offer of a way that does not lead to a release, with the reason in words."""
        return WayBack(way=self.name, available=False, reason=reason)

    def plan(self, facts: Facts) -> Plan:
        """The plan that takes this way; a push lacks its commit's id, see `plan.with_commit`.

        Raises ValueError where the facts lack what the way's `offer` asks for.
        """
        ...

    def releases(self, service: Service, seen: Seen) -> tuple[Release, ...]:
        """The releases that only this way's own source names, in no particular order."""
        return ()

    def named(
        self, service: Service, target: Target, known: tuple[Release, ...], host: Capabilities | None
    ) -> Release | None:
        """The release that the person's word alone means to this way; None: it has to be among `known`."""
        return None

    def image(self, service: Service, target: Release) -> tuple[str, str] | None:
        """The repository and the tag whose digest the plan needs; None: the plan needs none.

        Raises Refused where it needs one and the release has none.
        """
        return None

    def surely_leads(self, target: Release) -> bool:
        """True if it was seen just now that this way leads to the target, as far as an offer cannot tell."""
        return True

    def seen_to_lead(self, target: Release) -> str:
        """The words for the person who plans, where it was seen just now that this way leads to the target."""
        found = target.by(self.name)
        return (found.reason if found is not None else "") or f"{self.name} leads there"
