"""The way back `script`: the team's own `rollback.sh`, run on this machine.

It gets the person's words (`previous`, `tag:…`) after the words that services.yaml has. What it does on the host
is its own affair, so it proves nothing; its exit code is a claim. Deploys are not held back meanwhile: it may push to
the deploy branch itself.
"""

import shlex

from msgspec.structs import replace

from tui.model.host import Capabilities
from tui.model.plan import Plan, PlanWarning, WarningLevel, Where
from tui.model.release import Release, Source, Target, WayBack, matches
from tui.model.service import Service
from tui.ways.facts import Facts
from tui.ways.plan import Deed, build, deploy
from tui.ways.way import Seen, Way

UNPROVEN = PlanWarning(
    severity=WarningLevel.WARN,
    text="what the script does is its own affair and proves nothing: only the service itself can say what "
    "runs afterwards",
)


class _Script(Way):
    """Runs the team's own script on this machine."""

    name = "script"

    def offer(self, release: Release, service: Service, seen: Seen) -> WayBack:
        """The way by the service's script, where it has one. Only the script knows which releases it reaches."""
        if not service.script:
            return self.unavailable("services.yaml names no script for the service")
        seconds = service.rollback.expected.total_seconds()
        words = "proves nothing; whether it knows this release it says"
        return WayBack(way=self.name, available=True, seconds=seconds, reason=words, sure=False)

    def named(
        self, service: Service, target: Target, known: tuple[Release, ...], host: Capabilities | None
    ) -> Release | None:
        """The release that the person's words mean to the script; None without a script, and for what runs already."""
        if not service.script or any(matches(target, r) and r.running for r in known):
            return None
        found = Release(app=service.app, said=f"{target}, as the script takes it", origin=Source.NAMED)
        return replace(found, ways=(self.offer(found, service, Seen()),))

    def plan(self, facts: Facts) -> Plan:
        """The plan that runs the script with the person's words. Raises ValueError where the service has none."""
        service = facts.service
        if not service.script:
            raise ValueError(f"{service.name} has no script")
        argv = (*service.script, facts.words)
        step = deploy(
            facts,
            argv,
            f"run {service.script[0]} on this machine",
            service.rollback.expected.total_seconds(),
            where=Where.LOCAL,
            line=shlex.join(argv),
        )
        return build(facts, Deed(way=self.name, step=step, proves=False, freezes=False, cautions=(UNPROVEN,)))


WAY = _Script()
