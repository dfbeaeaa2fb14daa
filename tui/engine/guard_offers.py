"""Which deploys a guard is offered for: what a console sees go live, and neither host nor journal explains.

It is told of every look at an app, and asks no host anything. The journal is asked only where another release runs. A
read-only console offers nothing: a guard claims the deploy on the host.
"""

from msgspec.structs import replace

from tui.dokku import holders
from tui.engine import guard as guarding
from tui.engine.engine import Engine
from tui.engine.incident.runner import IncidentRunner
from tui.engine.incident.steps import Output
from tui.engine.releases.catalog import Listing
from tui.incident import guard_offer
from tui.incident.guard_offer import AppLook, GuardOffer, Holding, OfferState
from tui.model.errors import JournalError, Refused
from tui.model.service import Service


class GuardOffers:
    """The offers of one console, by service."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._states: dict[str, OfferState] = {}
        self._looks: dict[str, AppLook] = {}

    async def saw(self, service: Service, found: Listing) -> None:
        """Take one more look into account; one that is older than the last says nothing."""
        last = self._looks.get(service.name)
        if last is not None and found.current.at < last.current.at:
            return
        look = self._looks[service.name] = self._look(found)
        before = self._states.get(service.name, OfferState())
        after = self._states[service.name] = guard_offer.seen(before, look)
        if after.offer is None or after.offer is before.offer:
            return
        if await self._explained(service, after.offer) and self._states[service.name].offer is after.offer:
            self._states[service.name] = replace(self._states[service.name], offer=None)

    def of(self, service: Service) -> GuardOffer | None:
        """The deploy of a service that a guard is offered for now."""
        state, look = self._states.get(service.name), self._looks.get(service.name)
        if state is None or look is None or state.offer is None or self._engine.gate.read_only or self._busy(service):
            return None
        longest = self._engine.fleet.watch_of(service.name).longest
        return state.offer if guard_offer.stands(state.offer, look, self._engine.clock.now(), longest) else None

    async def begin(
        self, service: Service, offer: GuardOffer, output: Output | None = None, *, healthy: bool
    ) -> IncidentRunner:
        """Guard the deploy that was offered, as `rollback guard SERVICE` does; the time before it is what was counted
        here until the last look at what ran then, and `healthy` whether that was well. Raises TakenByOther, Refused,
        LinkError, UnexpectedReply."""
        engine = self._engine
        guard = guarding.DeployGuard(engine, service, guarding.order(engine, service), output)
        await guard.begin()
        made = [c.deployed_at for c in offer.left.running.values() if c.deployed_at is not None]
        since = engine.evidence.baseline(service, offer.left.at, min(made, default=None))
        guard.told(offer.left, since, healthy=healthy)
        live = await guard.settled()
        if guard_offer.another(offer.now, live):
            raise Refused(f"another release of {service.name} runs by now", f"rollback status {service.name}")
        walk = await guard.open(live)
        state = self._states[service.name]
        if state.offer is offer:
            self._states[service.name] = replace(state, offer=None)
        return walk

    def _look(self, found: Listing) -> AppLook:
        record, at = found.record, self._engine.clock.now()
        if record is None:
            return AppLook(current=found.current)
        holding = Holding.INCIDENT
        if record.frozen:
            holding = Holding.FREEZE
        elif record.guarding:
            holding = Holding.NOBODY if holders.record_is_stale(record, at) else Holding.GUARD
        return AppLook(current=found.current, holding=holding, followed=record.deploy)

    def _busy(self, service: Service) -> bool:
        """True while an incident of the service is led or followed here."""
        led = [walk.incident for walk in self._engine.walks.values()]
        followed = [onlooker.incident for onlooker in self._engine.onlookers.values()]
        return any(one.service == service.name and one.open for one in (*led, *followed))

    async def _explained(self, service: Service, offer: GuardOffer) -> bool:
        """True where this machine's journal explains it, or cannot be read: then nobody knows."""
        try:
            found, lost = await self._engine.records.newest()
        except JournalError:
            return True
        here = [one for one in found if (one.host, one.app) == (service.host, service.app)]
        illegible = any((one.host, one.app) == (service.host, service.app) and one.open for one in lost)
        return illegible or guard_offer.explained(offer, here)
