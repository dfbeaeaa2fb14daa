"""May what runs be left by the word `previous`? Asked before a plan is made; a person's own word goes on."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tui.engine.releases.catalog import Listing
from tui.model.release import Release
from tui.model.service import Host, Service
from tui.releases import restart_risk, what_runs
from tui.ways import previous_twice, redeploy_current

Answers = Callable[[Service], Awaitable[bool]]
"""whether a service is healthy at one of a few looks"""


def not_further(service: Service, found: Listing, mine: str, now: datetime, longest: timedelta) -> None:
    """Raises Refused where what runs came back a moment ago by the rollback of another incident than `mine`."""
    held = previous_twice.refusal(service.name, found.releases, found.current, found.record, now, longest)
    if held is not None and held[0].incident != mine:
        raise held[1]


async def never_live(service: Service, host: Host, found: Listing, running: Release, answers: Answers) -> str:
    """That the last deploy never went live and what runs is healthy, with the words that change nothing else; empty
    where it is not so, or not known to be so."""
    tried = restart_risk.tried(found.current)
    if tried is None or what_runs.rebuilt(found.releases, found.current) or not await answers(service):
        return ""
    cure = redeploy_current.cure(service, host, running)
    return (
        f"the last deploy ({restart_risk.named(tried)}) never went live: what runs is the old release, {running.name}, "
        f"and it is healthy. To leave it running and make restarts safe again: {cure}"
    )
