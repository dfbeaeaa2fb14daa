"""CDEvents: what an incident came to, for programs, to a webhook or a file.

An incident is `incident.detected` when a rollback begins, `incident.reported` once its ticket is known,
`service.rolledback` when the target is proven, `incident.resolved` when it was closed and the service is well. The ids
follow from incident and event: what is sent again is known again. To a webhook each goes as a CloudEvent (structured
mode), into a file as one such line.

Source: github.com/cdevents/spec, v0.5.1 (df02ce0), its schemas and its CloudEvents binding.
"""

import asyncio
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from tui.drivers.secrets import Secrets
from tui.drivers.vendors import findings
from tui.drivers.vendors.api import Api, bearer
from tui.drivers.vendors.base import Checked, MessageChannel, Vendor
from tui.model import value_parsers
from tui.model.finding import Finding, Result
from tui.model.notice import Delivery, EventFacts, Message, Milestone, Receipt
from tui.model.service import Service
from tui.model.vendor import Section, SectionPlace, VendorSettings
from tui.text.clean import clean_line
from tui.text.redact import redact, redacted

TOPIC = "cdevents"
SPEC = "0.5.1"
VERSIONS = {
    "incident.detected": "0.3.0",
    "incident.reported": "0.3.0",
    "incident.resolved": "0.3.0",
    "service.rolledback": "0.3.0",
}
"""the events that are sent, each with the version of its schema"""
_SPACE = uuid.UUID("4b9fcd1e-6a0c-5c5c-9a51-0f6f3b7d2f10")
"""of our events' ids"""
_TOLD = frozenset({Milestone.STARTED, Milestone.VERIFIED, Milestone.CLOSED})


def absolute(text: str) -> str:
    """Reader of a file's path. Raises ValueError for one that starts nowhere in particular."""
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not absolute; write e.g. /var/log/rollback/cdevents.jsonl")
    return text


class CdEventsSpec(VendorSettings):
    """The places where events go: a webhook, a file, or both."""

    url: Annotated[str | None, value_parsers.base, "address of the webhook that takes CloudEvents"] = None
    file: Annotated[str | None, absolute, "absolute path of a file that gets a line for each event"] = None
    source: Annotated[str, value_parsers.word, "what the events name as their source"] = "dokku-rollback"
    token_env: Annotated[
        str, value_parsers.variable, "name of the environment variable that holds the webhook's token"
    ] = "CDEVENTS_TOKEN"  # noqa: S105 - the name of a variable


SECTION = Section(SectionPlace.TOP, TOPIC, CdEventsSpec)


class CdEvents(MessageChannel, Checked):
    """The channel `cdevents`."""

    name = TOPIC

    def __init__(self, secrets: Secrets, spec: CdEventsSpec | None) -> None:
        self._secrets, self._spec = secrets, spec
        self._api: Api | None = None
        if spec is not None and spec.url is not None:
            self._api = Api(spec.url, bearer(secrets.token(spec.token_env)))

    @property
    def ready(self) -> bool:
        """True if there is somewhere to send to."""
        return self._spec is not None and (self._api is not None or self._spec.file is not None)

    def wants(self, message: Message) -> bool:
        """The moments that are an event. A test would make one that stays."""
        return message.facts is not None and (message.milestone in _TOLD or message.tells_all)

    async def close(self) -> None:
        """End the connections."""
        if self._api is not None:
            await self._api.close()

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """Send this moment's events, in their order; one that fails is sent again with those before it."""
        if self._spec is None or message.facts is None:
            return Receipt(delivered=False, detail="not set up", final=True)
        sent = tuple(events(message, message.facts, self._spec.source))
        for event in sent:
            if self._api is not None:
                typed = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
                reply = await self._api.ask("POST", "", enveloped(event), typed)
                # what a webhook says to an event is its own affair, but a web page is no webhook
                page = "html" in reply.headers.get("content-type", "") and bool(reply.trouble)
                if page or (reply.trouble and not 200 <= reply.status < 300):
                    return reply.receipt()
        if self._spec.file is not None:
            lines = b"".join(msgspec.json.encode(enveloped(event)) + b"\n" for event in sent)
            try:
                await asyncio.to_thread(_append, Path(self._spec.file), lines)
            except OSError as error:
                return Receipt(delivered=False, detail=f"{self._spec.file}: {error.strerror or error}")
        names = ", ".join(event["context"]["type"].removeprefix("dev.cdevents.") for event in sent)
        return Receipt(delivered=True, detail=names or "nothing of this is an event")

    async def check(self, services: tuple[Service, ...]) -> tuple[Finding, ...]:
        """Findings on where they would go. A webhook tells only of an event, which is not sent for a test."""
        if self._spec is None:
            return (findings.absent(TOPIC, SECTION.path),)
        if not self.ready:
            return (_found(Result.FINDING, "it names neither url nor file", "services.yaml: cdevents.url or .file"),)
        found = []
        if self._api is not None:
            held = "with" if self._secrets.held(self._spec.token_env) else "without"
            found.append(_found(Result.NOTE, f"events go to {self._spec.url} {held} a token; only an event shows more"))
        if self._spec.file is not None:
            path = Path(self._spec.file)
            writable = await asyncio.to_thread(_writable, path)
            said = _found(Result.OK, f"events go to {path}")
            fix = "make its folder, or let this user write there"
            found.append(said if writable else _found(Result.FINDING, f"{path} cannot be written", fix))
        return tuple(found)


