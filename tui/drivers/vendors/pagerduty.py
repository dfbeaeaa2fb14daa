"""PagerDuty: who is on call, and what an incident there is told: acknowledged, noted, the change shown beside it.

Never resolved: that is for the person who was paged. Nothing is acknowledged where more than one incident is open,
because an acknowledged page wakes nobody. Notes and changes need different credentials, either may be missing.
"""

from typing import Annotated, Any

import msgspec

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Api, RateLimit, Reply, dig, listed, segment, with_token
from tui.drivers.vendors.base import Checked, MessageChannel, OnCallSource, Vendor, VendorClock
from tui.model import value_parsers
from tui.model.finding import Finding, Result
from tui.model.notice import Delivery, Message, Milestone, OnCall, Receipt
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings
from tui.text.clean import clean_line

TOPIC = "pagerduty"
LONGEST_NOTE = 20_000
LONGEST_SUMMARY = 1024
CHANGES = (Milestone.STARTED, Milestone.CLOSED)
"""what is also told as a change event"""
NOTED = (Milestone.STARTED, Milestone.VERIFIED, Milestone.VERDICT, Milestone.CLOSED)


LIMIT = RateLimit("ratelimit-remaining", "ratelimit-reset", "seconds")


class PagerDutySpec(VendorSettings):
    """Who is on call, which incident is acknowledged, where change events go."""

    words: Annotated[str, str, "what people are told, where nobody is known to be on call"] = msgspec.field(
        default="", name="schedule"
    )
    schedules: Annotated[tuple[str, ...], value_parsers.slug, "ids of the schedules that say who is on call"] = ()
    services: Annotated[
        tuple[str, ...], value_parsers.slug, "ids of the services whose open incident is acknowledged and noted"
    ] = ()
    sender: Annotated[str | None, value_parsers.email, "e-mail of the user in whose name that is done"] = None
    url: Annotated[str, value_parsers.base, "address of the REST API"] = "https://api.pagerduty.com"
    events_url: Annotated[str, value_parsers.base, "address of the Events API"] = "https://events.pagerduty.com"
    token_env: Annotated[
        str, value_parsers.variable, "name of the environment variable that holds the REST API token"
    ] = "PAGERDUTY_TOKEN"  # noqa: S105 - the name of a variable
    routing_key_env: Annotated[
        str, value_parsers.variable, "name of the environment variable that holds the routing key of change events"
    ] = "PAGERDUTY_ROUTING_KEY"

    @property
    def contact(self) -> str:
        """The runbook's words."""
        return self.words


SECTION = Section(SectionPlace.CONTACTS, TOPIC, PagerDutySpec)


