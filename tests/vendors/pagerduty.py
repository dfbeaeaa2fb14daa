"""PagerDuty's REST API and Events API v2.

Answers after the examples in https://github.com/PagerDuty/api-schema (91a06fb, read 2026-11-25).
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.vendors.server import Answer, Received, Refused, Vendor, bearer

TOKEN = "y_NbAkKc66ryYTWUXYEu"
ROUTING_KEY = "737ea619db564d41bd9824063e1f6b08"
SENDER = "oncall@acme.example"


class PagerDuty(Vendor):
    """One service, PIJ90N7, one schedule, PI7DH85, and the incidents that are open."""

    name: ClassVar[str] = "pagerduty"
    faults: ClassVar[tuple[str, ...]] = ("forbidden",)

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.incidents: dict[str, dict[str, Any]] = {"PT4KHLK": incident("PT4KHLK", 1234)}
        self.notes: dict[str, list[dict[str, Any]]] = {}
        self.people = ["Tim Wright", "Earline Greenholt"]

    def answer(self, request: Received) -> Answer:
        """Route, check, answer."""
        bearer(request, TOKEN, self.unauthorized(), "Token token=")
        match [request.method, *request.parts]:
            case ["GET", "oncalls"]:
                self.operation("oncalls", request)
                return Answer(body=self._oncalls(request))
            case ["GET", "incidents"]:
                self.operation("incidents", request)
                wanted = request.query["statuses[]"]
                found = [one for one in self.incidents.values() if one["status"] in wanted]
                return Answer(body={"incidents": found, "limit": 25, "offset": 0, "total": None, "more": False})
            case ["PUT", "incidents", number]:
                self.operation("update", request)
                return Answer(body={"incident": self._update(self._known(number), request)})
            case ["GET", "incidents", number, "notes"]:
                self._known(number)
                return Answer(body={"notes": self.notes.get(number, [])})
            case ["POST", "incidents", number, "notes"]:
                self.operation("note", request)
                self._known(number)
                self._sender(request)
                note = {"id": f"PN{len(self.notes.get(number, []))}", "content": request.body["note"]["content"]}
                self.notes.setdefault(number, []).append(note)
                return Answer(status=201, body={"note": note})
        return self._missing()

    def _known(self, number: str) -> dict[str, Any]:
        if number not in self.incidents:
            raise Refused(self._missing())
        return self.incidents[number]

    def _update(self, one: dict[str, Any], request: Received) -> dict[str, Any]:
        self._sender(request)
        one["status"] = request.body["incident"]["status"]
        if one["status"] == "resolved":
            self.complain("an incident was resolved: that is a person's to do")
        return one

    def _sender(self, request: Received) -> None:
        if request.headers["from"] != SENDER:
            words = {"message": "Requester User Not Found", "code": 1008}
            raise Refused(Answer(status=400, body={"error": words}))

    def _oncalls(self, request: Received) -> dict[str, Any]:
        schedules = request.query.get("schedule_ids[]", [])
        found = [
            {
                "user": {"id": f"PU{n}", "type": "user_reference", "summary": name},
                "schedule": {"id": "PI7DH85", "type": "schedule_reference", "summary": "Daily Engineering Rotation"},
                "escalation_policy": {"id": "PT20YPA", "summary": "Engineering Escalation Policy"},
                "escalation_level": n + 1,
                "start": "2026-11-25T00:00:00Z",
                "end": "2026-11-26T00:00:00Z",
            }
            for n, name in enumerate(self.people)
            if "PI7DH85" in schedules
        ]
        return {"oncalls": found, "limit": 100, "offset": 0, "more": False, "total": None}

    def _missing(self) -> Answer:
        return Answer(status=404, body={"error": {"message": "Not Found", "code": 2100}})

    def limited(self) -> Answer:
        """Error 2020, and headers of their own."""
        headers = {"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "23"}
        return Answer(status=429, body={"error": {"message": "Rate Limit Exceeded", "code": 2020}}, headers=headers)

    def unauthorized(self) -> Answer:
        """A key that is not known."""
        return Answer(status=401, body={"error": {"message": "Caller did not supply credentials", "code": 2006}})

    def invalid(self, message: str) -> Answer:
        """A bad request."""
        errors = {"message": "Invalid Input Provided", "code": 2001, "errors": [message]}
        return Answer(status=400, body={"error": errors})

    def fault(self, kind: str) -> Answer:
        """A key that may only read."""
        return Answer(status=403, body={"error": {"message": "Access Denied", "code": 2010}})


class Events(Vendor):
    """Events API v2."""

    name: ClassVar[str] = "events"

    def __init__(self, complaints: list[str]) -> None:
        super().__init__(complaints)
        self.changes: list[dict[str, Any]] = []
        self.alerts: dict[str, dict[str, Any]] = {}
        """by their key: the same key twice is one alert"""

    def answer(self, request: Received) -> Answer:
        """Changes; and the alert of a guard, which has everything that an alert needs."""
        if [request.method, *request.parts] == ["POST", "v2", "enqueue"]:
            return self._alert(request)
        if [request.method, *request.parts] != ["POST", "v2", "change", "enqueue"]:
            self.complain(f"{request.method} {request.path}: only change events and alerts are sent")
            return Answer(status=404, body={"status": "not found", "message": "Not found"})
        self.operation("change", request)
        if request.body["routing_key"] != ROUTING_KEY:
            words = ["Length of 'routing_key' is incorrect (should be 32 characters)"]
            return Answer(
                status=400, body={"status": "invalid event", "message": "Event object is invalid", "errors": words}
            )
        self.changes.append(request.body)
        return Answer(status=202, body={"status": "success", "message": "Change event processed"})

    def _alert(self, request: Received) -> Answer:
        """https://developer.pagerduty.com/docs/send-alert-event (read 2026-11-29)."""
        body, payload = request.body, request.body.get("payload", {})
        severities = ("critical", "error", "warning", "info")
        whole = body.get("event_action") == "trigger" and 0 < len(body.get("dedup_key", "")) <= 255
        whole = whole and payload.get("severity") in severities and bool(payload.get("source"))
        if not whole or body.get("routing_key") != ROUTING_KEY or not 0 < len(payload.get("summary", "")) <= 1024:
            self.complain("the alert is incomplete")
            return Answer(status=400, body={"status": "invalid event", "message": "Event object is invalid"})
        self.alerts[body["dedup_key"]] = body
        return Answer(status=202, body={"status": "success", "message": "Event processed", "dedup_key": "x"})

    def limited(self) -> Answer:
        """Without any header: wait as long as seems right."""
        return Answer(
            status=429,
            body={"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."},
        )


def incident(identity: str, number: int, status: str = "triggered") -> dict[str, Any]:
    """One incident, as the documentation's example."""
    return {
        "id": identity,
        "type": "incident",
        "summary": f"[#{number}] The server is on fire.",
        "html_url": f"https://acme.pagerduty.com/incidents/{identity}",
        "incident_number": number,
        "title": "The server is on fire.",
        "created_at": datetime(2026, 11, 25, 15, 30, tzinfo=UTC).isoformat(),
        "status": status,
        "service": {"id": "PIJ90N7", "type": "service_reference", "summary": "My Mail Service"},
    }