VENDOR = Vendor(
    name="cdevents",
    section=SECTION,
    drivers=lambda given: (CdEvents(given.secrets, given.fleet.vendor(CdEventsSpec)),),
)


def _found(result: Result, text: str, fix: str = "") -> Finding:
    return Finding(subject="services", topic=TOPIC, result=result, text=f"{TOPIC}: {text}", fix=fix)


def events(message: Message, facts: EventFacts, source: str) -> Iterator[dict[str, Any]]:
    """The CDEvents of a moment, in their order."""
    about = {
        "environment": {"id": _text(facts.environment) or "unknown"},
        "service": {"id": _text(message.service)},
        "description": _text(message.title),
    }
    app, version = _text(facts.app), _text(facts.commit or facts.target)
    artifact = f"pkg:generic/{quote(app, safe='')}@{quote(version, safe='')}"
    incident = message.incident
    at_once = message.tells_all
    begins = message.milestone is Milestone.VERDICT if at_once else message.milestone is Milestone.STARTED
    if begins:
        # a guard is opened with the deploy that it watches: what was wrong was seen when it began to go back
        at = (facts.began_at or message.at) if at_once else facts.opened_at
        yield _event("incident.detected", message, source, at, incident, about)
    elif facts.ticket is not None:
        yield _event("incident.reported", message, source, message.at, incident, {**about, "ticketURI": facts.ticket})
    proven = message.milestone is Milestone.VERIFIED or (at_once and facts.ended_at is not None)
    if proven and not facts.onward:
        content = {"environment": about["environment"], "artifactId": artifact}
        yield _event("service.rolledback", message, source, facts.ended_at or message.at, message.service, content)
    if facts.recovered and (at_once or message.milestone is Milestone.CLOSED):
        yield _event("incident.resolved", message, source, message.at, incident, about)


def _event(
    kind: str, message: Message, source: str, at: datetime, subject: str, content: dict[str, Any]
) -> dict[str, Any]:
    event = {
        "context": {
            "specversion": SPEC,
            "id": str(uuid.uuid5(_SPACE, f"{message.incident} {kind}")),
            "chainId": str(uuid.uuid5(_SPACE, message.incident)),
            "source": quote(source, safe="/:-._~"),
            "type": f"dev.cdevents.{kind}.{VERSIONS[kind]}",
            "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        },
        "subject": {"id": _text(subject), "content": content},
        "customData": {"severity": message.severity, "incident": message.incident},
        "customDataContentType": "application/json",
    }
    harmless: dict[str, Any] = redacted(event)
    return harmless


def enveloped(event: dict[str, Any]) -> dict[str, Any]:
    """The CloudEvent that carries it."""
    context = event["context"]
    return {
        "specversion": "1.0",
        "id": context["id"],
        "source": context["source"],
        "type": context["type"],
        "time": context["timestamp"],
        "subject": event["subject"]["id"],
        "datacontenttype": "application/json",
        "data": event,
    }


def _text(text: str) -> str:
    return clean_line(redact(text), 300)


def _writable(path: Path) -> bool:
    return os.access(path if path.exists() else path.parent, os.W_OK)


def _append(path: Path, lines: bytes) -> None:
    """Add lines at the end, on disk when this returns. Raises OSError; never through a link."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "ab") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())
