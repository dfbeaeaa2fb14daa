"""Taking everything of this program away from a host again: the holders of an app, and what is left of its incidents.

Nothing is taken while an incident is open, and nothing that is not certainly ours: `Keeper.destroy` looks at the name,
at the config and at whether the app was ever deployed. A frozen app has to be unfrozen first, because its record holds
the team's deploy branch.
"""

from collections.abc import Callable

from tui.dokku import commands
from tui.dokku import holders as kept
from tui.engine.hosts import incident_record
from tui.engine.hosts.connections import HostConnections, UnexpectedReply
from tui.engine.releases import catalog
from tui.engine.releases.keeper import Keeper
from tui.model.errors import LinkError, Refused, TakenByOther
from tui.model.release import Release
from tui.model.service import Service
from tui.model.value import Value
from tui.releases import choose_release


class Removal(Value):
    """The apps that would go: shown before anything does."""

    service: str
    app: str
    host: str
    holders: tuple[Release, ...] = ()
    records: tuple[str, ...] = ()
    """records and locks that nobody needs any more"""

    @property
    def names(self) -> tuple[str, ...]:
        """The apps on the host, in the order in which they go."""
        return (*(r.holder for r in self.holders if r.holder), *self.records)


class Removed(Value):
    """The apps that went, and those that stay with the reason."""

    gone: tuple[str, ...] = ()
    stays: tuple[tuple[str, str], ...] = ()
    """what is left, or may be, and why"""


async def plan(links: HostConnections, service: Service, now_stale: Callable[[kept.IncidentRecord], bool]) -> Removal:
    """The apps that there are to remove. Raises TakenByOther, Refused, LinkError, UnexpectedReply."""
    found = await catalog.listing(links, service)
    if found.record is not None and found.record.frozen:
        branch = found.record.deploy_branch or "unknown"
        raise Refused(
            f"{service.app} is frozen, and its record holds the deploy branch {branch}",
            f"rollback unfreeze {service.name}",
        )
    if found.record is not None and not now_stale(found.record):
        who = found.record.by or "somebody"
        raise TakenByOther(
            f"{who} has incident {found.record.incident or 'unknown'} on {service.app}", "close it first"
        )
    names = await catalog.names(links, service.host)
    ours = (kept.incident_record(service.app), kept.takeover_lock(service.app))
    return Removal(
        service=service.name,
        app=service.app,
        host=service.host,
        holders=tuple(r for r in reversed(choose_release.newest_first(found.releases)) if r.holder is not None),
        records=tuple(name for name in ours if name in names),
    )


async def remove(links: HostConnections, keeper: Keeper, wanted: Removal, say: Callable[[str], None]) -> Removed:
    """Destroy what the plan names, one after the other; one that is refused does not keep the others.

    What cannot be asked for any more ends it: with an error where nothing is gone yet, else what is left is named.
    """
    gone: list[str] = []
    stays: list[tuple[str, str]] = []
    for name in wanted.names:
        try:
            if kept.is_record(name):
                await incident_record.remove(links, wanted.host, name)
            else:
                await keeper.destroy(wanted.host, name)
        except (Refused, UnexpectedReply, LinkError) as error:
            # explained by test_a_host_that_is_gone_before_anything_went_is_an_error_and_after_that_a_rest
            if isinstance(error, LinkError) and not gone:
                raise
            may = isinstance(error, UnexpectedReply) and error.unsure
            stays.append((name, error.message))
            say(f"{name} {'may be there still' if may else 'stays'}: {error.message}")
        else:
            gone.append(name)
            say(f"{name} is gone")
    return Removed(gone=tuple(gone), stays=tuple(stays))


def lines(wanted: Removal) -> tuple[str, ...]:
    """The commands, as a person reads them before agreeing."""
    return tuple(" ".join(commands.apps_destroy(name)) for name in wanted.names)
