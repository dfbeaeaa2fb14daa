"""A webhook that takes CDEvents as CloudEvents (structured mode) and holds each to the published schema of its type.

The schemas are those of github.com/cdevents/spec v0.5.1, in `schemas/cdevents`; the envelope is that of CloudEvents
1.0.2 as the specification's binding asks for it: id, source, type and time are the event's own.
"""

import json
from typing import Any, ClassVar

import jsonschema

from tests.vendors.server import SCHEMAS, Answer, Received, Refused, Vendor, bearer

TOKEN = "cdevents-stand-in-0123456789abcdef"
TYPED = "application/cloudevents+json; charset=utf-8"
PUBLISHED = {
    found["properties"]["context"]["properties"]["type"]["enum"][0]: found
    for found in (json.loads(path.read_text()) for path in sorted((SCHEMAS / "cdevents").glob("*.json")))
}


def wrong(event: Any) -> str:
    """What is wrong with a CDEvent; empty: nothing."""
    kind = event.get("context", {}).get("type")
    if kind not in PUBLISHED:
        return f"{kind} is none of {sorted(PUBLISHED)}"
    checker = jsonschema.Draft202012Validator(PUBLISHED[kind], format_checker=jsonschema.FormatChecker())
    return "; ".join(f"{error.json_path}: {error.message}" for error in checker.iter_errors(event))


class Sink(Vendor):
    """What arrived, by its id: the same id again is the same event."""

    name: ClassVar[str] = "cdevents"

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.arrived: list[dict[str, Any]] = []

    def answer(self, request: Received) -> Answer:
        """Take one. Raises Refused."""
        bearer(request, TOKEN, self.unauthorized())
        body = request.body
        if request.method != "POST" or request.headers.get("content-type") != TYPED or not isinstance(body, dict):
            self._refuse("no CloudEvent in structured mode")
        event, context = body.get("data", {}), body.get("data", {}).get("context", {})
        if said := wrong(event):
            self._refuse(said)
        envelope = (body["specversion"], body["id"], body["source"], body["type"], body["time"])
        if envelope != ("1.0", context["id"], context["source"], context["type"], context["timestamp"]):
            self._refuse("the envelope is not that of its event")
        again = [one for one in self.arrived if one["context"]["id"] == context["id"]]
        if again and again[0] != event:
            self._refuse("the same id, and another event")
        self.arrived.append(event)
        return Answer(status=202, body="")

    def _refuse(self, text: str) -> None:
        self.complain(text)
        raise Refused(Answer(status=400, body={"message": text}))