class PagerDuty(MessageChannel, OnCallSource, Checked):
    """One account: its REST API with a token, its Events API with a routing key."""

    name = TOPIC

    def __init__(self, secrets: Secrets, spec: PagerDutySpec | None, clock: VendorClock) -> None:
        self._secrets, self._clock = secrets, clock
        self._spec = spec or PagerDutySpec()
        wanted = self._spec.schedules or self._spec.services
        token = secrets.held(self._spec.token_env) if wanted else None
        key = secrets.held(self._spec.routing_key_env) if spec is not None else None
        self._rest: Api | None = None
        if token:
            accept = "application/vnd.pagerduty+json;version=2"
            fixed = {"Accept": accept, **({"From": self._spec.sender} if self._spec.sender else {})}
            self._rest = Api(
                self._spec.url,
                with_token(
                    secrets.token(self._spec.token_env), lambda now: {"Authorization": f"Token token={now}", **fixed}
                ),
                LIMIT,
            )
        self._events = Api(self._spec.events_url, {}, LIMIT) if key else None
        self._told: set[str] = set()
        """changes that were taken: the Events API knows no repetition"""

    @property
    def _key(self) -> str | None:
        return self._secrets.held(self._spec.routing_key_env)

    @property
    def ready(self) -> bool:
        """True if there is anything that it could be told."""
        return self._notes or self._events is not None

    @property
    def knows_on_call(self) -> bool:
        """True if it can be asked who is on call."""
        return self._rest is not None and bool(self._spec.schedules)

    @property
    def _notes(self) -> bool:
        return self._rest is not None and bool(self._spec.services)

    def wants(self, message: Message) -> bool:
        """Every milestone as a note, begin and end as changes."""
        return message.page or message.milestone in (NOTED if self._notes else CHANGES)

    async def close(self) -> None:
        """End the connections."""
        for api in (self._rest, self._events):
            if api is not None:
                await api.close()

    async def on_call(self) -> OnCall:
        """Everybody who is on call in the schedules now."""
        at = self._clock.now()
        if self._rest is None or not self._spec.schedules:
            return OnCall(at=at, note="no schedule is set up")
        reply = await self._rest.get("/oncalls", [*_listed("schedule_ids", self._spec.schedules), ("limit", "100")])
        found = dig(reply.json, "oncalls")
        if reply.trouble or not isinstance(found, list):
            return OnCall(at=at, note=reply.trouble or "an unknown form of answer")
        people = dict.fromkeys(filter(None, (_person(one) for one in found)))
        return OnCall(at=at, people=tuple(people), note="" if people else "nobody is on call in these schedules")

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """Note and change, as far as there are credentials; delivered when all of it was taken."""
        parts: list[Receipt] = []
        if self._rest is not None and self._spec.services:
            parts.append(await self._note(self._rest, message, earlier.ref if earlier is not None else None))
        if self._events is not None and message.page:
            parts = [part for part in parts if part is not NONE_OPEN]
            parts.append(await self._page(self._events, message))
        elif self._events is not None and message.milestone in CHANGES:
            # where nobody was paged there is nothing to note, and the change is all that there is to tell
            parts = [part for part in parts if part is not NONE_OPEN]
            parts.append(await self._change(self._events, message))
        if not parts:
            return Receipt(delivered=False, detail="not set up", final=True)
        waits = [part.retry_after for part in parts if part.retry_after is not None]
        return Receipt(
            delivered=all(part.delivered for part in parts),
            detail="; ".join(part.detail for part in parts),
            link=next((part.link for part in parts if part.link), None),
            ref=next((part.ref for part in parts if part.ref), None),
            retry_after=max(waits, default=None),
            final=all(part.delivered or part.final for part in parts),
        )

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """The token, by asking for the schedules and the open incidents; a routing key only a change would prove."""
        if not (self._spec.schedules or self._spec.services) and self._events is None:
            return (findings.absent(TOPIC, SECTION.path),)
        found: list[Finding] = []
        if self._spec.schedules or self._spec.services:
            found += await self._check_token()
        if self._events is None:
            text = f"{TOPIC}: {self._spec.routing_key_env} is not set: no change events"
        else:
            text = f"{TOPIC}: change events go to {self._spec.events_url}; only sending one would prove the key"
        found.append(Finding(subject="services", topic=TOPIC, result=Result.NOTE, text=text))
        if self._spec.services and self._spec.sender is None:
            text = (
                f"{TOPIC}: {SECTION.path}.sender is missing: an account's token may not acknowledge or note without it"
            )
            fix = f"services.yaml: {SECTION.path}.sender: the e-mail of a PagerDuty user"
            found.append(Finding(subject="services", topic=TOPIC, result=Result.NOTE, text=text, fix=fix))
        return tuple(found)

    async def _check_token(self) -> list[Finding]:
        name = self._spec.token_env
        missing = findings.credential(self._secrets, "services", TOPIC, name)
        if missing is not None:
            return [missing]
        fix = f"{name}: a REST API key that may write, of the account at {self._spec.url} (EU: api.eu.pagerduty.com)"
        found: list[Finding] = []
        if self._spec.schedules:
            now = await self.on_call()
            reply = Reply(trouble="" if now.people else now.note)
            works = f"{TOPIC}: on call now: {', '.join(now.people)}"
            found.append(findings.judged(reply, "services", TOPIC, works, f"{fix}; are the schedules right?"))
        if self._rest is not None and self._spec.services:
            reply = await self._open(self._rest)
            works = f"{TOPIC}: open incidents of its services: {len(listed(reply.json, 'incidents'))}"
            found.append(findings.judged(reply, "services", TOPIC, works, f"{fix}; are the services right?"))
        return found

    async def _open(self, rest: Api) -> Reply:
        statuses = _listed("statuses", ("triggered", "acknowledged"))
        return await rest.get("/incidents", [*statuses, *_listed("service_ids", self._spec.services)])

    async def _note(self, rest: Api, message: Message, known: str | None) -> Receipt:
        """Acknowledge at the start, then add the note unless it is there already."""
        link, said = None, ""
        if known is None:
            reply = await self._open(rest)
            incidents = dig(reply.json, "incidents")
            if reply.trouble or not isinstance(incidents, list):
                return _failed("notes", reply)
            if len(incidents) != 1 or not isinstance(dig(incidents, 0, "id"), str):
                return _no_single(incidents)
            known, link = dig(incidents, 0, "id"), _https(dig(incidents, 0, "html_url"))
            if message.milestone is Milestone.STARTED and dig(incidents, 0, "status") == "triggered":
                # only what is triggered: to acknowledge what was resolved meanwhile would open it again
                body = {"incident": {"type": "incident_reference", "status": "acknowledged"}}
                reply = await rest.ask("PUT", f"/incidents/{segment(str(known))}", body)
                if reply.trouble:
                    return _failed("acknowledging", reply)
                said = "acknowledged and "
        path = f"/incidents/{segment(str(known))}/notes"
        reply = await rest.get(path)
        notes = dig(reply.json, "notes")
        if reply.trouble or not isinstance(notes, list):
            return _failed("notes", reply)
        done = Receipt(delivered=True, detail=f"{said}noted", link=link, ref=known)
        if any(message.key in str(dig(note, "content")) for note in notes):
            return done
        text = f"{message.title}\n{message.text}"[:LONGEST_NOTE]
        reply = await rest.ask("POST", path, {"note": {"content": f"{text}\n[{message.key}]"}})
        return _failed("notes", reply) if reply.trouble else done

    async def _page(self, events: Api, message: Message) -> Receipt:
        """An alert, with a key of its own: sent twice it is one. https://developer.pagerduty.com/docs/send-alert-event"""
        payload = {
            "summary": clean_line(message.title, LONGEST_SUMMARY),
            "timestamp": message.at.isoformat(),
            "source": "rollback",
            "severity": "critical",
            "custom_details": {"incident": message.incident, "service": message.service, "text": message.text},
        }
        body = {"routing_key": self._key, "event_action": "trigger", "dedup_key": message.key, "payload": payload}
        reply = await events.ask("POST", "/v2/enqueue", body)
        return _failed("alert", reply) if reply.trouble else Receipt(delivered=True, detail="alert sent")

    async def _change(self, events: Api, message: Message) -> Receipt:
        if message.key in self._told:
            return Receipt(delivered=True, detail="change event sent")
        details = {"incident": message.incident, "service": message.service, "key": message.key}
        payload = {
            "summary": clean_line(message.title, LONGEST_SUMMARY),
            "timestamp": message.at.isoformat(),
            "source": "rollback",
            "custom_details": {**details, "milestone": message.milestone.value},
        }
        body = {"routing_key": self._key, "payload": payload}
        reply = await events.ask("POST", "/v2/change/enqueue", body)
        if reply.trouble:
            return _failed("change event", reply)
        self._told.add(message.key)
        return Receipt(delivered=True, detail="change event sent")


