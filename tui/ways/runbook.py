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
from tui.model.plan import Caution, Plan, Severity
from tui.model.release import Release, Source, Target, TargetKind, WayBack
from tui.model.service import Host, Service
from tui.ways import shared
from tui.ways.kept import Facts, Options

WAY = "runbook"
MEASURED = 18.0
"""seconds that the deploy of a tag took"""
ROLLBACK, TAGS = "ps:rollback", "tags:deploy"


def plan(service: Service, host: Host, target: Release, leaving: Release, facts: Facts, options: Options) -> Plan:
    """The plan that deploys the target's tag, or that leaves the choice to the host's own `ps:rollback`."""
    cautions = [
        Caution(
            severity=Severity.WARN,
            text="this command comes from a plugin of the host and proves nothing: only the service itself can say "
            "what runs afterwards",
        )
    ]
    if target.tag is not None:
        argv = commands.tags_deploy(service.app, target.tag)
        cautions.append(
            Caution(
                severity=Severity.WARN,
                text="not sticky: the next ps:restart or config:set starts the latest image again, which is that of "
                "the release that is left",
            )
        )
    else:
        argv = commands.ps_rollback(service.app)
    way = shared.Way(
        name=WAY, argv=argv, title=f"go back to {target.name}", expected=MEASURED, proves=False,
        cautions=tuple(cautions),
    )  # fmt: skip
    return shared.plan(service, host, target, leaving, facts, options, way)


def way_back(release: Release, host: Capabilities | None, tags: frozenset[str] | None) -> WayBack:
    """Whether the host's own commands lead to the release. `tags` None: they were not listed."""
    if host is None:
        return WayBack(way=WAY, available=False, reason="what this host can do could not be asked")
    if TAGS not in host.runbook:
        return WayBack(way=WAY, available=False, reason="this host has no tags:deploy")
    if tags is None:
        return WayBack(way=WAY, available=False, reason="the host's tags could not be listed")
    if release.tag is None or release.tag not in tags:
        return WayBack(way=WAY, available=False, reason="the host lists no tag for it")
    return WayBack(way=WAY, available=True, seconds=MEASURED, reason="proves nothing", sure=False)


def releases(app: str, tags: tuple[str, ...]) -> tuple[Release, ...]:
    """The releases that the host's tags name: only tags of the runbook's form, which carry their time."""
    return tuple(
        Release(app=app, tag=tag, image=f"dokku/{app}:{tag}", kept_at=at, origin=Source.TAGS)
        for tag in tags
        if (at := _time(tag)) is not None
    )


def named(app: str, target: Target, host: Capabilities | None) -> Release | None:
    """The previous release as the host's own `ps:rollback` understands it, where the host has that; else None."""
    if target.kind is not TargetKind.PREVIOUS or host is None or ROLLBACK not in host.runbook:
        return None
    words = "previous, as ps:rollback takes it"
    way = WayBack(way=WAY, available=True, seconds=MEASURED, reason="proves nothing", sure=False)
    return Release(app=app, said=words, origin=Source.NAMED, ways=(way,))


def _time(tag: str) -> datetime | None:
    try:
        return datetime.strptime(tag, "pre-deploy-%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
