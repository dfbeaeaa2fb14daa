"""The way back `runbook`: `tags:deploy APP TAG` and `ps:rollback APP`, on hosts whose plugins have them.

Stock Dokku has neither (0.35.15 and 0.38.27: "is not a dokku command"). What such a plugin really does is not known
here, so the way proves nothing: Dokku writes no metadata for an image that is deployed by its tag, and what
`ps:rollback` takes for the previous release is its own affair. Only the service itself can say what it is (`identity`).
An image deployed by its tag is not sticky: the next `ps:restart` or `config:set` starts `:latest` again. Time: that of
`deploy APP TAG`, measured 16-18 s on 0.35.15, 28-33 s on a loaded 0.38.27.
"""

from datetime import UTC, datetime

from tui.dokku import commands
from tui.model.host import Capabilities
from tui.model.plan import Plan, PlanWarning, WarningLevel
from tui.model.release import Release, Source, Target, TargetKind, WayBack
from tui.model.service import Service
from tui.ways.facts import Facts
from tui.ways.plan import Deed, build, deploy
from tui.ways.way import Seen, Way

MEASURED = 18.0
"""seconds that the deploy of a tag took"""
ROLLBACK, TAGS = "ps:rollback", "tags:deploy"


class _Runbook(Way):
    """Runs the commands of the runbook, where a plugin of the host has them."""

    name = "runbook"

    def offer(self, release: Release, service: Service, seen: Seen) -> WayBack:
        """The way to the release by its tag on the host."""
        if seen.host is None:
            return self.unavailable("what this host can do could not be asked")
        if TAGS not in seen.host.runbook:
            return self.unavailable("this host has no tags:deploy")
        if seen.tags is None:
            return self.unavailable("the host's tags could not be listed")
        if release.tag is None or release.tag not in seen.tags:
            return self.unavailable("the host lists no tag for it")
        return self._unproven()

    def _unproven(self) -> WayBack:
        return WayBack(way=self.name, available=True, seconds=MEASURED, reason="proves nothing", sure=False)

    def releases(self, service: Service, seen: Seen) -> tuple[Release, ...]:
        """The releases that the host's tags name: only tags of the runbook's form, which carry their time."""
        return tuple(
            Release(app=service.app, tag=tag, image=f"dokku/{service.app}:{tag}", kept_at=at, origin=Source.TAGS)
            for tag in seen.tags or ()
            if (at := _time(tag)) is not None
        )

    def named(
        self, service: Service, target: Target, known: tuple[Release, ...], host: Capabilities | None
    ) -> Release | None:
        """The previous release as the host's own `ps:rollback` understands it, where the host has that; else None."""
        if target.kind is not TargetKind.PREVIOUS or host is None or ROLLBACK not in host.runbook:
            return None
        words = "previous, as ps:rollback takes it"
        return Release(app=service.app, said=words, origin=Source.NAMED, ways=(self._unproven(),))

    def plan(self, facts: Facts) -> Plan:
        """The plan that deploys the target's tag, or that leaves the choice to the host's own `ps:rollback`."""
        target, app = facts.target, facts.service.app
        argv, cautions = commands.ps_rollback(app), [UNPROVEN]
        if target.tag is not None:
            argv, cautions = commands.tags_deploy(app, target.tag), [UNPROVEN, NOT_STICKY]
        step = deploy(facts, argv, f"go back to {target.name}", MEASURED)
        return build(facts, Deed(way=self.name, step=step, proves=False, cautions=tuple(cautions)))


WAY = _Runbook()
UNPROVEN = PlanWarning(
    severity=WarningLevel.WARN,
    text="this command comes from a plugin of the host and proves nothing: only the service itself can say "
    "what runs afterwards",
)
NOT_STICKY = PlanWarning(
    severity=WarningLevel.WARN,
    text="not sticky: the next ps:restart or config:set starts the latest image again, which is that of "
    "the release that is left",
)


def _time(tag: str) -> datetime | None:
    try:
        return datetime.strptime(tag, "pre-deploy-%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