VENDOR = Vendor(
    name=TOPIC,
    section=SECTION,
    drivers=lambda given: (PagerDuty(given.secrets, given.fleet.vendor(PagerDutySpec), given.clock),),
)


def _listed(name: str, values: tuple[str, ...]) -> list[tuple[str, str]]:
    """A list as PagerDuty writes it in a query."""
    return [(f"{name}[]", value) for value in values]


def _person(one: Any) -> str:
    who, schedule = dig(one, "user", "summary"), dig(one, "schedule", "summary")
    if not isinstance(who, str):
        return ""
    return clean_line(f"{who} ({schedule})" if isinstance(schedule, str) else who, 120)


def _https(link: Any) -> str | None:
    return clean_line(link, 300) if isinstance(link, str) and link.startswith("https://") else None


def _failed(what: str, reply: Reply) -> Receipt:
    """The trouble of one part; an answer that is none of theirs counts as trouble."""
    found = reply if reply.trouble else Reply(trouble="an unknown form of answer")
    return Receipt(delivered=False, detail=f"{what}: {found.trouble}", retry_after=found.retry_after, final=found.final)


NONE_OPEN = Receipt(delivered=False, detail="notes: no incident of these services is open", final=True)


def _no_single(incidents: list[Any]) -> Receipt:
    """None open, or several: which one is meant only a person knows."""
    if not incidents:
        return NONE_OPEN
    numbers = ", ".join(f"#{dig(one, 'incident_number')}" for one in incidents[:5])
    words = f"notes: {len(incidents)} incidents are open ({numbers}): acknowledge and note the right one by hand"
    return Receipt(delivered=False, detail=clean_line(words, 200), final=True)
