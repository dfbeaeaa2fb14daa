"""What the console says by itself in the last row: questions nobody looks at, undelivered messages, what it found."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.console.controller import ConsoleController
from tui.console.drawing import rows
from tui.console.drawing.labels import QUESTIONS
from tui.console.frame import Frame
from tui.console.pages import guard
from tui.console.pages.incident_page import shows
from tui.console.ports import Screen
from tui.dokku import freeze_age
from tui.engine import same_services_file
from tui.engine.releases.forgotten_freezes import ForgottenFreeze, FreezeReminders
from tui.incident import announcements
from tui.model.incident import Question

if TYPE_CHECKING:
    from tui.dokku.holders import IncidentRecord
    from tui.engine.service_monitor import ServiceStatus

ALARMS = frozenset({Question.WATCH_BREACHED, Question.VERIFY_FAILED, Question.OUTCOME_UNKNOWN, Question.WHAT_NEXT})
"""questions that ring the bell"""


class Alerts:
    """The alerts of one console. Each is said once: what was said is remembered."""

    def __init__(self, screen: Screen, frame: Frame, controller: ConsoleController) -> None:
        self._screen = screen
        self._frame = frame
        self._controller = controller
        self._asked: dict[str, Question | None] = {}
        self._untold: set[tuple[str, str, str]] = set()
        self._timeline_stamp: object = None
        self._over: set[str] = set()
        """guards whose end was said"""
        self._told_found = False
        self._reminders = FreezeReminders(controller.engine.ledger, controller.engine.clock)
        self._reminding = False
        self._written = same_services_file.written(controller.engine.fleet)
        """the services file that is in use"""

    def of_incidents(self) -> None:
        """Say what is new about the incidents that are led here; their timeline is read again."""
        for name in self._controller.flows:
            self._question(name)
            self._guard_over(name)
            self._undelivered(name)
        if any(f.walk is not None for f in self._controller.flows.values()):
            self._read_timeline_when_new()

    def of_hosts(self, statuses: "Sequence[ServiceStatus]") -> None:
        """Say what was found on the hosts, once every one of them was asked, and what went wrong in asking."""
        if not self._told_found and all(s.listed_at is not None or s.trouble for s in statuses):
            self._told_found = True
            self._found()
        self._forgotten(statuses)
        self._changed_file()
        engine = self._controller.engine
        for faults in (self._controller.board.errors, engine.notices.errors, engine.evidence.errors):
            if faults:
                self._screen.notice(rows.safe(faults.pop(0)), "down")

    def _found(self) -> None:
        """What the hosts hold, behind what is said of the journal. It opens nothing."""
        if found := self._controller.held():
            held = ", ".join(f"{s.name} {_word(r)}" for s, r in found)
            before = self._frame.notice[0]
            said = (before,) if before.startswith("unfinished: ") else ()
            self._screen.notice("; ".join((*said, f"on the hosts: {held} (h shows by whom)")), "warn")

    def _forgotten(self, statuses: "Sequence[ServiceStatus]") -> None:
        """One line for a freeze that is likely forgotten, once a day; it waits until the last row is free."""
        if not self._told_found or self._frame.notice[0] or self._reminding:
            return
        waiting = self._reminders.waiting([(s.service, s.listing) for s in statuses])
        if not waiting:
            return
        self._reminding = True

        async def tell() -> None:
            try:
                if await self._reminders.take(waiting[0]):
                    self._screen.notice(forgotten(waiting[0]), "warn")
            finally:
                self._reminding = False

        self._screen.begin_work(tell)

    def _changed_file(self) -> None:
        """The services file was written while this console is open: many a fix that is shown here says to do that."""
        now = same_services_file.written(self._controller.engine.fleet)
        if now in (None, self._written) or self._frame.notice[0]:
            return
        self._written = now
        name = rows.safe(Path(self._controller.engine.fleet.path).name, 24)
        self._screen.notice(f"{name} was changed: start the console again to use it", "warn")

    def _question(self, name: str) -> None:
        """A question that nobody is looking at, with a bell when it is an alarm."""
        flow = self._controller.flows[name]
        asking = flow.incident.asking if flow.incident is not None else None
        if self._asked.get(name) is asking:
            return
        self._asked[name] = asking
        self._read_timeline()
        if asking in ALARMS:
            self._screen.bell()
            if not shows(self._frame.work.page, flow):
                self._screen.notice(f"{name}: {QUESTIONS[asking]} (5 shows it)", "down")

    def _guard_over(self, name: str) -> None:
        """The end of a guard, once; where its page does not say it."""
        flow = self._controller.flows[name]
        incident = flow.incident
        if incident is None or incident.guard is None or incident.open or incident.id in self._over:
            return
        self._over.add(incident.id)
        look, said = guard.word(incident)
        if look == "down":
            self._screen.bell()
        if not shows(self._frame.work.page, flow):
            self._screen.notice(f"{name}: {said}", look)

    def _undelivered(self, name: str) -> None:
        """Each message that did not reach people, on every page."""
        incident = self._controller.flows[name].incident
        for one in announcements.standing(incident.deliveries) if incident is not None else ():
            key = (name, one.milestone, one.channel)
            if one.delivered:
                self._untold.discard(key)
            elif key not in self._untold:
                self._untold.add(key)
                self._screen.notice(rows.safe(f"{name}: NOT DELIVERED: {one.channel}: {one.detail}"), "warn")

    def _read_timeline_when_new(self) -> None:
        incident = self._controller.incident(self._frame.board.selected)
        stamp: object = None
        if incident is not None:
            counts = (len(incident.runs), len(incident.decisions), len(incident.deliveries))
            stamp = (incident.id, incident.since, *counts)
        if stamp != self._timeline_stamp:
            self._timeline_stamp = stamp
            self._read_timeline()

    def _read_timeline(self) -> None:
        self._screen.begin_work(lambda: self._controller.read_timeline(self._frame.board.selected))


def forgotten(freeze: ForgottenFreeze) -> str:
    """The line about a freeze: how old, whose, and how it ends; what there may be no room for comes last."""
    began = freeze.record.began
    since = f" (since {began:%m-%d %H:%MZ})" if began is not None else ""
    by = rows.safe(freeze.record.by or "unknown", 24)
    name = freeze.service.name
    return f"{name} FROZEN for {freeze_age.hours(freeze.age)} by {by}: rollback unfreeze {name}{since}"


def _word(record: "IncidentRecord") -> str:
    if record.frozen:
        return "FROZEN"
    return "GUARDED" if record.guarding else "INCIDENT"
