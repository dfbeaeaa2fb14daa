"""How long a service does not answer: from the first sign to the first answer, and never ended in silence."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.incident.facts import T0
from tests.stage import HandClock, probe, service, settled
from tui.engine.incident.downtime import STOPS, Downtime
from tui.engine.monitor import health_probing
from tui.incident import events as ev
from tui.model.errors import JournalError
from tui.model.health import Probe, ProbeOutcome
from tui.model.service import Service

SERVICE = service("api")
LINE = f"-----> {STOPS}\n".encode()
OK, BAD, NO_WORD = ProbeOutcome.HEALTHY, ProbeOutcome.UNHEALTHY, ProbeOutcome.UNREACHABLE


class Measuring:
    """One replacement, a look each second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = HandClock()
        self.answers: Iterator[ProbeOutcome] = iter(())
        self.noted: list[ev.Event] = []
        self.failed: list[BaseException] = []
        self.disk_full = False
        self.downtime = Downtime(self, self.clock, SERVICE, self._note, self.failed.append)  # type: ignore[arg-type]

        async def looked(_: object, of: Service) -> Probe:
            return probe(of, self.clock.now(), next(self.answers))

        monkeypatch.setattr(health_probing, "probe", looked)

    async def _note(self, event: ev.Event) -> None:
        if self.disk_full:
            raise JournalError("the disk is full")
        self.noted.append(event)

    async def seen(self, *answers: ProbeOutcome) -> list[tuple[str, float]]:
        """What was noted over these looks: the event, and seconds from the beginning."""
        self.answers = iter(answers)
        self.downtime.begin()
        await self.clock.advance(len(answers) - 1)
        await self.downtime.end()
        return [(type(event).__name__, (event.at - T0).total_seconds()) for event in self.noted]


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Measuring:
    return Measuring(monkeypatch)


async def test_the_first_unhealthy_answer_after_a_healthy_one_begins_it(measuring: Measuring) -> None:
    assert await measuring.seen(OK, BAD, BAD, OK) == [("WentDown", 1.0), ("CameUp", 3.0)]


async def test_no_answer_at_all_is_no_sign_and_no_end(measuring: Measuring) -> None:
    assert await measuring.seen(OK, NO_WORD, NO_WORD, OK) == []


async def test_a_service_that_was_sick_before_begins_by_the_hosts_line_alone(measuring: Measuring) -> None:
    measuring.downtime.heard(LINE)
    assert await measuring.seen(BAD, BAD, OK) == [("WentDown", 0.0), ("CameUp", 2.0)]


async def test_the_hosts_line_counts_once_also_in_pieces(measuring: Measuring) -> None:
    for piece in (LINE[:20], LINE[20:], LINE):
        measuring.downtime.heard(piece)
    await settled()
    assert [type(event) for event in measuring.noted] == [ev.WentDown]
    await measuring.downtime.end()


async def test_what_cannot_be_put_on_record_is_said(measuring: Measuring) -> None:
    measuring.disk_full = True
    assert await measuring.seen(OK, BAD, OK) == []
    assert [str(error) for error in measuring.failed] == ["the disk is full"]


async def test_the_end_leaves_no_look_behind(measuring: Measuring) -> None:
    await measuring.seen(OK, OK)
    assert asyncio.all_tasks() == {asyncio.current_task()} and not measuring.failed
